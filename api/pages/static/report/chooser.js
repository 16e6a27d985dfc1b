// Which segment: a saved one, one to start from, or one to be built.

import { html } from "../html.js";
import { plain } from "../figures.js";
import { Failed, Loading } from "../parts.js";
import { labelled, link, may, text } from "../page.js";
import { ask, asked, choices, lookAtChoices } from "./state.js";

const Choice = ({ name, sentence, chosen, choose }) => html`<li><button type="button" class="report-choice" aria-pressed=${String(chosen)} title=${sentence} onClick=${choose}><span class="cut">${name}</span></button></li>`;

/** `chosen`: called when one was chosen. */
export function Chooser({ chosen = () => {} }) {
  const found = choices.value;
  const choose = (change) => (ask(change), chosen());
  if (!found) return html`<${Loading} lines=${3} />`;
  const { segment, expression } = asked.value;
  return html`
    <div class="report-choices">
      ${found.error && html`<${Failed} error=${found.error} retry=${lookAtChoices} what=${text("choices_failed")} />`}
      <h3>${text("saved")}</h3>
      ${found.segments.length
        ? html`<ul>${found.segments.map((one) => html`<${Choice} key=${one.id} name=${plain(one.name)} sentence=${plain(labelled(one.sentence))} chosen=${segment === one.id} choose=${() => choose({ segment: one.id, expression: null })} />`)}</ul>`
        : !found.error && html`<p class="small quiet">${text("saved_none")}</p>`}
      ${found.presets.length > 0 && html`
        <h3>${text("presets")}</h3>
        <ul>${found.presets.map((one) => html`<${Choice} key=${one.name} name=${labelled(one.labels)} chosen=${!segment && JSON.stringify(expression) === JSON.stringify(one.expression)} choose=${() => choose({ segment: null, expression: one.expression })} />`)}</ul>`}
      <p class="tools">
        ${may("editor") && html`<a class="plain small-button" href=${link("/segments/new")}>${text("build")}</a>`}
        ${(segment || expression) && html`<button type="button" class="plain small-button" onClick=${() => choose({ segment: null, expression: null })}>${text("everyone")}</button>`}
      </p>
    </div>`;
}
