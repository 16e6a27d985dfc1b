// Which segments the person is in and why, and when he entered and left them.

import { html } from "../html.js";
import { labelled, link, text, texts } from "../page.js";
import { counted, dateTime, duration, isMoment, money, number, plain } from "../figures.js";
import { Chip, Empty, Failed, Loading } from "../parts.js";
import { Since } from "../people.js";
import { lookSegments, moves, why, whyFailed } from "./state.js";

/** What a condition found, in words. */
function valueOf({ value, unit }) {
  if (value === null || value === undefined) return text("absent");
  if (unit === "currency") return money(value);
  if (unit === "seconds") return duration(value);
  if (typeof value === "number") return number(value, Number.isInteger(value) ? 0 : 2);
  if (typeof value === "boolean") return text(value ? "yes" : "no");
  if (Array.isArray(value)) return value.length ? value.map((one) => plain(typeof one === "object" ? JSON.stringify(one) : one)).join(", ") : text("absent");
  if (typeof value === "object") return plain(JSON.stringify(value));
  return isMoment(value) ? dateTime(value) : plain(value);
}

const Condition = ({ condition }) => html`
  <li class=${condition.matches ? "condition holds" : "condition"}>
    <span class="condition-mark" aria-hidden="true">${condition.matches ? "✓" : "✕"}</span>
    <span class="unseen">${text(condition.matches ? "holds" : "holds_not")}: </span>
    <span class="condition-words">${plain(labelled(condition.sentence))}<span class="quiet small condition-value">${text("value", { value: valueOf(condition) })}</span></span>
  </li>`;

const Segment = ({ segment }) => html`
  <li>
    <details class="why">
      <summary>
        <span class="why-name cut">${plain(segment.name)}</span>
        ${segment.member ? html`<${Chip} kind="accent">${text("inside")}<//>` : html`<${Chip}>${text("outside")}<//>`}
      </summary>
      <div class="why-body">
        ${segment.since && html`<p class="small">${text("since", { time: dateTime(segment.since) })}${segment.entries > 1 && html` <span class="quiet">${counted(segment.entries, "n_entries")}</span>`}</p>`}
        <ul class="conditions">${segment.conditions.map((one) => html`<${Condition} key=${one.place} condition=${one} />`)}</ul>
        <p class="small"><a href=${link(`/segments/${encodeURIComponent(segment.id)}`)}>${text("to_segment")}</a></p>
      </div>
    </details>
  </li>`;

export function Segments() {
  const told = why.value;
  const shown = told && [...told].sort((one, other) => Number(other.member) - Number(one.member));
  const inside = told?.filter((one) => one.member).length;
  return html`
    <section class="card" aria-labelledby="segments-title">
      <header class="card-head"><h2 id="segments-title">${text("segments")}</h2>${told && html`<span class="quiet small">${counted(inside, "n_inside")}</span>`}</header>
      ${!told && whyFailed.value ? html`<div class="card-body"><${Failed} error=${whyFailed.value} retry=${lookSegments} /></div>` : !told ? html`<div class="card-body"><${Loading} lines=${3} /></div>` : shown.length ? html`<ul class="whys">${shown.map((one) => html`<${Segment} key=${one.id} segment=${one} />`)}</ul>` : html`<${Empty} title=${text("segments.none")} />`}
    </section>`;
}

export function Moves() {
  if (!moves.value?.length) return null;
  const names = new Map((why.value ?? []).map((one) => [one.id, one.name]));
  return html`
    <section class="card" aria-labelledby="moves-title">
      <header class="card-head"><h2 id="moves-title">${text("moves")}</h2></header>
      <div class="card-body"><ul class="moves">
        ${moves.value.map((one) => html`<li key=${one.id}>
          <span class=${`move-mark ${one.type}`} aria-hidden="true"></span>
          <span class="move-words"><span class="move-name">${plain(names.get(one.segment_id) ?? text("deleted_segment"))}</span> <span class="quiet">${text(`move.${one.type}`)}</span>
          <span class="quiet small move-why">${texts[`reason.${one.reason}`] ?? plain(one.reason)}</span></span>
          <span class="quiet small"><${Since} at=${one.at} /></span>
        </li>`)}
      </ul></div>
    </section>`;
}
