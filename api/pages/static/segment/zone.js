// Instants as the clocks of a time zone show them: ISO 8601 with an offset <-> what an input of date and time has ("2026-10-01T09:00").

/** The offset from UTC that an ISO time says, in minutes; null if it says none. */
export function offsetOf(iso) {
  const found = /(?:(Z)|([+-])(\d\d):(\d\d))$/.exec(iso);
  if (!found) return null;
  return found[1] ? 0 : (found[2] === "-" ? -1 : 1) * (Number(found[3]) * 60 + Number(found[4]));
}

/** How far the clocks of a zone (IANA) are ahead of UTC at an instant, in minutes. */
export function ahead(zone, at) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  const part = Object.fromEntries(format.formatToParts(at).map((one) => [one.type, Number(one.value)]));
  const shown = new Date(0).setUTCFullYear(part.year, part.month - 1, part.day) + ((part.hour * 60 + part.minute) * 60 + part.second) * 1000; // Date.UTC takes year 2 for 1902
  return Math.round((shown - Math.floor(at / 1000) * 1000) / 60_000);
}

/** An ISO time as the clocks of the zone show it, to the second if it has any. */
export function onClock(iso, zone) {
  const at = Date.parse(iso);
  const shown = new Date(at + ahead(zone, at) * 60_000).toISOString();
  return shown.slice(0, shown.slice(17, 19) === "00" ? 16 : 19);
}

/** What the clocks of the zone show as an ISO time with their offset then. A time they skip is taken as an hour later, of one they show twice the
 * first. */
export function fromClock(shown, zone) {
  const wall = Date.parse(`${shown}Z`);
  if (Number.isNaN(wall)) return undefined;
  const before = ahead(zone, wall - 86_400_000);
  const first = wall - before * 60_000;
  const offset = ahead(zone, first) === before ? before : ahead(zone, wall - ahead(zone, first) * 60_000);
  const [sign, minutes] = [offset < 0 ? "-" : "+", Math.abs(offset)];
  const two = (value) => String(value).padStart(2, "0");
  return `${shown.length === 16 ? `${shown}:00` : shown}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
