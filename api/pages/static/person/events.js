// Events put in order: pages joined, and shared out to the visits they were done in. Pure.

const keyOf = (event) => `${event.visitor_id}\n${event.event_id}`;

/** Older pages behind a newest one that was read again; from a gap on, and from `most` on, nothing older is kept. */
export function joined(before, newest, page, most) {
  if (!before || before.list.length <= page) return newest;
  const there = new Set(newest.list.map(keyOf));
  const older = before.list.filter((event) => !there.has(keyOf(event)));
  const touching = older.length < before.list.length;
  if (!touching || newest.list.length + older.length > most) return newest;
  return { list: [...newest.list, ...older], next: before.next };
}

const within = (visit, event) => visit.visitor_id === event.visitor_id && visit.started_at <= event.occurred_at && event.occurred_at <= visit.last_activity_at;

/** [{visit, events}, ...], newest first; `visit` is null for events outside of visits. Visits whose events are not read yet are left out;
 * so are those without an event of the kind that is shown. */
export function grouped(visits, { list, next }, kind) {
  const groups = new Map();
  const outside = [];
  for (const event of list) {
    const visit = visits.find((one) => within(one, event));
    if (!visit) outside.push(event);
    else if (groups.has(visit)) groups.get(visit).push(event);
    else groups.set(visit, [event]);
  }
  const oldest = next ? (list.at(-1)?.occurred_at ?? "") : "";
  const shown = visits.filter((visit) => groups.has(visit) || (!kind && visit.last_activity_at >= oldest));
  const told = shown.map((visit) => ({ visit, key: `${visit.visitor_id} ${visit.started_at}`, at: visit.last_activity_at, events: groups.get(visit) ?? [] }));
  if (outside.length) told.push({ visit: null, key: "outside", at: outside[0].occurred_at, events: outside });
  return told.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}

/** The same with heartbeats that follow each other as one line: [{event, times}, ...]. */
export function gathered(events) {
  const lines = [];
  for (const event of events) {
    const last = lines.at(-1);
    if (event.name === "heartbeat" && last?.event.name === "heartbeat" && last.event.url === event.url) last.times += 1;
    else lines.push({ event, times: 1 });
  }
  return lines;
}
