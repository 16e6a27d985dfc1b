// What every script of a page needs: its texts, its site, its address, the server's time, and calls to the API.

const data = document.body.dataset;

export const texts = JSON.parse(data.texts);
export const language = document.documentElement.lang;
export const site = data.site;
export const role = data.role;
export const currency = data.currency;
export const timezone = data.timezone || undefined;

const decimals = JSON.parse(data.decimals || "{}");

/** Decimals of a currency, as the door counts minor units: browsers show some with fewer. */
export const decimalsOf = (code) => decimals[code] ?? 2;

/** Whether who is signed in may do what needs a role: "viewer", "editor" or "admin". */
export const may = (least) => ["viewer", "editor", "admin"].indexOf(role) >= ["viewer", "editor", "admin"].indexOf(least);

/** A text, with {values} put in. Throws for a name that is not there. */
export function text(name, values = {}) {
  if (!(name in texts)) throw new Error(`no text: ${name}`);
  return texts[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Of labels {ko, en} that the API tells, the one of the page's language. */
export const labelled = (labels) => labels?.[language] ?? labels?.ko ?? "";

/** The address of a page of ours; values that are empty, null or undefined are left out. Who has several sites keeps this one. */
export function link(path, values = {}) {
  const told = Object.entries({ ...values, ...(Number(data.sites) > 1 && { site }) }).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return told.length ? `${path}?${new URLSearchParams(told)}` : path;
}

/** A part of an address, read; as it is if it cannot be. */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

let ahead = 0; // the server's clock less ours, milliseconds

/** The server's time, epoch milliseconds, as near as its last answer told. */
export const serverNow = () => Date.now() + ahead;

/** The API refused: `status`, and `problem` as docs/api.md has it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** A call of the API for the site of the page. Throws `Refused`, or TypeError if nobody answers; who is signed out is led to the door.
 * `options.signal` aborts it. */
export async function call(method, path, body, options = {}) {
  const sent = Date.now(); // the age is told as of then: the answer may take long
  const answer = await answered(method, path, body, options);
  const told = answer.status === 204 ? null : await answer.json();
  if (told?.as_of && typeof told.age_seconds === "number") ahead = Date.parse(told.as_of) + told.age_seconds * 1000 - sent;
  return told;
}

/** The same for a call that answers a file: a Blob. */
export const take = async (method, path, body, options = {}) => (await answered(method, path, body, options)).blob();

let leaving = false;

async function answered(method, path, body, options) {
  const headers = { "X-Sonnim": "1", ...(site && { "X-Sonnim-Site": site }) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store", ...options };
  const answer = await fetch(path, sent);
  if (answer.status === 401 && !leaving) {
    leaving = true; // once: who stays to save what was typed is not asked again and again
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => null));
  return answer;
}

/** Put a file onto the disk of who looks. */
export function save(blob, name) {
  const place = document.createElement("a");
  place.href = URL.createObjectURL(blob);
  place.download = name.replaceAll(/[^\w.-]/g, "_");
  place.click();
  setTimeout(() => URL.revokeObjectURL(place.href), 60_000);
}
