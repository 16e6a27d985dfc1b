// The measures of a report: in which order, how each is shown, and why one is not there.

import { counted, duration, money, NONE, number, percent } from "../figures.js";
import { text } from "../page.js";

export const TOTALS = ["visitors", "visits", "pageviews", "orders", "units", "revenue"];
export const RATES = ["purchase_rate", "converting_visit_rate", "average_order_value", "pageviews_per_visit", "avg_stay_seconds"];
export const IN_PERCENT = ["purchase_rate", "converting_visit_rate"];

const SHOWN = {
  revenue: (value) => money(value),
  average_order_value: (value) => money(value),
  pageviews_per_visit: (value) => number(value, 1),
  avg_stay_seconds: duration,
  purchase_rate: (value) => percent(value),
  converting_visit_rate: (value) => percent(value),
};

/** A measure's figure as people read it. */
export const shown = (measure, value) => (value === null || value === undefined ? NONE : (SHOWN[measure] ?? ((one) => counted(one, `total.${measure}`)))(value));

/** What a measure is called. */
export const named = (measure) => text(`measure.${measure}`);

/** Why a figure of a column is null; null if it is not. */
export function whyNone(measure, figures) {
  if (figures[measure] !== null) return null;
  return text(measure === "average_order_value" && figures.visits ? "none.no_orders" : "none.no_visits");
}

/** Why there is no difference of a segment to what it is compared with; null if there is one. */
export function whyNoDifference(measure, segment, base, difference) {
  if (difference !== null && difference !== undefined) return null;
  return whyNone(measure, segment) ?? whyNone(measure, base) ?? text("none.base");
}
