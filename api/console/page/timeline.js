// A session as a time line: what the visitor did, what was offered, and why.

import {pathOf, post} from "./api.js";
import {attempt, button, el} from "./dom.js";
import {verdictTable} from "./explain.js";
import {inWords, knownZone} from "./times.js";
import {campaignOf, engagementOf, titleOf, zoneOf} from "./words.js";

const DEVICES = {DESKTOP: "a computer", TABLET: "a tablet", MOBILE: "a phone"};
const KINDS = {display: "Saw", accept: "Clicked", expanded: "Opened", timeout: "Did nothing in time", close: "Closed"};

const isSealed = (value) => value && typeof value === "object" && "enc" in value;

// What a page said of itself; in full where it is readable.
function entryPointsOf(data) {
  return Array.isArray(data.entryPointsEnc) ? data.entryPointsEnc : data.entryPoints || [];
}

function offerWords(document, data) {
  return `${titleOf(engagementOf(document, data.engagementId))} of the campaign ${titleOf(campaignOf(document, data.campaignId))}`;
}

const offerList = (document, entries) => el("ul", {}, entries.map((entry) => el("li", {}, offerWords(document, entry))));

const attributeWords = ({type, ...rest}) => `${type}: ${Object.values(rest).some(isSealed) ? "no longer readable" : JSON.stringify(rest)}`;

// Event type -> [what happened, details].
const EVENTS = {
  "session-created": ({deviceFamily, returning, bot, ipAddress, appInstallationId}) => [
    "The session began",
    [`${returning ? "A visitor who was here before" : "A new visitor"}, on ${DEVICES[deviceFamily] || "an unknown device"}, at ${appInstallationId}.`,
      ipAddress && `From the network ${ipAddress}.`, bot && "The browser says that it is a robot; the net numbers leave it out."]],
  "activity-reported": (data) => [
    data.request === "engagement" ? "Asked for a page's offers" : "The page reported",
    [data.repeat && "The same as just before: what a browser's second try looks like.",
      data.conversationId && "A conversation was open: nothing new was offered.",
      el("ul", {}, [...entryPointsOf(data), ...(data.engagementAttributes || []).map(attributeWords)].map((line) => el("li", {}, line))),
      (data.goals || []).length > 0 && `Reached a goal: ${data.goals.map((goal) => goal.type).join(", ")}.`]],
  "engagement-shown": (data, document) => [
    "Was offered", [`${offerWords(document, data)}, ${zoneOf(data.zone)}.`, `By the document of revision ${data.configurationRevision}.`]],
  "eligibility-established": (data, document) => [
    "Could have been offered as well", ["All of their rules held, but another one was drawn for the same place:", offerList(document, data.eligible)]],
  "control-group-assigned": (data, document) => [
    "Was shown nothing, to compare with",
    [data.scope === "account" ? "The visitor is in the account's control group. Held back:" : "The visitor is in the campaign's control group. Held back:",
      offerList(document, data.eligible)]],
  "impression-reported": (data, document) => [
    KINDS[data.kind] || data.kind, [`${offerWords(document, data)}.`, data.repeat && "Reported twice; counted once."]],
  "conversation-started": (data, document) => ["A conversation began", [data.engagementId && `From ${offerWords(document, data)}.`]],
  "conversation-ended": () => ["The conversation ended", []],
  "session-closed": ({reason}) => ["The session was closed", [reason === "erased" ? "The visitor was erased." : "It had as many events as the account allows."]],
};

export function timeline(draft, visitor, session, events) {
  const zone = knownZone(draft.zone);

  // As the session's next request for the same page would be judged.
  function why(data) {
    const answer = el("div", {});
    const ask = button("What would it be now, and why?", () => attempt(answer, async () => {
      const {data: judged} = await post(pathOf(draft.account, "explain"), {
        visitorId: visitor, sessionId: session.sessionId, appInstallationId: data.appInstallationId,
        request: {pageId: data.pageId, entryPoints: entryPointsOf(data)},
      });
      answer.replaceChildren(verdictTable("Every engagement on this page now, and why", judged.engagements, draft.document));
    }, ask));
    return [ask, answer];
  }

  function lineOf(event) {
    const type = event.type.replace("monitor.", "");
    const [title, details] = EVENTS[type] ? EVENTS[type](event.data, draft.document) : [type, [JSON.stringify(event.data)]];
    return el("li", {className: type},
      el("p", {}, el("time", {datetime: event.time}, inWords(Date.parse(event.time), zone)), " ", el("strong", {}, title)),
      details.filter(Boolean).map((one) => (typeof one === "string" ? el("p", {}, one) : one)),
      type === "activity-reported" && event.data.request === "engagement" && session.live && why(event.data));
  }

  return el("section", {"aria-label": "The session as a time line"},
    el("h3", {}, "What happened"),
    el("p", {}, `Times are those of ${zone}.`),
    el("ol", {className: "timeline"}, events.map(lineOf)));
}
