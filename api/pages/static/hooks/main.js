// All hooks of the site, or those of one segment (`?segment=seg_...`).

import { html, mount } from "../html.js";
import { call, link, may, text } from "../page.js";
import { counted, plain } from "../figures.js";
import { Chip, Empty, Failed, Loading } from "../parts.js";
import { useTold } from "../asking.js";
import { State, againOf, delayOf, eventsOf, segmentsOf, whyOf } from "../hook/words.js";

const EVERY_MS = 10_000;
const NAMES = 4; // of segments that are shown
const segment = new URLSearchParams(location.search).get("segment") || "";

async function load(signal) {
  const ask = (path) => call("GET", path, undefined, { signal });
  const [{ hooks }, { segments }, health] = await Promise.all([ask("/v1/hooks"), ask("/v1/segments"), ask("/v1/health")]);
  return { hooks, names: new Map(segments.map((one) => [one.id, one.name])), fared: new Map(health.hooks.map((one) => [one.hook_id, one])) };
}

const COUNTS = [["failed", "bad"], ["waiting", "accent"], ["delivered", "good"], ["skipped", ""]];

const Fared = ({ fared }) => {
  const shown = COUNTS.filter(([name]) => fared?.[name]);
  return html`
    <p class="fared">
      <span class="small quiet">${text("last_day")}</span>
      ${shown.length ? shown.map(([name, kind]) => html`<${Chip} kind=${kind}>${counted(fared[name], `count.${name}`)}</${Chip}>`) : html`<span class="small quiet">${text("nothing_sent")}</span>`}
    </p>`;
};

function Row({ hook, names, fared }) {
  const segments = segmentsOf(hook, names);
  return html`
    <li class="card hook" data-hook=${hook.id}>
      <div class="hook-head">
        <h2 class="hook-url"><a href=${link(`/hooks/${hook.id}`)}>${plain(hook.url)}</a></h2>
        <${State} hook=${hook} />
      </div>
      <p class="small quiet">${[eventsOf(hook), againOf(hook.policy), delayOf(hook)].join(" · ")}</p>
      <p class="chips">${segments.slice(0, NAMES).map((name) => html`<${Chip} title=${name}>${name}</${Chip}>`)}${segments.length > NAMES && html`<span class="small quiet">${text("more_segments", { n: segments.length - NAMES })}</span>`}</p>
      ${hook.disabled && html`<p class="small why">${text("disabled_why", { reason: whyOf(hook.disabled) })}</p>`}
      <${Fared} fared=${fared} />
    </li>`;
}

const Connect = ({ primary = true }) =>
  may("editor") && html`<a class=${primary ? "primary" : "plain"} href=${link("/hooks/new", { segment })}>${text(segment ? "connect" : "new")}</a>`;

function Page() {
  const { told, error, again } = useTold(load, EVERY_MS);
  const shown = told?.hooks.filter((hook) => !segment || hook.segments === null || hook.segments.includes(segment));
  const name = told && plain(told.names.get(segment) ?? segment);
  return html`
    <header class="page-head"><h1>${text("title")}</h1>${(!shown || shown.length > 0) && html`<div class="tools"><${Connect} /></div>`}</header>
    ${segment && told && html`<p class="filter"><span>${text("of_segment")} <strong>${name}</strong></span> <a class="small" href=${link("/hooks")}>${text("show_all")}</a></p>`}
    ${error && html`<${Failed} error=${error} retry=${again} what=${text("hooks_failed")} />`}
    ${!told && !error && html`<${Loading} lines=${5} />`}
    ${shown && !shown.length && html`<div class="card"><${Empty} title=${text(segment ? "none_for_segment" : "none")}><p>${text("what_it_is")}</p><p class="empty-action"><${Connect} /></p></${Empty}></div>`}
    ${shown && shown.length > 0 && html`<ul class="hooks">${shown.map((hook) => html`<${Row} key=${hook.id} hook=${hook} names=${told.names} fared=${told.fared.get(hook.id)} />`)}</ul>`}`;
}

mount(Page);
