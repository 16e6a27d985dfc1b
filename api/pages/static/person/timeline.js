// What the person did: visits, newest first, with their events.

import { html, useMemo } from "../html.js";
import { text, texts } from "../page.js";
import { clock, counted, dateTime, duration, money, number, plain } from "../figures.js";
import { Chip, Empty, Failed, Loading, Press } from "../parts.js";
import { cameFrom, channelOf, environmentOf, pathOf, productOf, productsOf } from "../people.js";
import { Sign } from "../signs.js";
import { gathered } from "./events.js";
import { choose, events, eventsFailed, kind, loadingMore, lookEvents, lookFurther, visits } from "./state.js";

const KINDS = ["page_view", "view_item", "view_item_list", "search", "add_to_cart", "remove_from_cart", "view_cart", "begin_checkout", "purchase", "refund", "identify", "logout", "coupon_issued", "coupon_used", "message_click", "heartbeat"];
const DRAWN = { add_to_cart: "cart", remove_from_cart: "cart", view_cart: "cart", begin_checkout: "checkout", coupon_issued: "coupon", coupon_used: "coupon", message_click: "message" };
const LISTED = ["add_to_cart", "remove_from_cart", "begin_checkout", "purchase", "refund"]; // what was in it counts, product by product
const ITEMS = 5;
const nameOf = (name) => texts[`event.${name}`] ?? plain(name);
const signOf = (name) => DRAWN[name] ?? (KINDS.includes(name) ? name : "other");

const Item = ({ item, currency }) => html`
  <span class="cut">${productOf(item)}</span>
  ${item.quantity > 1 && html`<span class="quiet">× ${number(item.quantity)}</span>`}
  ${item.price !== null && html`<span class="quiet small figure">${money(item.price, currency ?? undefined)}</span>`}`;

const Items = ({ items, currency }) => html`
  <ul class="event-items">
    ${items.slice(0, ITEMS).map((one) => html`<li><${Item} item=${one} currency=${currency} /></li>`)}
    ${items.length > ITEMS && html`<li class="quiet small">${counted(items.length - ITEMS, "more_products")}</li>`}
  </ul>`;

/** What it is about in a line: the words searched for, the products, the page. */
function aboutOf({ search_term, items, title }) {
  if (search_term) return `“${plain(search_term)}”`;
  return productsOf(items) ?? plain(title ?? "");
}

function Event({ event, times, dated }) {
  const several = LISTED.includes(event.name) && event.items.length > 0;
  return html`
    <li class=${`event ${signOf(event.name)}`}>
      <span class="event-sign"><${Sign} name=${signOf(event.name)} /></span>
      <div class="event-words">
        <p class="event-first"><span class="event-name">${nameOf(event.name)}</span>${" "}${several ? null : aboutOf(event)}${times > 1 && html` <span class="quiet">× ${number(times)}</span>`}
          ${event.value !== null && html` <strong class="figure">${money(event.value, event.currency ?? undefined)}</strong>`}
          ${event.bot && html` <${Chip} kind="warn">${text("bot")}<//>`}</p>
        ${several && html`<${Items} ...${event} />`}
        ${event.url && html`<p class="quiet small cut" title=${plain(event.url)}>${pathOf(event.url)}</p>`}
        ${event.transaction_id && html`<p class="quiet small cut">${text("order.id", { id: plain(event.transaction_id) })}</p>`}
      </div>
      <time class="quiet small figure" datetime=${event.occurred_at}>${dated ? dateTime(event.occurred_at) : clock(event.occurred_at)}</time>
    </li>`;
}

function Visit({ group, many }) {
  const { visit } = group;
  const from = visit && [channelOf(visit), cameFrom(visit)].filter(Boolean).join(" · ");
  const device = environmentOf(group.events.find((one) => one.environment) ?? {});
  const drawn = useMemo(() => gathered(group.events).map((line) => html`<${Event} key=${`${line.event.visitor_id} ${line.event.event_id}`} dated=${!visit} ...${line} />`), [group.events.map((one) => one.event_id).join("\n")]);
  return html`
    <li class="visit">
      <header class="visit-head">
        <h3>${visit ? dateTime(visit.started_at) : text("outside_visits")}</h3>
        ${visit && html`<p class="visit-figures">${counted(visit.pageviews, "n_pages")} · ${duration(visit.stay_seconds)}${visit.orders > 0 && html` · <strong>${money(visit.revenue)}</strong>`}</p>`}
        ${visit && html`<p class="quiet small visit-from">${[from, device, many && plain(visit.visitor_id)].filter(Boolean).join(" · ")}</p>`}
      </header>
      ${group.events.length ? html`<ol class="events">${drawn}</ol>` : html`<p class="quiet small no-events">${text("events.none_kept")}</p>`}
    </li>`;
}

function Kinds() {
  const others = [...new Set((events.value?.list ?? []).map((one) => one.name))].filter((name) => !KINDS.includes(name));
  const chosen = kind.value;
  const all = [...KINDS, ...others, ...(chosen && !KINDS.includes(chosen) && !others.includes(chosen) ? [chosen] : [])];
  return html`
    <label><span class="unseen">${text("kind")}</span>
      <select class="kinds" value=${chosen} onChange=${(event) => choose(event.currentTarget.value)}>
        <option value="">${text("kind.all")}</option>
        ${all.map((name) => html`<option key=${name} value=${name}>${nameOf(name)}</option>`)}
      </select>
    </label>`;
}

export function Timeline({ devices }) {
  const groups = visits();
  const shown = () => {
    if (!groups) return eventsFailed.value ? html`<div class="card-body"><${Failed} error=${eventsFailed.value} retry=${lookEvents} /></div>` : html`<div class="card-body"><${Loading} lines=${6} /></div>`;
    if (!groups.length) return html`<${Empty} title=${text(kind.value ? "events.none_of_kind" : "events.none")} />`;
    return html`
      <ol class="visits">${groups.map((group) => html`<${Visit} key=${group.key} group=${group} many=${devices.length > 1} />`)}</ol>
      ${eventsFailed.value && html`<div class="card-body"><${Failed} error=${eventsFailed.value} retry=${lookFurther} /></div>`}
      ${events.value.next && html`<div class="card-body more-place"><${Press} class="plain" off=${loadingMore.value} onClick=${lookFurther}>${text(loadingMore.value ? "loading" : "older")}<//></div>`}`;
  };
  return html`
    <section class="card timeline" aria-labelledby="timeline-title">
      <header class="card-head"><h2 id="timeline-title">${text("timeline")}</h2><${Kinds} /></header>
      ${shown()}
    </section>`;
}
