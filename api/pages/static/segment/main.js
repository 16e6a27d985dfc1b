// The builder: a new segment, or a saved one with its versions, its members and who entered and left.

import { paramsOf } from "../asked.js";
import { effect, html, mount, signal, useEffect, useState } from "../html.js";
import { call, decoded, labelled, link, may, Refused, text } from "../page.js";
import { plain } from "../figures.js";
import { Empty, Failed, Loading, Messages, Switch, tell } from "../parts.js";
import { Deleting } from "../segments/delete.js";
import { Presets } from "../segments/presets.js";
import { begin, begun, broken, changed, complete, fields, name, root, saved, untouched, wellFormed, wish } from "./draft.js";
import { Group } from "./group.js";
import { Json } from "./json.js";
import { Members, Transitions } from "./members.js";
import { keepPreviewing, preview } from "./preview.js";
import { Result, Sentence } from "./result.js";
import { Saving } from "./saving.js";
import { Versions } from "./versions.js";

const LONGEST = 24_000; // characters of an address, as it is sent
const PAUSE_MS = 300;
const told = new URLSearchParams(location.search);
const id = decoded(location.pathname.slice("/segments/".length));
const isNew = id === "new";
let kept = false;
const state = signal("loading"); // "loading", "ready", "gone", "never" or what was thrown

function askedExpression() {
  try {
    return told.has("expression") ? JSON.parse(told.get("expression")) : null;
  } catch {
    return null;
  }
}

async function load() {
  state.value = "loading";
  try {
    const [catalogue, segment] = await Promise.all([call("GET", "/v1/segments/fields"), isNew ? null : call("GET", `/v1/segments/${encodeURIComponent(id)}`)]);
    fields.value = catalogue.fields;
    saved.value = segment;
    name.value = segment?.name ?? told.get("name") ?? "";
    begin(segment?.expression ?? null, true);
    const asked = askedExpression();
    if (asked !== null) begin(asked, isNew);
    else if (told.has("expression")) tell(text("link_broken"), true);
    state.value = "ready";
    keep();
  } catch (error) {
    state.value = error instanceof Refused && error.status === 404 ? await wasThere() : error;
  }
}

function keep() {
  if (kept) return;
  kept = true;
  keepPreviewing();
  keepAddress();
}

const wasThere = () => call("GET", `/v1/segments/${encodeURIComponent(id)}/history`).then(() => "gone", () => "never");

/** The draft stands in the address, so that a link to it shows it. */
function keepAddress() {
  let timer = 0;
  effect(() => {
    const drafted = changed.value || (isNew && !untouched.value) ? JSON.stringify(complete.value.expression) : null;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const named = isNew ? { name: name.peek() } : {};
      const address = link(location.pathname, { expression: drafted, ...named });
      history.replaceState(null, "", address.length < LONGEST ? address : link(location.pathname, named));
    }, PAUSE_MS);
  });
}

/** Put the focus where an edit wanted it. */
function granted() {
  if (!wish.value) return;
  const { id: node, part } = wish.value;
  const place = document.querySelector(`[data-node="${node}"]`);
  const found = [part, "value", "operator", "field", "add"].map((one) => place?.querySelector(`[data-part="${one}"]:not([disabled])`)).find(Boolean);
  found?.focus();
  wish.value = null;
}

function Builder() {
  const [view, setView] = useState("form");
  const [saving, setSaving] = useState(null);
  const [deleting, setDeleting] = useState(false);
  const segment = saved.value;
  const asked = paramsOf(segment && !changed.value ? { segment: segment.id, expression: null } : { segment: null, expression: complete.value.expression });
  useEffect(granted, [root.value, wish.value]);

  const onSaved = (found) => {
    begin(found.expression, true);
    setSaving(null);
    if (isNew) return location.assign(link(`/segments/${found.id}`));
    saved.value = found;
    name.value = found.name;
    tell(text("saved", { n: found.version }));
  };
  const save = () => {
    if (!wellFormed.value || preview.value.errors.size + preview.value.general.length > 0) return tell(text("save.not_yet"), true);
    setSaving({ expression: complete.value.expression, sentence: null, name: name.value, title: text(segment ? "save.edit" : "save.new") });
  };
  const restore = (version) => setSaving({ expression: version.expression, sentence: version.sentence, name: version.name, title: text("version.restoring", { n: version.version }) });

  return html`
    <header class="page-head">
      <h1 class="clamp">${segment ? plain(segment.name) : text("new")}</h1>
      <div class="tools">
        <a class="plain" href=${link("/", asked)}>${text("to_live")}</a>
        <a class="plain" href=${link("/report", asked)}>${text("to_report")}</a>
        ${segment && may("editor") && html`<button type="button" class="plain danger" onClick=${() => setDeleting(true)}>${text("delete")}</button>`}
        ${may("editor") && (segment && !changed.value
          ? html`<button type="button" class="plain" data-rename onClick=${save}>${text("rename")}</button>`
          : html`<button type="button" class="primary" data-save onClick=${save}>${text(segment ? "save.edit" : "save")}</button>`)}
      </div>
    </header>
    ${!may("editor") && html`<p class="notice viewer">${text("viewer")}</p>`}
    ${isNew && untouched.value && html`<section class="starters" aria-labelledby="starters-title"><h2 id="starters-title">${text("starters")}</h2><${Presets} onChoose=${(preset) => (begin(preset.expression, false), (name.value = labelled(preset.labels)))} /></section>`}
    <div class="builder">
      <section class="card builder-form" aria-labelledby="form-title">
        <div class="card-head"><h2 id="form-title">${text("conditions")}</h2>
          <${Switch} label=${text("view")} value=${view} choices=${[["form", text("view.form")], ["json", text("view.json")]]} onChange=${setView} /></div>
        <div class="card-body">
          ${view === "json" ? html`<${Json} key=${begun.value} />`
            : broken.value !== null ? html`<p class="refused">${text("json.broken")}</p>`
            : html`<${Group} node=${root.value} path=${[]} fields=${fields.value} depth=${1} />`}
        </div>
        <div class="builder-foot"><${Sentence} />
          ${segment && changed.value && html`<p class="draft small"><span>${text("draft")}</span><button type="button" class="plain small-button" onClick=${() => begin(segment.expression, true)}>${text("draft.drop")}</button></p>`}</div>
      </section>
      <${Result} />
    </div>
    ${segment && html`
      <div class="stack after">
        <${Members} segment=${segment} />
        <div class="halves">
          <${Transitions} id=${segment.id} />
          <section class="card" aria-labelledby="versions-title"><div class="card-head"><h2 id="versions-title">${text("versions")}</h2></div><${Versions} id=${segment.id} version=${segment.version} onRestore=${changed.value ? null : restore} /></section>
        </div>
      </div>`}
    ${saving && html`<${Saving} segment=${segment} ...${saving} onSaved=${onSaved} onClose=${() => setSaving(null)} />`}
    ${deleting && html`<${Deleting} segment=${segment} onClose=${() => setDeleting(false)} onDeleted=${() => (begin(null, true), location.assign(link("/segments")))} />`}`;
}

const Gone = () => html`
  <header class="page-head"><h1>${text("gone")}</h1></header>
  <p class="quiet">${text("gone.detail")}</p>
  <section class="card after" aria-labelledby="versions-title"><div class="card-head"><h2 id="versions-title">${text("versions")}</h2></div><${Versions} id=${encodeURIComponent(id)} version=${0} /></section>`;

function Page() {
  const now = state.value;
  const trail = html`<p class="trail small"><a href=${link("/segments")}>${text("to_list")}</a></p>`;
  const shown = now === "ready" ? html`<${Builder} />` : now === "gone" ? html`<${Gone} />`
    : html`<h1>${text("title")}</h1>${now === "loading" ? html`<${Loading} lines=${5} />` : now === "never" ? html`<${Empty} title=${text("never_there")}><a href=${link("/segments")}>${text("to_list")}</a><//>` : html`<${Failed} error=${now} retry=${load} />`}`;
  return html`${trail}${shown}<${Messages} />`;
}

addEventListener("beforeunload", (event) => changed.peek() && may("editor") && event.preventDefault());
mount(Page);
load();
