// Preact with htm's templates: everything that is put into one is text, never markup.

import { h, render } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/preact-hooks.js";
export { batch, computed, effect, signal } from "./vendor/signals.js";

/** Draw a page's component in its place. */
export function mount(Page) {
  const place = document.getElementById("app");
  place.replaceChildren();
  render(html`<${Page} />`, place);
}
