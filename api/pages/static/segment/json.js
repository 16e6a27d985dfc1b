// The whole expression as JSON: what is written there becomes the form as soon as it is JSON.

import { html, useState } from "../html.js";
import { text } from "../page.js";
import { inJson } from "../figures.js";
import { broken, complete, retell } from "./draft.js";

/** The JSON view. What is not complete in the form is not in it; characters that cannot be seen are escaped, which JSON reads as the same. */
export function Json() {
  const [words, setWords] = useState(() => broken.value ?? inJson(JSON.stringify(complete.value.expression, null, 2)));
  const type = (event) => {
    setWords(event.target.value);
    try {
      retell(JSON.parse(event.target.value));
    } catch {
      broken.value = event.target.value;
    }
  };
  return html`
    <div class="json">
      <label class="small quiet" for="json">${text("json.detail")}</label>
      <textarea id="json" spellcheck=${false} autocomplete="off" rows=${Math.min(24, Math.max(8, words.split("\n").length + 1))} value=${words} onInput=${type}
        aria-invalid=${String(broken.value !== null)} aria-describedby="json-said"></textarea>
      <p id="json-said" class="refused" role="status">${broken.value !== null && text("json.broken")}</p>
    </div>`;
}
