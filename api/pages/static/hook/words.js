// A hook in words, as the list and its own page say it.

import { html } from "../html.js";
import { text } from "../page.js";
import { plain, span } from "../figures.js";
import { Chip } from "../parts.js";

/** Whether it is on, was put on hold, or was turned off because its receiver said so. */
export const stateOf = (hook) => (hook.disabled ? "disabled" : hook.active ? "active" : "paused");

/** The same in a pill. */
export const State = ({ hook }) => {
  const state = stateOf(hook);
  return html`<${Chip} kind=${{ active: "good", disabled: "bad" }[state]}>${text(`hook.${state}`)}</${Chip}>`;
};

/** When it is told: entries, exits, or both. */
export const eventsOf = (hook) => ["segment.entered", "segment.exited"].filter((one) => hook.events.includes(one)).map((one) => text(one)).join(" · ");

/** How often the same person is told of. */
export function againOf({ again }) {
  if (typeof again === "string") return text(`hook.${again}`);
  return text("hook.not_within", { time: span(again.not_within_seconds) });
}

/** How long it waits. */
export const delayOf = (hook) => (hook.delay_seconds ? text("hook.delay", { time: span(hook.delay_seconds) }) : text("hook.at_once"));

/** Names of its segments. `names`: by id; a segment that is not there any more is its id. */
export const segmentsOf = (hook, names) => hook.segments?.map((id) => plain(names.get(id) ?? id)) ?? [text("hook.all_segments")];

/** Why it was turned off. */
export const whyOf = ({ reason }) => (reason.includes("answered 410") ? text("hook.gone") : plain(reason));
