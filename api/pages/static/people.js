// People and what they do in words, as Live and the page of a person both say it.

import { computed, html } from "./html.js";
import { link, serverNow, text, texts } from "./page.js";
import { counted, duration, plain } from "./figures.js";
import { Sign } from "./signs.js";
import { Ago, seconds } from "./parts.js";

/** The address of a person's page. Ids hold any character. */
export const personLink = (person_id) => link(`/people/${encodeURIComponent(person_id)}`);

/** How a person is called: the member's id, or that of the browser. */
export const called = ({ member_id, visitor_id }) => plain(member_id ?? visitor_id);

/** A word of a known list in the page's language, another one as it was told. */
const word = (list, value) => texts[`${list}.${value}`] ?? plain(value);

/** "모바일 웹": the kind of device; null if it is not known. */
export const environmentOf = ({ environment }) => (environment ? word("environment", environment) : null);

/** "iOS · Safari": what is known of it beside its kind. */
export const systemOf = ({ os, browser, app_version }) => [os, browser, app_version].filter(Boolean).map(plain).join(" · ");

/** "검색 광고": the channel somebody came by; null if it is not known. */
export const channelOf = ({ channel }) => (channel ? word("channel", channel) : null);

/** The host of an address; what is none stays as it is. */
export function hostOf(url) {
  try {
    return new URL(url).host || url;
  } catch {
    return url;
  }
}

/** What is known of where somebody came from, beside the channel: the words searched for, else the campaign, else the site. */
export function cameFrom({ search_keyword, utm_campaign, utm_source, referrer }) {
  if (search_keyword) return `“${plain(search_keyword)}”`;
  const campaign = [utm_source, utm_campaign].filter(Boolean).map(plain).join(" · ");
  return campaign || (referrer ? plain(hostOf(referrer)) : null);
}

/** The path of a page, without its host, as text. */
export function pathOf(url) {
  if (!url) return null;
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^]*)$/i.exec(url);
  return plain(found ? found[1] || "/" : url);
}

/** A product as people know it. */
export const productOf = ({ item_name, item_id }) => plain(item_name ?? item_id);

/** "러닝화 외 2": the first product of some, and how many more there are; null of none. */
export function productsOf(items) {
  if (!items.length) return null;
  return items.length > 1 ? text("and_more", { name: productOf(items[0]), n: items.length - 1 }) : productOf(items[0]);
}

/** "3번째 방문" or "첫 방문". */
export const visitsOf = (visits) => (visits === 1 ? text("first_visit") : counted(visits, "n_visits"));

/** How long the present visit lasts: it goes on while somebody is online. */
export function Stay({ visit, online }) {
  const lasted = online ? Math.max(visit.stay_seconds, (seconds.value - Date.parse(visit.started_at)) / 1000) : visit.stay_seconds;
  return html`${duration(lasted)}`;
}

const tens = computed(() => Math.floor(seconds.value / 10_000) * 10_000);
const minutes = computed(() => Math.floor(seconds.value / 60_000) * 60_000);

/** How long ago: said anew every ten seconds in the first minutes, every minute later. */
export function Since({ at }) {
  const began = Date.parse(at);
  const now = serverNow() - began < 90_000 ? tens.value : minutes.value;
  return html`<${Ago} at=${at} now=${Math.max(now, began)} />`;
}

/** The kind of device in a circle, with a dot for who is online. */
export const Face = ({ person, online }) => html`
  <span class=${person.member_id ? "person-face known" : "person-face"} title=${environmentOf(person)}>
    <${Sign} name=${person.environment ?? "unknown"} />
    ${online && html`<span class="person-dot"><span class="unseen">${text("is_online")}</span></span>`}
  </span>`;
