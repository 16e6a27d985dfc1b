// At a glance: a few sentences and three rings.

import { html } from "../html.js";
import { counted, duration, number, percent } from "../figures.js";
import { text } from "../page.js";
import { headline } from "./headline.js";
import { Nothing, Ring } from "./parts.js";

const RINGS = ["visitors", "orders", "revenue"];

/** The sentences of a report in words. */
export function sentences(report, everyone) {
  return headline(report, everyone).map((one) => {
    if (one.name.startsWith("everyone")) return text(`headline.${one.name}`, { window: text(`window.${report.window}`), visitors: counted(one.visitors, "count.people"), visits: counted(one.visits, "count.visits"), orders: counted(one.orders, "count.orders") });
    if (one.name === "few") return text("headline.few", { n: counted(one.n, "count.visits") });
    const shown = one.name.startsWith("stay") ? duration : percent;
    const points = one.points === undefined ? "" : `${number(Math.abs(one.points), 1)}${text("points")}`;
    return text(`headline.${one.name}`, { visitors: percent(one.visitors), orders: percent(one.orders), segment: shown(one.segment), of: shown(one.of), base: text(`against.${report.compare}`), points });
  });
}

// a line breaks between words, never between a figure and what hangs on it: 40.0%를
const words = (sentence) => sentence.split(" ").map((word, nth) => html`${nth ? " " : ""}<span class="report-word">${word}</span>`);

/** `report`: as the API tells it; `everyone`: it is about no segment. */
export function Glance({ report, everyone }) {
  const said = sentences(report, everyone);
  if (!said.length) return null;
  return html`
    <section class="card report-glance" aria-labelledby="glance">
      <div class="report-said"><h2 id="glance" class="unseen">${text("glance")}</h2>${said.map((one, nth) => html`<p class=${nth ? "quiet" : "report-first"}>${words(one)}</p>`)}</div>
      ${!everyone && report.segment?.visits > 0 && html`
        <div class="report-rings">
          ${RINGS.map((measure) => report.share[measure] === null
            ? html`<div class="report-ring"><${Nothing} why=${text("none.site")} /><span class="report-ring-name">${text(`share_of.${measure}`)}</span></div>`
            : html`<${Ring} part=${report.share[measure]} shown=${percent(report.share[measure])} name=${text(`share_of.${measure}`)} />`)}
        </div>`}
    </section>`;
}
