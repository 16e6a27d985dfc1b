// One condition: its field, its operator, its value, what is wrong with it, and what can be done with it.

import { html, useState } from "../html.js";
import { labelled, text } from "../page.js";
import { plain } from "../figures.js";
import { Chip } from "../parts.js";
import { described } from "./check.js";
import { edit, faults, wish } from "./draft.js";
import { Group } from "./group.js";
import { Icon } from "./icons.js";
import { Value } from "./inputs.js";
import { Picker } from "./picker.js";
import { preview } from "./preview.js";
import { Tools } from "./tools.js";
import { changed, conditionOf } from "./tree.js";
import { begun, withOperator } from "./values.js";

/** What is said of a node: what is lacking, and what the API has against it. */
function Said({ node }) {
  const lacks = faults.value.get(node.id);
  const refused = preview.value.errors.get(node.id) ?? [];
  return html`
    <div class="node-said" id=${`said-${node.id}`}>
      ${lacks && html`<p class="lacking">${text(`lacks.${lacks}`)}</p>`}
      ${refused.map((detail) => html`<p class="refused" role="alert">${text("refused")} <span lang="en">${plain(detail)}</span></p>`)}
    </div>`;
}

/** What has no form here: as it is written, and kept so. */
export const Raw = ({ node, path, deep }) => html`
  <div class="node condition" data-node=${node.id} role="group" aria-label=${text("raw")}>
    <div class="node-line"><div class="node-what"><p class="small quiet">${text("raw.detail")}</p></div><${Tools} node=${node} path=${path} deep=${deep} /></div>
    <pre class="raw" tabindex="0">${plain(JSON.stringify(node.told, null, 2))}</pre>
    <${Said} node=${node} />
  </div>`;

const optionsOf = (field) =>
  field.operators.flatMap((one) =>
    one.takes === "truth" ? [true, false].map((value) => ({ key: `${one.name}:${value}`, label: text(value ? "yes" : "no"), told: { op: one.name, value } })) : [{ key: one.name, label: labelled(one.labels), told: { op: one.name } }],
  );

/** A condition. `fields`: those that may stand here; `depth`: how deep it stands; `deep`: whether there is room for a group around it. */
export function Condition({ node, path, fields, depth, deep }) {
  const [picking, setPicking] = useState(false);
  const known = described(node, fields);
  if (!known) return html`<${Raw} node=${node} path=${path} deep=${deep} />`;
  const { field, operator } = known;
  const told = (next) => edit((whole) => changed(whole, path, (now) => ({ ...now, told: next })));
  const options = optionsOf(field);
  const chosen = operator.takes === "truth" ? `${operator.name}:${node.told.value}` : operator.name;
  const operate = (event) => {
    const { op, value } = options.find((one) => one.key === event.target.value).told;
    if (value !== undefined) return told({ field: field.name, op, value });
    const next = withOperator({ ...node.told, where: undefined }, field, op);
    edit((whole) => changed(whole, path, (now) => reformed(now, next, operator, field.operators.find((one) => one.name === op))));
  };
  const refield = (next) => {
    setPicking(false);
    if (next.name === field.name) return;
    edit((whole) => changed(whole, path, (now) => ({ ...conditionOf(begun(next)), id: now.id, not: now.not })));
    wish.value = { id: node.id, part: "value" };
  };
  const onValue = (value) => {
    const { value: _, ...rest } = node.told;
    told(value === undefined ? rest : { ...rest, value });
  };
  const bad = faults.value.has(node.id) || preview.value.errors.has(node.id);
  const name = plain(labelled(field.labels));
  return html`
    <div class=${`node condition${bad ? " bad" : ""}${node.not % 2 ? " turned" : ""}`} data-node=${node.id} role="group" aria-label=${name}>
      <div class="node-line">
        <div class="node-what">
          <button type="button" class="field-name" data-part="field" aria-haspopup="dialog" aria-label=${text("field.change", { name })} onClick=${() => setPicking(true)}><span>${name}</span><${Icon} name="open" /></button>
          ${field.now_condition && html`<${Chip} title=${text("now.detail")}>${text("now")}<//>`}
          <select class="operator" data-part="operator" aria-label=${text("operator", { name })} value=${chosen} onChange=${operate}>
            ${options.map((one) => html`<option value=${one.key} selected=${one.key === chosen}>${one.label}</option>`)}
          </select>
          <${Value} key=${`${field.name} ${operator.takes}`} field=${field} operator=${operator} value=${node.told.value} onValue=${onValue} described=${`said-${node.id}`} />
        </div>
        <${Tools} node=${node} path=${path} deep=${deep} />
      </div>
      ${node.where && html`<${Group} node=${node.where} path=${[...path, "where"]} fields=${field.fields} depth=${depth + 1} records=${name} />`}
      <${Said} node=${node} />
      ${picking && html`<${Picker} fields=${fields} chosen=${field.name} onChoose=${refield} onClose=${() => setPicking(false)} />`}
    </div>`;
}

/** A condition with another operator, which may begin or end to be about records. */
function reformed(node, told, before, after) {
  if (before.takes === "where" && after.takes === "where") return { ...node, told: { ...node.told, op: after.name } };
  return { ...conditionOf(told), id: node.id, not: node.not };
}
