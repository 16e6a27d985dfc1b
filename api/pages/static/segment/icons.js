// Small drawings on buttons; what they say stands in the button's label.

import { html } from "../html.js";

const PATHS = {
  up: "M10 16V4.5M5 9l5-5 5 5",
  down: "M10 4v11.5M5 11l5 5 5-5",
  copy: "M7.5 7.5h8.5v8.5H7.5zM4 12.5V4h8.5",
  wrap: "M6.5 3.5H4v13h2.5M13.5 3.5H16v13h-2.5M8.5 10h3",
  unwrap: "M7 3.5h2.5v13H7M13 3.5h-2.5v13H13M2.5 10H6M14 10h3.5",
  remove: "M5 5l10 10M15 5L5 15",
  add: "M10 4.5v11M4.5 10h11",
  search: "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM13.2 13.2 17 17",
  open: "M6 8l4 4 4-4",
};

/** A drawing by its name. */
export const Icon = ({ name }) => html`<svg viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
