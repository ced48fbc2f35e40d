// The first page: the first campaign in five minutes, on the sample account.

import {get} from "./api.js";
import {hrefOf, makeAccount} from "./accounts.js";
import {makeCampaign} from "./campaign.js";
import {attempt, button, el, field, select} from "./dom.js";
import {draftOf} from "./drafts.js";
import {editorOf} from "./editor.js";

const SAMPLE = "demo";

const WORDS = [
  ["Campaign", "who gets what, when, and what for. It has one or more engagements."],
  ["Engagement", "what is shown: a button, an invitation, a banner, and on which pages."],
  ["Location", "a name for pages: those whose address contains /help, say."],
  ["Profile, behaviour", "a name for visitors: new ones, customers; and for what they did: a full cart, an error twice."],
  ["Control group", "visitors who are shown nothing on purpose. The difference between them and the others is what the campaign brought."],
];

function steps(account, news) {
  const link = (tab, text) => el("a", {href: hrefOf(account.value, tab)}, text);
  const write = button("Write my campaign…", () => attempt(news, async () => {
    const draft = await draftOf(account.value);
    if (await makeCampaign(draft, await editorOf(draft))) location.hash = hrefOf(account.value);
  }, write), {className: "primary"});
  return el("ol", {className: "steps"},
    el("li", {}, el("h3", {}, "Look round"),
      el("p", {}, "The sample is a shop for outdoor gear. Its ", link("document", "document"),
        " says everything about it: as text on the left, as forms on the right. Both are the same; change either. Nothing you do there reaches a visitor before you publish.")),
    el("li", {}, el("h3", {}, "Write a campaign"),
      el("p", {}, "A name, what is shown, and where. It is written into the document; mistakes are told at their line."),
      el("p", {className: "actions"}, write)),
    el("li", {}, el("h3", {}, "Try it out"),
      el("p", {}, link("check", "Choose a page"), " such as https://shop.example/help and ask what is offered there. Every engagement tells why, or why not. Below it you see what your document would have done to the visits of the last days.")),
    el("li", {}, el("h3", {}, "Publish"),
      el("p", {}, "Back at the ", link("document", "document"), ", press Publish. You are shown what changes, and it is in force with the next page of every visitor. If somebody else was faster, you are told, and nothing is lost.")),
    el("li", {}, el("h3", {}, "See it, or take it back"),
      el("p", {}, "The example page of your server, /client/example.html?account=", account.value, ", shows it as a visitor sees it; the funnel's page counts it. In the ",
        link("history", "history"), " every earlier document comes back with one click.")));
}

export async function startView() {
  const {accounts} = (await get("/admin/accounts")).data;
  const news = el("div", {}), list = el("div", {});
  const sample = accounts.find((one) => one.id === SAMPLE) || accounts[0];
  const account = select(accounts.map((one) => [one.id, one.name || one.id]), sample && sample.id);
  const show = () => list.replaceChildren(steps(account, news));
  account.addEventListener("change", show);
  if (sample) show();
  return {
    title: "First steps",
    element: el("div", {},
      el("h1", {}, "Your first campaign, in five minutes"),
      sample ? field("Account", account, "Practise on the sample, not on a shop that has visitors.")
        : el("p", {}, "There is no account yet. ", button("Begin with the sample…", () => makeAccount(accounts), {className: "primary"})),
      news, list,
      el("section", {className: "card"}, el("h2", {}, "Five words"),
        el("dl", {}, WORDS.map(([word, meaning]) => [el("dt", {}, word), el("dd", {}, meaning)])))),
  };
}
