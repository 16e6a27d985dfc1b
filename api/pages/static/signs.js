// Small drawings beside words. They say nothing the words do not say.

import { html } from "./html.js";

const DRAWN = {
  pc_web: "M2.5 4h15v9.5h-15z M7 17h6 M10 13.5V17",
  mobile_web: "M6 2.5h8v15H6z M9 15h2",
  hybrid_app: "M6 2.5h8v15H6z M9 15h2 M8.2 6h1.6v1.6H8.2z M11 6h1v1.6h-1z M8.2 9h1.6v1.6H8.2z M11 9h1v1.6h-1z",
  unknown: "M10 10.2a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8Z M3.5 17c.7-3 3.2-4.6 6.5-4.6s5.8 1.6 6.5 4.6",
  page_view: "M5 2.5h7l3 3v12H5z M12 2.5v3h3 M7.5 9.5h5 M7.5 12.5h5",
  view_item: "M1.8 10S4.8 4.8 10 4.8 18.2 10 18.2 10 15.2 15.2 10 15.2 1.8 10 1.8 10Z M10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6Z",
  view_item_list: "M3 5.5h2 M8 5.5h9 M3 10h2 M8 10h9 M3 14.5h2 M8 14.5h9",
  search: "M8.8 14.2a5.4 5.4 0 1 0 0-10.8 5.4 5.4 0 0 0 0 10.8Z M12.8 12.8 17 17",
  cart: "M2.5 3.5h2l2 9.5h8.3l1.7-6.8H5.2 M7.5 16.6v.1 M14 16.6v.1",
  checkout: "M2.5 5h15v10.5h-15z M2.5 8.5h15 M5.5 12.5h3",
  purchase: "M4 7h12l-.8 10H4.8z M7 7V5.8a3 3 0 0 1 6 0V7 M7.6 11.6l1.8 1.8 3.2-3.4",
  refund: "M7.5 5.5 4 9l3.5 3.5 M4 9h8.2a3.9 3.9 0 0 1 0 7.8H8.5",
  identify: "M8.5 9.6a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2Z M2.5 16.5c.6-2.9 2.9-4.4 6-4.4 M12 14.3l2 2 3.6-4",
  logout: "M11.5 3.5H4v13h7.5 M8.5 10h9 M14.5 7l3 3-3 3",
  coupon: "M2.5 5.5h15v3a1.6 1.6 0 0 0 0 3.2v2.8h-15v-2.8a1.6 1.6 0 0 0 0-3.2z M12 6v1.5 M12 9.3v1.5 M12 12.6V14",
  message: "M3 4.5h14v9.5H9.2L5.5 17v-3H3z",
  heartbeat: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Z M10 6v4.2l2.8 1.6",
  other: "M10 4.2l1.7 3.9 4.3.4-3.3 2.8 1 4.2L10 13.3l-3.7 2.2 1-4.2L4 8.5l4.3-.4z",
  report: "M3.5 16.5v-6h3.2v6z M8.4 16.5v-13h3.2v13z M13.3 16.5V7.7h3.2v8.8z",
  people: "M7.5 9.5a2.9 2.9 0 1 0 0-5.8 2.9 2.9 0 0 0 0 5.8Z M2 16.3c.5-2.7 2.6-4.2 5.5-4.2s5 1.5 5.5 4.2 M13.2 9.3a2.6 2.6 0 0 0 0-5.1 M14.8 12.3c1.9.5 3 1.9 3.3 4",
  up: "M10 16V4.5 M5.2 9 10 4.2 14.8 9",
  back: "M12.5 4.5 7 10l5.5 5.5",
};

/** A drawing by its name, in the colour of the text around it. */
export const Sign = ({ name }) => html`<svg class="sign" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=${DRAWN[name] ?? DRAWN.other} /></svg>`;
