// One account: its tabs.

import {checkView} from "./check.js";
import {documentView} from "./document.js";
import {el} from "./dom.js";
import {draftOf} from "./drafts.js";
import {historyView} from "./history.js";
import {hrefOf} from "./accounts.js";
import {skillsView} from "./skills.js";
import {visitorsView} from "./visitors.js";

const TABS = {
  document: ["Document", documentView],
  check: ["Try it out", checkView],
  history: ["History", historyView],
  skills: ["Availability", skillsView],
  visitors: ["Visitors", visitorsView],
};

export async function accountView(account, tab) {
  const [text, make] = TABS[tab] || TABS.document;
  const draft = await draftOf(account);
  const view = draft.base || make === documentView ? await make(draft)
    : {element: el("p", {className: "state"}, "The account is new: publish its document first.")};
  const name = draft.document.name || account;
  const links = Object.entries(TABS).map(([one, [title]]) =>
    el("a", {href: hrefOf(account, one), "aria-current": title === text && "page"}, title));
  return {
    title: `${text} of ${name}`,
    shown: view.shown,
    element: el("div", {},
      el("h1", {}, name, " ", el("small", {}, account)),
      el("nav", {className: "tabs", "aria-label": `Account ${name}`}, links),
      view.element),
  };
}
