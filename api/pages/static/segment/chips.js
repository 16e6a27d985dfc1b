// Several texts as one value: the choices there are, to switch on and off; and, where there are others, an input for them and chips that can
// be taken away.

import { html, useRef, useState } from "../html.js";
import { labelled, text } from "../page.js";
import { number, plain } from "../figures.js";
import { Icon } from "./icons.js";

const SHOWN = 40;

/** Texts with what was typed or pasted put to them: a line a text, each once. */
export function withTexts(texts, words) {
  const told = words.split(/[\r\n\t]+/).map((one) => one.trim()).filter(Boolean);
  return [...texts, ...told.filter((one, nth) => !texts.includes(one) && told.indexOf(one) === nth)];
}

const Chosen = ({ field, texts, onValue, described }) => html`
  <div class="choices" role="group" aria-label=${text("value")} aria-describedby=${described}>
    ${field.choices.map((choice, nth) => {
      const on = texts.includes(choice.value);
      return html`<button type="button" class="choice" data-part=${nth === 0 ? "value" : undefined} aria-pressed=${String(on)}
        onClick=${() => onValue(on ? texts.filter((one) => one !== choice.value) : [...texts, choice.value])}>${labelled(choice.labels)}</button>`;
    })}
  </div>`;

/** The value of an operator that takes several texts. */
export function Texts({ field, value, onValue, described, hint }) {
  const texts = value ?? [];
  const [words, setWords] = useState("");
  const [all, setAll] = useState(false);
  const strange = texts.filter((one) => !field.choices.some((choice) => choice.value === one));
  const chips = field.choices.length ? strange : texts;
  const place = useRef(null);
  const without = (one) => {
    const nth = chips.indexOf(one);
    onValue(texts.filter((other) => other !== one));
    requestAnimationFrame(() => ([...place.current.querySelectorAll(".removable button")][nth] ?? place.current.querySelector("[data-part=value]"))?.focus());
  };
  const add = (told) => {
    const next = withTexts(texts, told);
    if (next.length !== texts.length) onValue(next);
    setWords("");
  };
  const press = (event) => {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      add(words);
    } else if (event.key === "Backspace" && !words && chips.length) onValue(texts.filter((one) => one !== chips.at(-1)));
  };
  const paste = (event) => {
    const told = event.clipboardData.getData("text");
    if (!/[\r\n\t]/.test(told)) return;
    event.preventDefault();
    add(`${words}${told}`);
  };
  return html`
    <div class="texts" ref=${place}>
      ${chips.length > 0 && html`
        <ul class="chips" aria-label=${text("chosen")}>
          ${chips.slice(0, all ? undefined : SHOWN).map((one) => html`
            <li class="chip accent removable" key=${one}><span class="cut">${plain(one)}</span>
              <button type="button" aria-label=${text("chip.remove", { value: plain(one) })} onClick=${() => without(one)}><${Icon} name="remove" /></button></li>`)}
          ${chips.length > SHOWN && !all && html`<li><button type="button" class="chip" onClick=${() => setAll(true)}>${text("chip.more", { n: number(chips.length - SHOWN) })}</button></li>`}
        </ul>`}
      ${field.choices.length > 0 && html`<${Chosen} field=${field} texts=${texts} onValue=${onValue} described=${described} />`}
      ${(!field.choices.length || field.others) && html`<span class="texts-add">
          <input class="input value-text" data-part=${field.choices.length ? undefined : "value"} aria-label=${text("chip.add")} aria-describedby=${described} autocomplete="off" spellcheck=${false} placeholder=${hint}
            value=${words} onInput=${(event) => setWords(event.target.value)} onKeyDown=${press} onPaste=${paste} onBlur=${() => words.trim() && add(words)} />
          <button type="button" class="plain small-button" onMouseDown=${(event) => event.preventDefault()} onClick=${() => add(words)}>${text("add")}</button>
        </span>`}
    </div>`;
}
