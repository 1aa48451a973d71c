// Listens to the service, and shows what it says.

import { byId, say } from "./words.js";
import { showControls } from "./controls.js";
import { showFigures } from "./figures.js";
import { showInstances } from "./instances.js";
import { takeLines } from "./log.js";

/** A service that says nothing for so long is gone, or its machine sleeps. */
const PATIENCE = 5_000;

/** Pause before another attempt, where the browser does not make one. */
const AGAIN = 2_000;

let heard = Date.now();
let events;

function connect() {
  events?.close();
  heard = Date.now();
  events = new EventSource("/events");
  events.addEventListener("scene", event => {
    heard = Date.now();
    byId("lost").hidden = true;
    show(JSON.parse(event.data));
  });
  events.addEventListener("log", event => takeLines(JSON.parse(event.data)));
  events.addEventListener("error", () => { byId("lost").hidden = false; });
}

function show(scene) {
  say(byId("transport"), scene.transport);
  showInstances(scene);
  showControls(scene);
  showFigures(scene);
  document.body.dataset.shown = "true";
}

connect();
setInterval(() => {
  const isGone = Date.now() - heard > PATIENCE;
  if (isGone) byId("lost").hidden = false;
  if (isGone || events.readyState === EventSource.CLOSED) connect();
}, AGAIN);
