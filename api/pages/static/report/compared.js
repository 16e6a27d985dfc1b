// Segment and site side by side, for every measure; for everyone the figures alone. Roles are said because a phone lays rows out as grids,
// and would forget what they are.

import { html } from "../html.js";
import { percent, points, relative } from "../figures.js";
import { text } from "../page.js";
import { baseOf } from "./headline.js";
import { IN_PERCENT, named, RATES, shown, TOTALS, whyNoDifference, whyNone } from "./measures.js";
import { Bar, columnNames, Difference, Nothing } from "./parts.js";

const Figure = ({ measure, figures }) => {
  const why = whyNone(measure, figures);
  return why ? html`<${Nothing} why=${why} />` : shown(measure, figures[measure]);
};

const Total = ({ measure, report, base }) => html`
  <tr role="row" data-measure=${measure}>
    <th role="rowheader" scope="row">${named(measure)}</th>
    <td role="cell" class="figure report-own" data-label=${text("segment")}><${Figure} measure=${measure} figures=${report.segment} /></td>
    <td role="cell" class="figure" data-label=${columnNames(report).base}><${Figure} measure=${measure} figures=${base} /></td>
    <td role="cell" class="report-shares" data-label=${text("share")}>
      <div class="report-share">${report.share[measure] === null ? html`<${Nothing} why=${text("none.site")} />` : html`<${Bar} part=${report.share[measure]} /><strong class="figure">${percent(report.share[measure])}</strong>`}</div>
    </td>
  </tr>`;

/** Totals and the segment's share of them. */
export function Totals({ report }) {
  const names = columnNames(report);
  return html`
    <section class="card" aria-labelledby="totals">
      <div class="card-head"><h2 id="totals">${text("totals")}</h2><p class="small quiet">${text("totals_lead")}</p></div>
      <table role="table" class="table report-table report-totals">
        <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${text("measure")}</th><th role="columnheader" scope="col" class="figure">${names.segment}</th><th role="columnheader" scope="col" class="figure">${names.base}</th><th role="columnheader" scope="col">${text("share")}</th></tr></thead>
        <tbody role="rowgroup">${TOTALS.map((measure) => html`<${Total} key=${measure} measure=${measure} report=${report} base=${baseOf(report)} />`)}</tbody>
      </table>
    </section>`;
}

const Side = ({ measure, figures, name, longest, kind }) => html`
  <div class=${`report-side ${kind}`}><span class="report-side-name">${name}</span><${Bar} part=${longest ? figures[measure] / longest : 0} kind=${kind} /><span class="report-side-figure figure"><${Figure} measure=${measure} figures=${figures} /></span></div>`;

function Rate({ measure, report, base }) {
  const names = columnNames(report);
  const longest = Math.max(report.segment[measure] ?? 0, base[measure] ?? 0);
  const difference = report.diff_pct[measure];
  const inPoints = IN_PERCENT.includes(measure);
  return html`
    <tr role="row" data-measure=${measure}>
      <th role="rowheader" scope="row">${named(measure)}<small class="quiet">${text(`means.${measure}`)}</small></th>
      <td role="cell" class="report-sides"><${Side} measure=${measure} figures=${report.segment} name=${names.segment} longest=${longest} kind="" /><${Side} measure=${measure} figures=${base} name=${names.base} longest=${longest} kind="base" /></td>
      <td role="cell" class="figure" data-label=${text("relative")}><${Difference} value=${difference} shown=${relative(difference)} why=${whyNoDifference(measure, report.segment, base, difference)} /></td>
      <td role="cell" class=${`figure ${inPoints ? "" : "report-no-points"}`} data-label=${text("points_difference")}>
        ${inPoints && html`<${Difference} value=${report.diff_pp[measure]} shown=${points(report.diff_pp[measure])} why=${whyNoDifference(measure, report.segment, base, report.diff_pp[measure])} />`}
      </td>
    </tr>`;
}

/** Rates and averages with both kinds of difference, each under its name. */
export const Rates = ({ report }) => html`
  <section class="card" aria-labelledby="rates">
    <div class="card-head"><h2 id="rates">${text("rates")}</h2><p class="small quiet">${text("rates_lead")}</p></div>
    <table role="table" class="table report-table report-rates">
      <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${text("measure")}</th><th role="columnheader" scope="col">${text("figure")}</th><th role="columnheader" scope="col" class="figure">${text("relative")} (%)</th><th role="columnheader" scope="col" class="figure">${text("points_difference")} (${text("points")})</th></tr></thead>
      <tbody role="rowgroup">${RATES.map((measure) => html`<${Rate} key=${measure} measure=${measure} report=${report} base=${baseOf(report)} />`)}</tbody>
    </table>
  </section>`;

/** Everyone's figures, where there is nothing to compare them with. */
export const Alone = ({ figures }) => html`
  ${[["totals", TOTALS], ["rates", RATES]].map(([part, measures]) => html`
    <section class="card" aria-labelledby=${part} key=${part}>
      <div class="card-head"><h2 id=${part}>${text(part)}</h2><p class="small quiet">${text("everyone")}</p></div>
      <dl class="report-alone">${measures.map((measure) => html`<div key=${measure}><dt>${named(measure)}</dt><dd class="figure"><${Figure} measure=${measure} figures=${figures} /></dd></div>`)}</dl>
    </section>`)}`;
