// The dialog that saves: the name, what saving does, and whether those who match already are told of.

import { html, useEffect, useRef, useState } from "../html.js";
import { call, labelled, text } from "../page.js";
import { plain } from "../figures.js";
import { Dialog, Press, said } from "../parts.js";
import { preview } from "./preview.js";

/** Save `expression`; `segment` is the saved one, null for a new one; `sentence` says what it is in both languages, null that of the draft.
 * `onSaved(segment)`. */
export function Saving({ segment, expression, sentence, name, title, onSaved, onClose }) {
  const [words, setWords] = useState(name);
  const [tells, setTells] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const [newer, setNewer] = useState(null);
  const first = useRef(null);
  const says = sentence ?? (preview.value.waiting ? null : preview.value.sentence);

  useEffect(() => {
    queueMicrotask(() => first.current?.focus()); // after the dialog itself has taken the focus
    if (segment) call("GET", `/v1/segments/${segment.id}`).then((now) => now.version !== segment.version && setNewer(now.version), () => {});
  }, []);

  const save = async (event) => {
    event.preventDefault();
    if (busy) return;
    if (!words.trim()) return setWrong(text("name.missing"));
    setBusy(true);
    const body = { name: words.trim(), expression, fire_for_current: tells };
    try {
      onSaved(await (segment ? call("PUT", `/v1/segments/${segment.id}`, body) : call("POST", "/v1/segments", body)));
    } catch (error) {
      setWrong(said(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title=${title} onClose=${() => busy || onClose()}>
      <form class="saving" onSubmit=${save} novalidate>
        <div class="field">
          <label for="name">${text("name")}</label>
          <input id="name" maxlength="200" autocomplete="off" ref=${first} value=${words} onInput=${(event) => (setWords(event.target.value), setWrong(""))} aria-invalid=${String(wrong !== "")} aria-describedby="name-said" />
          <p id="name-said" class="refused small" role="alert">${wrong}</p>
        </div>
        ${says && html`<p class="saving-sentence">${plain(labelled(says))}</p>`}
        ${newer && html`<p class="notice wrong">${text("save.newer", { version: newer })}</p>`}
        ${segment && html`<ul class="saving-what small quiet"><li>${text("save.version")}</li><li>${text("save.enter")}</li><li>${text("save.exit")}</li></ul>`}
        <label class="check"><input type="checkbox" checked=${tells} onChange=${(event) => setTells(event.target.checked)} aria-describedby="tells-detail" /><span>${text("tells")}</span></label>
        <p id="tells-detail" class="small quiet check-detail">${text(segment ? "tells.edit" : "tells.detail")}</p>
        <div class="dialog-foot">
          <${Press} class="plain" off=${busy} onClick=${onClose}>${text("cancel")}<//>
          <button type="submit" class="primary" disabled=${busy}>${text("save")}</button>
        </div>
      </form>
    <//>`;
}
