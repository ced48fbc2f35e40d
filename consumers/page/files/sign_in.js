// Signing in with the token of the listener, where it asks for one.

import {ask, signIn, signOut} from "./api.js";
import {attempt, el, field, tell} from "./dom.js";

// `said`: why it is asked for. `enter` is called once the server takes the token.
export function signInView(said, enter) {
  const token = el("input", {type: "password", autocomplete: "off", spellcheck: "false", required: true, autofocus: true});
  const news = el("div", {}), go = el("button", {type: "submit", className: "primary"}, "Sign in");

  async function submit(event) {
    event.preventDefault();
    const given = token.value.trim();
    if (!/^[!-~]+$/.test(given)) return tell(news, "A token has no blanks in it, and no letters with accents.", "bad");
    signIn(given);
    if (!await attempt(news, () => ask("/api/accounts"), go)) return signOut();
    token.value = "";
    return enter();
  }

  return el("form", {className: "card narrow", onsubmit: submit},
    el("h2", {}, "Sign in"),
    el("p", {}, said, " Your operator gives you one (http.read_token_file). It is kept in this page's memory only: a reload forgets it."),
    field("Token", token), news,
    el("p", {className: "actions"}, go));
}
