// Preact with htm's templates: everything that is put into one is text, never markup.

import { h, render } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export const html = htm.bind(h);
export { render };
