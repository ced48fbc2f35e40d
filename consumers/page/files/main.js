// The page: the view that the address holds, what is asked for it, and who shows what. It looks every few seconds whether
// anything more was counted, and asks for the rest only then.

import {ask, keepOnly, signedIn, signOut} from "./api.js";
import {breakdownPart} from "./breakdown.js";
import {labelled, setOptions} from "./card.js";
import {namesOf} from "./dimensions.js";
import {el, select} from "./dom.js";
import {durationsPart} from "./durations.js";
import {filtersPart} from "./filters.js";
import {funnelPart} from "./funnel.js";
import {heatPart} from "./heat.js";
import {liftPart} from "./lift.js";
import {heatSpan, questionsOf} from "./questions.js";
import {spanBefore, spanOf} from "./range.js";
import {rangePicker} from "./range_picker.js";
import {signInView} from "./sign_in.js";
import {askState, statePart} from "./state.js";
import {tilesPart} from "./tiles.js";
import {knownZone} from "./times.js";
import {trendPart} from "./trend.js";
import {hashOf, viewOf} from "./view.js";

const PAUSE = 2000, LONG_PAUSE = 15000;  // ms between looks, at least and at most
const BESIDE = 5000;                     // between those at what stands beside the numbers

let view = viewOf(location.hash || `#account=${encodeURIComponent(new URLSearchParams(location.search).get("account") || "")}`);
let accounts = [], shown = null, state = {}, besideAt = 0, timer, turn = 0, asked = {};

// --- what is chosen -------------------------------------------------------------------------------------------------------

function choose(changes) {
  if ((changes.account ?? view.account) !== view.account) besideAt = 0;
  view = {...view, ...changes};
  const hash = hashOf(view);
  if (hash !== location.hash) history.pushState(null, "", hash);
  shown = null;
  look();
}

const accountNow = () => accounts.find(({id}) => id === view.account);

// All that the view means now.
function context() {
  const account = accountNow(), zone = knownZone(account && account.timeZone), now = Date.now();
  const span = spanOf(view, now, zone);
  return {
    view, zone, now, names: namesOf(account), span, heat: heatSpan(span, now, zone),
    spanBefore: view.compare ? spanBefore(view.range, span, now, zone) : null,
  };
}

// --- the parts ------------------------------------------------------------------------------------------------------------

const csv = (question, name) => () => [asked[question], `${view.account}-${name}.csv`];
const accountControl = select([], "", {onchange: () => choose({account: accountControl.value, where: {}})});
const countControl = select([["net", "net: no repeats, no robots"], ["gross", "gross: everything"]], "", {onchange: () => choose({count: countControl.value})});
const compareControl = el("input", {type: "checkbox", onchange: () => choose({compare: compareControl.checked})});
const liveControl = el("input", {type: "checkbox", checked: true, onchange: () => look()});
const range = rangePicker(choose), filters = filtersPart(context, choose), states = statePart();
const problem = el("div", {role: "status"});
const parts = [
  tilesPart(), funnelPart(csv("total", "funnel")), liftPart(csv("lift", "lift")), trendPart(() => csv(asked.split ? "split" : "trend", "trend")(), choose),
  breakdownPart(csv("table", "rows"), choose, (where) => choose({where: {...view.where, ...where}})),
  heatPart(csv("heat", "day-by-hour"), choose), durationsPart(() => csv(asked.groups ? "groups" : "total", "times")())];
const [tiles, funnel, lift, trend, breakdown, heat, durations] = parts;
breakdown.hideNumbers();

const last = el("div", {className: "pair"}, heat.element, durations.element);
const page = el("div", {},
  el("section", {className: "card controls", "aria-label": "What is shown"},
    el("div", {className: "control-line"}, labelled("Account", accountControl), range.element, labelled("Count", countControl),
      el("label", {className: "check"}, compareControl, "Compare with the period before")),
    filters.element),
  problem, states.notices, states.alerts, tiles.element,
  el("div", {className: "pair"}, funnel.element, lift.element),
  trend.element, breakdown.element,
  last, states.foot);

const main = document.getElementById("main"), leave = document.getElementById("sign-out"), live = document.getElementById("live");
live.append(el("label", {className: "check"}, liveControl, "Live"));
leave.addEventListener("click", () => {
  signOut();
  shown = null;
  look();
});

function showControls(now) {
  setOptions(accountControl, accounts.map(({id, name}) => [id, name || id]), view.account);
  countControl.value = view.count;
  compareControl.checked = view.compare;
  range.show(view, now.span, now.spanBefore, now.zone);
  filters.show(view, now.names);
  document.title = `${(accountNow() || {}).name || view.account} – Engagement funnel`;
}

// Of what are some questions of the API refused, the total's not among them: facts of long ago may be gone. A comparison is
// left out then, and a part says why it shows nothing.
const NEEDS = [[lift, ["lift"]], [trend, ["trend", "split"]], [breakdown, ["table"]], [heat, ["heat"]], [durations, ["groups"]]];

async function askOrBeRefused(path) {
  try {
    return (await ask(path)).body;
  } catch (error) {
    if (error.status !== 400) throw error;
    return {refused: error.message};
  }
}

function showParts(data, now) {
  const rows = {row: data.total.rows[0], before: data.totalBefore && data.totalBefore.rows[0]};
  tiles.show(rows);
  funnel.show(rows);
  last.classList.toggle("wide", Boolean(data.groups));  // a row for each group
  for (const [part, names] of NEEDS) {
    const missing = names.map((name) => data[name]).find((answer) => answer && answer.refused);
    part.refuse(missing ? missing.refused : "");
    if (!missing) part.show(data, now);
  }
}

// --- looking --------------------------------------------------------------------------------------------------------------

async function lookBeside() {
  if (Date.now() - besideAt < BESIDE) return false;
  const before = JSON.stringify([accounts, state]);
  accounts = (await ask("/api/accounts")).body.accounts;
  if (accounts.length && !view.account) view = {...view, account: accounts[0].id};
  history.replaceState(null, "", location.pathname + hashOf(view));
  if (!accounts.length) throw new Error("No account is known yet: nothing was counted.");
  state = await askState(view.account);
  besideAt = Date.now();
  return JSON.stringify([accounts, state]) !== before;
}

// Shows what moved since it was shown. `mine`: which look this is; a later one shows instead.
async function refresh(mine) {
  const beside = await lookBeside(), now = context(), questions = questionsOf(view, now);
  if (mine !== turn) return;
  if (page.parentNode !== main) main.replaceChildren(page);
  showControls(now);
  const total = await ask(questions.total), same = shown && shown.questions === JSON.stringify(questions);
  if (mine !== turn || (same && !total.moved && !beside)) return;
  asked = questions;
  const data = same && !total.moved ? shown.data : {total: total.body};
  if (!same || total.moved) {
    const others = Object.entries(questions).filter(([name]) => name !== "total"), paths = [...new Set(others.map(([, path]) => path))];
    const answers = new Map(await Promise.all(paths.map(async (path) => [path, await askOrBeRefused(path)])));
    for (const [name, path] of others) {
      const answer = answers.get(path);
      data[name] = answer.refused && name.endsWith("Before") ? undefined : answer;
    }
    if (mine !== turn) return;
    keepOnly(new Set(Object.values(questions)));
  }
  showParts(data, now);
  states.show(data.total, state, now);
  shown = {questions: JSON.stringify(questions), data};
}

function tellProblem(error) {
  if (error.status === 401) {
    const said = signedIn() ? "The token is not known any more." : "This funnel is for those with a token.";
    signOut();
    main.replaceChildren(signInView(said, look));
    main.querySelector("[autofocus]").focus();
    return;
  }
  if (page.parentNode !== main) main.replaceChildren(page);
  showProblem(error.message);
}

function showProblem(text) {
  if (problem.textContent !== text) problem.replaceChildren(...(text ? [el("p", {className: "news bad"}, text)] : []));
}

async function look() {
  clearTimeout(timer);
  const mine = ++turn, began = performance.now();
  main.setAttribute("aria-busy", String(!shown));
  try {
    await refresh(mine);
    if (mine === turn) showProblem("");
  } catch (error) {
    if (mine !== turn) return;
    shown = null;
    besideAt = 0;
    tellProblem(error);
    if (error.status === 401) return main.removeAttribute("aria-busy");
  }
  if (mine !== turn) return;
  main.removeAttribute("aria-busy");
  leave.hidden = !signedIn();
  // About a tenth of the time is spent asking, but a slow answer does not make the numbers old.
  if (liveControl.checked && !document.hidden) timer = setTimeout(look, Math.min(LONG_PAUSE, Math.max(PAUSE, 9 * (performance.now() - began))));
}

window.addEventListener("popstate", () => {
  view = viewOf(location.hash);
  shown = null;
  besideAt = 0;
  look();
});
document.addEventListener("visibilitychange", () => document.hidden || !liveControl.checked || look());
look();
