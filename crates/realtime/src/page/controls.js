// The buttons: they write on any instance, and break things on purpose.

import { byId, element, letter, micros, number, say, sequence } from "./words.js";
import { heardOf, listen } from "./log.js";
import { flash } from "./instances.js";

let scene;
/** The last write: where, what and at which position. */
let watching;

export function showControls(next) {
  const isFirst = !scene;
  scene = next;
  const { controls } = scene;
  byId("write").hidden = !controls.canWrite;
  byId("break").hidden = !controls.canWrite && !controls.canBreak;
  byId("break-buttons").hidden = !controls.canBreak;
  byId("forget").hidden = !controls.canForget;
  byId("why-not").hidden = !controls.whyNot;
  say(byId("why-not"), controls.whyNot ?? "");
  const answers = byId("answers");
  answers.setAttribute("aria-pressed", controls.silent);
  say(answers, controls.silent ? "Let Redis answer again" : "Stop Redis’s answers");
  if (isFirst) begin();
}

/** Presses one of the buttons that break. */
export async function press(what) {
  const answer = await post("/controls/break", what);
  if (!answer.ok) say(byId("announcements"), await problem(answer));
}

function begin() {
  const symbols = scene.instances[0]?.prices.map(price => price.symbol) ?? [];
  const select = byId("symbol");
  select.append(...symbols.map(symbol => element("option", { textContent: symbol })));
  select.value = symbols.at(-1);
  select.addEventListener("change", suggest);
  suggest();
  scene.instances.forEach((_, place) => {
    const button = element("button", { type: "submit", value: place, textContent: `Write on ${letter(place)}` });
    byId("write-buttons").append(button);
  });
  byId("write-form").addEventListener("submit", event => {
    event.preventDefault();
    const forget = event.submitter === byId("forget");
    write(forget ? 0 : Number(event.submitter?.value ?? 0), forget);
  });
  byId("answers").addEventListener("click", () =>
    press({ what: scene.controls.silent ? "resumeAnswers" : "stopAnswers" }));
  byId("flush").addEventListener("click", () => press({ what: "flush" }));
  byId("trim").addEventListener("click", () => press({ what: "trim" }));
  listen(line => { if (watching && line.position === watching.position) tell(); });
}

/** The next price of the chosen stock: a little more than now. */
function suggest() {
  const symbol = byId("symbol").value;
  const answers = scene.instances.flatMap(one => one.prices)
    .filter(price => price.symbol === symbol && price.answer);
  const now = answers[0]?.answer.price ?? 10;
  byId("price").value = (now + 0.25).toFixed(2);
}

async function write(instance, forget) {
  const symbol = byId("symbol").value;
  const price = Number(byId("price").value);
  const answer = await post("/controls/write", { instance, symbol, price, forget });
  if (!answer.ok) return say(byId("written"), await problem(answer));
  watching = { instance, symbol, forget, fallen: new Set(), ...await answer.json() };
  byId("price").value = (price + 0.25).toFixed(2);
  tell();
}

/** Says what has become of the last write so far. */
function tell() {
  const { instance, symbol, version, position, forget, micros: took, fallen } = watching;
  if (forget) {
    return say(byId("written"), `${symbol} v${number(version)} is in the database, and nothing was removed: every instance goes on with the copy it holds. The inspector compares a sample of hits with the database, and finds that within some seconds.`);
  }
  const written = `${symbol} v${number(version)} is written on ${letter(instance)}`;
  if (!position) {
    return say(byId("written"), `${written}. Its removal is pending: ${letter(instance)} reads the database for it, and sends it until Redis answers.`);
  }
  const heard = heardOf(position);
  const others = scene.instances.map((_, place) => place).filter(place => place !== instance);
  const told = others.map(place => {
    const line = heard.get(place);
    if (!line) return `${letter(place)} has not heard of it yet.`;
    if (!fallen.has(place)) { fallen.add(place); flash(place, symbol); }
    return `${letter(place)}’s copy fell ${micros(line.micros)} after the removal was sent.`;
  });
  say(byId("written"), `${written} in ${micros(took)}, database included, at position ${sequence(position)}. ${told.join(" ")}`);
}

const post = (path, body) => fetch(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
}).catch(() => new Response("{}", { status: 503 }));

async function problem(answer) {
  const { detail } = await answer.json().catch(() => ({}));
  return detail ?? "The service did not answer.";
}
