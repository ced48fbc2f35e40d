// When it happens: a place for each hour of each day, or of each day of the week where the span is long.

import {card, labelled, line, setOptions, setText} from "./card.js";
import {cursor} from "./cursor.js";
import {el, select} from "./dom.js";
import {NONE} from "./format.js";
import {currenciesOf, drawable, isRate, measureOf, over} from "./measures.js";
import {datesOf, dayWords, hoursOf, hourWords, startOf, weekdayOf, weekdayWords} from "./range.js";
import {wallTime} from "./times.js";

const MOST_DAYS = 31, ROW = 20, TOP = 20, LEFT = 92, GAP = 2;

const ABOUT = [
  "The hours are those of the account's clocks. On the day on which they are put back an hour comes twice, and has two places; on the day on which they are put forward one is left out.",
  "Of more than 31 days the map shows the days of the week: of a count what there was in such an hour on average, of a rate that of their sums. It holds the newest 92 days of the span at most.",
  "A session that lasts over the hour counts in both: hours need not add up to the day.",
];

export function heatPart(csv, choose) {
  const measure = select([], "", {onchange: () => choose({heat: measure.value})});
  const part = card("Day by hour", {controls: [labelled("Show", measure)], about: ABOUT, csv, name: "heat"});
  let map = {lines: [], most: 0}, chosen = measureOf("exposed"), mode = "";
  const scale = el("p", {className: "note"});

  const walk = cursor("Map of days and hours. The arrow keys go from hour to hour and from day to day.", {
    size: () => [24, map.lines.length],
    words: (hour, row) => wordsAt(map.lines[row], hour),
    at: (x, y) => (x < LEFT || y < TOP ? null : [Math.floor(((x - LEFT) / (width() - LEFT)) * 24), Math.floor((y - TOP) / ROW)]),
    mark: (hour, row) => svg.select(".here").attr("visibility", hour === null ? "hidden" : "visible")
      .attr("x", hour === null ? 0 : LEFT + hour * cell()).attr("y", hour === null ? 0 : TOP + row * ROW).attr("width", cell()).attr("height", ROW),
  });
  const svg = d3.select(walk.element).append("svg").attr("aria-hidden", "true").attr("width", "100%");
  svg.append("g").attr("class", "ticks");
  svg.append("g").attr("class", "cells");
  svg.append("rect").attr("class", "here").attr("visibility", "hidden");
  part.body.append(walk.element, walk.readout, scale);
  new ResizeObserver(() => draw()).observe(walk.element);

  const width = () => walk.element.clientWidth;
  const cell = () => (width() - LEFT) / 24;

  function wordsAt({words, cells}, hour) {
    const here = cells.filter((one) => one.hour === hour), name = `${words}, ${String(hour).padStart(2, "0")}:00`;
    if (!here.length) return `${name} · the clocks leave it out`;
    const valueWords = ({value}) => (value === undefined ? "not in the span, or yet to come" : `${shown(value)}${isMean() ? " on average" : ""}`);
    return here.map((one) => `${one.words} · ${chosen.label}: ${valueWords(one)}`).join(" · ");
  }

  const isMean = () => mode === "week" && !isRate(chosen);
  const shown = (value) => (isMean() && value !== null ? value.toLocaleString(undefined, {maximumFractionDigits: 1}) : chosen.show(value));

  function show(data, {view, heat, zone, now}) {
    chosen = measureOf(view.heat);
    const all = drawable(currenciesOf(data.total.rows));
    if (!all.some(({key}) => key === chosen.key)) all.push(chosen);
    setOptions(measure, all.map(({key, label}) => [key, label]), chosen.key);
    const dates = datesOf(heat, zone);
    mode = dates.length > MOST_DAYS ? "week" : "days";
    const hours = dates.flatMap((date) => hoursOf(date, zone).map((at) => ({date, at, hour: Number(wallTime(at, zone).slice(11, 13))})));
    const begins = hours.map(({at}) => at), rows = begins.map(() => []);
    for (const row of data.heat.rows) rows[Math.max(0, d3.bisectRight(begins, row.windowStart) - 1)].push(row);
    hours.forEach((one, index) => Object.assign(one, {rows: rows[index], inside: one.at >= heat.from && one.at < Math.min(heat.to, now)}));
    map = {lines: mode === "week" ? weekLines(hours) : dayLines(hours, zone)};
    map.most = d3.max(map.lines.flatMap(({cells}) => cells.map(({value}) => value || 0))) || 0;
    draw();
    walk.show();
    setText(scale, scaleWords());
    part.numbers(numbers);
  }

  function scaleWords() {
    if (!map.most) return "Nothing in this span.";
    const none = isRate(chosen) ? ` Outlined: ${NONE}, there is nothing to divide by.` : "";
    return `Darkest: ${shown(map.most)}${isMean() ? " on average" : ""}. Lightest: 0.${none} Dotted: not in the span, or yet to come.`;
  }

  const dayLines = (hours, zone) => d3.nest().key(({date}) => date).entries(hours).map(({key, values}) => ({
    words: dayWords(startOf(key, zone), zone),
    cells: values.map(({at, hour, rows, inside}) => ({
      hour, words: `${dayWords(at, zone)}, ${hourWords(at, zone)}`, value: inside ? over(chosen, rows) : undefined,
    })),
  }));

  const weekLines = (hours) => d3.range(7).map((day) => ({
    words: weekdayWords(day),
    cells: d3.range(24).map((hour) => {
      const such = hours.filter((one) => one.inside && one.hour === hour && weekdayOf(one.date) === day);
      const rows = such.flatMap((one) => one.rows);
      const value = over(chosen, rows);
      const words = `${weekdayWords(day)}, ${String(hour).padStart(2, "0")}:00`;
      return {hour, words, value: isRate(chosen) ? value : value / Math.max(1, such.length)};
    }),
  }));

  function numbers() {
    const cellWords = ({value}) => (value === undefined ? NONE : shown(value));
    const text = (cells, hour) => cells.filter((one) => one.hour === hour).map(cellWords).join(" / ");
    return {
      heads: ["Day", ...d3.range(24).map((hour) => String(hour).padStart(2, "0"))],
      lines: map.lines.map(({words, cells}) => line([words, ...d3.range(24).map((hour) => text(cells, hour))])),
    };
  }

  function draw() {
    if (!width()) return;
    svg.attr("height", TOP + map.lines.length * ROW);
    const places = map.lines.flatMap(({cells}, row) => cells.map((one, index) => {
      const twins = cells.filter(({hour}) => hour === one.hour).length, second = twins > 1 && cells[index - 1]?.hour === one.hour;
      return {...one, row, part: 1 / twins, shift: second ? 0.5 : 0};
    }));
    const rects = svg.select(".cells").selectAll("rect").data(places);
    rects.enter().append("rect");
    rects.exit().remove();
    rects.attr("x", ({hour, shift}) => LEFT + (hour + shift) * cell()).attr("y", ({row}) => TOP + row * ROW)
      .attr("width", ({part: share}) => Math.max(1, cell() * share - GAP)).attr("height", ROW - GAP).attr("rx", 2)
      .attr("class", ({value}) => (value === undefined ? "outside" : value === null ? "none" : value ? "warm" : "cold"))
      .attr("fill-opacity", ({value}) => (value ? 0.15 + 0.85 * (value / map.most) : 1));
    const every = cell() < 18 ? 6 : cell() < 30 ? 3 : 1;
    const marks = [
      ...d3.range(0, 24, every).map((hour) => ({text: String(hour).padStart(2, "0"), x: LEFT + (hour + 0.5) * cell(), y: 13, anchor: "middle"})),
      ...map.lines.map(({words}, row) => ({text: words, x: LEFT - 8, y: TOP + row * ROW + 14, anchor: "end"}))];
    const texts = svg.select(".ticks").selectAll("text").data(marks);
    texts.enter().append("text");
    texts.exit().remove();
    texts.attr("x", ({x}) => x).attr("y", ({y}) => y).attr("text-anchor", ({anchor}) => anchor).text(({text}) => text);
  }

  return {element: part.element, refuse: part.refuse, show};
}
