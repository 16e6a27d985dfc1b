// What is known of a hook's deliveries: pages as they came, the newest one told again every few seconds. Pure.

const newest = (one, other) => (one.created_at === other.created_at ? (one.webhook_id < other.webhook_id ? 1 : -1) : one.created_at < other.created_at ? 1 : -1);

/** The first page told again, over what is known: what lies within it is as it says, what is older stays. `keep`: whether older ones are
 * wanted at all. */
export function renewed(known, page, keep) {
  const first = { rows: page.deliveries, cursor: page.next_cursor };
  if (!keep || !known || !page.next_cursor) return first;
  const ids = new Set(page.deliveries.map((one) => one.webhook_id));
  if (!known.rows.some((one) => ids.has(one.webhook_id))) return first; // more came than a page holds: nothing between may be left out
  const last = page.deliveries.at(-1);
  const older = known.rows.filter((one) => newest(one, last) > 0);
  return older.length ? { rows: [...page.deliveries, ...older], cursor: known.cursor } : first;
}

/** With the page after. */
export function lengthened(known, page) {
  const ids = new Set(known.rows.map((one) => one.webhook_id));
  return { rows: [...known.rows, ...page.deliveries.filter((one) => !ids.has(one.webhook_id))], cursor: page.next_cursor };
}
