// The input for the value of a condition, by what its operator takes.

import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { currency, decimalsOf, labelled, text, texts, timezone } from "../page.js";
import { plain } from "../figures.js";
import { Texts } from "./chips.js";
import { asTyped, endsOf, SECONDS, typed, unitOf, whole, withEnd } from "./values.js";
import { fromClock, onClock } from "./zone.js";

const minorDigits = decimalsOf(currency);
const zone = timezone || "UTC";

/** What a field is counted in; "" if in nothing. */
export function unitName(field) {
  const unit = field.unit === "currency" ? currency : field.unit;
  return unit ? texts[`of.${unit}`] ?? unit : "";
}

/** A number in a smaller unit; undefined if it is not whole there. A factor of 1 leaves it as it is. */
function times(number, factor) {
  if (number === undefined || factor === 1) return number;
  const rounded = Math.round(number * factor);
  return Math.abs(number * factor - rounded) < 1e-6 && whole(rounded) ? rounded : undefined;
}

/** A number, typed with separators; `onValue(undefined)` if it is none. `factor`: how many of the value's units one of the shown has. */
function Figure({ value, onValue, label, decimals = 0, scale = 0, factor = 1, described }) {
  const shown = (number) => asTyped(number === undefined || number === null ? number : number / factor, scale);
  const [words, setWords] = useState(() => shown(value));
  const told = useRef(value);
  useLayoutEffect(() => {
    if ((told.current ?? null) !== (value ?? null)) setWords(shown(value));
    told.current = value;
  }, [value]);
  const type = (event) => {
    const next = times(typed(event.target.value, decimals, scale), factor);
    setWords(event.target.value);
    told.current = next;
    onValue(next);
  };
  return html`<input class="input figure value-number" data-part="value" style=${{ "--digits": Math.min(22, Math.max(6, words.length + 1)) }} inputmode=${decimals ? "decimal" : "numeric"} autocomplete="off" aria-label=${label} aria-describedby=${described}
    value=${words} onInput=${type} onBlur=${() => told.current !== undefined && told.current !== null && setWords(shown(told.current))} />`;
}

const formOf = (field) => ({
  decimals: field.type === "decimal" ? 12 : field.type === "money" ? minorDigits : 0,
  scale: field.type === "money" ? minorDigits : 0,
});

const Units = ({ units, value, onChange }) => html`
  <select class="value-unit" aria-label=${text("unit")} value=${value} onChange=${(event) => onChange(event.target.value)}>
    ${units.map((unit) => html`<option value=${unit} selected=${unit === value}>${text(`length.${unit}`)}</option>`)}
  </select>`;

function Single({ field, value, onValue, described }) {
  if (field.type === "duration") return html`<${Lengths} ends=${[value]} onEnds=${([next]) => onValue(next)} described=${described} />`;
  return html`<span class="pair"><${Figure} ...${formOf(field)} value=${value} onValue=${onValue} label=${text("value")} described=${described} /><span class="unit">${unitName(field)}</span></span>`;
}

function Between({ field, value, onValue, described }) {
  const ends = endsOf(value);
  const onEnd = (nth, next) => onValue(withEnd(value, nth, next));
  const onEnds = (next) => onValue(next.reduce((told, end, nth) => withEnd(told, nth, end), value));
  if (field.type === "duration") return html`<${Lengths} ends=${ends} onEnds=${onEnds} described=${described} />`;
  const unit = unitName(field);
  return html`
    <span class="pair">${text("range.from") && html`<span class="unit">${text("range.from")}</span>`}
      <${Figure} ...${formOf(field)} value=${ends[0]} onValue=${(next) => onEnd(0, next)} label=${text("value.from")} described=${described} />
      <span class="unit">${text("range.to", { unit })}</span></span>
    <span class="pair"><${Figure} ...${formOf(field)} value=${ends[1]} onValue=${(next) => onEnd(1, next)} label=${text("value.to")} described=${described} />
      <span class="unit">${text("range.end", { unit })}</span></span>`;
}

/** One or two lengths in seconds, shown in the unit that suits them. */
function Lengths({ ends, onEnds, described }) {
  const [unit, setUnit] = useState(unitOf(...ends));
  const factor = SECONDS[unit];
  const choose = (next) => {
    onEnds(ends.map((end) => (end === undefined ? end : Math.round((end / factor) * SECONDS[next]))));
    setUnit(next);
  };
  const figure = (nth, label) => html`<${Figure} key=${`${unit}${nth}`} decimals=${factor === 1 ? 0 : 2} factor=${factor} value=${ends[nth]} onValue=${(next) => onEnds(ends.map((end, one) => (one === nth ? next : end)))} label=${label} described=${described} />`;
  const units = html`<${Units} units=${Object.keys(SECONDS).reverse()} value=${unit} onChange=${choose} />`;
  if (ends.length === 1) return html`<span class="pair">${figure(0, text("value"))}${units}</span>`;
  return html`
    <span class="pair">${text("range.from") && html`<span class="unit">${text("range.from")}</span>`}${figure(0, text("value.from"))}<span class="unit">${text("range.to", { unit: text(`length.${unit}`) })}</span></span>
    <span class="pair">${figure(1, text("value.to"))}${units}<span class="unit">${text("range.end", { unit: "" })}</span></span>`;
}

const SPAN_UNITS = ["minutes", "hours", "days"];

/** A length of time in one unit; of one that was written in several, each has its own figure. */
function Span({ value = { days: null }, onValue, described }) {
  const keys = SPAN_UNITS.filter((unit) => unit in value).reverse();
  const figure = (key) => html`<${Figure} key=${key} value=${value[key] ?? undefined} onValue=${(next) => onValue({ ...value, [key]: next >= 0 ? next : null })} label=${text("value")} described=${described} />`;
  if (keys.length !== 1) return keys.map((key) => html`<span class="pair" key=${key}>${figure(key)}<span class="unit">${text(`length.${key}`)}</span></span>`);
  return html`<span class="pair">${figure(keys[0])}<${Units} units=${SPAN_UNITS} value=${keys[0]} onChange=${(unit) => onValue({ [unit]: value[keys[0]] })} /></span>`;
}

const Instant = ({ value, onValue, described }) => html`
  <input class="input" type="datetime-local" data-part="value" aria-label=${text("value.time")} aria-describedby=${described} value=${value ? onClock(value, zone) : ""}
    onInput=${(event) => onValue(event.target.value ? fromClock(event.target.value, zone) : undefined)} />
  <span class="unit small" title=${text("zone.detail")}>${zone}</span>`;

const Words = ({ field, value, onValue, described, equal }) =>
  field.choices.length && equal
    ? html`
      <select data-part="value" aria-label=${text("value")} aria-describedby=${described} value=${value ?? ""} onChange=${(event) => onValue(event.target.value || undefined)}>
        <option value="" selected=${!value}>${text("choose")}</option>
        ${value && !field.choices.some((choice) => choice.value === value) && html`<option value=${value} selected>${plain(value)}</option>`}
        ${field.choices.map((choice) => html`<option value=${choice.value} selected=${choice.value === value}>${labelled(choice.labels)}</option>`)}
      </select>`
    : html`<input class="input value-text" data-part="value" aria-label=${text("value")} aria-describedby=${described} autocomplete="off" spellcheck=${false}
        placeholder=${exampleOf(field)} value=${value ?? ""} onInput=${(event) => onValue(event.target.value || undefined)} />`;

/** What a text may look like: "e.g. iOS". */
export function exampleOf(field) {
  const told = field.example.value;
  const value = Array.isArray(told) ? told[0] : told;
  return typeof value === "string" && !field.choices.length ? text("example", { value }) : undefined;
}

/** The input for the value of a condition. `described`: id of what is said of it; `onValue(value)`, undefined for one that is no value yet. */
export function Value({ field, operator, value, onValue, described }) {
  const told = { field, value, onValue, described };
  switch (operator.takes) {
    case "whole":
    case "decimal":
      return html`<${Single} ...${told} />`;
    case "range":
    case "decimals":
      return html`<${Between} ...${told} />`;
    case "text":
      return html`<${Words} ...${told} equal=${operator.name === "is" || operator.name === "is_not"} />`;
    case "texts":
      return html`<${Texts} ...${told} hint=${exampleOf(field)} />`;
    case "span":
      return html`<${Span} ...${told} />`;
    case "point":
      return html`<${Instant} ...${told} />`;
    default:
      return null;
  }
}
