// What is counted at all: values of the dimensions, picked in a dialog from those that the span has.

import {ask as query, pathOf} from "./api.js";
import {canFilter, DIMENSIONS, dimensionOf, valueOf, whereText, wordsFor} from "./dimensions.js";
import {ask, attempt, button, el, field, select} from "./dom.js";
import {number} from "./format.js";

const MOST = 200;

// `context()`: {view, span, names} of now.
export function filtersPart(context, choose) {
  const list = el("ul", {className: "filters", "aria-label": "Filters"});
  const news = el("div", {});
  const add = button("Filter…", () => pick(), {className: "small"});
  let text = null;

  async function pick() {
    const {view, span, names} = context(), chosen = new Map(Object.entries(view.where).map(([key, values]) => [key, new Set(values)]));
    const values = el("fieldset", {className: "values"}), trouble = el("div", {});
    const what = select(DIMENSIONS.map(({key, label}) => [key, label]), DIMENSIONS[0].key, {onchange: () => fill()});
    const fill = () => attempt(trouble, async () => {
      trouble.replaceChildren();
      const key = what.value, {[key]: own, ...others} = view.where;
      const path = pathOf("/api/funnel", {
        account: view.account, count: view.count === "net" ? "" : view.count, by: key, orderBy: "-prospects", limit: MOST,
        where: whereText(others), from: span && span.from, to: span && span.to,
      });
      const {rows} = (await query(path)).body, known = new Map(rows.map((row) => [String(valueOf(row, key)), row]));
      if (what.value !== key) return;
      for (const value of chosen.get(key) || []) known.has(value) || known.set(value, null);
      const boxes = [...known].filter(([value, row]) => !row || canFilter(valueOf(row, key))).map(([value, row]) => el("label", {className: "check"},
        el("input", {type: "checkbox", checked: chosen.has(key) && chosen.get(key).has(value), onchange: (event) => {
          const set = chosen.get(key) || new Set();
          event.target.checked ? set.add(value) : set.delete(value);
          chosen.set(key, set);
        }}), el("span", {}, wordsFor(names, key, value)), el("small", {}, row ? `${number(row.prospects)} prospects` : "nothing in this span")));
      values.replaceChildren(el("legend", {}, `Only these, of ${dimensionOf(key).label.toLowerCase()}`), ...(boxes.length ? boxes : ["Nothing in this span."]));
    });
    fill();
    const confirmed = await ask({title: "Count only…", confirm: "Show", body: el("div", {}, field("Of", what), trouble, values)});
    if (confirmed) choose({where: Object.fromEntries([...chosen].filter(([, set]) => set.size).map(([key, set]) => [key, [...set]]))});
  }

  function show(view, names) {
    const now = JSON.stringify([view.where, Object.keys(view.where).map((key) => view.where[key].map((value) => wordsFor(names, key, value)))]);
    if (now === text) return;
    text = now;
    list.replaceChildren(...Object.entries(view.where).map(([key, values]) => {
      const words = `${dimensionOf(key).label}: ${values.map((value) => wordsFor(names, key, value)).join(", ")}`;
      return el("li", {}, words, button("×", () => {
        const {[key]: gone, ...where} = context().view.where;
        choose({where});
        add.focus();
      }, {className: "link", "aria-label": `Remove the filter ${words}`}));
    }));
  }

  return {element: el("div", {className: "filter-line"}, list, add, news), show};
}
