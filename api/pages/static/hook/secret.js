// A secret, the one time it is shown.

import { html, useEffect, useRef, useState } from "../html.js";
import { text } from "../page.js";
import { dateTime } from "../figures.js";
import { useUnsaved } from "../asking.js";

/** `told`: {secret, old_secret_until} as the API answered. */
export function Secret({ told, onKept }) {
  const place = useRef(null);
  const code = useRef(null);
  const [copied, setCopied] = useState("");
  useEffect(() => place.current.focus(), [told]);
  useUnsaved(true); // it is shown this once

  async function copy() {
    try {
      await navigator.clipboard.writeText(told.secret);
      setCopied("yes");
    } catch {
      getSelection().selectAllChildren(code.current); // no clipboard over plain HTTP: it is marked for who copies it himself
      setCopied("marked");
    }
  }

  return html`
    <section class="card secret" ref=${place} tabindex="-1" aria-labelledby="secret-title">
      <h2 id="secret-title">${text("secret.title")}</h2>
      <p>${text("secret.once")}</p>
      <p class="secret-row">
        <code ref=${code} data-secret>${told.secret}</code>
        <button class="primary small-button" type="button" onClick=${copy}>${text("secret.copy")}</button>
      </p>
      <p class="small quiet" role="status">${copied && text(`secret.copied_${copied}`)}</p>
      ${told.old_secret_until && html`<p class="small">${text("secret.old_until", { time: dateTime(told.old_secret_until) })}</p>`}
      <p><button class="plain small-button" type="button" onClick=${onKept}>${text("secret.kept")}</button></p>
    </section>`;
}
