// A group of conditions: how it is joined, its parts, and buttons for more. The root is one, and what is said of records.

import { html, useState } from "../html.js";
import { text } from "../page.js";
import { Switch } from "../parts.js";
import { Condition, Raw } from "./condition.js";
import { edit, wish } from "./draft.js";
import { Icon } from "./icons.js";
import { Picker } from "./picker.js";
import { Tools } from "./tools.js";
import { added, conditionOf, emptyGroup, isEmpty, joinedBy, negated } from "./tree.js";
import { begun } from "./values.js";

const DEEPEST = 20;

/** `records`: the name of the records the group is about, if it is; `depth`: levels of the expression down to the group. */
export function Group({ node, path, fields, depth, records }) {
  const [picking, setPicking] = useState(null);
  const inner = depth + node.not + (node.bare && node.parts.length < 2 ? 0 : 1);
  const deep = inner + 2 <= DEEPEST;
  const own = path.length === 0 || path.at(-1) === "where";
  const choose = (field) => {
    setPicking(null);
    const condition = conditionOf(begun(field));
    const part = picking === "group" ? { ...emptyGroup(), join: node.join === "all" ? "any" : "all", parts: [condition], bare: false } : condition;
    edit((whole) => added(whole, path, part));
    wish.value = { id: condition.id, part: "value" };
  };
  const joined = node.parts.length > 1 || !own;
  const kinds = { condition: Condition, raw: Raw, group: Group };
  return html`
    <div class=${own ? "group own" : `node group${node.not % 2 ? " turned" : ""}`} data-node=${node.id} role="group" aria-label=${records ? text("group.records", { name: records }) : own ? text("group.root") : text("group")}>
      <div class="node-line">
        <div class="node-what group-head">
          ${own && node.not % 2 === 1 && html`<span class="turned-word">${text("tool.not")}</span>`}
          <span>${records ? text("group.records", { name: records }) : text(joined ? "group.of" : node.parts.length ? "group.one" : "group.none")}</span>
          ${joined && html`<${Switch} label=${text("group.join")} value=${node.join} choices=${["all", "any"].map((join) => [join, text(`join.${join}`)])} onChange=${(join) => edit((whole) => joinedBy(whole, path, join))} />`}
        </div>
        ${own
          ? joined && html`<div class="node-tools"><button type="button" class="not" aria-pressed=${String(node.not % 2 === 1)} title=${text("tool.not_detail")} onClick=${() => edit((whole) => negated(whole, path))}>${text(records ? "tool.not" : "tool.not_all")}</button></div>`
          : html`<${Tools} node=${node} path=${path} deep=${deep} />`}
      </div>
      ${node.parts.length > 0 && html`
        <ul class="parts">
          ${node.parts.map((part, nth) => html`
            <li key=${part.id}>
              ${nth > 0 && html`<p class="joiner">${text(`between.${node.join}`)}</p>`}
              <${kinds[part.kind]} node=${part} path=${[...path, nth]} fields=${fields} depth=${inner + (part.kind === "group" ? 0 : part.not)} deep=${deep} />
            </li>`)}
        </ul>`}
      ${node.parts.length === 0 && !isEmpty(node) && html`<p class="small quiet">${text("group.everyone")}</p>`}
      <div class="group-foot">
        <button type="button" class=${node.parts.length || !own ? "plain small-button" : "primary begin"} data-part="add" data-add=${records ? "record" : "condition"} onClick=${() => setPicking("condition")}><${Icon} name="add" />${text("add.condition")}</button>
        ${deep && node.parts.length > 0 && html`<button type="button" class="plain small-button" data-add="group" onClick=${() => setPicking("group")}><${Icon} name="add" />${text("add.group")}</button>`}
      </div>
      ${picking && html`<${Picker} fields=${fields} onChoose=${choose} onClose=${() => setPicking(null)} />`}
    </div>`;
}
