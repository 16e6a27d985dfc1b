// What the API says against accounts and passwords, in the page's language where that is known.

import { Refused, text } from "../page.js";
import { plain } from "../figures.js";
import { faultsOf } from "../forms.js";

export const LEAST = 10; // characters of a password

const KINDS = ["last_admin", "user_exists", "user_of_others", "account_elsewhere"];
const SAID = [
  ["not your password", "wrong.current"],
  ["at least", "wrong.short"],
  ["e-mail address is no password", "wrong.is_email"],
  ["one character many times", "wrong.one_character"],
  ["no e-mail", "wrong.email"],
  ["keeps its password", "wrong.has_account"],
  ["Somebody new", "wrong.needs_password"],
];

const inWords = (detail) => {
  const known = SAID.find(([part]) => detail.includes(part));
  return known ? text(known[1]) : plain(detail);
};

/** By field, "" for what has none. */
export function wrongOf(error) {
  if (!(error instanceof Refused)) return { "": text("offline") };
  if (error.status === 429) return { "": text("wrong.too_many", { seconds: /(\d+) s/.exec(error.problem?.detail)?.[1] ?? "" }) };
  const kind = error.problem?.type?.split(":").at(-1);
  if (KINDS.includes(kind)) return { "": text(`wrong.${kind}`) };
  const found = Object.entries(faultsOf(error)).map(([field, detail]) => [field, inWords(detail)]);
  return found.length ? Object.fromEntries(found) : { "": text("not_done") };
}
