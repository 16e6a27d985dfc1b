// What Live is about, who is shown, and how it stays true: the list is asked for, the stream changes it, seldom where much changes.

import { batch, effect, signal } from "../html.js";
import { Refused, link, site } from "../page.js";
import { askedOf, paramsOf } from "../asked.js";
import { PAGE, boardOf, changed, settled, unsettled } from "./board.js";
import { asking as askCounters } from "./counting.js";
import { follow } from "./feed.js";
import { held } from "./hold.js";
import { listed } from "./listing.js";

const APPLY_MS = 1000;
const SOON_MS = 200; // where little happens it is shown sooner
const LITTLE = 5;
const MOST = 1000; // changes that wait to be applied
const ANEW_MS = 60_000; // what time alone changes (who is online no more, who is out of the window) is told by nobody
const PATIENCE_MS = 1500; // so long the list waits for the stream to be open

const told = new URLSearchParams(location.search);
const REMEMBERED_MS = 30 * 60_000; // pages of an older list are of another time
let listedAt = history.state?.at ?? 0;
const remembered = Date.now() - listedAt < REMEMBERED_MS && history.state.cursors;

export const asked = signal(askedOf(told)); // as asked.js has it
export const q = signal(told.get("q") ?? "");
export const hours = signal([1, 6, 24].includes(Number(told.get("hours"))) ? Number(told.get("hours")) : 1);
export const cursors = signal(Array.isArray(remembered) && remembered.length ? remembered : [null]); // of the pages up to the one shown
export const board = signal(null); // null: nothing was answered yet
export const about = signal(null); // {segment, population, next} of the last answer
export const busy = signal(true);
export const failed = signal(null);
export const counters = signal(null);
export const line = signal("on"); // as feed.js says

const first = () => cursors.value.length === 1;

function write() {
  if (asked.value.wrong) return;
  if (first()) listedAt = Date.now();
  const values = { site, ...paramsOf(asked.value), q: q.value, hours: hours.value === 1 ? null : hours.value };
  history.replaceState({ cursors: cursors.value, at: listedAt }, "", link(location.pathname, values));
}

// --- the list ------------------------------------------------------------------------------------------------------

let question = 0;
let under_way = 0;
let owed = { loud: false, anew: false }; // to the questions that were overtaken: the last answer is the answer to them all

/** Ask for the page. `quiet`: what is shown stays until the answer, and if there is none. `anew`: nothing of it is kept in its place. */
export async function ask({ quiet = false, anew = !quiet } = {}) {
  if (asked.value.wrong) return;
  const mine = ++question;
  const began = performance.now();
  owed = { loud: owed.loud || !quiet, anew: owed.anew || anew };
  if (!quiet) busy.value = true;
  under_way += 1;
  try {
    const answer = await listed({ ...asked.value, q: q.value, cursor: cursors.value.at(-1) });
    if (mine === question) show(answer, began);
  } catch (error) {
    if (mine !== question) return;
    if (error instanceof Refused && error.status === 400 && !first()) return back();
    const gone = error instanceof Refused && [403, 404, 422].includes(error.status); // nothing will come of asking again
    batch(() => {
      busy.value = false;
      if (owed.loud || gone || !board.value) failed.value = error;
    });
  } finally {
    under_way -= 1;
  }
}

function show(answer, began) {
  const { anew } = owed;
  owed = { loud: false, anew: false };
  const people = answer.visitors;
  if (!people.length && !first()) return back();
  const newer = new Map(people.map((card) => [card.person_id, card.last_seen]));
  for (const [person_id, card] of waiting) if (newer.has(person_id) && card.last_seen <= newer.get(person_id)) waiting.delete(person_id);
  for (const [person_id, told] of away) if (newer.has(person_id) && told < began) away.delete(person_id);
  batch(() => {
    const more = answer.next_cursor !== null;
    const before = board.value;
    if (anew || !before) board.value = boardOf(people, { first: first(), q: q.value, more });
    else {
      const oldest = more ? people.at(-1)?.last_seen : "";
      const known = (card) => !answer.as_of || card.last_seen <= answer.as_of; // who came later cannot be in the answer
      const missing = before.people.filter((card) => !newer.has(card.person_id) && known(card) && (!before.first || card.last_seen >= oldest));
      board.value = { ...changed(before, people, missing.map((card) => card.person_id)), more };
    }
    about.value = { segment: answer.segment, population: answer.population, next: answer.next_cursor };
    busy.value = false;
    failed.value = null;
  });
  plan();
}

function back() {
  cursors.value = [null];
  write();
  ask();
}

/** One page on (1) or back (-1). */
export async function turn(by) {
  busy.value = true;
  if (by > 0 && first()) await ask({ quiet: true }); // it has moved on: the second page begins where the first one ends now
  const next = about.value?.next;
  if (by > 0 && !next) return (busy.value = false);
  cursors.value = by > 0 ? [...cursors.value, next] : cursors.value.slice(0, -1);
  write();
  await ask();
}

// --- what the stream tells -----------------------------------------------------------------------------------------

const waiting = new Map(); // cards that changed since the last time they were applied
const away = new Map(); // who left -> when that was told
let applying = 0;
let applied = 0;
let refilled = 0;
let refilling = 0;

function people({ changed: cards, gone, more }) {
  for (const card of cards) {
    waiting.set(card.person_id, card);
    away.delete(card.person_id);
  }
  for (const person_id of gone) {
    waiting.delete(person_id);
    away.set(person_id, performance.now());
  }
  for (const person_id of waiting.keys()) if (waiting.size > MOST) waiting.delete(person_id);
  for (const person_id of away.keys()) if (away.size > MOST) away.delete(person_id);
  if (more) refill();
  plan();
}

/** Apply what is there: at most once a second where much happens. */
function plan() {
  const every = waiting.size + away.size > LITTLE ? APPLY_MS : SOON_MS;
  applying ||= setTimeout(apply, Math.max(0, applied + every - performance.now()));
}

function apply() {
  applying = 0;
  applied = performance.now();
  if (!board.value || busy.value) return;
  let next = board.value;
  if (waiting.size || away.size) next = changed(next, [...waiting.values()], [...away.keys()]);
  waiting.clear();
  away.clear();
  board.value = !held() && unsettled(next) ? settled(next) : next;
  if (!board.value.first && !board.value.people.length) return back();
  if (board.value.first && board.value.more && board.value.people.length < PAGE) refill();
}

/** People left the page, or more changed than were told: ask for it, but not all the time. */
function refill() {
  refilling ||= setTimeout(() => {
    refilling = 0;
    refilled = performance.now();
    ask({ quiet: true });
  }, Math.max(0, refilled + 5 * APPLY_MS - performance.now()));
}

/** Show who waits, now. */
export function showWaiting() {
  if (board.value) board.value = settled(board.value);
}

effect(() => {
  if (!held()) plan();
});
setInterval(() => document.hidden || line.value === "asking" || busy.value || ask({ quiet: true }), ANEW_MS);

// --- what is chosen ------------------------------------------------------------------------------------------------

let leave = null;

/** Begin: follow the stream, and ask for the list once it is open. */
export function begin() {
  leave?.();
  leave = null;
  waiting.clear();
  away.clear();
  line.value = "on";
  question += 1; // what was asked before is not about these people
  busy.value = !asked.value.wrong;
  if (asked.value.wrong) return void (failed.value = new Error("conditions nobody can read"));
  write();
  const chosen = asked.value;
  let opened = false;
  const patience = setTimeout(() => opened || document.hidden || ask(), PATIENCE_MS);
  const open = () => {
    clearTimeout(patience);
    ask({ quiet: opened, anew: true });
    opened = true;
  };
  const ending = follow(paramsOf(chosen), {
    open,
    people,
    counters: (told) => (counters.value = told),
    reset: () => ask({ quiet: true }),
    state: (word) => (line.value = word),
    ask: async () => {
      if (document.hidden || under_way) return;
      if (opened) ask({ quiet: board.value !== null });
      else open();
      const told = await askCounters(chosen).catch(() => null);
      if (told && chosen === asked.value) counters.value = told;
    },
  });
  leave = () => (clearTimeout(patience), ending());
}

/** Choose other people: {segment, expression, window}, or some of these. */
export function choose(next) {
  batch(() => {
    const other = "segment" in next || "expression" in next;
    asked.value = { ...asked.value, ...next, wrong: false };
    cursors.value = [null];
    if (other) counters.value = about.value = null;
    failed.value = null;
  });
  begin();
}

/** Look for a part of an id. */
export function seek(part) {
  if (part === q.value) return;
  batch(() => {
    q.value = part;
    cursors.value = [null];
  });
  write();
  ask();
}

/** How far back the curve goes. */
export function reach(back) {
  hours.value = back;
  write();
}
