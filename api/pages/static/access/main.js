// Accounts: one's own password, and for admins who has which role and who changed what.

import { html, mount, useState } from "../html.js";
import { call, may, role, text } from "../page.js";
import { plain } from "../figures.js";
import { Chip, Failed, Loading, Messages } from "../parts.js";
import { useTold } from "../asking.js";
import { Audit } from "./audit.js";
import { Password } from "./password.js";
import { Users } from "./users.js";

const EVERY_MS = 600_000;

function Own({ user }) {
  return html`
    <section class="card" aria-labelledby="own-title">
      <header class="card-head"><h2 id="own-title">${text("own")}</h2><${Chip} kind="accent">${text(`role.${role}`)}</${Chip}></header>
      <div class="card-body">
        <p class="user-name">${plain(user.name || user.email)}</p>
        ${user.name && html`<p class="quiet">${plain(user.email)}</p>`}
        <p class="small quiet own-detail">${text(`role_detail.${role}`)}</p>
      </div>
    </section>`;
}

function Page() {
  const { told, error, again } = useTold((signal) => call("GET", "/v1/session", undefined, { signal }), EVERY_MS);
  const [fresh, setFresh] = useState(0);
  const user = told?.user;
  const own = user && html`<div class="stack"><${Own} user=${user} /><${Password} email=${user.email} /></div>`;
  return html`
    <header class="page-head"><h1>${text("title")}</h1></header>
    ${error && !user && html`<${Failed} error=${error} retry=${again} what=${text("session_failed")} />`}
    ${!user && !error && html`<${Loading} lines=${5} />`}
    ${user && (may("admin") ? html`<div class="beside"><div class="stack"><${Users} own=${user.id} onChanged=${() => setFresh((one) => one + 1)} /><${Audit} fresh=${fresh} /></div>${own}</div>` : html`<div class="narrow">${own}</div>`)}
    <${Messages} />`;
}

mount(Page);
