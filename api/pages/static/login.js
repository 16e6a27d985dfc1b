// The sign-in works without this; with it a password can be shown, and nobody sends the form twice.

const form = document.querySelector("[data-login]");
const submit = form.querySelector("[type=submit]");
const label = submit.textContent;
const password = form.elements.password;
const reveal = form.querySelector("[data-reveal]");

reveal.hidden = false;
reveal.addEventListener("click", () => {
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  reveal.setAttribute("aria-pressed", String(shown));
  reveal.setAttribute("aria-label", shown ? reveal.dataset.hide : reveal.dataset.show);
});

form.addEventListener("submit", () => {
  password.type = "password";
  submit.disabled = true;
  submit.textContent = form.dataset.busy;
});
addEventListener("pageshow", () => {
  submit.disabled = false;
  submit.textContent = label;
});
