// The three lists of products, as ranked bars.

import { html } from "../html.js";
import { counted, plain } from "../figures.js";
import { text } from "../page.js";
import { Bar } from "./parts.js";

export const LISTS = ["purchased", "carted", "in_cart"];

/** What a product is called: its name, else its id. */
export const productName = (product) => plain(product.item_name || product.item_id);

const Product = ({ product, rank, most }) => html`
  <li>
    <span class="report-rank figure" aria-hidden="true">${rank}</span>
    <span class="report-product"><span class="cut" title=${productName(product)}>${productName(product)}</span><${Bar} part=${product.units / most} /></span>
    <span class="report-counts figure"><strong>${counted(product.units, "top.units")}</strong><small class="quiet">${counted(product.orders, "top.orders")}</small></span>
  </li>`;

const List = ({ name, products }) => html`
  <section class="card" aria-labelledby=${`top-${name}`}>
    <div class="card-head"><h2 id=${`top-${name}`}>${text(`top.${name}`)}</h2></div>
    ${products.length ? html`<ol class="report-top">${products.map((one, nth) => html`<${Product} key=${one.item_id} product=${one} rank=${nth + 1} most=${products[0].units} />`)}</ol>` : html`<p class="card-body quiet">${text("top.none")}</p>`}
  </section>`;

/** `top`: of the API's answer. */
export const Tops = ({ top }) => html`<div class="report-tops">${LISTS.map((name) => html`<${List} key=${name} name=${name} products=${top[name]} />`)}</div>`;
