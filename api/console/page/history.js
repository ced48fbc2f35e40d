// Every document that was in force: who, when, what changed, and back to it.

import {get, pathOf} from "./api.js";
import {attempt, button, el, table, tell} from "./dom.js";
import {changeList, putDocument} from "./publish.js";
import {inWords, knownZone} from "./times.js";

export async function historyView(draft) {
  const {account} = draft, news = el("div", {}), list = el("div", {});

  const show = async () => {
    const {revisions} = (await get(pathOf(account, "revisions"))).data;
    list.replaceChildren(table("Documents that were in force, the newest first", ["When", "By", "Revision", "What changed", ""],
      revisions.map((one, index) => rowOf(one, revisions[index + 1], revisions[0], index))));
  };

  function rowOf(one, before, newest, index) {
    const changes = el("td", {}, before ? button("Show", (event) => attempt(news, async () => {
      const since = encodeURIComponent(before.revision);
      const {data} = await get(`${pathOf(account, "revisions", one.revision, "changes")}?since=${since}`);
      changes.replaceChildren(changeList(data.changes));
    }, event.currentTarget), {"aria-label": `Show what revision ${one.revision} changed`}) : "The first of this list");
    const current = one.revision === newest.revision;
    return el("tr", {},
      el("th", {scope: "row"}, inWords(one.at, knownZone(draft.zone))),
      el("td", {}, one.by),
      el("td", {}, el("code", {}, one.revision), current && index === 0 && el("strong", {}, " in force")),
      changes,
      el("td", {}, !current && button("Bring back", (event) => bringBack(one, newest, event.currentTarget),
        {"aria-label": `Bring back revision ${one.revision}`})));
  }

  // That revision's document anew, over the newest that the list shows.
  const bringBack = (one, newest, control) => attempt(news, async () => {
    const {text} = await get(pathOf(account, "revisions", one.revision));
    try {
      await putDocument(account, text, newest.revision);
    } catch (problem) {
      if (problem.status !== 412) throw problem;
      await show();
      throw new Error("Not brought back: meanwhile another document was put in force. The list is shown anew; look at it, then choose again.");
    }
    const edited = draft.changed;
    if (!edited) {
      draft.rebase(one.revision, text);
      draft.take(text);
    }
    await show();
    tell(news, `Revision ${one.revision} is in force again.${edited ? " Your own unpublished changes are still in the editor." : ""}`);
  }, control);

  await show();
  return {
    element: el("section", {}, el("h2", {}, "History"),
      el("p", {}, "Bringing a document back publishes it anew; what is in force now stays in this list."), news, list),
  };
}
