// One person of the list. Drawn anew only if the card is another one; what time alone changes are small parts of their own.

import { html, useMemo } from "../html.js";
import { text } from "../page.js";
import { NONE, counted, duration, money, plain } from "../figures.js";
import { Chip } from "../parts.js";
import { Face, Since, Stay, called, cameFrom, channelOf, environmentOf, pathOf, personLink, productOf, productsOf, systemOf, visitsOf } from "../people.js";

const CHIPS = 2;
const newestAdded = (one, other) => ((one.added_at ?? "") < (other.added_at ?? "") ? 1 : -1);

/** A figure with what belongs to it underneath. `name`: what it is, read out, and shown where there is no heading. */
const Cell = ({ kind, name, first, second, children }) => html`
  <div class=${`cell ${kind}`}>
    <span class="cell-name">${text(name)}</span>
    ${children ?? html`<p class="cell-first cut">${first ?? html`<span class="quiet">${NONE}</span>`}</p>${second && html`<p class="cell-second cut">${second}</p>`}`}
  </div>`;

function Who({ card }) {
  const device = [environmentOf(card), systemOf(card)].filter(Boolean).join(" · ");
  const known = card.member_id && [card.grade ? plain(card.grade) : text("a_member"), card.points !== null && counted(card.points, "n_points")].filter(Boolean).join(" · ");
  return html`
    <div class="cell who">
      <${Face} person=${card} online=${card.online} />
      <div class="who-words">
        <p class="who-name"><a class="cut" href=${personLink(card.person_id)} title=${plain(card.member_id ?? card.visitor_id)}>${card.name ? plain(card.name) : called(card)}</a></p>
        <p class="cell-second cut" title=${[known, device].filter(Boolean).join(" · ")}>${known && html`<span class="who-known">${known}</span>${device && " · "}`}${device}</p>
      </div>
    </div>`;
}

function Looks({ page, last_seen }) {
  const title = page.item ? productOf(page.item) : plain(page.title ?? "") || pathOf(page.url);
  return html`
    <${Cell} kind="looks" name="page_now">
      <p class="cell-first cut" title=${plain(page.url ?? "")}>${title ?? NONE}</p>
      <p class="cell-second page-second"><${Since} at=${last_seen} /><span class="cut">${pathOf(page.url)}</span></p>
    <//>`;
}

function Cart({ cart, recent_carted }) {
  const items = [...cart.items].sort(newestAdded);
  const first = cart.units ? html`${money(cart.value)} <span class="quiet">${counted(cart.units, "n_units")}</span>` : null;
  const second = productsOf(items) ?? (recent_carted.length ? text("carted_before", { name: productOf(recent_carted[0]) }) : null);
  return html`<${Cell} kind="cart" name="cart" first=${first} second=${second} />`;
}

function Spent({ orders, revenue, recent_purchased }) {
  const first = orders ? html`${money(revenue)} <span class="quiet">${counted(orders, "n_orders")}</span>` : null;
  return html`<${Cell} kind="spent" name="spent" first=${first} second=${orders ? productsOf(recent_purchased) : null} />`;
}

function Segments({ segments }) {
  const more = segments.length - CHIPS;
  const rest = segments.slice(CHIPS).map((one) => plain(one.name)).join(", ");
  return html`
    <${Cell} kind="held" name="segments">
      <ul class="chips">
        ${segments.slice(0, CHIPS).map((one) => html`<li key=${one.id}><${Chip} title=${plain(one.name)}>${plain(one.name)}<//></li>`)}
        ${more > 0 && html`<li><${Chip} title=${rest}>+${more}<span class="unseen"> ${rest}</span><//></li>`}
      </ul>
    <//>`;
}

function Person({ card }) {
  const { visit, acquisition } = card;
  const pages = visit && counted(visit.pageviews, "n_pages");
  const stay = visit && html`${pages} <span class="quiet">${card.online ? html`<${Stay} visit=${visit} online=${true} />` : duration(visit.stay_seconds)}</span>`;
  return html`
    <${Who} card=${card} />
    <${Looks} page=${card.page} last_seen=${card.last_seen} />
    <${Cell} kind="visit" name="this_visit" first=${stay} second=${visitsOf(card.visits)} />
    <${Cart} ...${card} />
    <${Spent} ...${card} />
    <${Cell} kind="arrived" name="arrived" first=${channelOf(acquisition.latest)} second=${cameFrom(acquisition.latest)} />
    <${Segments} segments=${card.segments} />`;
}

/** `times`: how often the card changed since it is shown: each time it glows. `left`: it belongs here no more. */
export function Row({ card, times, left }) {
  const drawn = useMemo(() => html`<${Person} card=${card} />`, [card]);
  const glow = times ? ` glow-${times % 2}` : "";
  return html`<li class=${`row${glow}${left ? " left" : ""}`} data-person=${card.person_id}>${left && html`<span class="unseen">${text("left")}</span>`}${drawn}</li>`;
}
