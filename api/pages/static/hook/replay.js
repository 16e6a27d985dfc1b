// Sending again all that failed since a moment.

import { html, useEffect, useState } from "../html.js";
import { call, serverNow, text } from "../page.js";
import { counted } from "../figures.js";
import { Dialog, Failed, Loading, Switch, said, tell } from "../parts.js";

const HOUR_MS = 3600_000;
const SPANS = { hour: HOUR_MS, day: 24 * HOUR_MS, three_days: 72 * HOUR_MS, week: 168 * HOUR_MS, ever: null };
const MOST = 1000; // looked at to tell how many there are

/** `onDone`: some are sent again. */
export function ReplayMany({ hook, onDone, onClose }) {
  const [chosen, setChosen] = useState("day");
  const [failed, setFailed] = useState(null);
  const [error, setError] = useState(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const [opened] = useState(serverNow);
  const since = SPANS[chosen] === null ? 0 : opened - SPANS[chosen];

  async function look() {
    setError(null);
    try {
      setFailed(await call("GET", `/v1/hooks/${hook.id}/deliveries?status=failed&limit=${MOST}`));
    } catch (refused) {
      setError(refused);
    }
  }
  useEffect(() => void look(), []);

  async function send() {
    setBusy(true);
    setWrong("");
    try {
      const { count } = await call("POST", `/v1/hooks/${hook.id}/replay`, { status: "failed", since: new Date(since).toISOString() });
      tell(counted(count, "replayed.many"));
      onDone();
    } catch (refused) {
      setWrong(said(refused));
      setBusy(false);
    }
  }

  const found = failed?.deliveries.filter((one) => Date.parse(one.at) >= since).length ?? 0;
  const over = failed?.next_cursor && found === failed.deliveries.length;
  return html`
    <${Dialog} title=${text("replay_many")} onClose=${onClose}>
      <p>${text("replay_many_detail")}</p>
      <div class="scrolled"><${Switch} label=${text("since")} value=${chosen} choices=${Object.keys(SPANS).map((one) => [one, text(`since.${one}`)])} onChange=${setChosen} /></div>
      ${error && html`<${Failed} error=${error} retry=${look} what=${text("deliveries_failed")} />`}
      ${!failed && !error && html`<${Loading} />`}
      ${failed && html`<p aria-live="polite"><strong>${over ? counted(MOST, "failed_over") : counted(found, "failed_count")}</strong></p>`}
      ${wrong && html`<p class="notice wrong" role="alert">${wrong}</p>`}
      <div class="dialog-foot">
        <button class="plain" type="button" onClick=${onClose}>${text("cancel")}</button>
        <button class="primary" type="button" disabled=${busy || !found} onClick=${send}>${text("replay")}</button>
      </div>
    </${Dialog}>`;
}
