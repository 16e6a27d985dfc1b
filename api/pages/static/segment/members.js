// Of a saved segment: how far it is judged, how many were in it over time, and who entered and left last.

import { Curve } from "../curve.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { call, text } from "../page.js";
import { counted, number, plain } from "../figures.js";
import { Ago, Chip, Empty, Failed, Loading, Press, seconds, Switch } from "../parts.js";
import { personLink } from "../people.js";
import { Health } from "../segments/health.js";

const EVERY_MS = 5000;
const SPANS = [24, 168, 720];
const FIRST = 10;
const NO_MORE = { type: null, rows: [], cursor: undefined };
const same = (one, other) => one.id === other.id && one.type === other.type;

/** Look at once, again every few seconds while the page is looked at, and anew when `of` changes: [what was found, what failed, look]. */
function useLooking(look, of) {
  const [told, setTold] = useState({ of: null, found: null, failed: null });
  const newest = useRef(of);
  newest.current = of;
  const again = () => look().then((found) => newest.current === of && setTold({ of, found, failed: null }), (failed) => newest.current === of && setTold((before) => ({ ...before, failed })));
  useEffect(() => {
    let here = true;
    let timer = 0;
    const keep = async () => {
      if (!document.hidden) await again();
      if (here) timer = setTimeout(keep, EVERY_MS);
    };
    keep();
    return () => ((here = false), clearTimeout(timer));
  }, [of]);
  return [told.of === of ? told.found : null, told.failed, again];
}

/** Health and curve. */
export function Members({ segment }) {
  const [hours, setHours] = useState(24);
  const [now] = useLooking(() => call("GET", `/v1/segments/${segment.id}`), `${segment.id} ${segment.version}`);
  const [curve, failed, again] = useLooking(() => call("GET", `/v1/segments/${segment.id}/curve?hours=${hours}`), `${segment.id} ${hours}`);
  const health = now?.health ?? segment.health;
  const points = curve?.points.map((point) => [Date.parse(point.at), point.members]) ?? [];
  return html`
    <section class="card" aria-labelledby="members-title">
      <div class="card-head"><h2 id="members-title">${text("members")}</h2>
        <${Switch} label=${text("window")} value=${hours} choices=${SPANS.map((span) => [span, text(`span.${span}`)])} onChange=${setHours} /></div>
      <div class="card-body">
        <p class="members-now"><strong class="figure" data-members>${counted(health?.members, "people")}</strong><${Health} health=${health} /></p>
        ${health?.problem && html`<p class="notice wrong">${plain(health.problem)}</p>`}
        ${failed && !curve ? html`<${Failed} error=${failed} retry=${again} />`
          : !curve ? html`<${Loading} lines=${3} />`
          : points.length > 1 ? html`<${Curve} points=${points} series=${[{ name: text("members"), colour: "--accent", fill: true, shown: number }]} label=${text("members.curve")} />`
          : html`<${Empty} title=${text("members.empty")} />`}
      </div>
    </section>`;
}

/** Who entered and left, newest first. */
export function Transitions({ id }) {
  const [kept, setKept] = useState(NO_MORE);
  const [type, setType] = useState("");
  const [busy, setBusy] = useState(false);
  const path = (cursor) => `/v1/segments/${id}/transitions?${new URLSearchParams({ limit: FIRST, ...(type && { type }), ...(cursor && { cursor }) })}`;
  const [found, failed, again] = useLooking(() => call("GET", path()), `${id} ${type}`);
  const newest = found?.transitions ?? [];
  const touches = newest.some((one) => kept.rows.some((other) => same(one, other))); // else there are some between that nobody has read
  const more = kept.type === type && touches ? kept : NO_MORE;
  const rows = [...newest, ...more.rows].filter((one, nth, all) => all.findIndex((other) => same(one, other)) === nth);
  const cursor = more.cursor === undefined ? found?.next_cursor : more.cursor;
  const follow = async () => {
    setBusy(true);
    await call("GET", path(cursor)).then((told) => setKept({ type, rows: [...rows, ...told.transitions], cursor: told.next_cursor }), again);
    setBusy(false);
  };
  return html`
    <section class="card" aria-labelledby="transitions-title">
      <div class="card-head"><h2 id="transitions-title">${text("transitions")}</h2>
        <${Switch} label=${text("transitions.which")} value=${type} choices=${[["", text("transitions.both")], ["entered", text("entered")], ["exited", text("exited")]]} onChange=${setType} /></div>
      ${failed && !found ? html`<div class="card-body"><${Failed} error=${failed} retry=${again} /></div>`
        : !found ? html`<div class="card-body"><${Loading} lines=${4} /></div>`
        : rows.length === 0 ? html`<${Empty} title=${text("transitions.empty")} />`
        : html`
          <ul class="rows" data-transitions>
            ${rows.map((one) => html`
              <li class="row transition" key=${`${one.id} ${one.type}`}>
                <${Chip} kind=${one.type === "entered" ? "accent" : ""}>${text(one.type === "entered" ? "entered" : "exited")}<//>
                <a class="cut row-main" href=${personLink(one.person_id)}>${plain(one.person_id)}</a>
                <span class="small quiet">${text(`reason.${one.reason}`)}</span>
                <span class="small quiet row-time"><${Ago} at=${one.at} now=${seconds.value} /></span>
              </li>`)}
          </ul>
          ${cursor && html`<div class="card-body rows-more"><${Press} class="plain small-button" off=${busy} onClick=${follow}>${text("more")}<//></div>`}`}
    </section>`;
}
