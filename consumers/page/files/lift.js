// What campaigns change: the goal's share among those who could see it, less that of the control group, with the interval
// in which the truth is nineteen times of twenty.

import {card, line, setText} from "./card.js";
import {titleOf} from "./dimensions.js";
import {el} from "./dom.js";
import {NONE, number, points} from "./format.js";

const ABOUT = [
  "The share of the campaign's other prospects that reached its goal, less the share of its control group that did, in percentage points: +2 pp is two more of a hundred. The line is the 95 % interval (Newcombe's, of Wilson's).",
  "Where the line crosses zero, the difference may be chance: more sessions make it shorter. – stands where there is nobody in the control group, or nobody beside it.",
];

function verdict({low, high}) {
  if (low > 0) return ["up", "more than without"];
  if (high < 0) return ["down", "less than without"];
  return ["same", "no difference shown yet"];
}

export function liftPart(csv) {
  const part = card("Lift by campaign", {about: ABOUT, csv, name: "lift"});
  const list = el("ul", {className: "ranges"}), nothing = el("p", {className: "note"});
  const axis = el("div", {className: "axis", "aria-hidden": "true"}), scale = d3.select(axis).append("svg").attr("width", "100%").attr("height", 20);
  part.body.append(list, axis, nothing);

  function show(data, {names}) {
    const rows = data.lift.rows.map((row) => ({row, name: titleOf(names, row, ["campaign"]), lift: row.lift}))
      .sort((one, other) => (other.lift ? other.lift.value : -Infinity) - (one.lift ? one.lift.value : -Infinity) || d3.ascending(one.name, other.name));
    const shown = rows.filter(({lift}) => lift), ends = [0, ...shown.flatMap(({lift}) => [lift.low, lift.high])];
    const x = d3.scale.linear().domain(d3.extent(ends)).nice(4).range([8, 92]);
    showAxis(x, shown.length > 0);
    setText(nothing, rows.length ? "" : "Nothing in this span.");
    const items = d3.select(list).selectAll("li").data(rows, ({row}) => row.campaignId);
    items.enter().append("li").each(function fill() {
      this.append(el("strong", {}), el("div", {className: "bar", "aria-hidden": "true"}), el("span", {className: "range-words"}));
      const svg = d3.select(this).select(".bar").append("svg").attr("width", "100%").attr("height", 26);
      svg.append("line").attr("class", "zero").attr("y1", 0).attr("y2", 26);
      svg.append("line").attr("class", "interval").attr("y1", 13).attr("y2", 13);
      svg.append("circle").attr("cy", 13).attr("r", 5);
    });
    items.exit().remove();
    items.order().each(function update({name, lift}) {
      const item = d3.select(this), at = (value) => `${x(value)}%`, [kind, words] = lift ? verdict(lift) : ["none", ""];
      this.className = kind;
      setText(this.firstChild, name);
      item.select(".zero").attr("x1", at(0)).attr("x2", at(0));
      item.select(".interval").attr("x1", lift ? at(lift.low) : 0).attr("x2", lift ? at(lift.high) : 0);
      item.select("circle").attr("cx", lift ? at(lift.value) : 0).attr("visibility", lift ? "visible" : "hidden");
      setText(this.lastChild, lift ? `${points(lift.value)} (${points(lift.low)} to ${points(lift.high)}): ${words}` : `${NONE}: no control group to compare with`);
    });
    part.numbers(() => ({
      heads: ["Campaign", "Lift", "At least", "At most", "Prospects", "Control group"],
      lines: rows.map(({row, name, lift}) => line([
        name, ...(lift ? [lift.value, lift.low, lift.high].map(points) : [NONE, NONE, NONE]), number(row.prospects), number(row.controlGroup)])),
    }));
  }

  function showAxis(x, any) {
    axis.hidden = !any;
    const texts = scale.selectAll("text").data(x.ticks(3));
    texts.enter().append("text").attr("y", 15).attr("text-anchor", "middle");
    texts.exit().remove();
    texts.attr("x", (tick) => `${x(tick)}%`).text(points);
  }

  return {element: part.element, refuse: part.refuse, show};
}
