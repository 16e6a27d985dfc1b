// Orders, newest first, with what was refunded of them.

import { html, useState } from "../html.js";
import { text } from "../page.js";
import { counted, dateTime, money, number, plain } from "../figures.js";
import { Chip } from "../parts.js";
import { productOf } from "../people.js";

const FIRST = 5;
const PRODUCTS = 4;

function Order({ order, currency }) {
  const own = order.currency ?? currency;
  const net = own === currency ? order.revenue : (order.value ?? 0) - (order.refunded ?? 0);
  const items = order.items.slice(0, PRODUCTS);
  return html`
    <li class="order">
      <div class="order-head">
        <span class="order-when">${dateTime(order.ordered_at)}</span>
        ${!order.counted ? html`<${Chip} kind="warn">${text("refunded.whole")}<//>` : order.refunded > 0 && html`<${Chip} kind="warn">${text("refunded.part", { value: money(order.refunded, own) })}<//>`}
        <strong class=${order.counted ? "figure" : "figure struck"}>${money(order.counted ? net : order.value, own)}</strong>
      </div>
      <ul class="lines">
        ${items.map((one) => html`<li key=${one.item_id}><span class="cut">${productOf(one)}</span><span class="quiet figure">× ${number(one.units)}</span></li>`)}
      </ul>
      ${order.items.length > PRODUCTS && html`<p class="quiet small">${counted(order.items.length - PRODUCTS, "more_products")}</p>`}
      <p class="quiet small cut">${text("order.id", { id: plain(order.transaction_id) })}</p>
    </li>`;
}

export function Orders({ orders, currency }) {
  const [all, setAll] = useState(false);
  if (!orders.length) return null;
  return html`
    <section class="card" aria-labelledby="orders-title">
      <header class="card-head"><h2 id="orders-title">${text("orders")}</h2></header>
      <ul class="orders">${(all ? orders : orders.slice(0, FIRST)).map((one) => html`<${Order} key=${one.transaction_id} order=${one} currency=${currency} />`)}</ul>
      ${!all && orders.length > FIRST && html`<div class="card-body more-place"><button class="plain small-button" onClick=${() => setAll(true)}>${text("more")}</button></div>`}
    </section>`;
}
