// What the page is about, the figures of it, and how they are renewed.

import { batch, signal } from "../html.js";
import { askedOf, bodyOf, paramsOf } from "../asked.js";
import { call, labelled, link, site, text } from "../page.js";
import { plain } from "../figures.js";

export const EVERY_MS = 30_000;

function here() {
  const params = new URLSearchParams(location.search);
  return { ...askedOf(params), compare: params.get("compare") === "others" ? "others" : "site" };
}

/** As asked.js has it, and what it is compared with. */
export const asked = signal(here());
/** {of: what it answers, told: the API's answer}; null before the first one. */
export const report = signal(null);
/** What the last try threw; null if it worked. */
export const failed = signal(null);
/** {of, points, error}: people over time; points are null where there is no curve to have. */
export const curve = signal(null);
/** {segments, presets, error}: what one may choose from. */
export const choices = signal(null);

/** Whether the page is about no segment. */
export const aboutEveryone = () => !asked.value.segment && !asked.value.expression;

/** The address of what is asked for: it shows the same to everybody who may see this site. */
export const address = (of = asked.value) => link("/report", { site, ...paramsOf(of), compare: of.compare });

/** The body of what is asked for. */
export const question = (of = asked.value) => ({ window: of.window, segment: bodyOf(of), compare: of.compare });

/** What is asked for is called so; "" while that is not known. */
export function segmentName() {
  const { segment, expression } = asked.value;
  if (!segment && !expression) return text("everyone");
  if (segment) {
    const answered = report.value?.of === asked.value ? report.value.told.asked.name : null;
    return plain(answered ?? choices.value?.segments.find((one) => one.id === segment)?.name ?? "");
  }
  const same = JSON.stringify(expression);
  const preset = choices.value?.presets.find((one) => JSON.stringify(one.expression) === same);
  return preset ? labelled(preset.labels) : text("unsaved");
}

function about(next) {
  asked.value = next;
  failed.value = null; // it was of what was asked before
}

/** Ask for something else: the address follows, and the browser's way back leads back. */
export function ask(change) {
  about({ ...asked.value, ...change, wrong: false });
  history.pushState(null, "", address());
  look();
}

let running = new AbortController();
let lookedAt = 0;
let waitsFor = null; // what is asked for, until the answer is there

/** Ask the API for what is asked for; figures stay until others are there. */
export async function look() {
  running.abort();
  running = new AbortController();
  const { signal: stopped } = running;
  const of = asked.value;
  lookedAt = Date.now();
  waitsFor = of;
  if (of.wrong) return;
  lookAtCurve(of, stopped);
  try {
    const told = await call("POST", "/v1/reports/live", question(of), { signal: stopped });
    batch(() => ((report.value = { of, told }), (failed.value = null)));
  } catch (error) {
    if (error.name !== "AbortError") failed.value = error;
  }
  if (waitsFor === of && !stopped.aborted) waitsFor = null;
}

async function lookAtCurve(of, stopped) {
  if (of.expression && !of.segment) return (curve.value = { of, points: null });
  const hours = of.window === "7d" ? 168 : 24;
  const path = of.segment ? `/v1/segments/${encodeURIComponent(of.segment)}/curve?hours=${hours}&points=600` : `/v1/reports/curve?window=${of.window}&minutes=${hours * 60}&points=600`;
  try {
    const told = await call("GET", path, undefined, { signal: stopped });
    curve.value = { of, points: told.points.map((one) => [Date.parse(one.at), one.members ?? one.visitors]) };
  } catch (error) {
    if (error.name !== "AbortError") curve.value = { of, points: curve.value?.of === of ? curve.value.points : [], error };
  }
}

/** What one may choose from: saved segments and those to start from. */
export async function lookAtChoices() {
  try {
    const [saved, presets] = await Promise.all([call("GET", "/v1/segments"), call("GET", "/v1/segments/presets")]);
    choices.value = { segments: saved.segments, presets: presets.presets };
  } catch (error) {
    choices.value = { segments: [], presets: [], ...choices.value, error };
  }
}

/** Look now, every 30 seconds while somebody looks at the page, and when he comes back to it. */
export function keepLooking() {
  history.replaceState(null, "", asked.value.wrong ? location.href : address());
  addEventListener("popstate", () => (about(here()), look()));
  const renew = () => document.hidden || waitsFor || Date.now() - lookedAt < EVERY_MS || look();
  document.addEventListener("visibilitychange", renew);
  setInterval(renew, 1000);
  lookAtChoices();
  look();
}
