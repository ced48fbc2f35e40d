// How long it takes: where the middle, nine of ten and ninety-nine of a hundred are, on an axis of powers.

import {card, line, setText} from "./card.js";
import {keyOf, titleOf} from "./dimensions.js";
import {el} from "./dom.js";
import {duration, NONE} from "./format.js";

const KINDS = [
  ["displayToAcceptMs", "From the display to the click"],
  ["acceptToConversationMs", "From the click to the conversation"],
  ["displayToConversionMs", "From the display to the conversion"],
];
const MARKS = [1, 100, 1000, 10000, 60000, 600000, 3600000, 21600000, 86400000, 864000000, 8640000000];

const ABOUT = [
  "The dot is what half of them took at most, the thick line ends where nine of ten are, the thin one at ninety-nine of a hundred. Each step of the axis is several times the one before, so that seconds and days are on one picture.",
  "Right to within 1 %. – stands where there was none.",
];

export function durationsPart(csv) {
  const part = card("How long it takes", {about: ABOUT, csv, name: "durations"});
  const place = el("div", {});
  part.body.append(place);

  function rowsOf(data, {view, names}) {
    const total = data.total.rows[0], before = data.totalBefore && data.totalBefore.rows[0];
    const groups = data.groups ? data.groups.rows.map((row) => ({key: keyOf(row, [view.split]), name: titleOf(names, row, [view.split]), row})) : [];
    return [{key: "all", name: data.groups ? "All" : "", row: total, before}, ...groups];
  }

  function show(data, context) {
    const rows = rowsOf(data, context);
    const all = KINDS.flatMap(([kind]) => rows.flatMap(({row, before}) => [row[kind], before && before[kind]])).filter(Boolean);
    const low = d3.max(MARKS.filter((mark) => mark <= Math.max(1, d3.min(all, ({p50}) => p50) || 1000))) || 1;
    const high = d3.min(MARKS.filter((mark) => mark > (d3.max(all, ({p99}) => p99) || 60000))) || MARKS[MARKS.length - 1];
    const x = d3.scale.log().domain([low, high]).range([2, 98]).clamp(true);
    const kinds = d3.select(place).selectAll("section").data(KINDS, ([kind]) => kind);
    kinds.enter().append("section").each(function fill([, words]) {
      this.append(el("h3", {}, words), el("ul", {className: "ranges"}));
    });
    kinds.each(function each([kind]) {
      showKind(this.lastChild, rows.map((one) => ({...one, times: one.row[kind], was: one.before ? one.before[kind] : null})), x);
    });
    showAxis(x, MARKS.filter((mark) => mark >= low && mark <= high));
    part.numbers(() => ({
      heads: ["", "Half within", "90 % within", "99 % within"],
      lines: KINDS.flatMap(([kind, words]) => rows.map(({name, row}) => line([
        name ? `${words}: ${name}` : words, ...["p50", "p90", "p99"].map((rank) => (row[kind] ? duration(row[kind][rank]) : NONE))]))),
    }));
  }

  function showKind(list, rows, x) {
    const items = d3.select(list).selectAll("li").data(rows, ({key}) => key), at = (ms) => `${x(Math.max(1, ms))}%`;
    items.enter().append("li").each(function fill() {
      this.append(el("strong", {}), el("div", {className: "bar", "aria-hidden": "true"}), el("span", {className: "range-words"}));
      const svg = d3.select(this).select(".bar").append("svg").attr("width", "100%").attr("height", 26);
      svg.append("line").attr("class", "whisker").attr("y1", 13).attr("y2", 13);
      svg.append("line").attr("class", "box").attr("y1", 13).attr("y2", 13);
      svg.append("rect").attr("class", "was").attr("y", 3).attr("height", 20);
      svg.append("circle").attr("cy", 13).attr("r", 6);
    });
    items.exit().remove();
    items.order().each(function update({name, times, was}) {
      const item = d3.select(this);
      setText(this.firstChild, name);
      this.classList.toggle("unnamed", !name);
      item.select(".bar svg").attr("display", times ? null : "none");
      if (times) {
        item.select(".box").attr("x1", at(times.p50)).attr("x2", at(times.p90));
        item.select(".whisker").attr("x1", at(times.p90)).attr("x2", at(times.p99));
        item.select("circle").attr("cx", at(times.p50));
      }
      item.select(".was").attr("x", was ? at(was.p50) : 0).attr("width", was ? 3 : 0);
      setText(this.lastChild, times
        ? `half within ${duration(times.p50)}, 90 % ${duration(times.p90)}, 99 % ${duration(times.p99)}${was ? `; before: half within ${duration(was.p50)}` : ""}`
        : NONE);
    });
  }

  function showAxis(x, marks) {
    let axis = part.body.querySelector(".axis");
    if (!axis) {
      axis = el("div", {className: "axis", "aria-hidden": "true"});
      d3.select(axis).append("svg").attr("width", "100%").attr("height", 20);
      part.body.append(axis);
    }
    const texts = d3.select(axis).select("svg").selectAll("text").data(marks);
    texts.enter().append("text").attr("y", 14);
    texts.exit().remove();
    texts.attr("x", (mark) => `${x(mark)}%`).attr("text-anchor", (_, index) => (index === 0 ? "start" : index === marks.length - 1 ? "end" : "middle"))
      .text((mark) => duration(mark));
  }

  return {element: part.element, refuse: part.refuse, show};
}
