// All saved segments: what each says, who is in it, how far it is judged; and segments to start from.

import { paramsOf } from "../asked.js";
import { html, mount, signal, useState } from "../html.js";
import { call, labelled, link, may, text } from "../page.js";
import { counted, percent, plain } from "../figures.js";
import { Ago, Empty, Failed, Loading, Messages, seconds, tell } from "../parts.js";
import { Deleting } from "./delete.js";
import { Health } from "./health.js";
import { Presets } from "./presets.js";

const EVERY_MS = 5000;
const MANY = 6;
const segments = signal(null);
const failed = signal(null);

async function look() {
  try {
    segments.value = (await call("GET", "/v1/segments")).segments;
    failed.value = null;
  } catch (error) {
    failed.value = error;
  }
}

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, EVERY_MS);
}

const folded = (words) => words.toLowerCase().normalize("NFC");
const shareOf = (health) => (health?.people && health.members !== null ? health.members / health.people : null);

function Row({ segment, onDelete }) {
  const asked = paramsOf({ segment: segment.id, expression: null });
  const { health } = segment;
  return html`
    <li class="segment" data-segment=${segment.id}>
      <div class="segment-what">
        <h2 class="clamp"><a href=${link(`/segments/${segment.id}`)}>${plain(segment.name)}</a></h2>
        <p class="quiet small clamp">${segment.sentence ? plain(labelled(segment.sentence)) : text("unreadable")}</p>
        <p class="segment-meta small quiet"><${Health} health=${health} /><span>${text("version", { n: segment.version })}</span><span>${text("changed")} <${Ago} at=${segment.created_at} now=${seconds.value} /></span></p>
        ${health?.problem && html`<p class="notice wrong">${plain(health.problem)}</p>`}
      </div>
      <p class="segment-people figure"><strong>${counted(health?.members, "people")}</strong>${shareOf(health) !== null && html`<span class="small quiet" title=${text("share.detail")}>${text("share", { share: percent(shareOf(health)) })}</span>`}</p>
      <div class="segment-tools">
        <a class="plain small-button" href=${link("/", asked)} aria-label=${text("live.of", { name: plain(segment.name) })}>${text("live")}</a>
        <a class="plain small-button" href=${link("/report", asked)} aria-label=${text("report.of", { name: plain(segment.name) })}>${text("report")}</a>
        <a class="plain small-button" href=${link(`/segments/${segment.id}`)} aria-label=${text(may("editor") ? "edit.of" : "look.of", { name: plain(segment.name) })}>${text(may("editor") ? "edit" : "look")}</a>
        ${may("editor") && html`<button type="button" class="plain small-button danger" aria-label=${text("delete.of", { name: plain(segment.name) })} onClick=${onDelete}>${text("delete")}</button>`}
      </div>
    </li>`;
}

function List() {
  const [words, setWords] = useState("");
  const [deleting, setDeleting] = useState(null);
  const all = segments.value;
  if (!all) return failed.value ? html`<${Failed} error=${failed.value} retry=${look} />` : html`<${Loading} lines=${6} />`;
  if (all.length === 0) return html`<div class="card"><${Empty} title=${text("empty")}><p>${text("empty.detail")}</p><p class="empty-do"><a class="primary" href=${link("/segments/new")}>${text("new")}</a></p><//></div>`;
  const shown = all.filter((one) => folded(one.name).includes(folded(words.trim())));
  return html`
    ${failed.value && html`<${Failed} error=${failed.value} retry=${look} />`}
    ${all.length > MANY && html`<input class="input search" type="search" aria-label=${text("search")} placeholder=${text("search")} value=${words} onInput=${(event) => setWords(event.target.value)} />`}
    ${shown.length ? html`<ul class="card segments">${shown.map((one) => html`<${Row} key=${one.id} segment=${one} onDelete=${() => setDeleting(one)} />`)}</ul>` : html`<div class="card"><${Empty} title=${text("search.none")} /></div>`}
    <p class="unseen" role="status">${words && counted(shown.length, "search.found")}</p>
    ${deleting && html`<${Deleting} segment=${deleting} onClose=${() => setDeleting(null)} onDeleted=${() => (setDeleting(null), tell(text("deleted")), look())} />`}`;
}

mount(() => html`
  <header class="page-head"><h1>${text("title")}</h1><a class="primary" href=${link("/segments/new")}>${text("new")}</a></header>
  <div class="stack">
    <div><${List} /></div>
    <section aria-labelledby="starters-title"><h2 id="starters-title">${text("starters")}</h2><p class="quiet small starters-lead">${text("starters.lead")}</p><${Presets} /></section>
  </div>
  <${Messages} />`);
keepLooking();
