// The rows of any breakdown, in any order; the API sorts them and gives so many, so that a million would do. A row's name
// leads to what is in it.

import {card, setText} from "./card.js";
import {canFilter, DIMENSIONS, keyOf, titleOf, valueOf} from "./dimensions.js";
import {button, el} from "./dom.js";
import {change, NONE, number} from "./format.js";
import {COUNTS, currenciesOf, LIFT, measureOf, RATES, TIMES, valueIn} from "./measures.js";

const MAIN = ["prospects", "exposed", "exposureRate", "acceptedOffers", "acceptRate", "interactions", "convertedSessions", "conversionRate"];
const STEP = 25;

const ABOUT = [
  "Each row counts its own sessions, each once: a session that met two campaigns is in both rows, so rows need not add up to the funnel.",
  "– is where the API says null: the number below the line is 0, so there is no rate. That is not a rate of 0.",
  "Net leaves out repeats of a client, second clicks within a second and robots; gross counts everything.",
];

export function columnsOf(view, rows) {
  const money = currenciesOf(rows).map(valueIn), lift = view.by.includes("campaign") ? [LIFT] : [];
  return view.columns === "all" ? [...COUNTS, ...RATES, ...money, ...lift, ...TIMES] : [...MAIN.map(measureOf), ...money, ...lift];
}

export function breakdownPart(csv, choose, narrow) {
  const boxes = new Map(DIMENSIONS.map(({key}) => [key, el("input", {type: "checkbox", onchange: () => choose({by: picked(), rows: STEP})})]));
  const every = el("input", {type: "checkbox", onchange: () => choose({columns: every.checked ? "all" : "main"})});
  let order = [];  // as they were picked, which is the order of the names
  const picked = () => [...order.filter((key) => boxes.get(key).checked), ...[...boxes.keys()].filter((key) => boxes.get(key).checked && !order.includes(key))];
  const part = card("Breakdown", {about: ABOUT, csv, name: "breakdown"});
  const head = el("tr", {}), body = el("tbody", {}), foot = el("p", {className: "note"});
  const more = button("Show more", () => choose({rows: shown.view.rows + STEP}));
  let shown = null;
  part.body.append(
    el("fieldset", {className: "chips"}, el("legend", {}, "Broken down by"),
      DIMENSIONS.map(({key, label}) => el("label", {}, boxes.get(key), label)), el("label", {className: "apart"}, every, "All columns")),
    el("div", {className: "scroll", tabindex: "0", role: "region", "aria-label": "Rows"},
      el("table", {}, el("caption", {className: "said"}, "Rows of the breakdown; a column's name sorts by it"), el("thead", {}, head), body)),
    el("p", {className: "actions"}, more), foot);

  function show(data, {view, names}) {
    const {rows, next} = data.table, columns = columnsOf(view, [...data.total.rows, ...rows]);
    const before = data.tableBefore && new Map(data.tableBefore.rows.map((row) => [keyOf(row, view.by), row]));
    shown = {view, names, before, all: !data.tableBefore || !data.tableBefore.next};
    order = view.by;
    for (const [key, box] of boxes) box.checked = view.by.includes(key);
    every.checked = view.columns === "all";
    showHeads(columns);
    const lines = d3.select(body).selectAll("tr").data(rows, (row) => keyOf(row, view.by) + view.by);
    lines.enter().append("tr").each(function fill() { this.append(el("th", {scope: "row"})); });
    lines.exit().remove();
    lines.order().each(function update(row) {
      showName(this.firstChild, row);
      showCells(this, row, columns);
    });
    more.hidden = !next;
    setText(foot, footWords(rows, next));
  }

  function footWords(rows, next) {
    if (!rows.length) return "Nothing in this span.";
    return next ? `The first ${number(rows.length)} rows.` : `${number(rows.length)} ${rows.length === 1 ? "row" : "rows"}, all there are.`;
  }

  // A column's name sorts by it: the greatest first, then the least first, then as the API gives them.
  function showHeads(columns) {
    const heads = d3.select(head).selectAll("th").data([{key: ""}, ...columns], ({key}) => key);
    heads.enter().append("th").attr("scope", "col").each(function fill({key, label, about}) {
      if (key) this.append(button(label, () => choose({sort: nextSort(key)}), {className: "link", title: about}));
    });
    heads.exit().remove();
    heads.order().each(function update({key}) {
      if (!key) setText(this, shown.view.by.map((one) => DIMENSIONS.find((dimension) => dimension.key === one).label).join(" · ") || "All");
      const {sort} = shown.view, sorted = key && sort === `-${key}` ? "descending" : key && sort === key ? "ascending" : null;
      sorted ? this.setAttribute("aria-sort", sorted) : this.removeAttribute("aria-sort");
    });
  }

  function nextSort(key) {
    const {sort} = shown.view;
    if (sort === `-${key}`) return key;
    return sort === key ? "" : `-${key}`;
  }

  function showName(place, row) {
    const {view, names} = shown, text = titleOf(names, row, view.by);
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    const leads = view.by.length && view.by.every((key) => canFilter(valueOf(row, key)));
    place.replaceChildren(!view.by.length ? "All" : leads
      ? button(text, () => narrow(Object.fromEntries(view.by.map((key) => [key, [String(valueOf(row, key))]]))), {className: "link", title: "Show only this"})
      : text);
  }

  function showCells(tr, row, columns) {
    const {before, view} = shown, was = before && before.get(keyOf(row, view.by));
    const cells = d3.select(tr).selectAll("td").data(columns, ({key}) => key);
    cells.enter().append("td").attr("class", "number").each(function fill() { this.append(el("span", {}), el("small", {className: "change"})); });
    cells.exit().remove();
    cells.order().each(function update(measure) {
      const now = measure.read(row), moved = before && changeOf(measure, now, was);
      setText(this.firstChild, measure.show(now));
      setText(this.lastChild, moved ? moved.text : "");
      this.lastChild.className = `change ${moved ? ["down", "same", "up"][moved.better + 1] : ""}`;
    });
  }

  // A row that the period before did not have began at zero, if all of its rows are known.
  function changeOf(measure, now, was) {
    if (measure.kind === "lift" || measure.kind === "time" || now === NONE) return null;
    const old = was ? measure.read(was) : shown.all && measure.kind === "count" ? 0 : null;
    return change(measure, now === null ? null : Number(now), old === null ? null : Number(old));
  }

  return {element: part.element, refuse: part.refuse, show, hideNumbers: () => part.element.querySelector(".numbers").remove()};
}
