// What pages are put together from: states of loading, switches, chips, dialogs, messages.

import { html, signal, useLayoutEffect, useRef } from "./html.js";
import { Refused, serverNow, text, texts } from "./page.js";
import { ago, dateTime, plain } from "./figures.js";

/** A grey place in the size of what is on its way. */
export const Loading = ({ lines = 1 }) => html`
  <div class="loading-lines" role="status"><span class="unseen">${text("loading")}</span>${Array.from({ length: lines }, () => html`<span class="loading"></span>`)}</div>`;

/** What went wrong, in words, and a button that tries again. `error`: what was thrown. */
export const Failed = ({ error, retry, what = text("failed") }) => html`
  <div class="notice wrong failed" role="alert">
    <p>${what}${error instanceof Refused && error.problem?.detail ? html` <span class="small" lang="en">${plain(error.problem.detail)}</span>` : null}</p>
    ${retry && html`<button class="plain" onClick=${retry}>${text("retry")}</button>`}
  </div>`;

/** Nothing is there: why, and what to do. */
export const Empty = ({ title, children }) => html`<div class="empty-box"><p class="empty-title">${title}</p>${children && html`<div class="quiet">${children}</div>`}</div>`;

/** A button that keeps the focus while it can do nothing (`off`): one that is disabled loses it. */
export const Press = ({ off, onClick, children, ...rest }) => html`<button type="button" aria-disabled=${off ? "true" : undefined} ...${rest} onClick=${() => off || onClick()}>${children}</button>`;

/** One of a few. `choices`: [[value, label], ...]. */
export const Switch = ({ label, value, choices, onChange }) => html`
  <div class="segmented" role="group" aria-label=${label}>
    ${choices.map(([one, name]) => html`<button type="button" aria-pressed=${String(one === value)} onClick=${() => one !== value && onChange(one)}>${name}</button>`)}
  </div>`;

/** A word in a pill. `kind`: "", "good", "warn", "bad" or "accent". */
export const Chip = ({ kind = "", children, title }) => html`<span class=${`chip ${kind}`} title=${title}>${children}</span>`;

/** How long ago, with the whole moment for who asks. `now`: epoch milliseconds, as a signal's value. */
export const Ago = ({ at, now }) => html`<time datetime=${at} title=${dateTime(at)}>${ago(at, now)}</time>`;

/** A dialog over the page; Escape and its button close it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children }) {
  const place = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    place.current.showModal();
    return () => queueMicrotask(() => before?.focus?.()); // once it is gone: until then nothing behind it takes the focus
  }, []);
  const cancel = (event) => {
    event.preventDefault(); // it goes when it is drawn no more, and the focus goes back then, not before
    onClose();
  };
  const pressed = useRef(false); // a selection that is drawn out of it ends on the backdrop, but does not begin there
  return html`
    <dialog class="dialog" ref=${place} aria-labelledby="dialog-title" onCancel=${cancel} onClose=${onClose}
      onPointerDown=${(event) => (pressed.current = event.target === place.current)} onClick=${(event) => event.target === place.current && pressed.current && onClose()}>
      <div class="dialog-card">
        <header class="dialog-head"><h2 id="dialog-title">${title}</h2><button class="icon" type="button" aria-label=${text("close")} onClick=${onClose}>${"×"}</button></header>
        ${children}
      </div>
    </dialog>`;
}

const message = signal(null);
let leaving = 0;

/** Tell in passing what was done, or (`bad`) what was not. It is read out, too. */
export function tell(words, bad = false) {
  message.value = { words, bad };
  clearTimeout(leaving);
  leaving = setTimeout(() => (message.value = null), bad ? 8000 : 4000);
}

/** Where `tell` speaks: once on a page. */
export const Messages = () => html`<div class="messages" role="status" aria-live="polite">${message.value && html`<p class=${message.value.bad ? "message bad" : "message"}>${message.value.words}</p>`}</div>`;

/** Why the API did not do it, for `tell`: in the page's language where that is known. */
export function said(error) {
  if (!(error instanceof Refused)) return text("offline");
  const kind = error.problem?.type?.split(":").at(-1);
  return texts[`refused.${kind}`] ?? texts[`refused.${error.status}`] ?? plain(error.problem?.detail ?? text("not_done"));
}

/** The server's time for `Ago`, each second while the page is looked at. */
export const seconds = signal(serverNow());
setInterval(() => document.hidden || (seconds.value = serverNow()), 1000);
