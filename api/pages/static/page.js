// What every script of a page needs: its texts, its site, and calls to the API.

const data = document.body.dataset;

export const texts = JSON.parse(data.texts);
export const language = document.documentElement.lang;
export const site = data.site;

/** A text, with {values} put in. */
export const text = (name, values = {}) => texts[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

/** A number as the language writes it. */
export const number = (value) => new Intl.NumberFormat(language).format(value);

/** The time of day of an ISO moment, in the shop's zone, to the second. */
export const clock = (moment) =>
  new Intl.DateTimeFormat(language, { timeStyle: "medium", timeZone: data.timezone || undefined, hourCycle: "h23" }).format(new Date(moment));

/** The API refused: `status`, and `problem` as docs/api.md has it. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** A call of the API for the site of the page. Throws `Refused`, or TypeError if nobody answers; who is signed out is led to the door. */
export async function call(method, path, body) {
  const headers = { "X-Sonnim": "1", ...(site && { "X-Sonnim-Site": site }) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}
