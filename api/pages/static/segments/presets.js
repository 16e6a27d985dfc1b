// Segments to start from.

import { html, useEffect, useState } from "../html.js";
import { call, labelled, link } from "../page.js";
import { Failed, Loading } from "../parts.js";

/** Buttons that answer with a preset; without `onChoose` links to the builder that begin with it. */
export function Presets({ onChoose }) {
  const [presets, setPresets] = useState(null);
  const [failed, setFailed] = useState(null);
  const look = () => call("GET", "/v1/segments/presets").then((told) => (setPresets(told.presets), setFailed(null)), setFailed);
  useEffect(() => void look(), []);
  if (failed) return html`<${Failed} error=${failed} retry=${look} />`;
  if (!presets) return html`<${Loading} lines=${2} />`;
  return html`
    <ul class="presets" data-presets>
      ${presets.map((preset) => html`
        <li key=${preset.name}>${onChoose
          ? html`<button type="button" class="preset" onClick=${() => onChoose(preset)}>${labelled(preset.labels)}</button>`
          : html`<a class="preset" href=${link("/segments/new", { expression: JSON.stringify(preset.expression), name: labelled(preset.labels) })}>${labelled(preset.labels)}</a>`}</li>`)}
    </ul>`;
}
