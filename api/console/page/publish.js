// Into force: what changes is shown, then the document is put over the revision that it began from, and over no other.

import {call, get, pathOf} from "./api.js";
import {ask, attempt, button, el, tell} from "./dom.js";
import {inForce} from "./drafts.js";
import {inWords, knownZone} from "./times.js";

export const changeList = (changes) => (changes.length
  ? el("ul", {className: "changes"}, changes.map((change) => el("li", {}, change.text)))
  : el("p", {}, "Nothing but the way it is written."));

// Of the draft, against what is in force now.
async function changesOf(draft) {
  const {data} = await call("POST", pathOf(draft.account, "changes"), {body: draft.text});
  return data.changes;
}

// Puts a text over that revision; its own revision then.
export async function putDocument(account, text, over) {
  const headers = over ? {"If-Match": `"${over}"`} : {};
  const {data} = await call("PUT", pathOf(account), {body: text, headers});
  return data.revision;
}

async function newestOf(account) {
  const {revisions} = (await get(pathOf(account, "revisions"))).data;
  return revisions[0];
}

// Somebody was faster: whose document it is, what it changed, and what can be done now.
async function explainConflict(draft, place) {
  const [newest, theirs] = await Promise.all([newestOf(draft.account), inForce(draft.account)]);
  const since = draft.base && encodeURIComponent(draft.base.revision);
  const changes = since
    ? (await get(`${pathOf(draft.account, "revisions", theirs.revision, "changes")}?since=${since}`)).data.changes : [];
  const by = newest ? ` by ${newest.by}, ${inWords(newest.at, knownZone(draft.zone))}` : "";
  const done = (words) => tell(place, words);
  place.replaceChildren(el("div", {className: "news bad", role: "alert"},
    el("p", {}, `Not published: meanwhile another document was put in force${by}. Nothing of yours is lost. What the other one changed:`),
    changeList(changes),
    el("p", {}, "To keep both, write the other's changes into your text, then go on with it."),
    el("p", {className: "actions"},
      button("Go on with my text", () => {
        draft.rebase(theirs.revision, theirs.text);
        done("Your text is kept. Publishing it now takes the place of the other document: what it changed and your text does not have is undone.");
      }),
      button("Take the other's, drop mine", () => {
        draft.rebase(theirs.revision, theirs.text);
        draft.take(theirs.text);
        done("This is the document in force.");
      }))));
}

// Somebody else may have made the account meanwhile, and a new one is put over no revision.
async function isThere(account) {
  try {
    return Boolean(await inForce(account));
  } catch (problem) {
    if (problem.status === 404) return false;
    throw problem;
  }
}

async function publish(draft, place) {
  if (!draft.base && await isThere(draft.account)) return explainConflict(draft, place);
  const changes = draft.base ? await changesOf(draft) : null;
  const sure = await ask({
    title: "Publish?", confirm: "Publish",
    body: el("div", {}, changes ? [el("p", {}, "This comes into force at once, for the next page of every visitor:"), changeList(changes)]
      : el("p", {}, `The account ${draft.account} begins to answer at once.`)),
  });
  if (!sure) return;
  const text = draft.text;
  try {
    const revision = await putDocument(draft.account, text, draft.base && draft.base.revision);
    draft.rebase(revision, text);
    tell(place, `Published. Revision ${revision} is in force. The history can take it back.`);
  } catch (problem) {
    if (problem.status === 412) return explainConflict(draft, place);
    if (problem.errors.length) throw new Error("Not published: the document has mistakes. They are listed below the text.");
    throw problem;
  }
}

export function publishBar(draft) {
  const news = el("div", {id: "publish-news"});
  const go = button("Publish…", () => attempt(news, () => publish(draft, news), go).then(show), {className: "primary"});
  const show = () => (go.disabled = !draft.changed || Boolean(draft.mistake));
  return {element: el("div", {className: "publish"}, news, el("p", {className: "actions"}, go)), show};
}
