// What a page asks the API for, again and again while it is looked at.

import { useEffect, useRef, useState } from "./html.js";

/** While `unsaved`, the browser asks before the page is left. Returns a function that lets it go. */
export function useUnsaved(unsaved) {
  const held = useRef(false);
  held.current = unsaved;
  useEffect(() => {
    const ask = (event) => held.current && event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  return () => (held.current = false);
}

/** {told, error, again}: what `load(signal)` told last, the error if the last try failed, and how to ask now. It is asked at once, every
 * `every` milliseconds while the page is looked at, and anew if `about` (texts or numbers) changes. */
export function useTold(load, every, about = []) {
  const [found, setFound] = useState({});
  const look = useRef(() => {});
  useEffect(() => {
    const gone = new AbortController();
    let timer = 0;
    let asked = 0;
    async function now() {
      clearTimeout(timer);
      const mine = ++asked;
      try {
        const told = await load(gone.signal);
        if (mine === asked && !gone.signal.aborted) setFound({ told });
      } catch (error) {
        if (mine === asked && !gone.signal.aborted) setFound((before) => ({ told: before.told, error }));
      }
      if (mine === asked && !gone.signal.aborted) timer = setTimeout(later, every);
    }
    function later() {
      if (document.hidden) timer = setTimeout(later, every);
      else now();
    }
    const back = () => document.hidden || now();
    document.addEventListener("visibilitychange", back);
    look.current = now;
    setFound({});
    now();
    return () => (gone.abort(), clearTimeout(timer), document.removeEventListener("visibilitychange", back));
  }, about);
  return { ...found, again: () => look.current() };
}
