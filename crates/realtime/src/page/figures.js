// The figures of all instances together.

import { byId, element, micros, number, percent, say } from "./words.js";

const figure = name => document.querySelector(`[data-figure="${name}"]`);

export function showFigures(scene) {
  const { totals, checker } = scene;
  const last = scene.seconds.at(-1);
  say(figure("stale"), number(checker.stale));
  say(figure("checked"), checker.reads ? `of ${number(checker.reads)} checked` : "nothing checked yet");
  byId("stale").classList.toggle("bad", checker.stale > 0);
  byId("complaint").hidden = !checker.complaint;
  say(byId("complaint"), checker.complaint ? `The contract was broken: ${checker.complaint}.` : "");
  say(figure("reads"), last ? `${number(last.reads)}/s` : number(totals.reads));
  say(figure("readsTotal"), `${number(totals.reads)} in all`);
  say(figure("writes"), last ? `${number(last.writes)}/s` : "no feed");
  say(figure("removals"), `${number(totals.removals)} removals`);
  say(figure("hitRate"), totals.reads ? percent(totals.hits / totals.reads) : "–");
  say(figure("saved"), totals.reads ? percent(totals.saved / totals.reads) : "–");
  say(figure("queries"), `${number(totals.saved)} of ${number(totals.reads)}`);
  const heard = scene.instances.filter(one => one.received > 0);
  const worst = name => Math.max(...heard.map(one => one[name])) * 1000;
  say(figure("propagation"), heard.length ? micros(Math.round(worst("propagationP50Ms"))) : "–");
  say(figure("propagation99"), heard.length ? `99 % in ${micros(Math.round(worst("propagationP99Ms")))}` : "nothing heard yet");
  showPatterns(scene.patterns);
  showInspector(scene.patterns);
  showHistogram(scene.propagation);
  showMinute(scene.seconds);
}

function showPatterns(patterns) {
  const list = byId("patterns");
  while (list.children.length > patterns.length) list.lastChild.remove();
  patterns.forEach((pattern, place) => {
    const item = list.children[place] ?? list.appendChild(newPattern());
    const [name, rate, bar, status] = item.children;
    say(name, pattern.pattern);
    say(rate, percent(pattern.hitRate));
    bar.style.setProperty("--share", pattern.hitRate);
    say(status, `${pattern.status} · ${number(pattern.hits)} of ${number(pattern.requests)}`);
    item.classList.toggle("differs", pattern.differences > 0);
    item.dataset.word = pattern.status.split(" ")[0].toLowerCase();
  });
}

/** What the inspector found: copies that no removal explains. */
function showInspector(patterns) {
  const inspected = patterns.reduce((sum, pattern) => sum + pattern.inspected, 0);
  byId("inspected").hidden = inspected === 0;
  say(byId("inspected"), `The inspector compared ${number(inspected)} of these hits with the database.`);
  const wrong = patterns.filter(pattern => pattern.differences > 0);
  byId("forgotten").hidden = wrong.length === 0;
  const told = wrong.map(({ pattern, differences }) => `${pattern} (${number(differences)} so far)`);
  say(byId("forgotten"), wrong.length === 0 ? ""
    : `A write does not invalidate: the inspector found copies that differ from the database, and that nothing removed. ${told.join(", ")}. The service’s log names the keys.`);
}

function newPattern() {
  const bar = element("span", { className: "bar", ariaHidden: "true" }, element("i"));
  return element("li", {}, element("code"), element("b"), bar, element("small"));
}

function showHistogram(bars) {
  const list = byId("histogram");
  const most = Math.max(1, ...bars.map(bar => bar.count));
  bars.forEach((bar, place) => {
    const item = list.children[place] ?? list.appendChild(newBar(bars, place));
    item.style.setProperty("--share", bar.count / most);
    say(item.lastChild, number(bar.count));
  });
}

function newBar(bars, place) {
  const { upToMicros } = bars[place];
  const label = upToMicros ? `≤ ${micros(upToMicros).replace(".0", "")}` : "longer";
  return element("li", {}, element("span", { textContent: label }),
    element("span", { className: "bar", ariaHidden: "true" }, element("i")), element("b"));
}

function showMinute(seconds) {
  const most = Math.max(1, ...seconds.flatMap(second => [second.reads, second.queries]));
  const last = seconds.at(-1);
  say(figure("readsNow"), last ? `${number(last.reads)}/s` : "");
  say(figure("queriesNow"), last ? `${number(last.queries)}/s` : "");
  say(figure("most"), last ? `most: ${number(most)}/s` : "no feed runs");
  for (const name of ["reads", "queries"]) {
    const points = seconds.map((second, place) =>
      `${place + 60 - seconds.length},${39 - 38 * second[name] / most}`);
    document.querySelector(`#minute .${name}`).setAttribute("points", points.join(" "));
  }
}
