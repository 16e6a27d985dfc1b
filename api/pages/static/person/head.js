// Who it is, and the figures of all time.

import { html } from "../html.js";
import { link, text } from "../page.js";
import { NONE, counted, day, duration, money, number, plain } from "../figures.js";
import { Face, Since, called, channelOf, environmentOf, systemOf } from "../people.js";
import { Sign } from "../signs.js";

/** Live as it was left, if one came from there. */
function backTo() {
  const from = document.referrer && new URL(document.referrer);
  return from && from.origin === location.origin && from.pathname === "/" ? from.pathname + from.search : link("/");
}

export const Back = () => html`<a class="back" href=${backTo()}><${Sign} name="back" />${text("back")}</a>`;

export function Head({ person, member }) {
  const device = [environmentOf(person), systemOf(person)].filter(Boolean).join(" · ");
  return html`
    <header class="person-head">
      <${Face} person=${person} online=${person.online} />
      <div class="person-words">
        <div class="person-name">
          <h1 class="cut">${member?.name ? plain(member.name) : called(person)}</h1>
          <span class="tag">${text(person.member_id ? "a_member" : "a_visitor")}</span>
          ${person.online && html`<span class="chip good">${text("is_online")}</span>`}
        </div>
        <p class="quiet person-under">
          ${member?.name && html`<span class="cut">${called(person)}</span>`}
          ${device && html`<span class="cut">${device}</span>`}
          <span>${person.last_seen ? html`<${Since} at=${person.last_seen} />` : text("never_seen")}</span>
        </p>
      </div>
    </header>`;
}

const Sum = ({ name, value, under }) => html`<div class="sum"><dt>${text(name)}</dt><dd>${value}${under && html`<small>${under}</small>`}</dd></div>`;

export function Sums({ person }) {
  const { visits, pageviews, stay_seconds, orders, revenue, units, average_order_value, acquisition } = person;
  const channel = channelOf(acquisition.first);
  return html`
    <dl class="sums card">
      <${Sum} name="sum.visits" value=${counted(visits, "n_times")} under=${person.last_seen && html`<${Since} at=${person.last_seen} />`} />
      <${Sum} name="sum.pageviews" value=${counted(pageviews, "n_pages")} under=${visits > 0 && text("sum.per_visit", { n: number(pageviews / visits, 1) })} />
      <${Sum} name="sum.stay" value=${duration(stay_seconds)} under=${visits > 0 && text("sum.per_visit", { n: duration(stay_seconds / visits) })} />
      <${Sum} name="sum.orders" value=${counted(orders, "n_orders")} under=${orders > 0 && counted(units, "n_units")} />
      <${Sum} name="sum.revenue" value=${orders ? money(revenue) : NONE} under=${person.last_order_at && html`<${Since} at=${person.last_order_at} />`} />
      <${Sum} name="sum.average" value=${money(average_order_value === null ? null : Math.round(average_order_value))} under=${person.largest_order !== null && orders > 0 && text("sum.largest", { value: money(person.largest_order) })} />
      <${Sum} name="sum.first" value=${channel ?? NONE} under=${person.first_seen && day(person.first_seen)} />
    </dl>`;
}
