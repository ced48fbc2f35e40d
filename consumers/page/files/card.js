// A part of the page: a heading, its controls, the picture, what the pointed-at place of it says, and the same numbers as
// a table for those who do not see it. All of it is made once; showing other numbers changes what differs.

import {download} from "./api.js";
import {attempt, button, el, newId, table} from "./dom.js";

// `about`: what to know of the numbers, at their place. `csv`: gives [path, file name] of what is seen.
export function card(title, {controls = [], about = [], csv, name}) {
  const id = newId("part"), body = el("div", {className: "body"}), news = el("div", {}), refusal = el("p", {className: "refusal"}), place = el("div", {});
  let rows;
  const fill = () => rows && numbers.open && place.replaceChildren(table(`${title}, as numbers`, rows().heads, rows().lines));
  const numbers = el("details", {className: "numbers", ontoggle: () => fill()}, el("summary", {}, "As a table"), place);
  const save = csv && button("CSV", () => attempt(news, () => download(...csv()), save), {"aria-label": `${title}: CSV of what is seen`, className: "small"});
  const element = el("section", {className: `card ${name}`, "aria-labelledby": id},
    el("div", {className: "head"}, el("h2", {id}, title), el("div", {className: "tools"}, controls, save)),
    news, refusal, body,
    el("div", {className: "feet"}, numbers,
      el("details", {className: "about"}, el("summary", {}, "What these numbers are"), about.map((one) => el("p", {}, one)))));
  return {
    element, body,
    // Shows why there is nothing to see; "": there is.
    refuse(text) {
      element.classList.toggle("refused", text !== "");
      setText(refusal, text);
    },
    // `get` gives {heads, lines} once somebody looks.
    numbers(get) {
      rows = get;
      fill();
    },
  };
}

// A line of such a table: the first cell is its head.
export const line = ([head, ...cells]) => el("tr", {}, el("th", {scope: "row"}, head), cells.map((cell) => el("td", {className: "number"}, cell)));

// A control with its label before it, on one line.
export function labelled(text, control) {
  control.id ||= newId("control");
  return el("span", {className: "labelled"}, el("label", {htmlFor: control.id}, text), control);
}

// Options that stand there already are left alone, so that an open list does not close.
export function setOptions(control, options, chosen) {
  const text = JSON.stringify(options);
  if (control.dataset.options !== text) {
    control.dataset.options = text;
    control.replaceChildren(...options.map(([value, words]) => el("option", {value}, words)));
  }
  if (control.value !== chosen) control.value = chosen;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
