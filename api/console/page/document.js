// An account's document: its text and the forms beside it, and the way into force.

import {makeCampaign} from "./campaign.js";
import {ask, button, el, say} from "./dom.js";
import {drop} from "./drafts.js";
import {editorOf} from "./editor.js";
import {Forms} from "./forms.js";
import {hrefOf} from "./accounts.js";
import {publishBar} from "./publish.js";

export async function documentView(draft) {
  const editor = await editorOf(draft), forms = new Forms(draft, editor);
  const state = el("p", {className: "state", role: "status"});
  const revert = button("Drop my changes…", async () => {
    const sure = await ask({
      title: "Drop your changes?", confirm: "Drop them", danger: true,
      body: el("p", {}, draft.base ? "The text becomes the document in force again." : "The new account is forgotten."),
    });
    if (!sure) return;
    if (!draft.base) {
      drop(draft.account);
      location.hash = "#accounts";
      return;
    }
    draft.take(draft.base.text);
    say("Your changes are dropped.");
  });
  const publish = publishBar(draft);

  const show = () => {
    if (!element.isConnected && wasShown) return draft.listeners.delete(show);
    forms.show(forms.editing);
    publish.show();
    revert.disabled = !draft.changed;
    if (!draft.base) state.textContent = "New: nothing of it is in force before you publish it.";
    else if (draft.changed) state.textContent = `You are changing what is in force (revision ${draft.base.revision}).`;
    else state.textContent = `This is what is in force (revision ${draft.base.revision}).`;
    return undefined;
  };
  let wasShown = false;
  draft.listeners.add(show);

  const element = el("div", {},
    state,
    el("div", {className: "columns"},
      el("section", {"aria-label": "The document's text"}, el("h2", {}, "Text"), editor.element),
      el("div", {},
        forms.element,
        el("p", {className: "actions"}, button("Add a campaign…", () => makeCampaign(draft, editor))))),
    publish.element,
    el("p", {className: "actions"}, el("a", {href: hrefOf(draft.account, "check")}, "Try it out before you publish"), revert));
  show();
  return {
    element,
    shown: () => {
      wasShown = true;
      editor.shown();
    },
  };
}
