// The stream of what happens, as docs/api.md tells it; where none can be had, the caller is told to ask every few seconds.

import { site } from "../page.js";

const LOST_MS = 5000; // a stream that ends comes again by itself at once: that is not worth a word
const ASK_MS = 5000;
const AGAIN_MS = 15_000; // browsers that were refused do not come again, and some that were cut off wait for very long
const ASLEEP_MS = 60_000;

/** Follow the stream of an address of the page (`paramsOf`). `on`: {open(), counters(told), people(told), reset(), ask(), state(word)}.
 * `open`: whenever it was opened by this side, so that the list can be asked for then. `ask`: every few seconds while there is no stream.
 * States: "on", "lost", "asking". A page that is hidden for a minute follows nothing. Returns a function that ends it. */
export function follow(params, on) {
  const told = Object.entries({ ...params, site }).filter(([, value]) => value);
  const address = `/v1/live/stream?${new URLSearchParams(told)}`;
  let source = null;
  let lost = 0;
  let asking = 0;
  let again = 0;
  let asleep = 0;
  let ended = false;

  function close() {
    source?.close();
    source = null;
    clearTimeout(lost);
    clearInterval(asking);
    clearTimeout(again);
    lost = asking = again = 0;
  }

  function open() {
    if (ended) return;
    source?.close();
    clearTimeout(lost);
    clearTimeout(again);
    lost = again = 0;
    let news = true;
    const opened = (source = new EventSource(address));
    opened.onopen = () => {
      clearTimeout(lost);
      clearTimeout(again);
      clearInterval(asking);
      lost = again = asking = 0;
      on.state("on");
      if (news) on.open();
      news = false;
    };
    opened.onerror = () => {
      if (opened !== source) return;
      if (opened.readyState === EventSource.CLOSED) {
        ask();
        later();
      } else if (!lost) {
        lost = setTimeout(() => {
          if (!asking) on.state("lost");
          later();
        }, LOST_MS);
      }
    };
    for (const kind of ["counters", "people"]) opened.addEventListener(kind, (event) => on[kind](JSON.parse(event.data)));
    opened.addEventListener("reset", () => on.reset());
  }

  function later() {
    clearTimeout(again);
    again = setTimeout(open, AGAIN_MS);
  }

  function ask() {
    clearTimeout(lost);
    lost = 0;
    if (asking) return;
    on.state("asking");
    on.ask();
    asking = setInterval(on.ask, ASK_MS);
  }

  function looked() {
    clearTimeout(asleep);
    if (document.hidden) asleep = setTimeout(close, ASLEEP_MS);
    else if (!source && !ended) open();
  }

  document.addEventListener("visibilitychange", looked);
  if (!document.hidden) open();
  return () => {
    ended = true;
    clearTimeout(asleep);
    document.removeEventListener("visibilitychange", looked);
    close();
  };
}
