// The counters: online now, 24 hours, 7 days; and of them those of the segment.

import { html } from "../html.js";
import { text } from "../page.js";
import { NONE, counted, number, percent } from "../figures.js";
import { asked, counters, failed } from "./state.js";

const Figure = ({ value }) => {
  if (value !== undefined) return html`<dd class="count-figure">${number(value)}<small>${counted(value, "count")}</small></dd>`;
  return html`<dd class="count-figure">${failed.value ? NONE : html`<span class="loading"><span class="unseen">${text("loading")}</span></span>`}</dd>`;
};

/** Of these, those of the segment: "1,234명 · 전체의 27.4%", or why they cannot be counted. */
function Part({ told, value, share, reason }) {
  if (!told) return html`<dd class="count-part">${NONE}</dd>`;
  if (value === undefined) return html`<dd class="count-part uncounted">${text(reason ?? "now_condition")}</dd>`;
  return html`<dd class="count-part"><strong>${counted(value, "people")}</strong>${share === null ? null : html` <span class="quiet">${text("of_all", { share: percent(share) })}</span>`}</dd>`;
}

function Count({ name, chosen, value, part, some, ...rest }) {
  return html`
    <div class=${chosen ? "count chosen" : "count"}>
      <dt class="count-name">${name === "online" && html`<span class="count-dot" aria-hidden="true"></span>`}${text(name)}</dt>
      <${Figure} value=${value} />
      ${some && html`<${Part} value=${part} ...${rest} />`}
    </div>`;
}

export function Counts() {
  const told = counters.value;
  const { segment, expression, window } = asked.value;
  const some = Boolean(segment || expression);
  const { "24h": day, "7d": week } = told?.windows ?? {};
  const online = day?.population?.online;
  const share = online === undefined || !told.online ? null : online / told.online;
  const rest = { told, some, reason: told?.reason };
  return html`
    <dl class=${some ? "counts card with-part" : "counts card"}>
      <${Count} name="online" value=${told?.online} part=${online} share=${share} ...${rest} />
      <${Count} name="day" chosen=${some && window === "24h"} value=${day?.site} part=${day?.population?.visitors} share=${day?.population?.share} ...${rest} />
      <${Count} name="week" chosen=${some && window === "7d"} value=${week?.site} part=${week?.population?.visitors} share=${week?.population?.share} ...${rest} />
    </dl>`;
}
