// One hook: what it is told of, its secret, and what became of what it was told. `/hooks/new`: the form alone.

import { html, mount, useRef, useState } from "../html.js";
import { call, decoded, link, may, text } from "../page.js";
import { dateTime, plain } from "../figures.js";
import { Chip, Dialog, Failed, Loading, Messages, Press, said, tell } from "../parts.js";
import { useTold } from "../asking.js";
import { Deliveries } from "./deliveries.js";
import { Form } from "./form.js";
import { ReplayMany } from "./replay.js";
import { Secret } from "./secret.js";
import { hostOf } from "../people.js";
import { State, againOf, delayOf, eventsOf, segmentsOf, stateOf, whyOf } from "./words.js";

const EVERY_MS = 5000;
const SEGMENTS_EVERY_MS = 60_000;
const asked = decoded(location.pathname.split("/")[2] ?? "");
const NEW = "new";

const Back = () => html`<a class="back" href=${link("/hooks")}><span aria-hidden="true">←</span> ${text("back")}</a>`;

/** Ask before something is done that cannot be taken back. */
function Sure({ title, detail, action, danger, onSure, onClose }) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const sure = async () => {
    setBusy(true);
    try {
      await onSure();
    } catch (error) {
      setWrong(said(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title=${title} onClose=${() => busy || onClose()}>
      <p>${detail}</p>
      ${wrong && html`<p class="notice wrong" role="alert">${wrong}</p>`}
      <div class="dialog-foot">
        <${Press} class="plain" off=${busy} onClick=${onClose}>${text("cancel")}<//>
        <button class=${danger ? "plain danger" : "primary"} type="button" disabled=${busy} onClick=${sure}>${action}</button>
      </div>
    </${Dialog}>`;
}

const Told = ({ hook, names }) => html`
  <dl class="told">
    <div><dt>${text("field.url")}</dt><dd><code>${plain(hook.url)}</code></dd></div>
    <div><dt>${text("field.events")}</dt><dd>${eventsOf(hook)}</dd></div>
    <div><dt>${text("field.segments")}</dt><dd class="chips">${segmentsOf(hook, names).map((name) => html`<${Chip}>${name}</${Chip}>`)}</dd></div>
    <div><dt>${text("field.policy")}</dt><dd>${againOf(hook.policy)}</dd></div>
    <div><dt>${text("field.delay")}</dt><dd>${delayOf(hook)}</dd></div>
    <div><dt>${text("made")}</dt><dd>${dateTime(hook.created_at)}</dd></div>
  </dl>`;

/** What a hook is told of, as the API is told it: without segments that are not there any more. `there`: ids of those that are. */
function bodyOf(hook, there, active) {
  const { url, events, policy, delay_seconds } = hook;
  return { url, events, policy, delay_seconds, active, segments: hook.segments?.filter((id) => there.has(id)) ?? null };
}

function Hook({ hook, segments, names, again, secret, setSecret }) {
  const [editing, setEditing] = useState(false);
  const [dialog, setDialog] = useState("");
  const [busy, setBusy] = useState(false);
  const [fresh, setFresh] = useState(0);
  const heading = useRef(null);
  const close = () => setDialog("");
  const state = stateOf(hook);

  async function act(done) {
    setBusy(true);
    try {
      await done();
    } catch (error) {
      tell(said(error), true);
    }
    setBusy(false);
    again();
  }

  const test = () => act(async () => (await call("POST", `/v1/hooks/${hook.id}/test`), tell(text("test_sent")), setFresh((one) => one + 1)));
  const turn = (active) =>
    act(async () => {
      const now = await call("GET", "/v1/segments"); // those that are known here may be a minute old
      const body = bodyOf(hook, new Set(now.segments.map((one) => one.id)), active);
      if (body.segments?.length === 0) return tell(text("wrong.segment_gone"), true);
      await call("PUT", `/v1/hooks/${hook.id}`, body);
      tell(text(active ? "resumed" : "paused"));
    });
  const rotate = async () => (setSecret(await call("POST", `/v1/hooks/${hook.id}/secret`)), close(), again());
  const remove = async () => (await call("DELETE", `/v1/hooks/${hook.id}`), location.assign(link("/hooks")));
  const shut = () => {
    setEditing(false);
    requestAnimationFrame(() => document.querySelector("[data-change]")?.focus());
  };

  return html`
    <header class="page-head">
      <h1 ref=${heading} tabindex="-1">${plain(hostOf(hook.url))}</h1>
      ${may("editor") && html`
        <div class="tools">
          ${hook.active && html`<${Press} class="plain" off=${busy} onClick=${test}>${text("test")}<//>`}
          <${Press} class="plain" off=${busy} onClick=${() => turn(!hook.active)}>${text(hook.active ? "pause" : "resume")}<//>
        </div>`}
    </header>
    <div class="stack">
      ${secret && html`<${Secret} told=${secret} onKept=${() => (setSecret(null), heading.current.focus())} />`}
      ${state === "disabled" && html`<div class="notice wrong" role="status"><p><strong>${text("disabled.title")}</strong> ${text("disabled.detail", { reason: whyOf(hook.disabled), time: dateTime(hook.disabled.at) })}</p></div>`}
      <section class="card" aria-labelledby="terms-title">
        <header class="card-head">
          <h2 id="terms-title">${text("terms")} <${State} hook=${hook} /></h2>
          ${may("editor") && !editing && html`
            <div class="tools">
              <button class="plain small-button" type="button" data-change onClick=${() => setEditing(true)}>${text("change")}</button>
              <button class="plain small-button" type="button" onClick=${() => setDialog("secret")}>${text("secret.change")}</button>
              <button class="plain small-button danger" type="button" onClick=${() => setDialog("delete")}>${text("delete")}</button>
            </div>`}
        </header>
        ${editing
          ? html`<${Form} hook=${hook} segments=${segments} onCancel=${shut} onSaved=${() => (shut(), tell(text("saved")), again())} />`
          : html`<div class="card-body"><${Told} hook=${hook} names=${names} />${hook.old_secret_until && html`<p class="small quiet old-secret">${text("secret.old_until", { time: dateTime(hook.old_secret_until) })}</p>`}</div>`}
      </section>
      <${Deliveries} hook=${hook} names=${names} fresh=${fresh} onReplayMany=${() => setDialog("replay")} />
    </div>
    ${dialog === "secret" && html`<${Sure} title=${text("secret.change")} detail=${text("secret.change_detail")} action=${text("secret.change")} onSure=${rotate} onClose=${close} />`}
    ${dialog === "delete" && html`<${Sure} danger=${true} title=${text("delete.title")} detail=${text("delete.detail", { host: plain(hostOf(hook.url)) })} action=${text("delete")} onSure=${remove} onClose=${close} />`}
    ${dialog === "replay" && html`<${ReplayMany} hook=${hook} onClose=${close} onDone=${() => (close(), setFresh((one) => one + 1))} />`}`;
}

function New({ segments, onMade }) {
  const segment = new URLSearchParams(location.search).get("segment");
  const there = segments.some((one) => one.id === segment);
  const chosen = there ? [segment] : segment ? [] : null;
  return html`
    <header class="page-head"><h1>${text("new")}</h1></header>
    ${may("editor")
      ? html`${segment && !there && html`<p class="notice wrong" role="status">${text("segment_gone")}</p>`}<section class="card"><${Form} hook=${null} segments=${segments} chosen=${chosen} onSaved=${onMade} onCancel=${() => location.assign(link("/hooks", { segment: there ? segment : "" }))} /></section>`
      : html`<p class="notice">${text("no_right")}</p>`}`;
}

function Page() {
  const [id, setId] = useState(asked);
  const [secret, setSecret] = useState(null);
  const listed = useTold((signal) => call("GET", "/v1/segments", undefined, { signal }), SEGMENTS_EVERY_MS);
  const found = useTold((signal) => (id === NEW ? Promise.resolve(null) : call("GET", `/v1/hooks/${encodeURIComponent(id)}`, undefined, { signal })), EVERY_MS, [id]);
  const segments = listed.told?.segments;
  const names = new Map(segments?.map((one) => [one.id, one.name]));
  const hook = found.told;
  const error = found.error ?? listed.error;

  function made(told) {
    history.replaceState(null, "", link(`/hooks/${told.id}`));
    setSecret({ secret: told.secret });
    setId(told.id);
  }

  const missing = error?.status === 404;
  return html`
    <${Back} />
    ${error && !missing && !hook && html`<header class="page-head"><h1>${text("title")}</h1></header>`}
    ${error && !missing && html`<${Failed} error=${error} what=${text("hook_failed")} retry=${() => (found.again(), listed.again())} />`}
    ${missing && html`<header class="page-head"><h1>${text("missing")}</h1></header><p class="quiet">${text("missing_detail")}</p>`}
    ${!error && !(segments && (id === NEW || hook)) && html`<header class="page-head"><h1>${text("title")}</h1></header><${Loading} lines=${5} />`}
    ${secret && !(segments && hook) && html`<${Secret} told=${secret} onKept=${() => setSecret(null)} />`}
    ${segments && id === NEW && html`<${New} segments=${segments} onMade=${made} />`}
    ${segments && hook && !missing && html`<${Hook} key=${hook.id} hook=${hook} segments=${segments} names=${names} again=${found.again} secret=${secret} setSecret=${setSecret} />`}
    <${Messages} />`;
}

mount(Page);
