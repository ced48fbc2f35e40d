// A number over time: of all, or stacked by what is picked; rates and times are lines, because they do not add up.

import {card, labelled, line, setOptions} from "./card.js";
import {cursor} from "./cursor.js";
import {dimensionOf, DIMENSIONS, keyOf, titleOf} from "./dimensions.js";
import {el, select} from "./dom.js";
import {dayWords, hourWords, shortDay, windowsOf} from "./range.js";
import {currenciesOf, drawable, isRate, measureOf, over} from "./measures.js";
import {mayBeHourly, stepOf} from "./questions.js";

const SERIES = 6;  // so many groups have a colour; the rest are one
const HEIGHT = 280, TOP = 12, BOTTOM = 26;

const ABOUT = [
  "A window counts the sessions that have something in it, so a session that lasts over midnight counts in both days: windows need not add up to the whole.",
  "Groups need not add up either: a session that met two campaigns is in both. Where the stack is higher than the line of all, that is why.",
  "An hour or a day is of the account's time zone. Days on which the clocks move have 23 or 25 hours.",
];

// The rows of each window: the last one that begins no later. Sessions of another time zone have windows of their own.
function rowsAt(windows, rows) {
  const at = windows.map(() => []);
  for (const row of rows) at[Math.max(0, d3.bisectRight(windows, row.windowStart) - 1)].push(row);
  return at;
}

const isWhole = ({colour}) => colour === "whole" || colour === "total";

export function trendPart(csv, choose) {
  const measure = select([], "", {onchange: () => choose({measure: measure.value})});
  const split = select([["", "nothing"], ...DIMENSIONS.map(({key, label}) => [key, label])], "", {onchange: () => choose({split: split.value})});
  const step = select([], "", {onchange: () => choose({step: step.value})});
  const part = card("Trend", {
    controls: [labelled("Show", measure), labelled("Split by", split), labelled("By", step)], about: ABOUT, csv, name: "trend",
  });
  const legend = el("ul", {className: "legend"});
  let drawn = {windows: [], series: []}, left = 0, right = 0;

  const walk = cursor("Trend. The left and right arrow keys go from window to window.", {
    size: () => [drawn.windows.length, 1],
    words: (index) => wordsAt(index),
    at: (x) => [Math.floor(((x - left) / (right - left)) * drawn.windows.length), 0],
    mark: (index) => svg.select(".here").attr("visibility", index === null ? "hidden" : "visible")
      .attr("x1", index === null ? 0 : middle(index)).attr("x2", index === null ? 0 : middle(index)),
  });
  const svg = d3.select(walk.element).append("svg").attr("aria-hidden", "true").attr("height", HEIGHT).attr("width", "100%");
  for (const name of ["grid", "ticks", "areas", "lines"]) svg.append("g").attr("class", name);
  svg.append("line").attr("class", "here").attr("y1", TOP).attr("y2", HEIGHT - BOTTOM).attr("visibility", "hidden");
  part.body.append(walk.element, walk.readout, legend);
  new ResizeObserver(() => draw()).observe(walk.element);

  const middle = (index) => left + ((index + 0.5) * (right - left)) / Math.max(1, drawn.windows.length);

  function windowWords(at) {
    return drawn.step === "hour" ? `${dayWords(at, drawn.zone)}, ${hourWords(at, drawn.zone)}` : dayWords(at, drawn.zone);
  }

  function wordsAt(index) {
    const show = (value) => drawn.measure.show(value);
    const parts = [...drawn.series].reverse().map(({name, values}) => `${name}: ${show(values[index])}`);
    const before = drawn.before && index < drawn.before.length ? [`period before: ${show(drawn.before[index])}`] : [];
    return `${windowWords(drawn.windows[index])} · ${[...parts, ...before].join(" · ")}`;
  }

  // Of each window its value; of one that has not begun none.
  const valuesOf = (rows) => rowsAt(drawn.windows, rows).map((found, index) => (index < drawn.begun || found.length ? over(drawn.measure, found) : null));

  // Of each group its values by window, the greatest groups first; the rest as one, where that is a number.
  function seriesOf(rows, {view, names}) {
    const by = [view.split], chosen = measureOf(view.measure), groups = d3.nest().key((row) => keyOf(row, by)).entries(rows);
    const sized = groups.map(({values}) => ({
      name: titleOf(names, values[0], by), rows: values, size: over(isRate(chosen) ? measureOf(chosen.under) : chosen, values),
    })).sort((one, other) => other.size - one.size || d3.ascending(one.name, other.name));
    const rest = sized.slice(SERIES), kept = sized.slice(0, SERIES);
    if (rest.length) kept.push({name: `${rest.length} others`, rows: rest.flatMap((one) => one.rows), rest: true});
    return kept.map(({name, rows: own, rest: isRest}, index) => ({
      name, colour: isRest ? "rest" : `series-${index}`, values: valuesOf(own),
    }));
  }

  function show(data, {view, names, span, zone, spanBefore, now}) {
    const chosen = measureOf(view.measure), rows = data.trend.rows, currencies = currenciesOf(data.total.rows);
    const all = drawable(currencies);
    if (!all.some(({key}) => key === chosen.key)) all.push(chosen);
    setOptions(measure, all.map(({key, label}) => [key, label]), chosen.key);
    setOptions(step, [["auto", "as fits"], ["day", "day"], ...(mayBeHourly(span) ? [["hour", "hour"]] : [])], stepChoice(view, span));
    split.value = view.split;
    const bounds = span || (rows.length ? {from: rows[0].windowStart, to: rows[rows.length - 1].windowStart + 1} : null);
    const windows = bounds ? windowsOf(bounds, stepOf(view, span), zone) : [];
    const begun = d3.bisectRight(windows, now);
    drawn = {windows, begun, zone, step: stepOf(view, span), measure: chosen, split: view.split, series: [], before: null};
    const whole = {name: "all", colour: data.split ? "total" : "whole", values: valuesOf(rows)};
    drawn.series = data.split ? [whole, ...seriesOf(data.split.rows, {view, names}).reverse()] : [whole];
    if (data.trendBefore && spanBefore) {
      const earlier = windowsOf(spanBefore, drawn.step, zone);
      drawn.before = rowsAt(earlier, data.trendBefore.rows).map((found) => over(chosen, found));
    }
    drawn.stacked = Boolean(data.split) && !isRate(chosen);
    draw();
    showLegend();
    part.numbers(numbers);
    walk.show();
  }

  const stepChoice = (view, span) => (view.step === "hour" && !mayBeHourly(span) ? "day" : view.step);

  function numbers() {
    const columns = [...drawn.series].reverse();
    return {
      heads: [drawn.step === "hour" ? "Hour" : "Day", ...columns.map(({name}) => (drawn.split ? `${dimensionOf(drawn.split).label}: ${name}` : drawn.measure.label)),
        ...(drawn.before ? ["Period before"] : [])],
      lines: drawn.windows.map((at, index) => line([
        windowWords(at), ...columns.map(({values}) => drawn.measure.show(values[index])),
        ...(drawn.before ? [index < drawn.before.length ? drawn.measure.show(drawn.before[index]) : ""] : [])])),
    };
  }

  function showLegend() {
    const entries = [...drawn.series].reverse().map(({name, colour}) => ({name: isWhole({colour}) ? `${drawn.measure.label}, all` : name, colour}));
    if (drawn.before) entries.push({name: "the period before", colour: "before"});
    const items = d3.select(legend).selectAll("li").data(entries, ({colour}) => colour);
    items.enter().append("li").each(function fill({colour}) {
      this.append(el("span", {className: `swatch ${colour}`, "aria-hidden": "true"}), el("span", {}));
    });
    items.exit().remove();
    items.order().each(function update({name}) { this.lastChild.textContent = name; });
  }

  function draw() {
    const width = walk.element.clientWidth, {windows, series, stacked, before} = drawn;
    if (!width || !drawn.measure) return;
    const groups = series.filter((one) => !isWhole(one));
    const stack = d3.layout.stack().values(({points}) => points);
    const filled = stacked ? [...groups].reverse() : series.length > 1 || isRate(drawn.measure) ? [] : series;
    const areas = stack(filled.map((one) => ({...one, points: one.values.slice(0, drawn.begun).map((value, x) => ({x, y: value || 0}))})));
    const tops = areas.flatMap(({points}) => points.map(({y, y0}) => y + y0));
    const most = d3.max([...tops, ...series.flatMap(({values}) => values), ...(before || [])]) || 1;
    const y = d3.scale.linear().domain([0, most]).range([HEIGHT - BOTTOM, TOP]).nice(5);
    const ticks = y.ticks(5).filter((tick) => drawn.measure.kind !== "count" || Number.isInteger(tick));
    left = 12 + 7.5 * d3.max([2, ...ticks.map((tick) => drawn.measure.brief(tick).length)]);
    right = width - 8;
    grid(y, ticks);
    const lines = stacked ? series.filter(isWhole) : [...series];
    if (before) lines.push({colour: "before", values: before.slice(0, windows.length)});
    const area = d3.svg.area().x(({x}) => middle(x)).y0(({y0}) => y(y0)).y1(({y: own, y0}) => y(own + y0));
    const path = d3.svg.line().defined(({value}) => value !== null).x(({index}) => middle(index)).y(({value}) => y(value));
    join(".areas", areas).attr("d", ({points}) => area(points)).attr("class", ({colour}) => `area ${colour}`);
    join(".lines", lines).attr("d", ({values}) => path(values.map((value, index) => ({value, index})))).attr("class", ({colour}) => `line ${colour}`);
    const dots = svg.select(".lines").selectAll("circle").data(stacked || (right - left) / windows.length < 16 ? lonely(lines) : dotted(lines));
    dots.enter().append("circle").attr("r", 3);
    dots.exit().remove();
    dots.attr("cx", ({index}) => middle(index)).attr("cy", ({value}) => y(value)).attr("class", ({colour}) => `dot ${colour}`);
  }

  const dotted = (lines) => lines.filter(({colour}) => colour !== "before")
    .flatMap(({values, colour}) => values.map((value, index) => ({value, index, colour})).filter(({value}) => value !== null));
  // Values without a neighbour, which a line does not show.
  const lonely = (lines) => lines.flatMap(({values, colour}) => values.map((value, index) => ({value, index, colour}))
    .filter(({value, index}) => value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null));

  function join(group, data) {
    const paths = svg.select(group).selectAll("path").data(data, ({colour}) => colour);
    paths.enter().append("path");
    paths.exit().remove();
    return paths.order();
  }

  function grid(y, ticks) {
    const rules = svg.select(".grid").selectAll("line").data(ticks);
    rules.enter().append("line");
    rules.exit().remove();
    rules.attr("x1", left).attr("x2", right).attr("y1", (tick) => Math.round(y(tick)) + 0.5).attr("y2", (tick) => Math.round(y(tick)) + 0.5);
    const marks = [
      ...ticks.map((tick) => ({text: drawn.measure.brief(tick), x: left - 6, y: y(tick) + 4, anchor: "end"})), ...timeMarks()];
    const texts = svg.select(".ticks").selectAll("text").data(marks);
    texts.enter().append("text");
    texts.exit().remove();
    texts.attr("x", (mark) => mark.x).attr("y", (mark) => mark.y).attr("text-anchor", ({anchor}) => anchor).text(({text}) => text);
  }

  // As many days, or hours of one day, as there is room for.
  function timeMarks() {
    const {windows, zone} = drawn, room = Math.max(1, Math.floor((right - left) / 70));
    const oneDay = drawn.step === "hour" && windows.length <= 30;
    const starts = windows.map((at, index) => ({at, index}))
      .filter(({at, index}) => oneDay || drawn.step === "day" || index === 0 || shortDay(at, zone) !== shortDay(windows[index - 1], zone));
    const every = Math.ceil(starts.length / room);
    return starts.filter((_, index) => index % every === 0)
      .map(({at, index}) => ({text: oneDay ? hourWords(at, zone).slice(0, 5) : shortDay(at, zone), x: middle(index), y: HEIGHT - 6, anchor: "middle"}));
  }

  return {element: part.element, refuse: part.refuse, show};
}
