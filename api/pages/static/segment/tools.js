// The buttons of a condition and of a group: turn round, move, once more, group, take away. The focus stays with what was moved.

import { html } from "../html.js";
import { text } from "../page.js";
import { edit, root, wish } from "./draft.js";
import { Icon } from "./icons.js";
import { at, duplicated, moved, negated, removed, unwrapped, wrapped } from "./tree.js";

const Tool = ({ name, part, onClick, disabled }) => html`
  <button type="button" class="icon tool" data-part=${part} title=${text(`tool.${name}`)} aria-label=${text(`tool.${name}`)} disabled=${disabled} onClick=${onClick}><${Icon} name=${part} /></button>`;

/** What can be done with the node at a path. */
export function Tools({ node, path, deep }) {
  const move = (by, part) => {
    edit((whole) => moved(whole, path, by));
    wish.value = { id: node.id, part };
  };
  const remove = () => {
    const parts = at(root.value, path.slice(0, -1)).parts;
    const beside = parts[path.at(-1) + 1] ?? parts[path.at(-1) - 1];
    edit((whole) => removed(whole, path));
    wish.value = beside ? { id: beside.id, part: "field" } : { id: root.value.id, part: "add" };
  };
  const group = node.kind === "group";
  const wrap = () => {
    edit((whole) => wrapped(whole, path));
    wish.value = { id: node.id, part: "wrap" };
  };
  const unwrap = () => {
    edit((whole) => unwrapped(whole, path));
    wish.value = { id: node.parts[0]?.id ?? root.value.id, part: "field" };
  };
  return html`
    <div class="node-tools" role="group" aria-label=${text("tools")}>
      <button type="button" class="not" data-part="not" aria-pressed=${String(node.not % 2 === 1)} title=${text("tool.not_detail")} onClick=${() => edit((whole) => negated(whole, path))}>${text("tool.not")}</button>
      <${Tool} name="up" part="up" disabled=${moved(root.value, path, -1) === root.value} onClick=${() => move(-1, "up")} />
      <${Tool} name="down" part="down" disabled=${moved(root.value, path, 1) === root.value} onClick=${() => move(1, "down")} />
      <${Tool} name="copy" part="copy" onClick=${() => edit((whole) => duplicated(whole, path))} />
      ${group
        ? html`<${Tool} name="unwrap" part="unwrap" disabled=${node.not % 2 === 1} onClick=${unwrap} />`
        : html`<${Tool} name="wrap" part="wrap" disabled=${!deep} onClick=${wrap} />`}
      <${Tool} name=${group ? "remove_group" : "remove"} part="remove" onClick=${remove} />
    </div>`;
}
