// Going through a picture's places by keys, pointer or finger. What is at the chosen place is written below the picture,
// and said.

import {setText} from "./card.js";
import {el} from "./dom.js";

// `size()` gives [columns, rows]; `words(column, row)` what is there; `at(x, y)` the place of a point in the picture;
// `mark(column, row)` shows where it is, or nowhere for null.
export function cursor(label, {size, words, at, mark}) {
  const readout = el("p", {className: "readout", role: "status", "aria-live": "polite"});
  let place = null;
  const hint = "Point at the picture, or go through it with the arrow keys.";
  const element = el("div", {className: "picture", tabindex: "0", role: "group", "aria-label": label, onkeydown: key, onpointermove: point, onpointerdown: point,
    onpointerleave: leave, onblur: leave});
  setText(readout, hint);

  function go(column, row) {
    const [columns, rows] = size();
    if (!columns || !rows) return;
    place = [Math.min(Math.max(column, 0), columns - 1), Math.min(Math.max(row, 0), rows - 1)];
    show();
  }

  function show() {
    const [columns, rows] = size();
    if (place && (place[0] >= columns || place[1] >= rows)) place = null;
    mark(...(place || [null, null]));
    setText(readout, place ? words(...place) : hint);
  }

  function key(event) {
    const [columns, rows] = size(), [column, row] = place || [columns - 1, 0];
    const next = {
      ArrowLeft: [column - 1, row], ArrowRight: [column + 1, row], ArrowUp: [column, row - 1], ArrowDown: [column, row + 1],
      Home: [0, row], End: [columns - 1, row],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    const begins = !place && event.key.startsWith("Arrow");  // there is nothing yet to go on from
    go(...(begins ? [column, row] : next));
  }

  function point(event) {
    const box = element.getBoundingClientRect(), found = at(event.clientX - box.left, event.clientY - box.top);
    if (found && (!place || found[0] !== place[0] || found[1] !== place[1])) go(...found);
  }

  // What a finger chose stays.
  function leave(event) {
    if (event.pointerType === "touch") return;
    place = null;
    show();
  }

  return {element, readout, show};
}
