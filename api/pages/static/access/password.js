// One's own password.

import { html, useRef, useState } from "../html.js";
import { call, text } from "../page.js";
import { Field, focusWrong } from "../forms.js";
import { tell } from "../parts.js";
import { LEAST, wrongOf } from "./wrong.js";

/** `email`: of who is signed in, for password managers. */
export function Password({ email }) {
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const form = useRef(null);
  const type = shown ? "text" : "password";

  async function change(event) {
    event.preventDefault();
    const { current, fresh } = form.current.elements;
    const found = {
      ...(!current.value && { current: text("wrong.missing") }),
      ...([...fresh.value].length < LEAST && { new: text("wrong.short") }),
    };
    setWrong(found);
    if (Object.keys(found).length) return focusWrong(form.current);
    setBusy(true);
    try {
      await call("PUT", "/v1/session/password", { current: current.value, new: fresh.value });
      form.current.reset();
      setShown(false);
      tell(text("password_changed"));
    } catch (error) {
      setWrong(wrongOf(error));
      focusWrong(form.current);
    }
    setBusy(false);
  }

  return html`
    <section class="card" aria-labelledby="password-title">
      <header class="card-head"><h2 id="password-title">${text("own_password")}</h2></header>
      <form class="card-body password-form" ref=${form} onSubmit=${change} novalidate>
        <input class="unseen" type="text" name="username" autocomplete="username" value=${email} readonly tabindex="-1" aria-hidden="true" />
        <${Field} id="current" label=${text("current_password")} error=${wrong.current}>
          ${(told) => html`<input ...${told} name="current" type=${type} autocomplete="current-password" maxlength="1000" />`}
        </${Field}>
        <${Field} id="fresh" label=${text("new_password")} hint=${text("password_hint")} error=${wrong.new}>
          ${(told) => html`<input ...${told} name="fresh" type=${type} autocomplete="new-password" maxlength="200" />`}
        </${Field}>
        <label class="choice"><input type="checkbox" checked=${shown} onChange=${() => setShown(!shown)} /><span>${text("show_passwords")}</span></label>
        ${wrong[""] && html`<p class="notice wrong" role="alert">${wrong[""]}</p>`}
        <p><button class="primary" disabled=${busy}>${text("change_password")}</button></p>
      </form>
    </section>`;
}
