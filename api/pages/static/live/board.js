// Who is on the page shown, and who waits to be: pure. Bounded: a page of people, and at most `WAITING` who wait.

export const PAGE = 50;
export const WAITING = 200;

/** Newest activity first, as the API lists people. */
export function newestFirst(one, other) {
  if (one.last_seen !== other.last_seen) return one.last_seen < other.last_seen ? 1 : -1;
  return one.person_id < other.person_id ? -1 : 1;
}

/** Whether a search finds a card, as the API's `q` does. */
export const finds = (q, card) => !q || Boolean(card.member_id?.includes(q)) || card.visitor_id.includes(q) || card.devices.some((one) => one.visitor_id.includes(q));

/** A page as the API answered it. `first`: it is the first one, where new people come to. */
export const boardOf = (people, { first, q = "", more = false }) => ({ first, q, more, people, waiting: new Map(), left: new Set(), changes: new Map() });

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The board after changes: people of the page in their places, others of the first page waiting. `changed`: cards; `gone`: ids of who
 * belongs here no more, who keep their places until `settled`. A card that says the same stays the same object. */
export function changed(board, cards, gone = []) {
  const told = new Map(cards.map((card) => [card.person_id, card]));
  const changes = new Map(board.changes);
  const left = new Set(board.left);
  const people = board.people.map((card) => {
    const next = told.get(card.person_id);
    if (next === undefined) return card;
    told.delete(card.person_id);
    left.delete(card.person_id);
    if (same(card, next) || card.last_seen > next.last_seen) return card; // an answer may be older than what the stream told since
    changes.set(card.person_id, (changes.get(card.person_id) ?? 0) + 1);
    return next;
  });
  const here = new Set(people.map((card) => card.person_id));
  const waiting = new Map(board.waiting);
  const last = people.length >= PAGE ? people.reduce((least, card) => (card.last_seen < least ? card.last_seen : least), people[0].last_seen) : "";
  for (const card of board.first ? [...told.values()].reverse() : []) {
    waiting.delete(card.person_id);
    if (finds(board.q, card) && card.last_seen > last) waiting.set(card.person_id, card);
  }
  for (const person_id of gone) {
    waiting.delete(person_id);
    if (here.has(person_id) && !cards.some((card) => card.person_id === person_id)) left.add(person_id);
  }
  for (const person_id of waiting.keys()) {
    if (waiting.size <= WAITING) break;
    waiting.delete(person_id);
  }
  return { ...board, people, waiting, left, changes };
}

/** The board with everybody in his place: who left is gone, and on the first page who waited is there, the newest first. */
export function settled(board) {
  const staying = board.people.filter((card) => !board.left.has(card.person_id));
  if (!board.first) return { ...board, people: staying, left: new Set() };
  const all = [...board.waiting.values(), ...staying].sort(newestFirst);
  const people = all.slice(0, PAGE);
  const here = new Set(people.map((card) => card.person_id));
  const changes = new Map([...board.changes].filter(([person_id]) => here.has(person_id)));
  for (const person_id of board.waiting.keys()) if (here.has(person_id)) changes.set(person_id, (changes.get(person_id) ?? 0) + 1);
  return { ...board, people, changes, waiting: new Map(), left: new Set(), more: board.more || all.length > PAGE };
}

/** Whether `settled` would show anything else. */
export function unsettled(board) {
  if (board.left.size || board.waiting.size) return true;
  return board.first && board.people.some((card, nth) => nth > 0 && newestFirst(board.people[nth - 1], card) > 0);
}
