// Who changed what: newest first, page by page.

import { html, useEffect, useState } from "../html.js";
import { call, text, texts } from "../page.js";
import { NONE, dateTime, number, plain } from "../figures.js";
import { Empty, Failed, Loading, Press, said, tell } from "../parts.js";

const SIZE = 30;

/** A value of an entry in words. */
function shown(key, value) {
  if (key === "segment_count" && value === null) return text("all_segments");
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return text(value ? "yes" : "no");
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return value.map((one) => (one in texts ? text(one) : plain(one))).join(" · ");
  return key === "role" && `role.${value}` in texts ? text(`role.${value}`) : plain(value);
}

/** [[key, before, after], ...] of what is different; of what was made or taken away, all of it. */
function differences({ before, after }) {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return keys
    .filter((key) => !(before && after) || JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => [key, before?.[key], after?.[key]]);
}

const label = (key) => (`key.${key}` in texts ? text(`key.${key}`) : plain(key));

function Entry({ one }) {
  const both = one.before && one.after;
  const told = differences(one);
  return html`
    <li class="entry" data-entry=${one.id}>
      <p class="entry-time small quiet">${dateTime(one.at)}</p>
      <div class="entry-what">
        <p>${`what.${one.what}` in texts ? text(`what.${one.what}`) : plain(one.what)} <code class="small quiet">${plain(one.which)}</code></p>
        ${told.length > 0 && html`
          <dl class="small">
            ${told.map(([key, before, after]) => html`<div><dt>${label(key)}</dt><dd>${both ? html`<del><span class="unseen">${text("before")} </span>${shown(key, before)}</del> <span aria-hidden="true">→</span> <ins><span class="unseen">${text("after")} </span>${shown(key, after)}</ins>` : shown(key, one.after ? after : before)}</dd></div>`)}
          </dl>`}
        ${both && !told.length && html`<p class="small quiet">${text("no_difference")}</p>`}
      </div>
      <p class="entry-who small"><span>${one.who_kind === "key" ? text("by_key", { id: plain(one.who) }) : plain(one.who)}</span>${one.address && html`<span class="quiet">${plain(one.address)}</span>`}</p>
    </li>`;
}

/** `fresh`: a number that changes when there is something new. */
export function Audit({ fresh }) {
  const [entries, setEntries] = useState(null);
  const [cursor, setCursor] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const load = (after) => call("GET", `/v1/audit?${new URLSearchParams({ limit: SIZE, ...(after && { cursor: after }) })}`);

  async function look() {
    setError(null);
    try {
      const told = await load("");
      setEntries(told.entries);
      setCursor(told.next_cursor);
    } catch (refused) {
      setError(refused);
    }
  }
  useEffect(() => void look(), [fresh]);

  async function more() {
    setBusy(true);
    try {
      const told = await load(cursor);
      setEntries((before) => [...before, ...told.entries]);
      setCursor(told.next_cursor);
    } catch (refused) {
      tell(said(refused), true);
    }
    setBusy(false);
  }

  return html`
    <section class="card" aria-labelledby="audit-title">
      <header class="card-head"><h2 id="audit-title">${text("audit")}</h2><button class="plain small-button" type="button" onClick=${look}>${text("look_again")}</button></header>
      ${error && html`<div class="card-body"><${Failed} error=${error} retry=${look} what=${text("audit_failed")} /></div>`}
      ${!entries && !error && html`<div class="card-body"><${Loading} lines=${4} /></div>`}
      ${entries && !entries.length && html`<${Empty} title=${text("no_entries")}>${text("no_entries_detail")}</${Empty}>`}
      ${entries && entries.length > 0 && html`<ul class="entries">${entries.map((one) => html`<${Entry} key=${one.id} one=${one} />`)}</ul>`}
      ${cursor && html`<p class="more"><${Press} class="plain" off=${busy} onClick=${more}>${text("more")}<//></p>`}
    </section>`;
}
