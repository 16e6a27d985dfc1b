// A field is chosen here: typed for in Korean, in English or by its name, with the arrow keys and Enter, or with a click.

import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { plain } from "../figures.js";
import { labelled, text } from "../page.js";
import { Chip, Dialog } from "../parts.js";

const folded = (words) => words.toLowerCase().normalize("NFC").replace(/\s+/g, "");
const known = (field) => folded([field.labels.ko, field.labels.en, field.name, field.name.replaceAll("_", ""), field.group?.labels.ko ?? "", field.group?.labels.en ?? ""].join("\n"));

/** The fields that match what was typed, those first whose name begins with it. */
export function found(fields, words) {
  const asked = folded(words);
  const first = (field) => [field.labels.ko, field.labels.en, field.name].some((one) => folded(one).startsWith(asked));
  const matching = fields.filter((field) => known(field).includes(asked));
  return asked ? [...matching.filter(first), ...matching.filter((field) => !first(field))] : matching;
}

function grouped(fields) {
  const groups = new Map();
  for (const field of fields) {
    const label = field.group ? labelled(field.group.labels) : "";
    groups.set(label, [...(groups.get(label) ?? []), field]);
  }
  return [...groups];
}

/** A dialog to choose one of `fields`; `chosen` is the name of the present one. */
export function Picker({ fields, chosen, onChoose, onClose }) {
  const [words, setWords] = useState("");
  const groups = useMemo(() => grouped(found(fields, words)), [fields, words]);
  const listed = groups.flatMap(([, members]) => members);
  const [active, setActive] = useState(chosen ?? listed[0]?.name);
  const list = useRef(null);
  const search = useRef(null);
  const here = listed.findIndex((field) => field.name === active);

  useEffect(() => queueMicrotask(() => search.current?.focus()), []); // after the dialog itself has taken the focus
  useEffect(() => list.current.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [active, words]);

  const type = (event) => {
    setWords(event.target.value);
    setActive(found(fields, event.target.value).length ? grouped(found(fields, event.target.value))[0][1][0].name : undefined);
  };
  const press = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps && listed.length) {
      setActive(listed[Math.min(listed.length - 1, Math.max(0, here + steps[event.key]))].name);
    } else if (event.key === "Enter" && !event.isComposing && listed[here]) {
      onChoose(listed[here]);
    } else return;
    event.preventDefault();
  };
  return html`
    <${Dialog} title=${text("pick")} onClose=${onClose}>
      <input class="input picker-search" type="search" role="combobox" aria-expanded="true" aria-controls="picker-list" aria-autocomplete="list"
        aria-activedescendant=${here >= 0 ? `pick-${here}` : undefined} aria-label=${text("pick.search")} placeholder=${text("pick.hint")}
        autocomplete="off" spellcheck=${false} ref=${search} value=${words} onInput=${type} onKeyDown=${press} />
      <div class="picker-list" id="picker-list" role="listbox" aria-label=${text("pick")} ref=${list}>
        ${groups.map(([label, members], nth) => html`
          <div role="group" aria-labelledby=${label ? `pick-group-${nth}` : undefined} key=${label}>
            ${label && html`<p class="picker-group" id=${`pick-group-${nth}`}>${label}</p>`}
            ${members.map((field) => html`
              <div class="picker-option" role="option" id=${`pick-${listed.indexOf(field)}`} key=${field.name} aria-selected=${String(field.name === active)}
                data-field=${field.name} onClick=${() => onChoose(field)}>
                <span>${plain(labelled(field.labels))}</span>
                ${field.now_condition && html`<${Chip}>${text("now")}<//>`}
                ${field.type === "records" && html`<${Chip}>${text("records")}<//>`}
              </div>`)}
          </div>`)}
      </div>
      ${listed.length === 0 && html`<p class="quiet small" role="status">${text("pick.none")}</p>`}
    <//>`;
}
