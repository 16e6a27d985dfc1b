// What a hook was told of, newest first, and what became of it.

import { html, useEffect, useRef, useState } from "../html.js";
import { call, may, text } from "../page.js";
import { counted, dateTime, plain, until } from "../figures.js";
import { Ago, Chip, Empty, Failed, Loading, Press, Switch, said, seconds, tell } from "../parts.js";
import { personLink } from "../people.js";
import { useTold } from "../asking.js";
import { lengthened, renewed } from "./ledger.js";
import { reasonOf } from "./reasons.js";

const EVERY_MS = 5000;
const SIZE = 25;
const STATUSES = ["", "waiting", "delivered", "failed", "skipped"];
const KINDS = { delivered: "good", failed: "bad", waiting: "accent", skipped: "" };

function Row({ one, name, open, onOpen, onReplay, paused }) {
  const [busy, setBusy] = useState(false);
  const place = `body-${one.webhook_id}`;
  const reason = reasonOf(one);
  const replay = async () => (setBusy(true), await onReplay(one), setBusy(false));
  return html`
    <li class="delivery" data-delivery=${one.webhook_id}>
      <p class="delivery-state"><${Chip} kind=${KINDS[one.status]}>${text(`delivery.${one.status}`)}</${Chip}></p>
      <div class="delivery-what">
        <p class="cut">${one.type === "hook.test" ? text("test_event") : html`${text(one.type)} · <strong>${plain(name(one.segment_id))}</strong>`}</p>
        ${one.person_id && html`<p class="cut small"><a href=${personLink(one.person_id)}>${plain(one.person_id)}</a></p>`}
      </div>
      <div class="delivery-why small">
        ${reason && html`<p>${reason}</p>`}
        <p class="quiet">${one.attempts ? counted(one.attempts, "attempts") : ""}${one.next_attempt_at && html`${one.attempts ? " · " : ""}<span title=${dateTime(one.next_attempt_at)}>${paused ? text("next_paused") : text("next_attempt", { time: until(one.next_attempt_at, seconds.value) })}</span>`}</p>
      </div>
      <p class="delivery-time small quiet figure"><${Ago} at=${one.at} now=${seconds.value} /></p>
      <p class="delivery-tools">
        <button class="plain small-button" type="button" aria-expanded=${String(open)} aria-controls=${place} onClick=${onOpen}>${text("body")}</button>
        ${may("editor") && html`<${Press} class="plain small-button" off=${busy} onClick=${replay}>${text("replay")}<span class="unseen"> ${plain(one.person_id ?? one.type)}</span><//>`}
      </p>
      <div class="delivery-body" id=${place} hidden=${!open}>
        ${open && html`
          <p class="small quiet">webhook-id <code>${one.webhook_id}</code> · ${dateTime(one.at)}</p>
          <pre tabindex="0" aria-label=${text("body")}>${plain(JSON.stringify(one.body, null, 2))}</pre>`}
      </div>
    </li>`;
}

/** `hook`; `names`: of segments by id; `fresh`: a number that changes when they should be asked for at once. */
export function Deliveries({ hook, names, fresh, onReplayMany }) {
  const [status, setStatus] = useState("");
  const [known, setKnown] = useState(null);
  const [open, setOpen] = useState(() => new Set());
  const [more, setMore] = useState(false);
  const deep = useRef(false);
  const address = (cursor = "") => `/v1/hooks/${hook.id}/deliveries?${new URLSearchParams({ limit: SIZE, ...(status && { status }), ...(cursor && { cursor }) })}`;
  const { told, error, again } = useTold((signal) => call("GET", address(), undefined, { signal }).then((page) => ({ page, status })), EVERY_MS, [hook.id, status]);

  useEffect(() => {
    if (told?.status === status) setKnown((before) => ({ ...renewed(before?.status === status ? before : null, told.page, deep.current || open.size > 0), status }));
  }, [told]);
  useEffect(() => void (fresh && again()), [fresh]);

  const choose = (chosen) => {
    deep.current = false;
    setStatus(chosen);
  };

  async function replay(one) {
    try {
      await call("POST", `/v1/hooks/${hook.id}/deliveries/${encodeURIComponent(one.webhook_id)}/replay`);
      tell(text("replayed.one"));
    } catch (refused) {
      tell(said(refused), true);
    }
    again();
  }

  async function lengthen() {
    setMore(true);
    try {
      const page = await call("GET", address(known.cursor));
      deep.current = true;
      setKnown((before) => (before.status === status ? { ...lengthened(before, page), status } : before)); // others are looked at by now
    } catch (refused) {
      tell(said(refused), true);
    }
    setMore(false);
  }

  const toggle = (id) => setOpen((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])));
  const shown = known?.status === status ? known : null;
  return html`
    <section class="card" aria-labelledby="deliveries-title">
      <header class="card-head">
        <h2 id="deliveries-title">${text("deliveries")}</h2>
        ${may("editor") && html`<button class="plain small-button" type="button" onClick=${onReplayMany}>${text("replay_many")}</button>`}
      </header>
      <div class="delivery-filter"><${Switch} label=${text("filter")} value=${status} choices=${STATUSES.map((one) => [one, text(one ? `delivery.${one}` : "delivery.all")])} onChange=${choose} /></div>
      ${error && html`<div class="card-body"><${Failed} error=${error} retry=${again} what=${text("deliveries_failed")} /></div>`}
      ${!shown && !error && html`<div class="card-body"><${Loading} lines=${4} /></div>`}
      ${shown && !shown.rows.length && html`<${Empty} title=${text(status ? "none_of_status" : "no_deliveries")}>${!status && text("no_deliveries_detail")}</${Empty}>`}
      ${shown && shown.rows.length > 0 && html`
        <ul class="deliveries">
          ${shown.rows.map((one) => html`<${Row} key=${one.webhook_id} one=${one} name=${(id) => names.get(id) ?? id} open=${open.has(one.webhook_id)} onOpen=${() => toggle(one.webhook_id)} onReplay=${replay} paused=${!hook.active} />`)}
        </ul>`}
      ${shown?.cursor && html`<p class="more"><${Press} class="plain" off=${more} onClick=${lengthen}>${text("more")}<//></p>`}
    </section>`;
}
