// An expression of the segment language as a tree that a form can draw and change. Nothing here knows of a page.
//
//   group      {kind: "group", id, not, join: "all" | "any", parts: [node, ...], bare}
//   condition  {kind: "condition", id, not, told: {field, op, value?}, slot, where}
//   raw        {kind: "raw", id, not, told}
//
// `not` is how many {"not": ..} stand around a node. `told` is the condition as it was written, so that nothing of it is lost; `where` is the
// group over the sub-fields of records, and `slot` the key it stands under. The root, and every `where`, is a group; `bare` says that no group
// was written there, only one condition. `raw` is what has none of these forms: it is kept as it is.
//
// Nodes are never changed: every edit answers another root. A path is the way from the root: numbers of parts, and "where".

const RECORDS = ["some", "none"];
const DEEPEST = 20; // levels of the language (docs/segments.md)

let made = 0;
const nextId = () => (made += 1);

const isObject = (told) => told !== null && typeof told === "object" && !Array.isArray(told);
const hasOnly = (told, ...keys) => Object.keys(told).every((key) => keys.includes(key));

// --- expression -> form --------------------------------------------------------------------------------------------

/** The form of an expression (any JSON value): its root group. */
export function read(expression, depth = 1) {
  const node = nodeOf(expression, depth);
  return node.kind === "group" ? node : { kind: "group", id: nextId(), not: 0, join: "all", parts: [node], bare: true };
}

function nodeOf(told, depth) {
  let not = 0;
  while (isObject(told) && "not" in told && hasOnly(told, "not")) [told, not] = [told.not, not + 1];
  const base = { id: nextId(), not };
  const raw = { kind: "raw", ...base, told };
  if (!isObject(told) || depth + not > DEEPEST) return raw;
  for (const join of ["all", "any"]) {
    if (Array.isArray(told[join]) && hasOnly(told, join)) {
      return { kind: "group", ...base, join, parts: told[join].map((part) => nodeOf(part, depth + not + 1)), bare: false };
    }
  }
  if (typeof told.field !== "string" || typeof told.op !== "string" || !hasOnly(told, "field", "op", "value", "where")) return raw;
  if (!RECORDS.includes(told.op)) return "where" in told ? raw : { kind: "condition", ...base, told, slot: null, where: null };
  if ("where" in told && "value" in told) return raw;
  const slot = "value" in told ? "value" : "where";
  const where = slot in told ? read(told[slot], depth + not + 1) : emptyGroup();
  return { kind: "condition", ...base, told, slot, where };
}

// --- form -> expression --------------------------------------------------------------------------------------------

/** The expression of a form, and where in it each node stands: {expression, places: [[JSON pointer, id], ...]}.
 *
 * `keeps(node)` says of conditions and raw nodes whether they are complete; others are left out, and groups that thereby lose every part.
 */
export function write(root, keeps = () => true) {
  const places = [];
  const expression = written(root, keeps, "", places) ?? { all: [] };
  return { expression, places };
}

function written(node, keeps, place, places) {
  const before = places.length;
  places.push([place, node.id]);
  const told = innerOf(node, keeps, place + "/not".repeat(node.not), places);
  if (told === undefined) places.length = before;
  return told === undefined ? undefined : Array.from({ length: node.not }).reduce((part) => ({ not: part }), told);
}

function innerOf(node, keeps, place, places) {
  if (node.kind === "raw") return keeps(node) ? node.told : undefined;
  if (node.kind === "group") {
    if (node.bare && node.parts.length === 1) return written(node.parts[0], keeps, place, places);
    const parts = [];
    for (const part of node.parts) {
      const told = written(part, keeps, `${place}/${node.join}/${parts.length}`, places);
      if (told !== undefined) parts.push(told);
    }
    return node.parts.length && !parts.length ? undefined : { [node.join]: parts };
  }
  if (!keeps(node)) return undefined;
  if (!node.where) return node.told;
  const where = isEmpty(node.where) ? undefined : written(node.where, keeps, `${place}/${node.slot}`, places);
  return where === undefined ? undefined : { ...node.told, [node.slot]: where };
}

/** The id of the node that a place of the API's problem is about, a JSON pointer into the expression; null if there is none. */
export function nodeAt(places, pointer) {
  const around = places.filter(([place]) => pointer === place || pointer.startsWith(`${place}/`));
  return around.reduce((best, one) => (best === null || one[0].length >= best[0].length ? one : best), null)?.[1] ?? null;
}

// --- what is in a form ---------------------------------------------------------------------------------------------

/** All conditions and raw nodes, those of records included, from top to bottom. */
export function leaves(node) {
  if (node.kind === "group") return node.parts.flatMap(leaves);
  return node.kind === "condition" && node.where ? [node, ...leaves(node.where)] : [node];
}

/** Whether a group was begun and nothing is in it yet: {"all": []}, as somebody wrote it, is everyone. */
export const isEmpty = (group) => group.bare && group.parts.length === 0;

/** The node at a path. */
export const at = (root, path) => path.reduce((node, step) => (step === "where" ? node.where : node.parts[step]), root);

// --- nodes to add --------------------------------------------------------------------------------------------------

/** A group with nothing in it. */
export const emptyGroup = () => ({ kind: "group", id: nextId(), not: 0, join: "all", parts: [], bare: true });

/** A condition as it is written: {field, op, value}. */
export const conditionOf = (told) => nodeOf(told, 1);

/** The same node once more: all that is drawn of it is another's. */
export function copied(node) {
  const copy = { ...node, id: nextId() };
  if (node.kind === "group") copy.parts = node.parts.map(copied);
  if (node.where) copy.where = copied(node.where);
  return copy;
}

// --- edits ---------------------------------------------------------------------------------------------------------

/** The node at a path made another by `change(node)`: a node, a list of nodes that take its place, or none. */
export function changed(root, path, change) {
  if (!path.length) return change(root);
  const [step, ...rest] = path;
  if (step === "where") return { ...root, where: changed(root.where, rest, change) };
  return { ...root, parts: root.parts.flatMap((part, nth) => (nth === step ? changed(part, rest, change) : [part])) };
}

/** A part put at the end of the group at a path. */
export const added = (root, path, node) => changed(root, path, (group) => ({ ...group, parts: [...group.parts, node] }));

/** The node at a path taken out, with the groups that lose their last part by it. */
export function removed(root, path) {
  const up = path.slice(0, -1);
  if (isInside(up) && at(root, up).parts.length === 1) return removed(root, up);
  return changed(root, path, () => []);
}

/** The node at a path once more, after itself. */
export const duplicated = (root, path) => changed(root, path, (node) => [node, copied(node)]);

/** The node at a path turned into its opposite, and back. */
export const negated = (root, path) => changed(root, path, (node) => ({ ...node, not: node.not % 2 ? node.not - 1 : node.not + 1 }));

/** The group at a path joined by "all" or "any". */
export const joinedBy = (root, path, join) => changed(root, path, (group) => ({ ...group, join }));

/** The node at a path in a group of its own, which is joined as the group around it is not. */
export function wrapped(root, path) {
  const join = at(root, path.slice(0, -1)).join === "all" ? "any" : "all";
  return changed(root, path, (node) => ({ kind: "group", id: nextId(), not: 0, join, parts: [node], bare: false }));
}

/** The group at a path taken apart: its parts stand where it stood. */
export const unwrapped = (root, path) => changed(root, path, (group) => group.parts);

/** The node at a path one step up (-1) or down (1): past its neighbour, into a group that is its neighbour, or out of its group.
 * The same root if it cannot move so. */
export function moved(root, path, by) {
  const up = path.slice(0, -1);
  const nth = path.at(-1);
  const group = at(root, up);
  const node = group.parts[nth];
  const beside = group.parts[nth + by];
  if (!beside) return isInside(up) ? changed(root, up, () => lifted(group, nth, by)) : root;
  const joined = beside.kind === "group" && node.kind !== "group";
  const next = joined ? [{ ...beside, parts: by > 0 ? [node, ...beside.parts] : [...beside.parts, node] }] : by > 0 ? [beside, node] : [node, beside];
  const from = Math.min(nth, nth + by);
  return changed(root, up, () => ({ ...group, parts: [...group.parts.slice(0, from), ...next, ...group.parts.slice(from + 2)] }));
}

/** Whether a path leads to a group within a group, which one can leave. */
const isInside = (path) => typeof path.at(-1) === "number";

function lifted(group, nth, by) {
  const rest = { ...group, parts: group.parts.filter((_, one) => one !== nth) };
  const left = rest.parts.length ? [rest] : [];
  return by > 0 ? [...left, group.parts[nth]] : [group.parts[nth], ...left];
}
