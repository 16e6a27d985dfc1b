// One person: what is known, kept true every few seconds while the page is looked at.

import { batch, signal } from "../html.js";
import { Refused, call, decoded } from "../page.js";
import { grouped, joined } from "./events.js";

const EVERY_MS = 5000;
const SELDOM_MS = 15_000; // why somebody is in segments
const PAGE = 50;
const MOST = 1500; // so many events are kept over a refreshing; with more it begins again with the newest
const MOVES = 20;

export const person_id = decoded(location.pathname.slice("/people/".length));
const path = `/v1/people/${encodeURIComponent(person_id)}`;

export const told = signal(null); // what GET /v1/people/{id} says
export const failed = signal(null);
export const why = signal(null); // segments with their conditions
export const whyFailed = signal(null);
export const moves = signal(null); // entries and exits, newest first
export const events = signal(null); // {list, next}
export const eventsFailed = signal(null);
export const loadingMore = signal(false);
export const kind = signal(""); // name of the events that are shown; all

/** Visits with the events that were read, newest first. */
export const visits = () => (told.value && events.value ? grouped(told.value.visits, events.value, kind.value) : null);

export async function look() {
  try {
    const answer = await call("GET", path);
    batch(() => {
      told.value = answer;
      failed.value = null;
    });
  } catch (error) {
    if (!told.value || (error instanceof Refused && error.status === 404)) failed.value = error;
  }
}

export async function lookSegments() {
  try {
    const [segments, transitions] = await Promise.all([call("GET", `${path}/segments`), call("GET", `${path}/transitions?limit=${MOVES}`)]);
    batch(() => {
      why.value = segments.segments;
      moves.value = transitions.transitions;
      whyFailed.value = null;
    });
  } catch (error) {
    if (!why.value) whyFailed.value = error;
  }
}

let question = 0;

function page(cursor) {
  const wanted = Object.entries({ limit: PAGE, name: kind.value, cursor }).filter(([, value]) => value);
  return call("GET", `${path}/events?${new URLSearchParams(wanted)}`);
}

/** Read the newest events; those that were read before stay behind them. */
export async function lookEvents() {
  if (loadingMore.value) return;
  const mine = ++question;
  try {
    const answer = await page(null);
    if (mine !== question) return;
    batch(() => {
      events.value = joined(events.value, { list: answer.events, next: answer.next_cursor }, PAGE, MOST);
      eventsFailed.value = null;
    });
  } catch (error) {
    if (mine === question && !events.value) eventsFailed.value = error;
  }
}

/** Read older ones. */
export async function lookFurther() {
  const mine = ++question;
  loadingMore.value = true;
  try {
    const answer = await page(events.value.next);
    if (mine === question) events.value = { list: [...events.value.list, ...answer.events], next: answer.next_cursor };
  } catch (error) {
    if (mine === question) eventsFailed.value = error;
  } finally {
    loadingMore.value = false;
  }
}

/** Show events of one name alone; "" is all. */
export function choose(name) {
  batch(() => {
    kind.value = name;
    events.value = null;
    eventsFailed.value = null;
    loadingMore.value = false;
  });
  lookEvents();
}

const quietly = (work) => work().catch(() => {});

/** Begin, and go on. */
export function begin() {
  const often = () => Promise.all([look(), lookEvents()]);
  const keep = async (work, every) => {
    if (!document.hidden && !(failed.value instanceof Refused && failed.value.status === 404)) await quietly(work);
    setTimeout(() => keep(work, every), every);
  };
  keep(often, EVERY_MS);
  keep(lookSegments, SELDOM_MS);
  document.addEventListener("visibilitychange", () => document.hidden || quietly(often));
}
