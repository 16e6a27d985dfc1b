// All versions of a saved segment: when, under which name, what it said; each can be looked at and made the newest again.

import { html, useEffect, useState } from "../html.js";
import { call, labelled, may, text } from "../page.js";
import { plain } from "../figures.js";
import { Ago, Chip, Dialog, Failed, Loading, seconds } from "../parts.js";

/** The versions of `segment`; `version` the newest. `onRestore(version)`: somebody wants this one back. */
export function Versions({ id, version, onRestore }) {
  const [versions, setVersions] = useState(null);
  const [failed, setFailed] = useState(null);
  const [shown, setShown] = useState(null);
  const look = () => call("GET", `/v1/segments/${id}/history`).then((told) => (setVersions(told.segments), setFailed(null)), setFailed);
  useEffect(() => void look(), [id, version]);
  if (failed) return html`<${Failed} error=${failed} retry=${look} />`;
  if (!versions) return html`<${Loading} lines=${3} />`;
  return html`
    <ol class="rows" data-versions>
      ${versions.map((one, nth) => html`
        <li class="row version" key=${one.version}>
          <div class="row-main">
            <p class="row-head"><strong>${text("version", { n: one.version })}</strong>${one.deleted ? html`<${Chip} kind="bad">${text("version.deleted")}<//>` : nth === 0 && html`<${Chip} kind="accent">${text("version.now")}<//>`}<span class="cut">${plain(one.name)}</span></p>
            <p class="small quiet clamp">${one.sentence ? plain(labelled(one.sentence)) : text("unreadable")}</p>
          </div>
          <span class="small quiet row-time"><${Ago} at=${one.created_at} now=${seconds.value} /></span>
          <div class="tools">
            <button type="button" class="plain small-button" onClick=${() => setShown(one)}>${text("version.look")}</button>
            ${onRestore && may("editor") && nth > 0 && !one.deleted && html`<button type="button" class="plain small-button" onClick=${() => onRestore(one)}>${text("version.restore")}</button>`}
          </div>
        </li>`)}
    </ol>
    ${shown && html`
      <${Dialog} title=${text("version", { n: shown.version })} onClose=${() => setShown(null)}>
        <p><strong>${plain(shown.name)}</strong></p>
        <p>${shown.sentence ? plain(labelled(shown.sentence)) : text("unreadable")}</p>
        <pre class="raw" tabindex="0">${plain(JSON.stringify(shown.expression, null, 2))}</pre>
      <//>`}`;
}
