// What stands beside the numbers: how far they are counted, what is missing in them, alerts of the account, alarms of the
// operator's, a funnel that is counted anew.

import {ask, pathOf} from "./api.js";
import {line, setText} from "./card.js";
import {wordsFor} from "./dimensions.js";
import {el, say, table} from "./dom.js";
import {NONE, number, percent} from "./format.js";
import {inWords} from "./times.js";

const WHEN = {
  acceptRateBelow: ["Accept rate too low", (value) => percent(value)],
  neverEligible: ["Nobody was eligible", (value) => (value === null ? NONE : `${number(value)} prospects`)],
  goalStopped: ["Conversions stopped", (value) => (value === null ? NONE : `${number(value)} conversions`)],
};

// Answers of resources that have no tag; one that does not answer takes nothing else with it.
export async function askState(account) {
  const asked = [pathOf("/api/alerts", {account}), "/api/alarms", "/api/rebuild"].map((path) => ask(path).then(({body}) => body, () => null));
  const [alerts, alarms, rebuild] = await Promise.all(asked);
  return {alerts: alerts && alerts.alerts, alarms: alarms && alarms.alarms, rebuild};
}

function summaryOf(list, on) {
  if (!on.length) return `${list.length} ${list.length === 1 ? "alert, which is" : "alerts, all"} quiet`;
  const words = on.map(({when}) => WHEN[when][0].toLowerCase()).join(", ");
  return `${on.length} of ${list.length} alerts ${on.length === 1 ? "fires" : "fire"}: ${words}`;
}

export function statePart() {
  const notices = el("div", {className: "notices"}), counted = el("span", {}), alerts = el("details", {className: "card alerts", hidden: true},
    el("summary", {}), el("div", {}));
  const about = el("details", {className: "about"}, el("summary", {}, "What “counted up to” means"),
    el("p", {}, "Every event has a number in its node's log. The API calls this asOf: all of that node's events up to this number are in the funnel, and of later ones perhaps some. Two answers with the same asOf hold the same events. The page asks for numbers again only when this moves."));
  let firing = "", noticed = "";

  function showNotices(missing, {alarms, rebuild}, zone) {
    const lines = [];
    if (missing && missing.length) {
      lines.push(`Incomplete: ${missing.length === 1 ? "a part" : `${missing.length} parts`} of the visitors' events (partition ${missing.join(", ")}) ${missing.length === 1 ? "is" : "are"} not in these numbers. They are too low, never too high.`);
    }
    if (rebuild && rebuild.rebuilding) {
      lines.push(`The funnel is counted anew since ${inWords(rebuild.since, zone)}; until it is done the numbers stand still.${rebuild.held ? ` ${rebuild.held}` : ""}`);
    }
    for (const {since, message} of alarms || []) lines.push(`Alarm of the operator's, since ${inWords(since, zone)}: ${message}`);
    if (noticed === JSON.stringify(lines)) return;
    noticed = JSON.stringify(lines);
    notices.replaceChildren(...lines.map((text) => el("p", {className: "news bad", role: "status"}, text)));
  }

  function showAlerts(list, names, zone) {
    alerts.hidden = !list || !list.length;
    if (alerts.hidden) return;
    const on = list.filter((one) => one.firing), text = JSON.stringify([list, [...names.campaign]]);
    if (text === firing) return;
    firing = text;
    const summary = summaryOf(list, on);
    alerts.classList.toggle("firing", on.length > 0);
    if (on.length && alerts.firstChild.textContent !== summary) say(summary);
    setText(alerts.firstChild, summary);
    const ofWhat = ({campaignId, engagementId}) => [wordsFor(names, "campaign", campaignId), ...(engagementId === null ? [] : [wordsFor(names, "engagement", engagementId)])];
    alerts.lastChild.replaceChildren(table("Alerts of the account", ["Alert", "Campaign", "State", "Since", "Now"], list.map((one) => line([
      WHEN[one.when][0], ofWhat(one).join(" · "),
      one.since === null ? "not judged yet" : one.firing ? "fires" : "quiet", one.since === null ? NONE : inWords(one.since, zone), WHEN[one.when][1](one.value)]))));
  }

  return {
    notices, alerts,
    foot: el("footer", {}, el("p", {}, "Counted up to ", counted), about),
    show({asOf, missing}, state, {names, zone}) {
      setText(counted, Object.entries(asOf).map(([origin, seq]) => `event ${number(Number(seq))} of ${origin}`).join(", ") || "no event yet");
      showNotices(missing, state, zone);
      showAlerts(state.alerts, names, zone);
    },
  };
}
