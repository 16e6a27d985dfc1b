// The list of people: search, rows, pages.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { Refused, language, save, site, take, text } from "../page.js";
import { bodyOf } from "../asked.js";
import { counted, number } from "../figures.js";
import { Empty, Failed, Loading, Press, said, tell } from "../parts.js";
import { Sign } from "../signs.js";
import { PAGE } from "./board.js";
import { holding, reduced } from "./hold.js";
import { about, ask, asked, board, busy, choose, counters, cursors, failed, q, seek, showWaiting, turn } from "./state.js";
import { Row } from "./row.js";

const TYPED_MS = 300;
const GLIDING = 5;
const COLUMNS = ["who", "page_now", "this_visit", "cart", "spent", "arrived", "segments"];

function Search() {
  const [typed, setTyped] = useState(q.value);
  const later = useRef(0);
  useEffect(() => {
    if (typed.trim() !== q.value) setTyped(q.value);
  }, [q.value]);
  const type = (event) => {
    const part = event.currentTarget.value;
    setTyped(part);
    clearTimeout(later.current);
    later.current = setTimeout(() => seek(part.trim()), TYPED_MS);
  };
  return html`
    <label class="search">
      <span class="unseen">${text("search")}</span><${Sign} name="search" />
      <input class="input" type="search" placeholder=${text("search_what")} value=${typed} maxlength="200" autocomplete="off" autocapitalize="none" spellcheck=${false} onInput=${type} />
    </label>`;
}

const onePage = () => cursors.value.length === 1 && !board.value.more;

/** "1–50 / 4,506명": which people of how many; of a search nobody knows how many. What fits on a page has no pages. */
function range(people) {
  if (onePage()) return counted(people.length, "people");
  const from = (cursors.value.length - 1) * PAGE;
  const shown = { from: number(from + 1), to: number(from + people.length) };
  const population = counters.value?.windows[asked.value.window].population ?? about.value?.population;
  const total = q.value ? null : population?.visitors;
  return total ? text("range_of", { ...shown, total: counted(Math.max(total, from + people.length), "people") }) : text("range_only", shown);
}

function Pages({ people, place, foot }) {
  const next = about.value?.next && (board.value.more || cursors.value.length > 1);
  const go = (by) => async () => {
    await turn(by);
    if (place.current?.getBoundingClientRect().top < 0) place.current.scrollIntoView({ block: "start" });
  };
  if (foot && onePage()) return null;
  return html`
    <div class=${foot ? "people-foot pages" : "pages"} role="group" aria-label=${text(foot ? "pages_foot" : "pages")}>
      <span class="pages-range figure">${range(people)}</span>
      ${onePage() || html`<${Press} class="plain small-button" off=${busy.value || cursors.value.length === 1} onClick=${go(-1)}>${text("previous")}<//>
        <${Press} class="plain small-button" off=${busy.value || !next} onClick=${go(1)}>${text("next")}<//>`}
    </div>`;
}

/** Rows that changed places glide there, unless there are many: that would be unrest. */
function useGliding(place, people) {
  const before = useRef(new Map());
  const order = people.map((card) => card.person_id).join("\n");
  useLayoutEffect(() => {
    const rows = [...place.current.children];
    const now = new Map(rows.map((row) => [row.dataset.person, row.offsetTop]));
    const moved = before.current.size && !reduced.matches ? rows.filter((row) => before.current.get(row.dataset.person) !== now.get(row.dataset.person)) : [];
    const arrived = moved.filter((row) => !before.current.has(row.dataset.person));
    for (const row of arrived.length <= GLIDING ? moved : []) {
      const was = before.current.get(row.dataset.person);
      const from = was === undefined ? { opacity: 0 } : { transform: `translateY(${was - now.get(row.dataset.person)}px)` };
      row.animate([from, { opacity: 1, transform: "none" }], { duration: 320, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
    }
    before.current = now;
  }, [order]);
}

/** Everybody of the question, not this page alone, as a file. */
function Download() {
  const [under_way, setUnderWay] = useState(false);
  const download = async () => {
    setUnderWay(true);
    const { window } = asked.value;
    try {
      const everybody = await take("POST", `/v1/live/visitors.csv?language=${language}`, { window, segment: bodyOf(asked.value), q: q.value });
      save(everybody, `sonnim-people-${site}-${window}.csv`);
    } catch (error) {
      tell(said(error), true);
    } finally {
      setUnderWay(false);
    }
  };
  return html`<${Press} class="plain small-button" aria-busy=${String(under_way)} off=${under_way} title=${text("csv_detail")} onClick=${download}>CSV<//>`;
}

function Rows({ shown }) {
  const place = useRef(null);
  useGliding(place, shown.people);
  return html`
    <ul class="rows" role="list" ref=${place} aria-busy=${String(busy.value)} ...${holding}>
      ${shown.people.map((card) => html`<${Row} key=${card.person_id} card=${card} times=${shown.changes.get(card.person_id) ?? 0} left=${shown.left.has(card.person_id)} />`)}
    </ul>`;
}

function Nobody() {
  if (q.value) return html`<${Empty} title=${text("none_found")}><button class="plain" onClick=${() => (seek(""), document.querySelector(".search input")?.focus())}>${text("search_again")}</button><//>`;
  const { segment, expression, window } = asked.value;
  if (segment || expression) return html`<${Empty} title=${text("none_in_segment", { window: text(`window.${window}`) })}>${text("none_in_segment_detail")}<//>`;
  return html`<${Empty} title=${text("nobody")}>${text("empty")}<//>`;
}

const everyone = html`<button class="plain" onClick=${() => choose({ segment: null, expression: null })}>${text("show_everyone")}</button>`;

function Wrong() {
  if (asked.value.wrong) return html`<${Empty} title=${text("wrong_expression")}>${everyone}<//>`;
  const mistaken = failed.value instanceof Refused && [404, 422].includes(failed.value.status);
  if (!mistaken) return html`<${Failed} error=${failed.value} retry=${() => ask()} />`;
  return html`<${Empty} title=${text("no_segment")}>${everyone}<//>`;
}

export function People() {
  const place = useRef(null);
  const shown = board.value;
  const waiting = shown?.waiting.size ?? 0;
  const show = () => {
    showWaiting();
    place.current.focus({ preventScroll: true }); // the button is gone
    if (place.current.getBoundingClientRect().top < 0) place.current.scrollIntoView({ block: "start" });
  };
  const list = () => {
    if (failed.value) return html`<div class="people-state"><${Wrong} /></div>`;
    if (!shown) return html`<div class="people-state"><${Loading} lines=${9} /></div>`;
    if (!shown.people.length) return busy.value ? html`<div class="people-state"><${Loading} lines=${9} /></div>` : html`<${Nobody} />`;
    return html`
      <div class="row columns" aria-hidden="true">${COLUMNS.map((name) => html`<span class=${`column ${name}`}>${text(name)}</span>`)}</div>
      <${Rows} shown=${shown} />
      <${Pages} people=${shown.people} place=${place} foot />`;
  };
  return html`
    <section class="card people" ref=${place} tabindex="-1" aria-label=${text("people_list")}>
      <header class="people-head"><h2>${text("people_list")}</h2><${Search} /><span class="unseen" role="status">${q.value && shown && !busy.value && !failed.value ? counted(shown.people.length, "people") : ""}</span>${shown?.people.length && !failed.value ? html`<${Download} /><${Pages} people=${shown.people} place=${place} />` : null}</header>
      ${waiting > 0 && !failed.value && html`<div class="waiting"><button class="waiting-button" onClick=${show}><${Sign} name="up" />${counted(waiting, "new_people")}</button></div>`}
      ${list()}
    </section>`;
}
