// Whether the order of the list is held still: nothing moves away from under a pointer, a focus, or eyes that read further down.

import { signal } from "../html.js";

const DOWN_PX = 80;
const pointed = signal(false);
const focused = signal(false);
const down = signal(scrollY > DOWN_PX);
export const reduced = matchMedia("(prefers-reduced-motion: reduce)");

addEventListener("scroll", () => (down.value = scrollY > DOWN_PX), { passive: true });

/** Whether it is, now. */
export const held = () => pointed.value || focused.value || down.value || reduced.matches;

/** What the list's element needs, so that it is known. */
export const holding = {
  onPointerEnter: (event) => event.pointerType === "mouse" && (pointed.value = true),
  onPointerLeave: () => (pointed.value = false),
  onFocusIn: (event) => (focused.value = event.target.matches(":focus-visible")),
  onFocusOut: (event) => event.currentTarget.contains(event.relatedTarget) || (focused.value = false),
};
