// How far the flow has judged people by a saved segment, as a word.

import { html } from "../html.js";
import { text } from "../page.js";
import { percent } from "../figures.js";
import { Chip } from "../parts.js";

const KINDS = { ready: "good", failing: "bad", stale: "warn", pending: "", evaluating: "accent" };

/** A chip; `health` as the API tells it. While people are judged it says how many of them are. */
export function Health({ health }) {
  if (!health) return null;
  const share = health.status === "evaluating" && health.progress !== null ? ` ${percent(health.progress, 0)}` : "";
  return html`<${Chip} kind=${KINDS[health.status]} title=${text(`health_of.${health.status}_detail`)}>${text(`health_of.${health.status}`)}${share}<//>`;
}
