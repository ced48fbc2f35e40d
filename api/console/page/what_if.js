// "What would have been different?": the document over the sessions that were recorded.

import {call, get, pathOf} from "./api.js";
import {attempt, button, el, field, say, table} from "./dom.js";
import {instantOf, knownZone} from "./times.js";
import {count, engagementOf, titleOf} from "./words.js";

const number = new Intl.NumberFormat();

// Events a second of the last run here; before there was one, a careful guess.
let pace = 50000;
let measured = false;

// How many events the node keeps: all of them are read, whatever time is asked for.
async function recorded() {
  const {origins} = (await get("/admin/position")).data;
  return origins.reduce((sum, one) => sum + Math.max(0, Number(one.last) - Number(one.first) + 1), 0);
}

function howLong(events) {
  const seconds = Math.ceil(events / pace);
  const time = seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
  return `It reads ${number.format(events)} recorded events: about ${time}, ${measured ? "by the last run's pace" : "a guess before the first run"}.`;
}

function signed(difference) {
  return difference > 0 ? `+${number.format(difference)}` : number.format(difference);
}

const rowOf = (title, {before, after}) => el("tr", {},
  el("th", {scope: "row"}, title), el("td", {}, number.format(before)), el("td", {}, number.format(after)), el("td", {}, signed(after - before)));

function resultOf(report, document) {
  const differs = report.byEngagement.filter((one) => one.before !== one.after).length;
  return [
    el("p", {}, `${count(report.sessions, "session")}. ${differs ? `${count(differs, "engagement")} would have been offered more or less often.` : "Nothing would have been different."}`),
    report.otherRules > 0 && el("p", {}, `Left out: ${count(report.otherRules, "request")} that an older version of the server decided by other rules.`),
    table("Before and after, by engagement", ["", "Before", "After", "Difference"], [
      rowOf("Offers in all", report.offers),
      report.exposures && rowOf("Of them displayed", report.exposures),
      rowOf("Several for one place", report.zoneConflicts),
      ...report.byEngagement.map((one) => rowOf(titleOf(engagementOf(document, one.engagementId)), one)),
    ].filter(Boolean)),
  ].filter(Boolean);
}

export function whatIfSection(draft) {
  const zone = knownZone(draft.zone);
  const from = el("input", {type: "datetime-local"}), to = el("input", {type: "datetime-local"});
  const news = el("div", {}), result = el("div", {id: "what-if"}), estimate = el("p", {className: "state"});
  let running = null;
  const stop = button("Stop", () => running && running.abort(), {disabled: true});
  const go = el("button", {type: "submit", className: "primary"}, "Count");
  const look = () => attempt(news, async () => (estimate.textContent = howLong(await recorded())));

  async function run() {
    running = new AbortController();
    stop.disabled = false;
    const began = performance.now();
    const ticking = setInterval(() => (estimate.textContent = `Reading since ${Math.round((performance.now() - began) / 1000)} s…`), 1000);
    try {
      const events = await recorded(), question = {};
      if (from.value) question.from = instantOf(from.value, zone);
      if (to.value) question.to = instantOf(to.value, zone);
      const asked = performance.now();
      const {data} = await call("POST", pathOf(draft.account, "what-if"), {body: draft.withText(question, true), signal: running.signal});
      const seconds = (performance.now() - asked) / 1000;
      pace = Math.max(1, events / Math.max(seconds, 0.001));
      measured = true;
      estimate.textContent = `It took ${seconds.toFixed(1)} s.`;
      result.replaceChildren(...resultOf(data, draft.document));
      say("The sessions are counted.");
    } finally {
      clearInterval(ticking);
      stop.disabled = true;
      if (running.signal.aborted) estimate.textContent = "Stopped.";
    }
  }

  const submit = async (event) => {
    event.preventDefault();
    result.replaceChildren();
    news.replaceChildren();
    await attempt(news, run, go);
  };
  look();
  return el("section", {className: "card"},
    el("h2", {}, "What would have been different?"),
    el("p", {}, "Your document over the sessions that were recorded: what it would have offered, beside what was offered. Nothing is recorded or shown to anybody."),
    el("form", {onsubmit: submit},
      el("div", {className: "fields"},
        field("Sessions that began from", from, `Empty: all. In the time of ${zone}.`), field("and before", to)),
      estimate,
      el("p", {className: "actions"}, go, stop)),
    news, result);
}
