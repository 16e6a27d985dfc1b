// A report as a picture: drawn here from the same figures, in light colours, twice as fine as it is large. Nothing leaves the page.

import { counted, dateTime, percent, plain, points, relative } from "../figures.js";
import { site, text, timezone } from "../page.js";
import { sentences } from "./glance.js";
import { baseOf } from "./headline.js";
import { IN_PERCENT, named, RATES, shown, TOTALS } from "./measures.js";
import { columnNames } from "./parts.js";
import { LISTS, productName } from "./top.js";

const WIDE = 1200;
const EDGE = 56;
const INNER = WIDE - 2 * EDGE;
const ROW = 46;
const FINE = 2;

/** The light colours of tokens.css, whichever the page has now. */
function lightColours() {
  const found = {};
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule.selectorText !== ":root") continue;
      for (const name of rule.style) if (name.startsWith("--")) found[name.slice(2)] ??= rule.style.getPropertyValue(name).trim();
    }
  }
  return found;
}

/** A pen over a canvas: text that is cut where it ends, bars, lines. All in pixels of the picture before it is made finer. */
class Pen {
  constructor(context) {
    this.on = context;
    this.colours = lightColours();
    this.family = getComputedStyle(document.body).fontFamily;
  }

  write(words, x, y, { size = 16, weight = 400, colour = "ink", align = "left", most = INNER } = {}) {
    this.on.font = `${weight} ${size}px ${this.family}`;
    this.on.fillStyle = this.colours[colour];
    this.on.textAlign = align;
    this.on.textBaseline = "alphabetic";
    this.on.fillText(this.cut(words, most), x, y);
  }

  cut(words, most) {
    if (this.on.measureText(words).width <= most) return words;
    const letters = [...words].slice(0, 400);
    while (letters.length && this.on.measureText(`${letters.join("")}…`).width > most) letters.pop();
    return `${letters.join("")}…`;
  }

  box(x, y, wide, high, colour, round = 0) {
    this.on.fillStyle = this.colours[colour];
    this.on.beginPath();
    this.on.roundRect(x, y, Math.max(0, wide), high, round);
    this.on.fill();
  }

  bar(x, y, wide, part, colour = "accent", high = 10) {
    const { on } = this;
    on.save();
    this.box(x, y, wide, high, "surface-2", high / 2);
    on.clip();
    if (part > 0) this.box(x, y, wide * Math.min(1, part), high, colour, [0, high / 2, high / 2, 0]);
    on.restore();
  }

  line(y) {
    this.box(EDGE, y, INNER, 1, "line");
  }

  mark(x, y, size) {
    const { on } = this;
    on.save();
    on.translate(x, y);
    on.scale(size / 32, size / 32);
    this.box(0, 0, 32, 32, "accent", 9);
    on.strokeStyle = this.colours["accent-ink"];
    on.lineWidth = 2.6;
    on.lineCap = "round";
    on.stroke(new Path2D("M10 24v-9.5a6 6 0 0 1 12 0V24"));
    on.fillStyle = this.colours["accent-ink"];
    on.beginPath();
    on.arc(16, 19.2, 2.4, 0, 2 * Math.PI);
    on.fill();
    on.restore();
  }
}

/** A PNG. `about`: {name, sentence, everyone} of what the report is about. */
export async function pictureOf(told, about) {
  const sized = drawn(document.createElement("canvas").getContext("2d"), told, about);
  await document.fonts.ready; // drawing asked for those of its letters that no page had shown yet
  const canvas = document.createElement("canvas");
  canvas.width = WIDE * FINE;
  canvas.height = sized * FINE;
  const context = canvas.getContext("2d");
  context.scale(FINE, FINE);
  drawn(context, told, about, sized);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("the browser made no picture");
  return blob;
}

/** Draw it; how high it is. */
function drawn(context, told, about, high = 0) {
  const pen = new Pen(context);
  if (high) pen.box(0, 0, WIDE, high, "surface");
  let y = heading(pen, told, about);
  const columns = told.segment && !about.everyone;
  if (columns) y = totals(pen, told, rates(pen, told, y));
  else y = alone(pen, told.site, y);
  if (told.top) y = tops(pen, told.top, y + 12);
  pen.line(y + 20);
  pen.mark(EDGE, y + 38, 24);
  pen.write(text("png.made"), EDGE + 34, y + 56, { size: 15, weight: 600 });
  pen.write(`${text("relative")} %  ·  ${text("points_difference")} ${text("points")}`, WIDE - EDGE, y + 56, { size: 14, colour: "ink-2", align: "right" });
  return y + 92;
}

function heading(pen, told, { name, sentence, everyone }) {
  pen.write(`${text("title")} · ${site}`, EDGE, 70, { size: 16, weight: 600, colour: "accent" });
  const moment = told.as_of ? `${text(told.stale ? "stale" : "fresh", { time: dateTime(told.as_of) })}${timezone ? ` · ${timezone}` : ""}` : text("never");
  pen.write(moment, WIDE - EDGE, 70, { size: 14, colour: told.stale ? "warn" : "ink-2", align: "right", most: INNER / 1.6 });
  pen.write(plain(name), EDGE, 116, { size: 34, weight: 700, most: INNER - 160 });
  pen.write(text(`window.${told.window}`), WIDE - EDGE, 116, { size: 20, weight: 600, align: "right" });
  let y = 116;
  if (sentence) pen.write(plain(sentence), EDGE, (y += 34), { size: 17, colour: "ink-2" });
  for (const [nth, one] of sentences(told, everyone).entries()) pen.write(one, EDGE, (y += nth ? 30 : 46), { size: nth ? 17 : 22, weight: nth ? 400 : 650, colour: nth ? "ink-2" : "ink" });
  if (!told.segment) pen.write(text("now_condition"), EDGE, (y += 40), { size: 18, weight: 600 });
  return y + 52;
}

const columnsAt = [EDGE, 540, 730, 790];

function titles(pen, y, names) {
  pen.write(names[0], columnsAt[0], y, { size: 18, weight: 650 });
  for (const [nth, align] of [[1, "right"], [2, "right"], [3, "left"]]) pen.write(names[nth], columnsAt[nth], y, { size: 14, weight: 600, colour: "ink-2", align });
}

function totals(pen, told, y) {
  const names = columnNames(told);
  const base = baseOf(told);
  titles(pen, y, [text("totals"), names.segment, names.base, text("share")]);
  for (const [nth, measure] of TOTALS.entries()) {
    const at = y + ROW * nth + 18;
    pen.line(at);
    pen.write(named(measure), EDGE, at + 29, { size: 16 });
    pen.write(shown(measure, told.segment[measure]), columnsAt[1], at + 29, { size: 17, weight: 650, align: "right", most: 200 });
    pen.write(shown(measure, base[measure]), columnsAt[2], at + 29, { size: 16, colour: "ink-2", align: "right", most: 180 });
    pen.bar(columnsAt[3], at + 18, 250, told.share[measure]);
    pen.write(percent(told.share[measure]), WIDE - EDGE, at + 29, { size: 17, weight: 650, align: "right" });
  }
  return y + ROW * TOTALS.length + 76;
}

function rates(pen, told, y) {
  const high = 64;
  const names = columnNames(told);
  const base = baseOf(told);
  pen.write(text("rates"), EDGE, y, { size: 18, weight: 650 });
  pen.write(text("relative"), 980, y, { size: 14, weight: 600, colour: "ink-2", align: "right" });
  pen.write(text("points_difference"), WIDE - EDGE, y, { size: 14, weight: 600, colour: "ink-2", align: "right" });
  for (const [nth, measure] of RATES.entries()) {
    const at = y + high * nth + 18;
    const longest = Math.max(told.segment[measure] ?? 0, base[measure] ?? 0);
    pen.line(at);
    pen.write(named(measure), EDGE, at + 38, { size: 16, most: 220 });
    for (const [side, figures, name] of [[0, told.segment, names.segment], [1, base, names.base]]) {
      const line = at + 26 + 24 * side;
      pen.write(name, 290, line, { size: 13, colour: "ink-2", most: 90 });
      pen.bar(390, line - 10, 270, longest ? figures[measure] / longest : 0, side ? "line-strong" : "accent");
      pen.write(shown(measure, figures[measure]), 830, line + 1, { size: 16, weight: side ? 400 : 650, colour: side ? "ink-2" : "ink", align: "right", most: 150 });
    }
    pen.write(relative(told.diff_pct[measure]), 980, at + 38, { size: 17, weight: 650, align: "right" });
    if (IN_PERCENT.includes(measure)) pen.write(points(told.diff_pp[measure]), WIDE - EDGE, at + 38, { size: 17, weight: 650, align: "right" });
  }
  return y + high * RATES.length + 76;
}

function alone(pen, figures, y) {
  const measures = [...TOTALS, ...RATES];
  pen.write(text("everyone"), EDGE, y, { size: 18, weight: 650 });
  for (const [nth, measure] of measures.entries()) {
    const x = EDGE + (nth % 2) * (INNER / 2 + 20);
    const at = y + ROW * Math.floor(nth / 2) + 18;
    pen.box(x, at, INNER / 2 - 20, 1, "line");
    pen.write(named(measure), x, at + 29, { size: 16 });
    pen.write(shown(measure, figures[measure]), x + INNER / 2 - 20, at + 29, { size: 17, weight: 650, align: "right", most: 280 });
  }
  return y + ROW * Math.ceil(measures.length / 2) + 70;
}

function tops(pen, top, y) {
  const wide = (INNER - 2 * 32) / 3;
  const most = Math.max(1, ...LISTS.map((name) => top[name].length));
  for (const [nth, name] of LISTS.entries()) {
    const x = EDGE + nth * (wide + 32);
    pen.write(text(`top.${name}`), x, y, { size: 18, weight: 650, most: wide });
    if (!top[name].length) pen.write(text("top.none"), x, y + 42, { size: 15, colour: "ink-2" });
    for (const [rank, product] of top[name].entries()) {
      const at = y + 22 + rank * 48;
      pen.write(String(rank + 1), x, at + 20, { size: 15, weight: 600, colour: "ink-2" });
      pen.write(productName(product), x + 26, at + 20, { size: 15, most: wide - 26 - 100 });
      pen.write(counted(product.units, "top.units"), x + wide, at + 20, { size: 15, weight: 650, align: "right", most: 96 });
      pen.bar(x + 26, at + 30, wide - 26, product.units / top[name][0].units, "accent", 6);
    }
  }
  return y + 22 + most * 48;
}
