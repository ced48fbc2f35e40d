// What was changed or shown through the Admin API, and by whose token.

import {get} from "./api.js";
import {attempt, button, el, table} from "./dom.js";
import {inWords} from "./times.js";

const ACTIONS = {
  "put-account": "published a document", "remove-account": "removed the account", "set-skill": "set a skill's availability",
  "start-conversation": "started a conversation", "end-conversation": "ended a conversation",
  "set-abandon-score": "set a visitor's abandon score", "erase-visitor": "erased a visitor", "erase-identity": "erased a person",
  "find-identity": "looked for a person", "show-account": "looked at the document", "show-revision": "looked at an older document",
  "show-revisions": "looked at the history", "show-changes": "compared documents", "show-skills": "looked at availability",
  "show-visitor": "looked at a visitor", "show-session": "looked at a session", "backup": "made a backup", "drain": "drained the node",
};
const PAGE = 50;
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const rowOf = (one) => el("tr", {},
  el("td", {}, inWords(one.at, HERE)), el("td", {}, one.by), el("td", {}, ACTIONS[one.action] || one.action),
  el("td", {}, one.accountId || "the node"), el("td", {}, el("code", {}, one.target)),
  el("td", {}, one.outcome === "unacknowledged" ? "written, not acknowledged" : one.outcome));

export async function auditView() {
  const news = el("div", {}), list = el("div", {});
  const rows = [];
  const older = button("Older ones", () => attempt(news, () => show(next), older));
  let next;
  async function show(before) {
    const {data} = await get(`/admin/audit?limit=${PAGE}${before ? `&before=${before}` : ""}`);
    rows.push(...data.actions.map(rowOf));
    list.replaceChildren(table("What was done, the newest first", ["When", "Who", "What", "Account", "Which", "Outcome"], rows));
    next = data.next;
    older.hidden = !next;
  }
  await show();
  return {
    title: "What was done",
    element: el("div", {}, el("h1", {}, "What was done"),
      el("p", {}, "Everything that was changed or shown through the Admin API, this console's own questions among it."),
      list, news, el("p", {className: "actions"}, older)),
  };
}
