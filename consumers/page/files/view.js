// What the page shows, wholly held by the address's part behind `#`, so that a link gives the same view to others: the
// account, the span, filters, what is picked. What stands as it does by itself is left out.

import {DIMENSIONS, whereOf, whereText} from "./dimensions.js";
import {RANGES} from "./range.js";

export const FIRST = Object.freeze({
  account: "", range: "7d", from: null, to: null, compare: true, count: "net", where: {}, by: ["campaign"], sort: "", rows: 25,
  columns: "main", measure: "exposed", split: "", step: "auto", heat: "exposed",
});

const oneOf = (words, word, otherwise) => (words.includes(word) ? word : otherwise);
const MEASURE = /^[A-Za-z]+(\.[A-Za-z0-9]+)?$/;  // whether there is such a one is seen where it is used

// The view of a link; what it does not know is as at first.
export function viewOf(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, "")), at = (name) => given.get(name) ?? "";
  const dimensions = DIMENSIONS.map(({key}) => key);
  const from = Date.parse(at("from")), to = Date.parse(at("to")), isSpan = from < to;
  const word = (name) => (MEASURE.test(at(name).replace(/^-/, "")) ? at(name) : FIRST[name]);
  return {
    account: at("account"),
    range: isSpan ? "custom" : oneOf(Object.keys(RANGES).filter((one) => one !== "custom"), at("range"), FIRST.range),
    from: isSpan ? from : null,
    to: isSpan ? to : null,
    compare: at("compare") !== "no",
    count: oneOf(["net", "gross"], at("count"), FIRST.count),
    where: whereOf(at("where")),
    by: given.has("by") ? [...new Set(at("by").split(","))].filter((one) => dimensions.includes(one)) : [...FIRST.by],
    sort: word("sort"),
    rows: Math.min(Math.max(Math.floor(Number(at("rows"))) || FIRST.rows, 1), 10000),
    columns: oneOf(["main", "all"], at("columns"), FIRST.columns),
    measure: word("measure"),
    split: oneOf(dimensions, at("split"), ""),
    step: oneOf(["hour", "day"], at("step"), FIRST.step),
    heat: word("heat"),
  };
}

export function hashOf(view) {
  const texts = {
    ...view,
    range: view.range === "custom" ? "" : view.range,
    from: view.range === "custom" ? new Date(view.from).toISOString() : "",
    to: view.range === "custom" ? new Date(view.to).toISOString() : "",
    compare: view.compare ? "" : "no",
    where: whereText(view.where),
    by: view.by.join(","),
  };
  const first = {...FIRST, compare: "", where: "", by: FIRST.by.join(","), from: "", to: ""};
  if (view.range === "custom") first.range = "";
  const told = Object.entries(texts).filter(([name, text]) => text !== first[name]);
  return `#${new URLSearchParams(told)}`;
}
