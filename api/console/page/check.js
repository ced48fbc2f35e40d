// Trying a document out before it is published: what a visitor would be offered and why, and what recorded sessions would
// have been offered.

import {el} from "./dom.js";
import {explainSection} from "./explain.js";
import {whatIfSection} from "./what_if.js";

export function checkView(draft) {
  const which = draft.changed ? "Everything here is judged by your changed document, which is not published." : "Everything here is judged by the document in force; you changed nothing.";
  if (draft.mistake) {
    return {element: el("p", {className: "news bad"}, "The document's text is not readable now; mend its mistake first.")};
  }
  return {element: el("div", {}, el("p", {className: "state"}, which), explainSection(draft), whatIfSection(draft))};
}
