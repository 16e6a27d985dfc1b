// How fresh the figures are, in the bar of every page: told by the API, never guessed.

import { moment } from "./figures.js";
import { Refused, call, site, text } from "./page.js";

const EVERY_MS = 5000;
const place = document.querySelector("[data-status]");
const shown = document.querySelector("[data-status-text]");
const said = document.querySelector("[data-status-said]"); // read out: when the state changes, not every few seconds

function show(state, time) {
  const values = { time };
  if (place.dataset.status !== state) {
    if (state !== "fresh" || place.dataset.status !== "waiting") said.textContent = text(`${state}_detail`, values);
    place.dataset.status = state;
  }
  shown.textContent = text(state, values);
  place.title = text(`${state}_detail`, values);
}

async function look() {
  try {
    const told = await call("GET", "/v1/freshness");
    if (told.as_of === null) show("never", "");
    else show(told.stale ? "stale" : "fresh", moment(told.as_of));
  } catch (error) {
    if (error instanceof Refused && error.status === 403) return location.reload(); // the role was taken: there may be another site
    if (!(error instanceof Refused && error.status === 401)) show("away", "");
  }
}

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, EVERY_MS);
}

if (site) {
  document.addEventListener("visibilitychange", () => document.hidden || look());
  keepLooking();
}
