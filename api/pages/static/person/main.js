// One person: who it is, what he did, and which segments he is in and why.

import { html, mount } from "../html.js";
import { Refused, text } from "../page.js";
import { plain } from "../figures.js";
import { Empty, Failed, Loading } from "../parts.js";
import { Back, Head, Sums } from "./head.js";
import { Devices, Member } from "./member.js";
import { Moves, Segments } from "./why.js";
import { Now } from "./now.js";
import { Orders } from "./orders.js";
import { begin, failed, look, person_id, told } from "./state.js";
import { Timeline } from "./timeline.js";

function Nobody() {
  const missing = failed.value instanceof Refused && failed.value.status === 404;
  return html`
    <h1 class="cut">${plain(person_id.replace(/^(member|visitor):/, ""))}</h1>
    ${missing ? html`<div class="card nobody"><${Empty} title=${text("nobody")}>${text("nobody_detail")}<//></div>` : failed.value ? html`<${Failed} error=${failed.value} retry=${look} />` : html`<${Loading} lines=${8} />`}`;
}

function Known() {
  const { person, member, orders } = told.value;
  return html`
    <${Head} person=${person} member=${member} />
    <${Sums} person=${person} />
    <div class="person-columns">
      <div class="stack"><${Now} person=${person} /><${Timeline} devices=${person.devices} /></div>
      <div class="stack"><${Member} member=${member} /><${Segments} /><${Orders} orders=${orders} currency=${person.currency} /><${Moves} /><${Devices} devices=${person.devices} /></div>
    </div>`;
}

mount(() => html`<${Back} />${told.value && !failed.value ? html`<${Known} />` : html`<${Nobody} />`}`);
begin();
