// In which minutes of the last hours figures were written down. Pure.

export const MINUTES = 120;
export const STEPS = 60;
const STEP_MS = (MINUTES / STEPS) * 60_000;

/** For each step, oldest first: "moved", "stood", or "" before the first figure there is. `points`: [{at}, ...] of the API, each the last
 * moment of its step; `now`: epoch milliseconds. */
export function stepsOf(points, now) {
  const since = now - MINUTES * 60_000;
  const moved = new Set(points.map((point) => Math.max(0, Math.round((Date.parse(point.at) - since) / STEP_MS) - 1)));
  const first = Math.min(...moved);
  return Array.from({ length: STEPS }, (_, step) => (moved.has(step) ? "moved" : step > first ? "stood" : ""));
}

/** Seconds in which they stood still. */
export const stoodSeconds = (steps) => (steps.filter((one) => one === "stood").length * STEP_MS) / 1000;
