// Which conditions of a form are complete, by the catalogue of fields. Nothing here knows of a page.

import { isEmpty } from "./tree.js";
import { lacking, showable } from "./values.js";

/** What a form shows of a condition: its field and operator in the catalogue; null if it cannot show it, because the catalogue does not know it or its
 * value has another form. `fields`: those that may stand here. */
export function described(node, fields) {
  const field = fields.find((one) => one.name === node.told.field);
  const operator = field?.operators.find((one) => one.name === node.told.op);
  return operator && showable(operator.takes, operator.takes === "where" ? {} : node.told.value) ? { field, operator } : null;
}

/** What is lacking, by node id: "missing", "order", "zero", or "empty" of records nothing is said about. What cannot be shown is left to the API. */
export function faultsOf(node, fields, found = new Map()) {
  if (node.kind === "group") node.parts.forEach((part) => faultsOf(part, fields, found));
  if (node.kind !== "condition") return found;
  const known = described(node, fields);
  if (!known) return found;
  const fault = node.where && isEmpty(node.where) ? "empty" : lacking(known.operator.takes, node.told.value);
  if (fault) found.set(node.id, fault);
  if (node.where) faultsOf(node.where, known.field.fields, found);
  return found;
}
