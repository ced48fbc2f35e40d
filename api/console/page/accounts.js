// The accounts there are, and a new one made of the sample.

import {get} from "./api.js";
import {ask, el, field, table} from "./dom.js";
import {draftsOfNew, newDraft, unpublished} from "./drafts.js";
import {applyEdit, parse, setMember} from "./json_text.js";

const WELL_FORMED = "[A-Za-z0-9_]{1,20}";
export const hrefOf = (account, tab = "document") => `#accounts/${encodeURIComponent(account)}/${tab}`;

// The sample's text with another id and name.
async function sampleFor(id, name) {
  let text = await (await fetch("sample.json", {credentials: "omit"})).text();
  for (const [member, value] of [["accountId", id], ["name", name]]) {
    const edit = setMember(text, parse(text), member, JSON.stringify(value));
    if (edit) text = applyEdit(text, edit);
  }
  return text;
}

export async function makeAccount(known) {
  const id = el("input", {pattern: WELL_FORMED, required: true, autocomplete: "off"}), name = el("input", {autocomplete: "off"});
  const made = await ask({
    title: "New account", confirm: "Begin with the sample",
    body: el("div", {},
      el("p", {}, "It begins as a copy of the sample shop, for you to change. Nothing is in force before you publish it."),
      field("Id, part of the addresses that your site calls", id, "1 to 20 letters, digits or _"), field("Name, for people", name)),
  });
  if (!made) return;
  const isThere = known.some((account) => account.id === id.value) || draftsOfNew().some((draft) => draft.account === id.value);
  if (!isThere) newDraft(id.value, await sampleFor(id.value, name.value || id.value));
  location.hash = hrefOf(id.value);
}

function stateOf(account, changed) {
  if (account.refused) return `Not in force: ${account.refused}`;
  return changed.has(account.id) ? "You changed it and did not publish yet" : "In force";
}

export async function accountsView() {
  const {accounts} = (await get("/admin/accounts")).data;
  const changed = new Set(unpublished().map((draft) => draft.account));
  const rows = accounts.map((account) => el("tr", {},
    el("th", {scope: "row"}, el("a", {href: hrefOf(account.id)}, account.name || account.id)),
    el("td", {}, el("code", {}, account.id)), el("td", {}, el("code", {}, account.revision)), el("td", {}, stateOf(account, changed))));
  for (const draft of draftsOfNew()) {
    if (accounts.some((account) => account.id === draft.account)) continue;
    rows.push(el("tr", {},
      el("th", {scope: "row"}, el("a", {href: hrefOf(draft.account)}, draft.document.name || draft.account)),
      el("td", {}, el("code", {}, draft.account)), el("td", {}, "–"), el("td", {}, "New, not published yet")));
  }
  return {
    title: "Accounts",
    element: el("div", {},
      el("h1", {}, "Accounts"),
      rows.length ? table("Accounts", ["Name", "Id", "Revision", "State"], rows) : el("p", {}, "There is no account yet."),
      el("p", {className: "actions"}, el("button", {type: "button", onclick: () => makeAccount(accounts)}, "New account…"))),
  };
}
