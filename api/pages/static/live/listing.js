// The list of people, as docs/api.md has it.

import { call } from "../page.js";
import { PAGE } from "./board.js";

/** A page of it: of everyone or a saved segment, or of an expression. */
export function listed({ segment, expression, window, q = "", cursor = null, limit = PAGE }) {
  if (expression) return call("POST", "/v1/live/visitors", { window, segment: expression, q, limit, cursor });
  const told = Object.entries({ window, segment, q, limit, cursor }).filter(([, value]) => value);
  return call("GET", `/v1/live/visitors?${new URLSearchParams(told)}`);
}
