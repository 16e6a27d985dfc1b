// The curve of the last hours: who was online, or how many were in the saved segment.

import { html, useEffect, useState } from "../html.js";
import { call, text } from "../page.js";
import { Curve } from "../curve.js";
import { Loading, Switch } from "../parts.js";
import { asked, hours, reach } from "./state.js";

const EVERY_MS = { 1: 15_000, 6: 60_000, 24: 120_000 };
const POINTS = 240;

/** [[epoch ms, people], ...] of the last hours. */
async function read(segment, back) {
  const address = segment ? `/v1/segments/${encodeURIComponent(segment)}/curve?hours=${back}` : `/v1/reports/curve?minutes=${back * 60}`;
  const { points } = await call("GET", `${address}&points=${POINTS}`);
  return points.map((one) => [Date.parse(one.at), segment ? one.members : one.online]);
}

export function Course() {
  const { segment } = asked.value;
  const back = hours.value;
  const [points, setPoints] = useState(null); // null: on its way; false: it cannot be had
  useEffect(() => {
    let over = false;
    const look = () => document.hidden || read(segment, back).then((told) => over || setPoints(told), () => over || setPoints((before) => before || false));
    setPoints(null);
    look();
    const again = setInterval(look, EVERY_MS[back]);
    document.addEventListener("visibilitychange", look);
    return () => ((over = true), clearInterval(again), document.removeEventListener("visibilitychange", look));
  }, [segment, back]);
  const name = text(segment ? "curve.members" : "curve.online");
  const shown = () => {
    if (points === null) return html`<${Loading} lines=${4} />`;
    if (!points || points.length < 2) return html`<p class="course-none quiet">${text(points ? "curve.none" : "curve.failed")}</p>`;
    return html`<${Curve} key=${`${segment} ${back}`} points=${points} series=${[{ name, fill: true }]} label=${name} height=${184} />`;
  };
  return html`
    <section class="card course" aria-label=${name}>
      <header class="course-head"><h2>${name}</h2><${Switch} label=${text("range")} value=${back} choices=${[1, 6, 24].map((one) => [one, text("range.hours", { n: one })])} onChange=${reach} /></header>
      <div class="course-body">${shown()}</div>
    </section>`;
}
