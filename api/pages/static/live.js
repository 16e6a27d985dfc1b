// The counts of Live: loading, failed, nobody yet, or figures.

import { html, render } from "./html.js";
import { call, number, text } from "./page.js";
import { signal } from "./vendor/signals.js";

const EVERY_MS = 5000;
const counts = signal(null);
const failed = signal(false);

const Count = ({ name, value }) => html`
  <div class="count">
    <dt>${text(name)}</dt>
    <dd>${value === undefined ? html`<span class="loading"><span class="unseen">${text("loading")}</span></span>` : html`${number(value)}<small>${text("people")}</small>`}</dd>
  </div>`;

function Counts() {
  const found = counts.value ?? {};
  if (failed.value && !counts.value) {
    return html`<div class="notice wrong failed" role="alert"><p>${text("failed")}</p><button class="plain" onClick=${look}>${text("retry")}</button></div>`;
  }
  return html`
    <dl class="counts">
      <${Count} name="online" value=${found.online} />
      <${Count} name="day" value=${found.day} />
      <${Count} name="week" value=${found.week} />
    </dl>
    ${found.week === 0 && html`<p class="placeholder quiet">${text("empty")}</p>`}`;
}

async function look() {
  try {
    const [day, week] = await Promise.all(["24h", "7d"].map((one) => call("GET", `/v1/live/visitors?window=${one}&limit=1`)));
    counts.value = { online: day.population.online, day: day.population.visitors, week: week.population.visitors };
    failed.value = false;
  } catch {
    failed.value = true;
  }
}

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, EVERY_MS);
}

render(html`<${Counts} />`, document.querySelector("[data-counts]"));
keepLooking();
