// Live Report: a segment and everyone side by side, in figures, bars and files.

import { html, mount, useState } from "../html.js";
import { Failed, Empty, Dialog, Loading, Messages, seconds, Switch, tell } from "../parts.js";
import { ago, moment, plain } from "../figures.js";
import { labelled, link, may, Refused, save, text } from "../page.js";
import { paramsOf } from "../asked.js";
import { Chooser } from "./chooser.js";
import { Alone, Rates, Totals } from "./compared.js";
import { csvOf, fileName } from "./files.js";
import { Glance } from "./glance.js";
import { OverTime } from "./over_time.js";
import { pictureOf } from "./picture.js";
import { aboutEveryone, address, ask, asked, failed, keepLooking, look, report, segmentName } from "./state.js";
import { Tops } from "./top.js";

const editor = () => (asked.value.segment ? link(`/segments/${encodeURIComponent(asked.value.segment)}`) : link("/segments/new", { expression: asked.value.expression && JSON.stringify(asked.value.expression) }));
const current = () => (report.value?.of === asked.value ? report.value.told : null);
const gone = () => asked.value.wrong || (failed.value instanceof Refused && failed.value.status === 404);
const sentenceOf = (told) => (told && !aboutEveryone() ? plain(labelled(told.asked.sentence)) : "");

async function copy() {
  try {
    await navigator.clipboard.writeText(location.origin + address());
    tell(text("copied"));
  } catch {
    tell(text("not_copied"), true);
  }
}

async function saveCsv(of, told) {
  try {
    save(await csvOf(of), fileName(of, told, "csv"));
  } catch {
    tell(text("csv.failed"), true);
  }
}

async function savePicture(of, told) {
  try {
    save(await pictureOf(told, { name: segmentName(), sentence: sentenceOf(told), everyone: aboutEveryone() }), fileName(of, told, "png"));
  } catch {
    tell(text("png.failed"), true);
  }
}

/** Until when the figures count, and whether they are late. */
function Freshness({ told }) {
  if (!told) return html`<p class="small quiet report-fresh">${failed.value || asked.value.wrong ? "" : text("loading")}</p>`;
  const time = told.as_of && moment(told.as_of);
  return html`
    <p class=${`small report-fresh ${told.stale ? "late" : "quiet"}`}>
      <span title=${time ? text(told.stale ? "stale_detail" : "fresh_detail", { time }) : text("never_detail")}>${time ? html`${text(told.stale ? "stale" : "fresh", { time })} · ${ago(told.as_of, seconds.value)}` : text("never")}</span>
      <button type="button" class="plain small-button" title=${text("every")} onClick=${look}>${text("refresh")}</button>
    </p>`;
}

function Head({ told }) {
  const [choosing, setChoosing] = useState(false);
  const everyone = aboutEveryone();
  const lost = gone();
  const { segment, window, compare } = asked.value;
  const sentence = sentenceOf(told);
  return html`
    <header class="report-head">
      <div class="report-title">
        <h1><span class="report-over">${text("title")}</span> <span class="report-name">${(!lost && segmentName()) || text("segment")}</span></h1>
        ${sentence && sentence !== segmentName() && html`<p class="quiet report-sentence">${sentence}</p>`}
      </div>
      <div class="report-switches">
        <${Freshness} told=${told} />
        <${Switch} label=${text("window")} value=${window} choices=${["24h", "7d"].map((one) => [one, text(`window.${one}`)])} onChange=${(one) => ask({ window: one })} />
        ${!everyone && html`<${Switch} label=${text("compare")} value=${compare} choices=${["site", "others"].map((one) => [one, text(`compare.${one}`)])} onChange=${(one) => ask({ compare: one })} />`}
      </div>
      <div class="tools report-tools">
        ${!everyone && !lost && html`<button type="button" class="plain small-button" aria-haspopup="dialog" onClick=${() => setChoosing(true)}>${text("change")}</button>`}
        ${!lost && html`<a class="plain small-button" href=${link("/", paramsOf(asked.value))}>${text("live")}</a>`}
        ${!everyone && !lost && may("editor") && html`<a class="plain small-button" href=${editor()}>${text(segment ? "edit" : "save_segment")}</a>`}
        ${segment && !lost && may("editor") && html`<a class="plain small-button" href=${link("/hooks", { segment })}>${text("hook")}</a>`}
        ${!lost && html`<span class="report-files">
          <button type="button" class="plain small-button" onClick=${copy}>${text("copy")}</button>
          <button type="button" class="plain small-button" disabled=${!told} onClick=${() => saveCsv(asked.value, told)}>${text("csv")}</button>
          <button type="button" class="plain small-button" disabled=${!told} onClick=${() => savePicture(asked.value, told)}>${text("png")}</button>
        </span>`}
      </div>
      ${choosing && html`<${Dialog} title=${text("choose")} onClose=${() => setChoosing(false)}><${Chooser} chosen=${() => setChoosing(false)} /><//>`}
    </header>`;
}

function Figures({ told }) {
  const everyone = aboutEveryone();
  if (!told.site.visits) return html`<div class="card"><${Empty} title=${text("empty")}>${text("empty_detail")}<//></div>`;
  if (everyone) return html`<${Glance} report=${told} everyone=${true} /><${Alone} figures=${told.site} /><${Tops} top=${told.top} /><${OverTime} />`;
  if (!told.segment) {
    return html`<div class="card"><${Empty} title=${text("now_condition")}>${text("now_condition_detail")}<//></div><${Alone} figures=${told.site} /><${OverTime} save=${editor()} />`;
  }
  return html`<${Glance} report=${told} everyone=${false} /><${Rates} report=${told} /><${Totals} report=${told} /><${Tops} top=${told.top} /><${OverTime} save=${editor()} />`;
}

// figures of another window or comparison stay while these are on their way; those of other people do not
const like = (of) => of && of.segment === asked.value.segment && of.expression === asked.value.expression;

const Choose = () => html`
  <section class="card" aria-labelledby="choose"><div class="card-head"><h2 id="choose">${text("choose")}</h2><p class="small quiet">${text("choose_lead")}</p></div><div class="card-body"><${Chooser} /></div></section>`;

function Body({ told }) {
  if (gone()) return html`<${Failed} what=${text(asked.value.wrong ? "wrong_expression" : "gone")} /><${Choose} />`;
  if (failed.value && !told) return html`<${Failed} error=${failed.value} retry=${look} />`;
  const drawn = told ?? (like(report.value?.of) ? report.value.told : null);
  if (!drawn) return html`<div class="card card-body"><${Loading} lines=${8} /></div>`;
  return html`
    ${failed.value && html`<${Failed} retry=${look} what=${drawn.as_of ? text("behind", { time: moment(drawn.as_of) }) : text("failed")} />`}
    <div class=${told ? "stack" : "stack report-waiting"}><${Figures} told=${drawn} /></div>`;
}

function Page() {
  const told = current();
  return html`
    <${Head} told=${told} />
    <div class="stack report" aria-busy=${String(!told && !failed.value && !asked.value.wrong)}>
      ${aboutEveryone() && !gone() && html`<${Choose} />`}
      <${Body} told=${told} />
    </div>
    <${Messages} />`;
}

mount(Page);
keepLooking();
