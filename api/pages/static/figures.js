// Figures as people read them. Everything is rounded here and nowhere before; what is not known is a dash.

import { currency, decimalsOf, language, serverNow, text, texts, timezone } from "./page.js";

export const NONE = "–";

const absent = (value) => value === null || value === undefined || Number.isNaN(value);
const made = new Map();

function numbers(options) {
  const key = JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.NumberFormat(language, options));
  return made.get(key);
}

/** A number with separators, and at most so many digits after the point. */
export const number = (value, digits = 0) => (absent(value) ? NONE : numbers({ maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value));

const plural = new Intl.PluralRules(language);

/** How many of what: the texts `<name>.one` and `<name>.other`, with {n}. */
export const counted = (value, name) => (absent(value) ? NONE : text(texts[`${name}.${plural.select(value)}`] ? `${name}.${plural.select(value)}` : `${name}.other`, { n: number(value) }));

/** Money in minor units of the site's currency, or of another one. */
export function money(minor, of = currency) {
  if (absent(minor)) return NONE;
  if (language === "ko" && of === "KRW") return `${number(minor)}원`;
  const digits = decimalsOf(of);
  const display = of === currency ? "narrowSymbol" : "code"; // beside the shop's own $ another one says whose it is
  return numbers({ style: "currency", currency: of, currencyDisplay: display, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(minor / 10 ** digits);
}

/** A share or rate of 0 to 1, in percent. */
export const percent = (ratio, digits = 1) => (absent(ratio) ? NONE : `${number(ratio * 100, digits)}%`);

const signed = (value, digits) => numbers({ signDisplay: "exceptZero", maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

/** A relative difference, `diff_pct`: +122.8%. */
export const relative = (value) => (absent(value) ? NONE : `${signed(value, 1)}%`);

/** A difference of two percentages, `diff_pp`, in percentage points: +9.7%p. */
export const points = (value) => (absent(value) ? NONE : `${signed(value, 1)}${text("points")}`);

/** A duration in its two greatest units: 2분 08초, 2m 08s. */
export function duration(seconds) {
  if (absent(seconds)) return NONE;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const greatest = parts.findIndex((part) => part > 0);
  const first = greatest < 0 ? 3 : greatest;
  const units = ["days", "hours", "minutes", "seconds"].map((name) => text(`unit.${name}`));
  const shown = [`${parts[first]}${units[first]}`];
  if (first < 3) shown.push(`${String(parts[first + 1]).padStart(first ? 2 : 1, "0")}${units[first + 1]}`);
  return shown.join(" ");
}

const dates = (options) => {
  const key = JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(language, { timeZone: timezone, ...options }));
  return made.get(key);
};

/** The time of day of an ISO moment or of epoch milliseconds, in the shop's zone, to the second. */
export const clock = (moment) => (absent(moment) ? NONE : dates({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(new Date(moment)));

/** Day and time of it, in the shop's zone, to the minute. */
export const dateTime = (moment) => (absent(moment) ? NONE : dates({ year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment)));

/** The time of day of it, to the second, of another day than today with the day. */
export const moment = (at) => (absent(at) || day(at) === day(serverNow()) ? clock(at) : dateTime(at));

/** The day of it, in the shop's zone. */
export const day = (moment) => (absent(moment) ? NONE : dates({ dateStyle: "long" }).format(new Date(moment)));

const since = new Intl.RelativeTimeFormat(language, { style: "short", numeric: "always" });

/** How long ago an ISO moment is: 방금, 3분 전. `now`: epoch milliseconds. */
export function ago(moment, now = serverNow()) {
  if (absent(moment)) return NONE;
  const seconds = Math.max(0, Math.round((now - Date.parse(moment)) / 1000));
  if (seconds < 5) return text("just_now");
  if (seconds < 60) return since.format(-seconds, "second");
  if (seconds < 3600) return since.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return since.format(-Math.floor(seconds / 3600), "hour");
  return since.format(-Math.floor(seconds / 86400), "day");
}

/** How long it is until an ISO moment: 5분 후; what is past is now. */
export function until(moment, now = serverNow()) {
  if (absent(moment)) return NONE;
  const seconds = Math.round((Date.parse(moment) - now) / 1000);
  if (seconds < 1) return text("right_now");
  if (seconds < 60) return since.format(seconds, "second");
  if (seconds < 3600) return since.format(Math.round(seconds / 60), "minute");
  if (seconds < 86400) return since.format(Math.round(seconds / 3600), "hour");
  return since.format(Math.round(seconds / 86400), "day");
}

/** A span that somebody chose, in the greatest unit it is whole in: 3일, 90분. */
export function span(seconds) {
  const [length, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([length]) => seconds % length === 0);
  return numbers({ style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Whether it is a moment as the API writes one. */
export const isMoment = (told) => typeof told === "string" && MOMENT.test(told) && !Number.isNaN(Date.parse(told));

// Controls, marks of direction, lone halves of characters, and fillers that leave a name blank: shown as what they are, as in our CSV.
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

function writtenOut(one) {
  const hex = one.codePointAt(0).toString(16);
  return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

/** The same in JSON text, where it is still JSON that says the same. */
export const inJson = (told) => told.replace(UNSEEN, (one) => one.split("").map(writtenOut).join(""));

/** Text of a stranger, with its unseen characters made visible. */
export const plain = (told) => String(told ?? "").replace(UNSEEN, writtenOut);
