// What the server's codes mean, in words for a campaign manager. `document`: the account's, in JavaScript.

import {inWords, knownZone} from "./times.js";

const number = new Intl.NumberFormat();
// "1 session", "1,204 sessions"
export const count = (how, what) => `${number.format(how)} ${what}${how === 1 ? "" : "s"}`;

const listed = (value) => (Array.isArray(value) ? value : []);
const quoted = (name) => `“${name}”`;

// The entries of a library that these ids name, in words.
function namesOf(document, library, ids) {
  return listed(ids).map((id) => {
    const entry = listed(document[library]).find((one) => one.id === id);
    return quoted((entry && entry.name) || id);
  }).join(", ");
}

export function campaignOf(document, id) {
  return listed(document.campaigns).find((campaign) => campaign.id === id) || {id};
}

export function engagementOf(document, id) {
  for (const campaign of listed(document.campaigns)) {
    const found = listed(campaign.engagements).find((engagement) => engagement.id === id);
    if (found) return found;
  }
  return {id};
}

// "Winter sale (44)"
export const titleOf = (entry) => (entry.name ? `${entry.name} (${entry.id})` : String(entry.id));

const date = (text, campaign, document) => inWords(Date.parse(text), knownZone(campaign.timeZone || document.timeZone));
const percent = (group, otherwise) => `${(group && group.percentage) ?? otherwise} %`;

const REASONS = {
  "unpublished": () => "The campaign is not published.",
  "not-started": (campaign, engagement, document) =>
    `The campaign begins later${campaign.startDate ? `: ${date(campaign.startDate, campaign, document)}` : ""}.`,
  "expired": (campaign, engagement, document) =>
    `The campaign is over${campaign.expirationDate ? `: it ended ${date(campaign.expirationDate, campaign, document)}` : ""}.`,
  "outside-hours": (campaign, engagement, document) =>
    `It is outside the campaign's opening hours${campaign.scheduleId ? `: ${namesOf(document, "schedules", [campaign.scheduleId])}` : ""}.`,
  "profile": (campaign, engagement, document) =>
    `The visitor is none of those whom the campaign is for: ${namesOf(document, "visitorProfiles", campaign.visitorProfiles)}.`,
  "disabled": () => "This engagement is switched off.",
  "app": () => "It is not for this site or app.",
  "location": (campaign, engagement, document) =>
    `The page is none of those where it is shown: ${namesOf(document, "onsiteLocations", engagement.onsiteLocations)}.`,
  "behavior": (campaign, engagement, document) =>
    `The visitor has done nothing of what it waits for: ${namesOf(document, "visitorBehaviors", engagement.visitorBehaviors)}.`,
  "unavailable": (campaign, engagement, document) =>
    `Nobody is there for the chat${engagement.skillId ? `: ${namesOf(document, "skills", [engagement.skillId])}` : ""}.`,
  "closed": () => "The visitor has closed this one already.",
  "proactive-cap": (campaign, engagement, document) =>
    `The visitor has been invited as often as the account allows in one visit${limitOf(document)}.`,
  "declined": () => "The visitor has closed an invitation, and the account's settings say not to invite again.",
  "zone-taken": () => "Another offer stands at this place of the page already.",
  "control-account": (campaign, engagement, document) =>
    `The visitor belongs to the account's control group (${percent(document.settings?.controlGroup, 5)}), which is shown nothing.`,
  "control-campaign": (campaign) =>
    `The visitor belongs to the campaign's control group (${percent(campaign.controlGroup, 10)}), which is not shown it.`,
};

function limitOf(document) {
  const limit = document.settings?.proactive?.maxDisplaysPerSession;
  return limit ? ` (${limit})` : "";
}

export const VERDICTS = {offered: "Is offered", outdrawn: "Lost the draw", refused: "Not offered"};

// Why, in a sentence. `judged`: an entry of the answer of explain.
export function reasonOf(judged, document) {
  const campaign = campaignOf(document, judged.campaignId), engagement = engagementOf(document, judged.engagementId);
  if (judged.verdict === "offered") return "All of its rules hold.";
  if (judged.verdict === "outdrawn") return "All of its rules hold, but another one was drawn for the same place of the page.";
  const say = REASONS[judged.reason];
  if (say) return say(campaign, engagement, document);
  return judged.reason || "A conversation of this visitor is open; there are no new offers meanwhile.";
}

const ZONES = {proactive: "in the middle, by itself", left: "at the left edge", right: "at the right edge", app: "in the app", embedded: "in the page"};
export const zoneOf = (zone) => ZONES[zone] || zone;

export const STATES = {online: "Online: takes new chats", busy: "Busy: is there, takes no more", offline: "Offline: nobody is there"};
