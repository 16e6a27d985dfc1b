// What the draft says and whom it catches now, beside the form.

import { html } from "../html.js";
import { labelled, text } from "../page.js";
import { counted, number, percent, plain } from "../figures.js";
import { Failed } from "../parts.js";
import { broken, faults } from "./draft.js";
import { ask, preview } from "./preview.js";

/** The sentence under the form, and what is left out of it. */
export function Sentence() {
  const { sentence, general, waiting } = preview.value;
  const lacking = faults.value.size;
  return html`
    <div class="sentence">
      <p class="small quiet">${text("sentence")}</p>
      <p class=${`sentence-words${waiting ? " waiting" : ""}`} data-sentence>${sentence ? plain(labelled(sentence)) : "–"}</p>
      ${lacking > 0 && html`<p class="small lacking">${counted(lacking, "left_out")}</p>`}
      ${general.map((detail) => html`<p class="refused small" role="alert">${text("refused")} <span lang="en">${plain(detail)}</span></p>`)}
    </div>`;
}

const Window = ({ name, found }) => html`
  <div class="window">
    <dt>${text(`window.${name}`)}</dt>
    <dd class="figure"><strong data-count=${name}>${counted(found?.visitors, "people")}</strong>${found && html`<span class="small quiet">${text("share", { share: percent(found.share) })}</span><span class="small quiet">${text("online", { n: number(found.online) })}</span>`}</dd>
  </div>`;

/** How many it catches. */
export function Result() {
  const { windows, countable, waiting, failed, errors, general } = preview.value;
  const refused = errors.size + general.length > 0;
  const said = waiting || broken.value !== null ? "" : !countable ? text("now.detail") : windows ? text("result.said", { day: number(windows["24h"].visitors), week: number(windows["7d"].visitors) }) : "";
  return html`
    <section class="card result" aria-labelledby="result-title" data-waiting=${String(waiting)}>
      <div class="card-head"><h2 id="result-title">${text("result")}</h2>${waiting && html`<span class="small quiet">${text("result.waiting")}</span>`}</div>
      <div class="card-body">
        ${failed ? html`<${Failed} error=${failed} retry=${ask} />`
          : refused || broken.value !== null ? html`<p class="quiet small">${text("result.refused")}</p>`
          : !countable ? html`<p class="quiet small">${text("now.detail")}</p>`
          : html`<dl class=${waiting ? "windows waiting" : "windows"}><${Window} name="24h" found=${windows?.["24h"]} /><${Window} name="7d" found=${windows?.["7d"]} /></dl>`}
        <p class="unseen" role="status">${said}</p>
      </div>
    </section>`;
}
