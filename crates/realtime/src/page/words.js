// Figures as people read them.

const whole = new Intl.NumberFormat("en");

export const number = value => whole.format(value);

export const percent = share => `${(share * 100).toFixed(1)} %`;

export const micros = value =>
  value < 1000 ? `${value} µs`
  : value < 1_000_000 ? `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} ms`
  : `${(value / 1_000_000).toFixed(1)} s`;

export const age = ms =>
  ms < 1000 ? `${ms} ms`
  : ms < 60_000 ? `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  : `${Math.floor(ms / 60_000)} min`;

/** What an instance is called, by its place. */
export const letter = place => String.fromCharCode(65 + place);

/** The number of a position, which is `epoch-number`. Where it names several partitions, with dots in
 * between, theirs together. */
export const sequence = position => {
  if (!position) return "–";
  const numbers = position.split(".").map(part => part.slice(part.lastIndexOf("-") + 1));
  return numbers.length === 1 ? numbers[0] : String(numbers.map(Number).reduce((sum, each) => sum + each));
};

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Sets a text, unless it is there already: a browser need not lay out what has not changed. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const byId = id => document.getElementById(id);
