// The head of Live: whom it is about, and where one goes on with them.

import { html, useState } from "../html.js";
import { call, labelled, link, text } from "../page.js";
import { moment, plain } from "../figures.js";
import { paramsOf } from "../asked.js";
import { useTold } from "../asking.js";
import { Switch } from "../parts.js";
import { Sign } from "../signs.js";
import { about, asked, choose, counters, line } from "./state.js";

const UNSAVED = "(unsaved)"; // no id of a segment has brackets
const EVERY_MS = 60_000;

function Choice() {
  const { segment, expression } = asked.value;
  const [unsaved] = useState(expression); // stays to be chosen again
  const segments = useTold((signal) => call("GET", "/v1/segments", undefined, { signal }), EVERY_MS).told?.segments ?? [];
  const known = segments.some((one) => one.id === segment);
  const pick = (event) => {
    const value = event.currentTarget.value;
    choose(value === UNSAVED ? { segment: null, expression: unsaved } : { segment: value || null, expression: null });
  };
  return html`
    <label class="pick">
      <span class="unseen">${text("segment")}</span>
      <select class="pick-list" value=${expression ? UNSAVED : (segment ?? "")} onChange=${pick}>
        <option value="">${text("everyone")}</option>
        ${unsaved && html`<option value=${UNSAVED}>${text("unsaved")}</option>`}
        ${segment && !known && html`<option value=${segment}>${plain(about.value?.segment.name ?? text("segment"))}</option>`}
        ${segments.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}
      </select>
    </label>`;
}

function builder({ segment, expression }) {
  if (segment) return [link(`/segments/${encodeURIComponent(segment)}`), text("open_segment")];
  return [link("/segments/new", { expression: expression && JSON.stringify(expression) }), text(expression ? "change" : "build")];
}

export function Head() {
  const chosen = asked.value;
  const [address, words] = builder(chosen);
  const sentence = (chosen.segment || chosen.expression) && (counters.value ?? about.value)?.segment.sentence;
  return html`
    <header class="live-head">
      <div class="page-head">
        <h1>${text("title")}</h1>
        <div class="tools">
          <${Choice} />
          <${Switch} label=${text("window")} value=${chosen.window} choices=${["24h", "7d"].map((one) => [one, text(`window.${one}`)])} onChange=${(window) => choose({ window })} />
          <a class="plain" href=${address}><${Sign} name="people" />${words}</a>
          <a class="primary" href=${link("/report", paramsOf(chosen))}><${Sign} name="report" />${text("report")}</a>
        </div>
      </div>
      ${sentence && html`<p class="quiet sentence" title=${plain(labelled(sentence))}>${plain(labelled(sentence))}</p>`}
    </header>`;
}

/** What is wrong with what is shown, quietly; nothing if nothing is. */
export function Line() {
  const stopped = counters.value?.stale && counters.value.as_of && line.value !== "lost";
  const said = line.value === "lost" ? text("lost") : stopped ? text("stopped", { time: moment(counters.value.as_of) }) : line.value === "asking" ? text("asking") : "";
  return html`<div role="status" class="line">${said && html`<p class=${line.value === "asking" && !stopped ? "line-said" : "line-said warn"}>${said}</p>`}</div>`;
}
