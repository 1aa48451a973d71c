// The instances side by side, and their copies of the watched prices.

import { age, byId, element, letter, micros, number, say, sequence } from "./words.js";
import { press } from "./controls.js";

const STATES = {
  inStep: { sign: "✓", word: "In step" },
  proofRunsOut: { sign: "…", word: "Hears nothing" },
  failsClosed: { sign: "✕", word: "Fails closed" },
};

/** Where a copy came from. */
const SHORT = { L2: "L2", database: "DB" };

const cards = [];

export function showInstances(scene) {
  scene.instances.forEach((instance, place) => {
    cards[place] ??= newCard(instance, place);
    cards[place].update(instance, scene.controls);
  });
}

/** The copy of this price on this instance has just fallen, and somebody wants to see that. */
export function flash(place, symbol) {
  const row = cards[place]?.rows.get(symbol)?.row;
  if (!row) return;
  row.classList.remove("fell");
  void row.offsetWidth; // Begins the animation anew.
  row.classList.add("fell");
}

function newCard(instance, place) {
  const heading = element("h3", { id: `instance-${place}` });
  heading.append(element("span", { className: "letter", textContent: letter(place) }), ` ${instance.name}`);
  const state = element("p", { className: "state" });
  const sign = element("span", { className: "sign", ariaHidden: "true" });
  const word = element("b");
  state.append(sign, " ", word);
  const sentence = element("p", { className: "sentence" });
  const proof = element("meter", { min: 0, ariaLabel: `Age of the proof of ${letter(place)}` });
  const proofWord = element("span");
  const facts = element("dl", { className: "facts" });
  const fact = name => {
    const value = element("dd");
    facts.append(element("div", {}, element("dt", { textContent: name }), value));
    return value;
  };
  const shown = {
    position: fact("Position"), copies: fact("Copies"), received: fact("Heard"),
    pending: fact("Pending"), gaps: fact("Gaps"), breaker: fact("L2"),
  };
  const body = element("tbody");
  const head = element("tr", {}, ...["Stock", "Price", "Read from", "Own copy", "Fell after"]
    .map(text => element("th", { scope: "col", textContent: text })));
  const table = element("table", {}, element("caption", {
    className: "unseen", textContent: `The watched prices on ${instance.name}`,
  }), element("thead", {}, head), body);
  const cut = element("button", { type: "button", hidden: true });
  cut.addEventListener("click", () => press(
    { what: cut.dataset.what, instance: place }));
  const card = element("article", { className: "card instance" },
    element("div", { className: "heading" }, heading, state),
    sentence, element("p", { className: "proof" }, proof, proofWord), facts, table, cut);
  card.setAttribute("aria-labelledby", heading.id);
  card.dataset.instance = letter(place);
  byId("instances").append(card);
  const rows = new Map();
  let last;

  function update(one, controls) {
    const { sign: mark, word: name } = STATES[one.state];
    card.dataset.state = one.state;
    say(sign, mark);
    say(word, name);
    say(sentence, one.sentence);
    if (last && last !== one.state) announce(`${letter(place)}: ${name}. ${one.sentence}`);
    last = one.state;
    proof.max = one.maxStalenessMs;
    proof.high = one.maxStalenessMs * 0.75;
    proof.value = one.proofAgeMs ?? one.maxStalenessMs;
    say(proofWord, one.proofAgeMs === null ? "no proof" : `proven ${age(one.proofAgeMs)} ago, good for ${age(one.maxStalenessMs)}`);
    say(shown.position, number(sequence(one.position)));
    shown.position.title = one.position ?? "";
    say(shown.copies, number(one.copiesHeld));
    say(shown.received, number(one.received));
    say(shown.pending, number(one.pending));
    say(shown.gaps, number(one.gaps));
    say(shown.breaker, { closed: "in use", open: "out", "half-open": "trying", none: "none" }[one.breaker] ?? one.breaker);
    cut.hidden = !controls.canBreak;
    cut.dataset.what = one.cutOff ? "reconnect" : "cutOff";
    cut.setAttribute("aria-pressed", one.cutOff);
    say(cut, `${one.cutOff ? "Reconnect" : "Cut"} ${letter(place)} ${one.cutOff ? "to" : "off from"} the log`);
    for (const price of one.prices) {
      if (!rows.has(price.symbol)) rows.set(price.symbol, newRow(body, price.symbol));
      rows.get(price.symbol).update(price);
    }
  }
  return { update, rows };
}

function newRow(body, symbol) {
  const cells = ["price", "answer", "copy", "fall"].map(name => {
    const [first, second] = [element("span"), element("small")];
    const cell = element("td", { className: name }, first, second);
    return { cell, first, second };
  });
  const [price, answer, copy, fall] = cells;
  const row = element("tr", {}, element("th", { scope: "row", textContent: symbol }), ...cells.map(one => one.cell));
  row.dataset.symbol = symbol;
  body.append(row);
  const set = (cell, first, second) => { say(cell.first, first); say(cell.second, second); };

  function update(one) {
    const { copy: held, answer: given, fall: fallen } = one;
    row.dataset.version = given?.version ?? "";
    set(price, given ? given.price.toFixed(2) : "–", given ? `v${number(given.version)}` : "");
    set(answer, given ? given.source : "–", given ? micros(given.micros) : "");
    copy.cell.classList.toggle("unused", held !== null && !held.served);
    if (!held) set(copy, "none", "");
    else set(copy, held.served ? age(held.ageMs) : "unused", `v${number(held.version)}, ${SHORT[held.source]}`);
    set(fall, fallen ? micros(fallen.micros) : "–", fallen ? `${age(fallen.agoMs)} ago` : "");
  }
  return { row, update };
}

function announce(text) {
  byId("announcements").textContent = text;
}
