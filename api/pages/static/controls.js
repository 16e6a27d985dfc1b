// The switches of language and colours, and menus that close as one expects.

const YEAR = 365 * 24 * 3600;

for (const group of document.querySelectorAll("[data-theme-switch]")) {
  group.hidden = false;
  const row = group.closest("[data-needs-script]");
  if (row) row.hidden = false;
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    document.documentElement.dataset.theme = button.value;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `sonnim_theme=${button.value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    for (const one of group.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
  });
}

for (const form of document.querySelectorAll("[data-language]")) {
  form.addEventListener("submit", () => (form.elements.next.value = location.pathname + location.search)); // scripts may have changed it
}

const menus = [...document.querySelectorAll("details[data-menu]")];

document.addEventListener("click", (event) => {
  for (const menu of menus) if (menu.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
for (const menu of menus) {
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}
