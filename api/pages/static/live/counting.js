// The counters without a stream: put together from lists of one person.

import { listed } from "./listing.js";

const WINDOWS = ["24h", "7d"];

/** What event `counters` of the stream would say. */
export async function asking({ segment, expression, window }) {
  const everyone = await Promise.all(WINDOWS.map((one) => listed({ window: one, limit: 1 })));
  const some = segment || expression ? await Promise.all(WINDOWS.map((one) => listed({ segment, expression, window: one, limit: 1 }))) : everyone;
  const [day] = everyone;
  return {
    ...{ as_of: day.as_of, age_seconds: day.age_seconds, stale: day.stale, window },
    segment: some[0].segment,
    reason: some[0].reason,
    online: day.population.online,
    windows: Object.fromEntries(WINDOWS.map((one, nth) => [one, { site: everyone[nth].population.visitors, population: some[nth].population }])),
  };
}
