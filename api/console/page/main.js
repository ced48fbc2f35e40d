// Which view stands in the page: the address's part behind `#` says so, and holds nothing secret. Without a token it is
// the sign-in, whatever is asked for.

import {signedIn, signIn, signOut} from "./api.js";
import {accountView} from "./account.js";
import {accountsView} from "./accounts.js";
import {auditView} from "./audit.js";
import {ask, el} from "./dom.js";
import {dropAll, unpublished} from "./drafts.js";
import {signInView} from "./sign_in.js";
import {startView} from "./start.js";

const main = document.getElementById("main"), nav = document.getElementById("nav"), leave = document.getElementById("sign-out");

const LINKS = [["", "First steps"], ["accounts", "Accounts"], ["audit", "What was done"]];

// `#accounts/demo/history` -> ["accounts", "demo", "history"]
const place = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

function showFrame([first]) {
  nav.hidden = leave.hidden = !signedIn();
  nav.replaceChildren(...LINKS.map(([name, text]) =>
    el("a", {href: `#${name}`, "aria-current": name === first && "page"}, text)));
}

async function viewOf([first, account, tab]) {
  if (first === "accounts") return account ? accountView(account, tab || "document") : accountsView();
  if (first === "audit") return auditView();
  return startView();
}

let turn = 0;

// `focus`: the view is another, so that whoever hears the page is brought to it.
async function show({focus = true, said} = {}) {
  const mine = ++turn, wanted = place();
  showFrame(wanted);
  let view;
  if (!signedIn()) {
    view = signInView(said, (token) => {
      signIn(token, (words) => show({said: words}));
      show();
    });
  } else {
    main.setAttribute("aria-busy", "true");
    try {
      view = await viewOf(wanted);
    } catch (problem) {
      view = {title: "Not shown", element: el("div", {}, el("h1", {}, "Not shown"), el("p", {className: "news bad", role: "alert"}, problem.message))};
    }
  }
  if (mine !== turn) return;
  main.removeAttribute("aria-busy");
  main.replaceChildren(view.element);
  document.title = `${view.title} – Campaign console`;
  if (view.shown) view.shown();
  if (focus) (main.querySelector("[autofocus]") || main).focus({preventScroll: true});
  window.scrollTo(0, 0);
}

leave.addEventListener("click", async () => {
  const kept = unpublished();
  if (kept.length && !await ask({
    title: "Sign out?", confirm: "Sign out", danger: true,
    body: el("p", {}, `What you changed and did not publish is lost: ${kept.map((draft) => draft.account).join(", ")}.`),
  })) return;
  signOut();
  dropAll();
  show();
});
window.addEventListener("hashchange", () => show());
window.addEventListener("beforeunload", (event) => {
  if (unpublished().length) event.preventDefault();
});
show();
