// A curve over time: uPlot in the page's colours, as wide as its place, with its figures in words for who cannot see it.

import { html, signal, useEffect, useRef } from "./html.js";
import { clock, dateTime, number } from "./figures.js";
import { language, text, timezone } from "./page.js";
import uPlot from "./vendor/uplot.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DAY_MS = 86400_000;

const hours = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: timezone });
const days = new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric", timeZone: timezone });

// The time of day; days where they begin, by the shop's clock.
function axisLabel(at, step) {
  if (step < 60) return clock(at);
  const time = hours.format(at);
  return step >= DAY_MS / 1000 || time === "00:00" ? days.format(at) : time;
}

const colours = signal(0); // how often they changed: what is drawn on a canvas has to be drawn again
new MutationObserver(() => (colours.value += 1)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (colours.value += 1));

/** `points`: [[epoch ms, value or null, ...], ...], oldest first. `series`: [{name, colour: "--accent", fill, shown: value -> text}, ...], of
 * each point's values. `label`: what the curve is of. `height`: pixels. */
export function Curve({ points, series, label, height = 180 }) {
  const place = useRef(null);
  const drawn = useRef(null);
  const data = [points.map((point) => point[0] / 1000), ...series.map((_, nth) => points.map((point) => point[nth + 1]))];

  useEffect(() => {
    const long = points.length > 1 && points.at(-1)[0] - points[0][0] > 2 * DAY_MS;
    const axis = { stroke: colour("--ink-2"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `12px ${colour("--font")}` };
    const made = new uPlot(
      {
        width: place.current.clientWidth,
        height,
        tzDate: (at) => (timezone ? uPlot.tzDate(new Date(at * 1000), timezone) : new Date(at * 1000)),
        legend: { show: true, live: true },
        cursor: { y: false, points: { size: 7 } },
        scales: { y: { range: (_, least, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [
          { ...axis, size: 30, space: 70, values: (_, at, __, ___, step) => at.map((one) => axisLabel(one * 1000, step)) },
          { ...axis, size: 56, space: 36, values: (_, told) => told.map((one) => number(one, Number.isInteger(one) ? 0 : 1)) },
        ],
        series: [
          { label: text("time"), value: (_, at) => (at === null ? "–" : long ? dateTime(at * 1000) : clock(at * 1000)) },
          ...series.map((one) => ({
            label: one.name,
            stroke: colour(one.colour ?? "--accent"),
            width: 2,
            fill: one.fill ? colour("--accent-soft") : undefined,
            points: { show: false },
            value: (_, value) => (one.shown ?? number)(value),
          })),
        ],
      },
      data,
      place.current,
    );
    drawn.current = made;
    const watched = new ResizeObserver(() => place.current && made.setSize({ width: place.current.clientWidth, height })); // it is told once more when it goes
    watched.observe(place.current);
    return () => (watched.disconnect(), made.destroy(), (drawn.current = null));
  }, [label, height, series.length, colours.value]);

  useEffect(() => drawn.current?.setData(data), [points]);

  const inWords = series.map((one, nth) => {
    const values = points.map((point) => point[nth + 1]).filter((value) => value !== null && value !== undefined);
    if (!values.length) return "";
    const shown = one.shown ?? number;
    return text("curve_in_words", { name: one.name, last: shown(values.at(-1)), least: shown(Math.min(...values)), most: shown(Math.max(...values)) });
  });
  return html`<figure class="curve"><div ref=${place} role="img" aria-label=${`${label}. ${inWords.join(" ")}`}></div></figure>`;
}
