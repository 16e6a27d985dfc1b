// Fields of forms: each with its label, its hint, and what is wrong with it where it is heard.

import { html } from "./html.js";
import { Refused } from "./page.js";

/** A field. `children` is told what its input needs: `id`, `aria-invalid`, `aria-describedby`. */
export const Field = ({ id, label, hint, error, children }) => html`
  <div class="field">
    <label for=${id}>${label}</label>
    ${children({ id, "aria-invalid": error ? "true" : undefined, "aria-describedby": [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined })}
    ${error && html`<p class="field-error" id=${`${id}-error`}>${error}</p>`}
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;

/** Several inputs that belong together. */
export const Fields = ({ id, label, hint, error, children }) => html`
  <fieldset class="fields" id=${id} tabindex="-1" data-wrong=${error ? "true" : undefined} aria-describedby=${[error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined}>
    <legend>${label}</legend>
    ${children}
    ${error && html`<p class="field-error" id=${`${id}-error`}>${error}</p>`}
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </fieldset>`;

/** What the API said against a body, by the first part of its place: {url: "..."}; "" for what has no place. */
export function faultsOf(error) {
  if (!(error instanceof Refused)) return {};
  const told = error.problem?.errors ?? [];
  const found = Object.fromEntries([...told].reverse().map((one) => [one.place.split("/")[1] ?? "", one.detail]));
  return told.length ? found : { "": error.problem?.detail ?? "" };
}

/** Put the focus on the first field of a form that is wrong, once it is drawn. */
export const focusWrong = (form) => requestAnimationFrame(() => form?.querySelector('[aria-invalid="true"], [data-wrong="true"]')?.focus());
