// How it goes: how old the figures are, what they are made by, and which segments, hooks and erasures are not done or not well.

import { html, mount } from "../html.js";
import { Refused, call, link, serverNow, text } from "../page.js";
import { NONE, ago, clock, counted, day, duration, number, plain, until } from "../figures.js";
import { Ago, Chip, Failed, Loading, seconds } from "../parts.js";
import { useTold } from "../asking.js";
import { State, whyOf } from "../hook/words.js";
import { hostOf } from "../people.js";
import { Health } from "../segments/health.js";
import { MINUTES, STEPS, stepsOf, stoodSeconds } from "./strip.js";

const EVERY_MS = 10_000;
const WORST_FIRST = ["failing", "stale", "evaluating", "pending", "ready"];

/** /readyz says what is wrong with status 503, too. */
async function loadReady(signal) {
  try {
    return await call("GET", "/readyz", undefined, { signal });
  } catch (error) {
    if (error instanceof Refused && error.problem?.clickhouse) return error.problem;
    throw error;
  }
}

async function load(signal) {
  const ask = (path) => call("GET", path, undefined, { signal });
  const [health, curve, { segments }, { hooks }, { erasures }] = await Promise.all([
    ask("/v1/health"),
    ask(`/v1/reports/curve?window=24h&minutes=${MINUTES}&points=${STEPS}`),
    ask("/v1/segments"),
    ask("/v1/hooks"),
    ask("/v1/erasures?limit=100"),
  ]);
  return { health, points: curve.points, segments, hooks, erasures, at: serverNow() };
}

function Strip({ points, at }) {
  if (!points.length) return html`<p class="small quiet">${text("no_history")}</p>`;
  const steps = stepsOf(points, at);
  const stood = stoodSeconds(steps);
  const words = stood ? text("stood", { time: duration(stood) }) : text("never_stood");
  return html`
    <figure class="strip-place">
      <div class="strip" role="img" aria-label=${words}>${steps.map((one) => html`<span class=${one}></span>`)}</div>
      <figcaption class="small quiet"><span>${text("two_hours_ago")}</span><span>${words}</span><span>${text("right_now")}</span></figcaption>
    </figure>`;
}

function Figures({ told }) {
  const { health, points, at } = told;
  const state = health.as_of === null ? "never" : health.stale ? "stale" : "fresh";
  const age = health.as_of === null ? null : Math.max(0, (seconds.value - Date.parse(health.as_of)) / 1000);
  const waiting = health.partitions?.reduce((sum, one) => sum + one.waiting_events, 0);
  const lost = health.partitions?.some((one) => one.waiting_events === null); // deleted before they were read: nobody knows how many
  const behind = health.partitions?.filter((one) => one.waiting_events !== 0).length;
  return html`
    <section class="card" aria-labelledby="figures-title" data-figures=${state}>
      <header class="card-head"><h2 id="figures-title">${text("figures")}</h2><${Chip} kind=${state === "fresh" ? "good" : "warn"}>${text(`figures.${state}`)}</${Chip}></header>
      <div class="card-body stack">
        <p>${text(`figures_words.${state}`)}</p>
        <dl class="facts">
          <div><dt>${text("as_of")}</dt><dd>${clock(health.as_of)}</dd>${health.as_of !== null && html`<dd class="small quiet">${day(health.as_of)}</dd>`}</div>
          <div><dt>${text("age")}</dt><dd class="figure">${duration(age)}</dd></div>
          <div><dt>${text("waiting_events")}</dt><dd class="figure">${health.partitions && !lost ? counted(waiting, "events") : NONE}</dd>${lost && html`<dd class="small problem">${text("events_lost")}</dd>`}<dd class="small quiet">${health.partitions ? text("partitions", { n: number(health.partitions.length), behind: number(behind) }) : text("log_away")}</dd></div>
        </dl>
        <${Strip} points=${points} at=${at} />
      </div>
    </section>`;
}

const PARTS = ["log", "clickhouse", "flow"];

const Parts = ({ ready }) => html`
  <section class="card" aria-labelledby="parts-title">
    <header class="card-head"><h2 id="parts-title">${text("parts")}</h2></header>
    <ul class="rows">
      ${PARTS.map((part) => html`
        <li class="row" data-part=${part}>
          <div><p>${text(`part.${part}`)}</p><p class="small quiet">${text(`part_detail.${part}`)}</p></div>
          <p class="row-end"><${Chip} kind=${ready[part].ok ? "good" : "bad"}>${text(ready[part].ok ? "well" : "unwell")}</${Chip}></p>
          ${!ready[part].ok && html`<p class="small wide problem">${plain(ready[part].detail)}</p>`}
        </li>`)}
    </ul>
  </section>`;

function Segment({ one }) {
  const { status, progress, members, as_of: asOf, problem } = one.health;
  return html`
    <li class="row" data-segment=${one.id}>
      <div>
        <p class="clamp"><a href=${link(`/segments/${one.id}`)}>${plain(one.name)}</a></p>
        <p class="small quiet">${[members !== null && counted(members, "people"), asOf && text("judged_until", { time: ago(asOf, seconds.value) })].filter(Boolean).join(" · ")}</p>
      </div>
      <p class="row-end"><${Health} health=${one.health} /></p>
      ${status === "evaluating" && progress !== null && html`<progress class="wide" max="1" value=${progress} aria-label=${text("progress_of", { name: plain(one.name) })}></progress>`}
      ${problem && html`<p class="small wide problem">${plain(problem)}</p>`}
    </li>`;
}

function Segments({ segments }) {
  const sorted = segments.filter((one) => one.health).sort((one, other) => WORST_FIRST.indexOf(one.health.status) - WORST_FIRST.indexOf(other.health.status));
  const well = sorted.filter((one) => one.health.status === "ready").length;
  return html`
    <section class="card" aria-labelledby="segments-title">
      <header class="card-head"><h2 id="segments-title">${text("segments")}</h2>${sorted.length > 0 && html`<p class="small quiet">${text("well_of", { well: number(well), all: number(sorted.length) })}</p>`}</header>
      ${sorted.length ? html`<ul class="rows long">${sorted.map((one) => html`<${Segment} key=${one.id} one=${one} />`)}</ul>` : html`<p class="nothing quiet">${text("no_segments")}</p>`}
    </section>`;
}

function Hooks({ hooks, health }) {
  const fared = new Map(health.hooks.map((one) => [one.hook_id, one]));
  const shown = hooks.filter((hook) => hook.disabled || fared.get(hook.id)?.failed || fared.get(hook.id)?.waiting);
  return html`
    <section class="card" aria-labelledby="hooks-title">
      <header class="card-head"><h2 id="hooks-title">${text("hooks")}</h2>${hooks.length > 0 && html`<p class="small quiet">${text("well_of", { well: number(hooks.length - shown.length), all: number(hooks.length) })}</p>`}</header>
      ${shown.length > 0 && html`
        <ul class="rows long">
          ${shown.map((hook) => {
            const one = fared.get(hook.id);
            return html`
              <li class="row many" key=${hook.id} data-hook=${hook.id}>
                <div>
                  <p class="clamp"><a href=${link(`/hooks/${hook.id}`)}>${plain(hostOf(hook.url))}</a></p>
                  ${one?.waiting > 0 && html`<p class="small quiet">${text("waits_since", { time: ago(one.waiting_since, seconds.value), next: until(one.next_attempt_at, seconds.value) })}</p>`}
                </div>
                <p class="row-end chips">
                  ${one?.failed > 0 && html`<${Chip} kind="bad">${counted(one.failed, "failed_day")}</${Chip}>`}
                  ${one?.waiting > 0 && html`<${Chip} kind="accent">${counted(one.waiting, "waiting_now")}</${Chip}>`}
                  ${!hook.active && html`<${State} hook=${hook} />`}
                </p>
                ${hook.disabled && html`<p class="small wide problem">${whyOf(hook.disabled)}</p>`}
              </li>`;
          })}
        </ul>`}
      ${!shown.length && html`<p class="nothing quiet">${text(hooks.length ? "hooks_well" : "no_hooks")}</p>`}
    </section>`;
}

function Erasures({ erasures }) {
  const open = erasures.filter((one) => one.state !== "done");
  return html`
    <section class="card" aria-labelledby="erasures-title">
      <header class="card-head"><h2 id="erasures-title">${text("erasures")}</h2></header>
      ${open.length
        ? html`<ul class="rows">
            ${open.map((one) => html`
              <li class="row" key=${one.receipt_id}>
                <div><p><code>${one.receipt_id}</code></p><p class="small quiet">${text("asked")} <${Ago} at=${one.requested_at} now=${seconds.value} /></p></div>
                <p class="row-end"><${Chip} kind="accent">${text(`erasure.${one.state}`)}</${Chip}></p>
              </li>`)}
          </ul>`
        : html`<p class="nothing quiet">${text("no_erasures")}</p>`}
    </section>`;
}

function Page() {
  const ready = useTold(loadReady, EVERY_MS);
  const found = useTold(load, EVERY_MS);
  return html`
    <header class="page-head"><h1>${text("title")}</h1></header>
    ${found.error && html`<div class="first"><${Failed} error=${found.error} retry=${found.again} what=${text("health_failed")} /></div>`}
    ${!found.told && !found.error && html`<${Loading} lines=${6} />`}
    <div class="halves">
      <div class="stack">
        ${found.told && html`<${Figures} told=${found.told} />`}
        ${ready.told && html`<${Parts} ready=${ready.told} />`}
        ${ready.error && !ready.told && html`<${Failed} error=${ready.error} retry=${ready.again} what=${text("parts_failed")} />`}
      </div>
      ${found.told && html`
        <div class="stack">
          <${Segments} segments=${found.told.segments} />
          <${Hooks} hooks=${found.told.hooks} health=${found.told.health} />
          <${Erasures} erasures=${found.told.erasures} />
        </div>`}
    </div>`;
}

mount(Page);
