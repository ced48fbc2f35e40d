// The few numbers that are looked at first, each with the period before.

import {setText} from "./card.js";
import {el} from "./dom.js";
import {change} from "./format.js";
import {currenciesOf, measureOf, valueIn} from "./measures.js";

const SHOWN = ["exposed", "acceptRate", "interactions", "conversionRate"];

export function tilesPart() {
  const list = el("ul", {className: "tiles", "aria-label": "At a glance"});

  function show({row, before}) {
    const money = currenciesOf([row]).slice(0, 3).map(valueIn);
    const tiles = [...SHOWN.map(measureOf), ...money].map((measure) => {
      const now = measure.read(row), was = before ? measure.read(before) : null;
      const numeric = (value) => (value === null ? null : Number(value));
      return {measure, text: measure.show(now), change: before && change(measure, numeric(now), numeric(was)), was: before && measure.show(was)};
    });
    const items = d3.select(list).selectAll("li").data(tiles, ({measure}) => measure.key);
    items.enter().append("li").each(function fill({measure}) {
      this.append(el("small", {}, measure.label), el("strong", {}, ""), el("span", {className: "change"}), el("small", {className: "about"}, measure.about));
    });
    items.exit().remove();
    items.order();
    items.each(function update(tile) {
      const [, value, moved] = this.children;
      setText(value, tile.text);
      setText(moved, tile.change ? `${tile.change.text}, was ${tile.was}` : "");
      moved.className = `change ${tile.change ? ["down", "same", "up"][tile.change.better + 1] : ""}`;
    });
  }

  return {element: list, show};
}
