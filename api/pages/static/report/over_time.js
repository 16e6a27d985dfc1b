// How many people were in the segment over time; of everyone, how many visitors the site had.

import { html } from "../html.js";
import { Curve } from "../curve.js";
import { counted } from "../figures.js";
import { Failed, Loading } from "../parts.js";
import { may, text } from "../page.js";
import { asked, curve, look } from "./state.js";

const shown = (value) => counted(value, "people");

function Drawn({ title }) {
  const found = curve.value?.of === asked.value ? curve.value : null;
  if (!found) return html`<${Loading} lines=${4} />`;
  if (found.points === null) return html`<p class="quiet">${text("curve.unsaved")}</p>`;
  if (found.error && !found.points.length) return html`<${Failed} error=${found.error} retry=${look} what=${text("curve.failed")} />`;
  if (found.points.length < 2) return html`<p class="quiet">${text("curve.none")}</p>`;
  return html`<${Curve} points=${found.points} series=${[{ name: text("curve.people"), fill: true, shown }]} label=${title} height=${200} />`;
}

/** The card of it. */
export function OverTime({ save }) {
  const { segment, expression, window } = asked.value;
  const title = segment || expression ? text("curve.segment") : text("curve.site", { window: text(`window.${window}`) });
  return html`
    <section class="card" aria-labelledby="over-time">
      <div class="card-head"><h2 id="over-time">${title}</h2>${expression && !segment && may("editor") && html`<a class="plain small-button" href=${save}>${text("save_segment")}</a>`}</div>
      <div class="card-body"><${Drawn} title=${title} /></div>
    </section>`;
}
