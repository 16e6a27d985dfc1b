// The dialog that deletes a saved segment; it says which hooks are on it.

import { html, useEffect, useState } from "../html.js";
import { call, link, text } from "../page.js";
import { plain } from "../figures.js";
import { Dialog, Failed, Loading, Press, said } from "../parts.js";

/** `onDeleted()` once it is. */
export function Deleting({ segment, onClose, onDeleted }) {
  const [hooks, setHooks] = useState(null); // null while nobody knows them
  const [unknown, setUnknown] = useState(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const look = () => {
    setUnknown(null);
    call("GET", "/v1/hooks").then((told) => setHooks(told.hooks.filter((hook) => hook.segments?.includes(segment.id))), setUnknown);
  };
  useEffect(look, []);
  const remove = async () => {
    setBusy(true);
    try {
      await call("DELETE", `/v1/segments/${segment.id}`);
      onDeleted();
    } catch (error) {
      setWrong(said(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title=${text("delete_segment")} onClose=${() => busy || onClose()}>
      <p><strong>${plain(segment.name)}</strong></p>
      <p>${text("delete_segment.what")}</p>
      ${unknown ? html`<${Failed} error=${unknown} retry=${look} />` : hooks === null ? html`<${Loading} />` : hooks.length === 0 ? html`<p class="quiet small">${text("delete_segment.no_hooks")}</p>` : html`
        <div class="notice wrong deleting-hooks"><div><p>${text("delete_segment.hooks")}</p>
          <ul>${hooks.map((hook) => html`<li class="cut"><a href=${link(`/hooks/${hook.id}`)}>${plain(hook.url)}</a></li>`)}</ul></div></div>`}
      ${wrong && html`<p class="notice wrong" role="alert">${wrong}</p>`}
      <div class="dialog-foot">
        <${Press} class="plain" off=${busy} onClick=${onClose}>${text("cancel")}<//>
        <button type="button" class="primary danger-fill" disabled=${busy || hooks === null} onClick=${remove}>${text("delete")}</button>
      </div>
    <//>`;
}
