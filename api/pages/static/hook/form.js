// The form of a hook: what stands in it, what the API is told, and what was wrong.

import { html, useEffect, useRef, useState } from "../html.js";
import { call, text } from "../page.js";
import { plain } from "../figures.js";
import { useUnsaved } from "../asking.js";
import { Field, Fields, faultsOf, focusWrong } from "../forms.js";

const EVENTS = ["segment.entered", "segment.exited"];
const UNITS = [["seconds", 1], ["minutes", 60], ["hours", 3600], ["days", 86400]];
const MANY = 8; // segments, from which on they can be searched

/** A span as a number and the greatest unit it is whole in. */
function parted(seconds) {
  const [unit, length] = [...UNITS].reverse().find(([, one]) => seconds % one === 0);
  return { count: String(seconds / length), unit };
}

const lengthOf = ({ count, unit }) => Number(count) * UNITS.find(([one]) => one === unit)[1];
const whole = ({ count }) => /^\d{1,9}$/.test(String(count).trim()) && Number(count) > 0;

/** What stands in the form of a hook; of null, of a new one for the segments `chosen` (ids; null: all). */
export function drafted(hook, chosen) {
  const again = hook?.policy.again ?? "always";
  const within = typeof again === "string" ? 86400 : again.not_within_seconds;
  return {
    url: hook?.url ?? "",
    events: hook?.events ?? ["segment.entered"],
    every: hook ? hook.segments === null : chosen === null,
    segments: hook?.segments ?? chosen ?? [],
    again: typeof again === "string" ? again : "not_within",
    within: parted(within),
    delayed: Boolean(hook?.delay_seconds),
    delay: parted(hook?.delay_seconds || 1800),
    active: hook?.active ?? true,
  };
}

/** The same as the API is told it. */
const bodyOf = (draft) => ({
  url: draft.url.trim(),
  events: EVENTS.filter((one) => draft.events.includes(one)),
  segments: draft.every ? null : draft.segments,
  policy: { again: draft.again === "not_within" ? { not_within_seconds: lengthOf(draft.within) } : draft.again },
  delay_seconds: draft.delayed ? lengthOf(draft.delay) : 0,
  active: draft.active,
});

/** What is missing before the API is asked: {field: words}. */
function missing(draft) {
  return Object.fromEntries(
    Object.entries({
      url: !draft.url.trim() && text("wrong.url_missing"),
      events: !draft.events.length && text("wrong.events"),
      segments: !draft.every && !draft.segments.length && text("wrong.segments"),
      policy: draft.again === "not_within" && !whole(draft.within) && text("wrong.span"),
      delay_seconds: draft.delayed && !whole(draft.delay) && text("wrong.span"),
    }).filter(([, words]) => words),
  );
}

// What the API says in English, by a part of it that stays.
const KNOWN = [
  ["url", "not on the public internet", "wrong.url_private"],
  ["url", "no URL", "wrong.url"],
  ["url", "begins with https", "wrong.url"],
  ["url", "user or password", "wrong.url_user"],
  ["url", "No #", "wrong.url_fragment"],
  ["segments", "no such segment", "wrong.segment_gone"],
  ["policy", "less than or equal", "wrong.within_long"],
  ["delay_seconds", "less than or equal", "wrong.delay_long"],
];

/** What the API said, by field, in the page's language where that is known. */
function refused(error) {
  const found = faultsOf(error);
  if (!Object.keys(found).length) return { "": text("offline") };
  return Object.fromEntries(
    Object.entries(found).map(([field, detail]) => {
      const known = KNOWN.find(([of, part]) => of === field && detail.includes(part));
      return [field, known ? text(known[2]) : plain(detail)];
    }),
  );
}

function Span({ name, value, units, label, error, onChange }) {
  const [own] = useState(value.unit); // offered even if it is none of the usual ones
  return html`
  <span class="span">
    <input class="input" type="text" inputmode="numeric" autocomplete="off" name=${name} aria-label=${label} aria-invalid=${error ? "true" : undefined} value=${value.count} onInput=${(event) => onChange({ ...value, count: event.target.value })} />
    <select aria-label=${text("unit")} value=${value.unit} onChange=${(event) => onChange({ ...value, unit: event.target.value })}>
      ${UNITS.map(([unit]) => unit).filter((unit) => units.includes(unit) || unit === own).map((unit) => html`<option value=${unit} selected=${unit === value.unit}>${text(`span.${unit}`)}</option>`)}
    </select>
  </span>`;
}

const Choice = ({ type = "radio", name, checked, onChange, children }) => html`
  <label class="choice"><input type=${type} name=${name} checked=${checked} onChange=${onChange} /><span>${children}</span></label>`;

function Segments({ segments, draft, set }) {
  const [sought, setSought] = useState("");
  const there = new Set(segments.map((one) => one.id));
  const shown = [...draft.segments.filter((id) => !there.has(id)).map((id) => ({ id, name: id })), ...segments].filter((one) => one.name.toLowerCase().includes(sought.trim().toLowerCase()));
  const toggle = (id) => set({ segments: draft.segments.includes(id) ? draft.segments.filter((one) => one !== id) : [...draft.segments, id] });
  if (!segments.length && !draft.segments.length) return html`<p class="quiet small">${text("no_segments")}</p>`;
  return html`
    <div class="segment-choices">
      ${segments.length > MANY && html`<input class="input" type="search" aria-label=${text("search_segments")} placeholder=${text("search_segments")} value=${sought} onInput=${(event) => setSought(event.target.value)} />`}
      <div class="segment-list">
        ${shown.map((one) => html`<${Choice} key=${one.id} type="checkbox" name=${`segment-${one.id}`} checked=${draft.segments.includes(one.id)} onChange=${() => toggle(one.id)}>${plain(one.name)}</${Choice}>`)}
        ${!shown.length && html`<p class="quiet small">${text("none_found")}</p>`}
      </div>
    </div>`;
}

/** `hook`: to be changed, or null for a new one. `onSaved`: is told what the API answered. */
export function Form({ hook, segments, chosen = null, onSaved, onCancel }) {
  const [draft, setDraft] = useState(() => drafted(hook, chosen));
  const [begun] = useState(() => JSON.stringify(draft));
  const overtaken = hook !== null && JSON.stringify(drafted(hook, chosen)) !== begun;
  const letGo = useUnsaved(JSON.stringify(draft) !== begun);
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  const set = (more) => setDraft((before) => ({ ...before, ...more }));
  useEffect(() => void (hook && form.current.querySelector("input").focus()), []);
  const tell = (found) => (setWrong(found), focusWrong(form.current));

  async function save(event) {
    event.preventDefault();
    const found = missing(draft);
    if (Object.keys(found).length) return tell(found);
    setBusy(true);
    setWrong({});
    try {
      const kept = await call(hook ? "PUT" : "POST", hook ? `/v1/hooks/${hook.id}` : "/v1/hooks", bodyOf(draft));
      letGo();
      onSaved(kept);
    } catch (error) {
      tell(refused(error));
    }
    setBusy(false);
  }

  const toggle = (one) => set({ events: draft.events.includes(one) ? draft.events.filter((other) => other !== one) : [...draft.events, one] });
  return html`
    <form class="card-body hook-form" ref=${form} onSubmit=${save} novalidate>
      <${Field} id="url" label=${text("field.url")} hint=${text("hint.url")} error=${wrong.url}>
        ${(told) => html`<input ...${told} type="url" name="url" inputmode="url" autocomplete="off" spellcheck=${false} maxlength="2000" placeholder="https://shop.example/hooks" value=${draft.url} onInput=${(event) => set({ url: event.target.value })} />`}
      </${Field}>
      <${Fields} id="events" label=${text("field.events")} error=${wrong.events}>
        ${EVENTS.map((one) => html`<${Choice} type="checkbox" name=${one} checked=${draft.events.includes(one)} onChange=${() => toggle(one)}>${text(one)}</${Choice}>`)}
      </${Fields}>
      <${Fields} id="segments" label=${text("field.segments")} error=${wrong.segments}>
        <${Choice} name="every" checked=${draft.every} onChange=${() => set({ every: true })}>${text("segments.all")}</${Choice}>
        <${Choice} name="every" checked=${!draft.every} onChange=${() => set({ every: false })}>${text("segments.chosen")}</${Choice}>
        ${!draft.every && html`<${Segments} segments=${segments} draft=${draft} set=${set} />`}
      </${Fields}>
      <${Fields} id="policy" label=${text("field.policy")} error=${wrong.policy}>
        <${Choice} name="again" checked=${draft.again === "always"} onChange=${() => set({ again: "always" })}>${text("policy.always")}</${Choice}>
        <${Choice} name="again" checked=${draft.again === "once"} onChange=${() => set({ again: "once" })}>${text("policy.once")}</${Choice}>
        <${Choice} name="again" checked=${draft.again === "not_within"} onChange=${() => set({ again: "not_within" })}>${text("policy.not_within")}</${Choice}>
        ${draft.again === "not_within" && html`<${Span} name="within" label=${text("policy.within")} units=${["hours", "days"]} value=${draft.within} error=${wrong.policy} onChange=${(within) => set({ within })} />`}
      </${Fields}>
      <${Fields} id="delay_seconds" label=${text("field.delay")} hint=${draft.delayed ? text("hint.delay") : ""} error=${wrong.delay_seconds}>
        <${Choice} name="delayed" checked=${!draft.delayed} onChange=${() => set({ delayed: false })}>${text("delay.none")}</${Choice}>
        <${Choice} name="delayed" checked=${draft.delayed} onChange=${() => set({ delayed: true })}>${text("delay.some")}</${Choice}>
        ${draft.delayed && html`<${Span} name="delay" label=${text("delay.how_long")} units=${["minutes", "hours", "days"]} value=${draft.delay} error=${wrong.delay_seconds} onChange=${(delay) => set({ delay })} />`}
      </${Fields}>
      <${Fields} id="active" label=${text("field.active")} hint=${draft.active ? "" : text("hint.paused")}>
        <${Choice} type="checkbox" name="active" checked=${draft.active} onChange=${() => set({ active: !draft.active })}>${text("active.on")}</${Choice}>
      </${Fields}>
      ${overtaken && html`<p class="notice wrong" role="alert">${text("overtaken")}</p>`}
      ${wrong[""] && html`<p class="notice wrong" role="alert">${wrong[""]}</p>`}
      <div class="form-foot">
        <button class="primary" disabled=${busy}>${text(hook ? "save" : "create")}</button>
        <button class="plain" type="button" onClick=${() => (letGo(), onCancel())}>${text("cancel")}</button>
      </div>
    </form>`;
}
