// Values of conditions, by what an operator takes (docs/segments.md, "Values"): whether a form can show one, whether it is complete, which one
// to begin with. Nothing here knows of a page.

import { offsetOf } from "./zone.js";

const LARGEST = 10 ** 15;
const SPAN_KEYS = ["days", "hours", "minutes"];

/** Whether it may be a whole number in a condition. */
export const whole = (told) => Number.isInteger(told) && Math.abs(told) <= LARGEST;
const finite = (told) => Number.isFinite(told) && Math.abs(told) <= LARGEST;
const isObject = (told) => told !== null && typeof told === "object" && !Array.isArray(told);

/** The two ends of a range, however it is written; undefined for an end that is not told yet. */
export const endsOf = (told) => (Array.isArray(told) ? [told[0] ?? undefined, told[1] ?? undefined] : isObject(told) ? [told.from ?? undefined, told.to ?? undefined] : [undefined, undefined]);

/** A range with another end (0 or 1), written as it was. */
export function withEnd(told, nth, value) {
  if (isObject(told)) return { ...told, [nth ? "to" : "from"]: value ?? null };
  const ends = endsOf(told).map((end) => end ?? null);
  ends[nth] = value ?? null;
  return ends;
}

const isRange = (told, one) =>
  (Array.isArray(told) ? told.length === 2 : isObject(told) && Object.keys(told).length === 2 && "from" in told && "to" in told) &&
  endsOf(told).every((end) => end === undefined || one(end));

const isSpan = (told) => isObject(told) && Object.entries(told).every(([key, value]) => SPAN_KEYS.includes(key) && (value === null || (whole(value) && value >= 0)));

const SHOWABLE = {
  whole,
  decimal: finite,
  range: (told) => isRange(told, whole),
  decimals: (told) => isRange(told, finite),
  text: (told) => typeof told === "string",
  texts: (told) => Array.isArray(told) && told.every((one) => typeof one === "string"),
  truth: (told) => typeof told === "boolean",
  span: (told) => isSpan(told) && Object.keys(told).length > 0,
  point: (told) => typeof told === "string" && offsetOf(told) !== null && !Number.isNaN(Date.parse(told)),
  nothing: (told) => told === null,
  where: isObject,
};

/** Whether a form can show a value of an operator that takes this; one that is not told yet it can. */
export const showable = (takes, told) => told === undefined || (takes in SHOWABLE && SHOWABLE[takes](told));

const isRangeFull = (told) => endsOf(told).every((end) => end !== undefined);

/** What is missing or impossible in a value that can be shown: "missing", "order", "zero" or null if it is complete. */
export function lacking(takes, told) {
  if (takes === "nothing" || takes === "where") return null;
  if (told === undefined || told === null || told === "") return "missing";
  if (takes === "texts") return told.length ? null : "missing";
  if (takes === "range" || takes === "decimals") {
    if (!isRangeFull(told)) return "missing";
    const [from, to] = endsOf(told);
    return from < to ? null : "order";
  }
  if (takes === "span") {
    const lengths = Object.values(told);
    if (!lengths.length || lengths.some((length) => length === null)) return "missing";
    return lengths.some((length) => length > 0) ? null : "zero";
  }
  return null;
}

const NEW = { span: { days: 3 }, truth: true };

/** The condition a form begins with for a field of the catalogue: its first example's operator, and no value where one has to be chosen. */
export function begun(field) {
  return withOperator({ field: field.name, op: field.example.op }, field, field.example.op);
}

const kinds = { whole: "number", decimal: "number", range: "numbers", decimals: "numbers" };
const kindOf = (takes) => kinds[takes] ?? takes;

/** A condition with another operator: what of its value the new one can take is kept. */
export function withOperator(told, field, op) {
  const takesOf = (name) => field.operators.find((one) => one.name === name)?.takes;
  const [before, after] = [takesOf(told.op), takesOf(op)];
  const next = { field: told.field, op };
  if (after === "nothing") return next;
  if (after === "where") return told.where === undefined ? next : { ...next, where: told.where };
  const value = carried(told.value, before, after);
  return value === undefined ? next : { ...next, value };
}

function carried(value, before, after) {
  const [from, to] = [kindOf(before), kindOf(after)];
  if (value !== undefined && showable(before, value)) {
    if (from === to) return value;
    if (from === "text" && to === "texts") return value ? [value] : [];
    if (from === "texts" && to === "text") return value[0];
    if (from === "number" && to === "numbers") return [value, null];
    if (from === "numbers" && to === "number") return endsOf(value)[0];
  }
  return NEW[to];
}

// --- numbers as they are typed -------------------------------------------------------------------------------------

/** A number as it is typed, with separators and so many decimals at most, in units that are 10^scale times smaller: "1,234.5" -> 123450 with
 * scale 2. Undefined if it is none, or larger than any value may be. */
export function typed(words, decimals, scale = 0) {
  const bare = words.replace(/[\s,]/g, "").replace("−", "-");
  const found = /^(-?)(\d+)(?:\.(\d*))?$/.exec(bare);
  if (!found || (found[3] ?? "").length > decimals) return undefined;
  const [, minus, before, after = ""] = found;
  const number = Number(scale ? minus + before + after.padEnd(scale, "0") : minus + before + (after ? `.${after}` : ""));
  return finite(number) ? number : undefined;
}

/** A number as one types it: separators, a point, no more digits than it has. `scale` as above. */
export function asTyped(value, scale = 0) {
  if (value === undefined || value === null) return "";
  const digits = plainly(Math.abs(value));
  const [before, after = ""] = scale ? [digits.padStart(scale + 1, "0").slice(0, -scale), digits.padStart(scale + 1, "0").slice(-scale)] : digits.split(".");
  return `${value < 0 ? "-" : ""}${before.replace(/\B(?=(\d{3})+$)/g, ",")}${Number(after) ? `.${after}` : ""}`;
}

const plainly = (value) => (String(value).includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : String(value));

// --- lengths of time -----------------------------------------------------------------------------------------------

/** Units of a duration, in seconds, the largest first. */
export const SECONDS = { days: 86400, hours: 3600, minutes: 60, seconds: 1 };

/** The largest unit in which all of these numbers of seconds are whole; minutes if there is none. */
export function unitOf(...seconds) {
  const told = seconds.filter((one) => one !== undefined && one !== null && one !== 0);
  return told.length ? Object.keys(SECONDS).find((unit) => told.every((one) => one % SECONDS[unit] === 0)) : "minutes";
}
