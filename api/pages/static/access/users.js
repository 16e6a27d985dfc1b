// Who has which role at the site: for admins.

import { html, useRef, useState } from "../html.js";
import { call, language, text } from "../page.js";
import { day, plain } from "../figures.js";
import { Chip, Dialog, Failed, Loading, Switch, tell } from "../parts.js";
import { Field, focusWrong } from "../forms.js";
import { useTold } from "../asking.js";
import { LEAST, wrongOf } from "./wrong.js";

const EVERY_MS = 30_000;
const ROLES = ["viewer", "editor", "admin"];

/** A form in a dialog: `send(values)` asks the API; what it says stands at its field. */
function Asked({ title, action, danger, onClose, send, check = () => ({}), children }) {
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  async function submit(event) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form.current));
    const found = check(values);
    setWrong(found);
    if (Object.keys(found).length) return focusWrong(form.current);
    setBusy(true);
    try {
      await send(values);
    } catch (error) {
      setWrong(wrongOf(error));
      setBusy(false);
      focusWrong(form.current);
    }
  }
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <form class="asked" ref=${form} onSubmit=${submit} novalidate>
        ${children(wrong)}
        ${wrong[""] && html`<p class="notice wrong" role="alert">${wrong[""]}</p>`}
        <div class="dialog-foot">
          <button class="plain" type="button" onClick=${onClose}>${text("cancel")}</button>
          <button class=${danger ? "plain danger" : "primary"} disabled=${busy}>${action}</button>
        </div>
      </form>
    </${Dialog}>`;
}

const Role = ({ role, setRole }) => html`
  <div class="field"><span>${text("role")}</span><${Switch} label=${text("role")} value=${role} choices=${ROLES.map((one) => [one, text(`role.${one}`)])} onChange=${setRole} /><p class="field-hint">${text(`role_detail.${role}`)}</p></div>`;

const NewPassword = ({ hint, error }) => html`
  <${Field} id="new-password" label=${text("password")} hint=${hint} error=${error}>
    ${(told) => html`<input ...${told} name="password" type="text" autocomplete="off" spellcheck=${false} maxlength="200" />`}
  </${Field}>`;

const tooShort = ({ password }) => (password && [...password].length < LEAST ? { password: text("wrong.short") } : {});

function Add({ onDone, onClose }) {
  const [role, setRole] = useState("viewer");
  const check = (values) => ({ ...(!values.email.trim() && { email: text("wrong.email") }), ...tooShort(values) });
  const send = async ({ email, name, password, language: spoken }) => {
    await call("POST", "/v1/users", { email: email.trim(), name: name.trim(), language: spoken, role, ...(password && { password }) });
    onDone(text("added", { who: plain(email.trim()) }));
  };
  return html`
    <${Asked} title=${text("add")} action=${text("add")} onClose=${onClose} check=${check} send=${send}>
      ${(wrong) => html`
        <${Field} id="email" label=${text("email")} error=${wrong.email}>${(told) => html`<input ...${told} name="email" type="email" autocomplete="off" spellcheck=${false} maxlength="254" />`}</${Field}>
        <${Field} id="name" label=${text("name")} error=${wrong.name}>${(told) => html`<input ...${told} name="name" autocomplete="off" maxlength="100" />`}</${Field}>
        <${Role} role=${role} setRole=${setRole} />
        <${Field} id="language" label=${text("page_language")}>${(told) => html`<select ...${told} name="language"><option value="ko" lang="ko" selected=${language === "ko"}>${text("language.ko")}</option><option value="en" lang="en" selected=${language === "en"}>${text("language.en")}</option></select>`}</${Field}>
        <${NewPassword} hint=${text("first_password_hint")} error=${wrong.password} />`}
    </${Asked}>`;
}

function Change({ user, onDone, onClose }) {
  const [role, setRole] = useState(user.role);
  const send = async ({ password }) => {
    await call("PUT", `/v1/users/${user.id}`, { ...(role !== user.role && { role }), ...(password && { password }) });
    onDone(text("changed", { who: plain(user.email) }));
  };
  return html`
    <${Asked} title=${text("change")} action=${text("save")} onClose=${onClose} check=${tooShort} send=${send}>
      ${(wrong) => html`
        <p class="who">${plain(user.name || user.email)}${user.name && html` <span class="quiet small">${plain(user.email)}</span>`}</p>
        <${Role} role=${role} setRole=${setRole} />
        <${NewPassword} hint=${text("other_password_hint")} error=${wrong.password} />`}
    </${Asked}>`;
}

const Remove = ({ user, onDone, onClose }) => html`
  <${Asked} danger=${true} title=${text("remove")} action=${text("remove")} onClose=${onClose} send=${async () => (await call("DELETE", `/v1/users/${user.id}`), onDone(text("removed", { who: plain(user.email) })))}>
    ${() => html`<p>${text("remove_detail", { who: plain(user.email) })}</p>`}
  </${Asked}>`;

const KINDS = { admin: "accent", editor: "good", viewer: "" };
const DIALOGS = { add: Add, change: Change, remove: Remove };

/** `own`: id of who is signed in. `onChanged`: something stands in the audit. */
export function Users({ own, onChanged }) {
  const { told, error, again } = useTold((signal) => call("GET", "/v1/users", undefined, { signal }), EVERY_MS);
  const [open, setOpen] = useState(null);
  const done = (words) => {
    if (open.user?.id === own) return location.reload(); // one's own role may be another now, or none
    setOpen(null);
    tell(words);
    again();
    onChanged();
  };
  const Opened = open && DIALOGS[open.what];
  return html`
    <section class="card" aria-labelledby="users-title">
      <header class="card-head"><h2 id="users-title">${text("users")}</h2><button class="primary small-button" type="button" onClick=${() => setOpen({ what: "add" })}>${text("add")}</button></header>
      ${error && html`<div class="card-body"><${Failed} error=${error} retry=${again} what=${text("users_failed")} /></div>`}
      ${!told && !error && html`<div class="card-body"><${Loading} lines=${3} /></div>`}
      ${told && html`
        <ul class="users">
          ${told.users.map((user) => html`
            <li class="user" key=${user.id} data-user=${user.id}>
              <div class="user-who">
                <p class="user-name">${plain(user.name || user.email)}${user.id === own && html` <span class="quiet small">${text("you")}</span>`}</p>
                <p class="small quiet">${user.name && html`${plain(user.email)} · `}${text("since_day", { day: day(user.created_at) })}</p>
              </div>
              <${Chip} kind=${KINDS[user.role]}>${text(`role.${user.role}`)}</${Chip}>
              <p class="user-tools">
                <button class="plain small-button" type="button" onClick=${() => setOpen({ what: "change", user })}>${text("change_short")}<span class="unseen"> ${plain(user.email)}</span></button>
                <button class="plain small-button danger" type="button" onClick=${() => setOpen({ what: "remove", user })}>${text("remove_short")}<span class="unseen"> ${plain(user.email)}</span></button>
              </p>
            </li>`)}
        </ul>`}
      ${open && html`<${Opened} user=${open.user} onDone=${done} onClose=${() => setOpen(null)} />`}
    </section>`;
}
