// What the API says of the draft: the sentence, how many it catches, and what is wrong where. The last request wins.

import { effect, signal } from "../html.js";
import { call, Refused } from "../page.js";
import { complete } from "./draft.js";
import { nodeAt } from "./tree.js";

const PAUSE_MS = 300;
const WINDOWS = ["24h", "7d"];

/** {sentence, windows: {"24h", "7d"}, countable, errors: Map of node id -> [text], general: [text], waiting, failed}; what is not known is null. */
export const preview = signal({ sentence: null, windows: null, countable: true, errors: new Map(), general: [], waiting: true, failed: null });

let timer = 0;
let asking = null;

/** Ask as soon as nothing changes any more, and whenever the draft changes. */
export function keepPreviewing() {
  let last = null;
  effect(() => {
    const expression = JSON.stringify(complete.value.expression);
    if (expression === last) return;
    last = expression;
    ask();
  });
}

/** Ask again. */
export function ask() {
  clearTimeout(timer);
  asking?.abort();
  preview.value = { ...preview.peek(), waiting: true };
  timer = setTimeout(() => look(complete.peek()), PAUSE_MS);
}

async function look({ expression, places }) {
  const mine = (asking = new AbortController());
  const one = (window) => call("POST", "/v1/segments/preview", { window, expression }, { signal: mine.signal });
  try {
    const [day, week] = await Promise.all(WINDOWS.map(one));
    const windows = day.reason ? null : { "24h": day.population, "7d": week.population };
    preview.value = { sentence: day.sentence, windows, countable: !day.reason, errors: new Map(), general: [], waiting: false, failed: null };
  } catch (error) {
    if (mine.signal.aborted) return;
    mine.abort();
    const nothing = { sentence: null, windows: null, countable: true, waiting: false };
    preview.value = error instanceof Refused && error.status === 422 ? { ...nothing, ...sorted(error.problem, places), failed: null } : { ...preview.peek(), ...nothing, failed: error };
  }
}

/** Of a problem, what is said of which node, and what of none. */
export function sorted(problem, places) {
  const errors = new Map();
  const general = [];
  for (const { place, detail } of problem?.errors ?? []) {
    const id = place.startsWith("/expression/") ? nodeAt(places, place.slice("/expression".length)) : place === "/expression" && places.length > 1 && places[0][0] === places[1][0] ? places[1][1] : null;
    if (id === null) general.push(detail);
    else errors.set(id, [...(errors.get(id) ?? []), detail]);
  }
  if (!errors.size && !general.length) general.push(problem?.detail ?? "");
  return { errors, general };
}
