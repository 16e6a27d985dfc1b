// What the person does now, or did last: the page, the visit, the cart.

import { html } from "../html.js";
import { text } from "../page.js";
import { NONE, counted, duration, money, number, plain } from "../figures.js";
import { Empty } from "../parts.js";
import { Since, Stay, cameFrom, channelOf, pathOf, productOf } from "../people.js";

const LINES = 6;

function Present({ person }) {
  const { page, visit, online } = person;
  const title = page.item ? productOf(page.item) : plain(page.title ?? "") || pathOf(page.url);
  return html`
    <section class="card" aria-labelledby="now-title">
      <header class="card-head"><h2 id="now-title">${text(online ? "now" : "last")}</h2>${person.last_seen && html`<span class="quiet small"><${Since} at=${person.last_seen} /></span>`}</header>
      <div class="card-body now">
        <p class="now-title">${title ?? NONE}</p>
        ${page.url && html`<p class="quiet small now-url">${plain(page.url)}</p>`}
        ${visit &&
        html`<dl class="pairs">
          <div><dt>${text(online ? "this_visit" : "last_visit")}</dt><dd>${counted(visit.pageviews, "n_pages")} · ${online ? html`<${Stay} visit=${visit} online=${true} />` : duration(visit.stay_seconds)}</dd></div>
          <div><dt>${text("arrived")}</dt><dd>${[channelOf(visit), cameFrom(visit)].filter(Boolean).join(" · ") || NONE}</dd></div>
        </dl>`}
      </div>
    </section>`;
}

function Cart({ cart, currency }) {
  const items = [...cart.items].sort((one, other) => ((one.added_at ?? "") < (other.added_at ?? "") ? 1 : -1));
  return html`
    <section class="card" aria-labelledby="cart-title">
      <header class="card-head"><h2 id="cart-title">${text("cart")}</h2>${cart.units > 0 && html`<span class="figure"><strong>${money(cart.value, currency)}</strong> <span class="quiet small">${counted(cart.units, "n_units")}</span></span>`}</header>
      ${items.length
        ? html`<div class="card-body"><ul class="lines">
            ${items.slice(0, LINES).map((one) => html`<li key=${one.item_id}><span class="cut">${productOf(one)}</span><span class="quiet figure">× ${number(one.quantity)}</span><span class="figure">${money(one.price, currency)}</span></li>`)}
          </ul>${items.length > LINES && html`<p class="quiet small">${counted(items.length - LINES, "more_products")}</p>`}</div>`
        : html`<${Empty} title=${text("cart.none")} />`}
    </section>`;
}

export const Now = ({ person }) => html`<div class="now-place"><${Present} person=${person} /><${Cart} ...${person} /></div>`;
