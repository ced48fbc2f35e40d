// Signing in with a token of the Admin API.

import {call, signIn, signOut} from "./api.js";
import {attempt, el, field, tell} from "./dom.js";

// `said`: why it is asked for again. `enter` is called with a token that the server takes.
export function signInView(said, enter) {
  const token = el("input", {type: "password", autocomplete: "off", spellcheck: "false", required: true, autofocus: true});
  const news = el("div", {});
  const go = el("button", {type: "submit", className: "primary"}, "Sign in");
  if (said) tell(news, `${said} Sign in again; what you were editing is still here.`, "bad");

  async function submit(event) {
    event.preventDefault();
    const given = token.value.trim();
    if (!/^[!-~]+$/.test(given)) return tell(news, "A token has no blanks in it, and no letters with accents.", "bad");
    signIn(given, () => {});
    const known = await attempt(news, () => call("GET", "/admin/accounts"), go);
    if (!known) return signOut();
    token.value = "";
    return enter(given);
  }

  return {
    title: "Sign in",
    element: el("form", {className: "card narrow", onsubmit: submit},
      el("h1", {}, "Sign in"),
      el("p", {}, "With the token that your operator gave you. It is kept in this page's memory only: a reload forgets it."),
      field("Token", token), news,
      el("p", {className: "actions"}, go)),
  };
}
