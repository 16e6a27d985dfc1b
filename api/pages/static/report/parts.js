// What the report is drawn with: bars, rings, differences. Each says with words or signs what it says with colour.

import { html } from "../html.js";
import { NONE } from "../figures.js";
import { text } from "../page.js";

const width = (part) => ({ width: `${Math.max(0, Math.min(1, part || 0)) * 100}%` });

/** A bar as long as `part` of 0 to 1; the figure stands beside it. `kind`: "", "base". */
export const Bar = ({ part, kind = "" }) => html`<span class=${`report-bar ${kind}`} aria-hidden="true"><span style=${width(part)}></span></span>`;

const ROUND = 2 * Math.PI * 34;

/** A share of 0 to 1 as a ring with its figure in the middle. */
export const Ring = ({ part, shown, name }) => html`
  <div class="report-ring">
    <svg viewBox="0 0 80 80" aria-hidden="true" focusable="false">
      <circle class="report-ring-all" cx="40" cy="40" r="34" />
      ${part > 0 && html`<circle class="report-ring-part" cx="40" cy="40" r="34" stroke-dasharray=${`${Math.min(1, part) * ROUND} ${ROUND}`} transform="rotate(-90 40 40)" />`}
    </svg>
    <strong class="figure">${shown}</strong><span class="report-ring-name">${name}</span>
  </div>`;

/** A dash and, beside it, why. */
export const Nothing = ({ why }) => html`<span class="report-none">${NONE} <small>${why}</small></span>`;

/** A difference with an arrow; `why`: the reason if there is none. `shown` has its sign and its unit. */
export const Difference = ({ value, shown, why }) => {
  if (why) return html`<${Nothing} why=${why} />`;
  const turn = { 1: "up", 0: "even", [-1]: "down" }[Math.sign(Math.round(value * 10))]; // as it is shown
  return html`<span class=${`report-difference ${turn}`}><span aria-hidden="true">${{ up: "▲", down: "▼", even: "＝" }[turn]}</span> ${shown}</span>`;
};

/** What the two columns are called. */
export const columnNames = (report) => ({ segment: text("segment"), base: text(report.compare === "others" ? "others" : "site") });
