// The log as it scrolls.

import { byId, element, letter, micros, number, say, sequence } from "./words.js";

/** How many entries are kept on the page. */
const KEPT = 60;

/** Entries by position, oldest first. */
const entries = new Map();
const listeners = new Set();
let paused = false;
let waiting = [];

byId("pause").addEventListener("click", event => {
  paused = !paused;
  event.currentTarget.setAttribute("aria-pressed", paused);
  event.currentTarget.textContent = paused ? "Go on" : "Pause";
  if (!paused) draw();
});

/** Tells `listener` of every line. */
export const listen = listener => listeners.add(listener);

/** What each instance said of a position so far, by its place. */
export const heardOf = position => entries.get(position)?.heard ?? new Map();

export function takeLines(lines) {
  for (const line of lines) {
    remember(line);
    listeners.forEach(listener => listener(line));
  }
  waiting.push(...lines);
  if (waiting.length > 500) waiting = waiting.slice(-500);
  if (!paused) requestAnimationFrame(draw);
}

function remember(line) {
  if (line.kind !== "sent" && line.kind !== "received") return;
  if (!entries.has(line.position)) entries.set(line.position, { heard: new Map() });
  entries.get(line.position).heard.set(line.instance, line);
  // More than are shown: an answer to a write may come after the lines about it.
  if (entries.size > 10 * KEPT) entries.delete(entries.keys().next().value);
}

function draw() {
  const list = byId("log");
  for (const line of waiting.splice(0)) {
    if (line.kind === "resynchronised") {
      list.prepend(note(`${letter(line.instance)} missed something, dropped its copies and goes on from ${sequence(line.position)}`));
    } else if (line.kind === "missed") {
      if (!list.firstChild?.classList.contains("missed")) list.prepend(note("some entries came too fast to be shown", "missed"));
    } else {
      drawEntry(list, line);
    }
  }
  while (list.children.length > KEPT) list.lastChild.remove();
}

function note(text, kind = "") {
  return element("li", { className: `note ${kind}`, textContent: text });
}

function drawEntry(list, line) {
  const entry = entries.get(line.position);
  if (!entry) return;
  if (!entry.item) {
    const changes = line.changes.join(", ") + (line.more ? ` and ${number(line.more)} more` : "");
    entry.item = element("li", {}, element("b", { textContent: sequence(line.position) }),
      element("code", { textContent: changes }), element("span", { className: "heard" }));
    list.prepend(entry.item);
  }
  const told = [...entry.heard.values()].sort((one, other) => one.kind < other.kind ? 1 : -1)
    .map(one => `${letter(one.instance)} ${one.kind === "sent" ? "sent, acknowledged" : "heard"} +${micros(one.micros)}`);
  say(entry.item.lastChild, told.join(" · "));
}
