// What is being built: the form, what of it is complete, and what it was when the page was opened or saved.

import { batch, computed, signal } from "../html.js";
import { faultsOf } from "./check.js";
import { emptyGroup, read, write } from "./tree.js";

/** The catalogue of fields, as the API tells it. */
export const fields = signal([]);

/** The saved segment, newest version; null while it is new. */
export const saved = signal(null);

/** The root group of the form. */
export const root = signal(emptyGroup());

/** What stands in the JSON view while it is no JSON; null if all is well. */
export const broken = signal(null);

/** The name it is to be saved under. */
export const name = signal("");

const base = signal(JSON.stringify(write(root.value).expression));

/** What is lacking, by node id. */
export const faults = computed(() => faultsOf(root.value, fields.value));

/** What is complete: {expression, places}. */
export const complete = computed(() => write(root.value, (node) => !faults.value.has(node.id)));

/** The whole, as JSON. */
export const whole = computed(() => JSON.stringify(write(root.value).expression));

/** Whether there is anything that is not saved. */
export const changed = computed(() => whole.value !== base.value || broken.value !== null);

/** Whether it can be saved: nothing is lacking. */
export const wellFormed = computed(() => broken.value === null && faults.value.size === 0);

/** Whether no condition is there yet. */
export const untouched = computed(() => root.value.parts.length === 0 && root.value.bare);

/** Change the form: `change(root)` answers the next root. */
export const edit = (change) => (root.value = change(root.value));

/** How often the form began anew: what was drawn before is another's. */
export const begun = signal(0);

/** The form as the JSON view has it. */
export const retell = (expression) => batch(() => ((root.value = read(expression)), (broken.value = null)));

/** Begin with an expression; `asSaved` says that this is what is saved. */
export function begin(expression, asSaved) {
  batch(() => {
    begun.value += 1;
    root.value = expression === null ? emptyGroup() : read(expression);
    broken.value = null;
    if (asSaved) base.value = JSON.stringify(write(root.value).expression);
  });
}

/** Where the focus goes once the form is drawn anew: {id, part}, a part of the node (`data-part`). */
export const wish = signal(null);
