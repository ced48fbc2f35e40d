// What rows are broken down by: the API's words, the rows' members, and names for people.

import {NONE} from "./format.js";

export const DIMENSIONS = [
  {key: "campaign", member: "campaignId", label: "Campaign"},
  {key: "engagement", member: "engagementId", label: "Engagement"},
  {key: "revision", member: "engagementRevision", label: "Revision"},
  {key: "zone", member: "zone", label: "Zone"},
  {key: "channel", member: "channel", label: "Channel"},
  {key: "device", member: "deviceFamily", label: "Device"},
  {key: "language", member: "language", label: "Language"},
  {key: "app", member: "appInstallationId", label: "App"},
];

export const dimensionOf = (key) => DIMENSIONS.find((one) => one.key === key);

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();

// `campaigns` of /api/accounts: names of campaigns and engagements.
export function namesOf({campaigns = []} = {}) {
  const names = {campaign: new Map(), engagement: new Map()};
  for (const campaign of campaigns) {
    if (campaign.name) names.campaign.set(campaign.id, campaign.name);
    for (const engagement of campaign.engagements || []) {
      if (engagement.name) names.engagement.set(engagement.id, engagement.name);
    }
  }
  return names;
}

// A value of the dimension in words.
export function wordsFor(names, key, value) {
  if (value === null || value === undefined) return "unknown";
  const name = names[key] && names[key].get(Number(value));
  if (name) return name;
  if (key === "campaign" || key === "engagement" || key === "revision") return `${dimensionOf(key).label} ${value}`;
  return key === "device" || key === "zone" || key === "channel" ? capital(String(value)) : String(value);
}

export const valueOf = (row, key) => row[dimensionOf(key).member];

// A row's name by those it is broken down by.
export const titleOf = (names, row, by) => by.map((key) => wordsFor(names, key, valueOf(row, key))).join(" · ") || NONE;

// What two rows of one breakdown differ in.
export const keyOf = (row, by) => JSON.stringify(by.map((key) => valueOf(row, key)));

// Whether `where` can name it: it has no way to say "unknown", nor to write its own separators.
export const canFilter = (value) => value !== null && value !== "" && !/[,|]/.test(String(value));

// {campaign: ["41", "42"]} <-> "campaign:41|42"
export const whereText = (where) => Object.entries(where).map(([key, values]) => `${key}:${values.join("|")}`).join(",");

export function whereOf(text) {
  const where = {};
  for (const part of text.split(",")) {
    const colon = part.indexOf(":"), key = part.slice(0, colon), values = part.slice(colon + 1).split("|").filter(Boolean);
    if (dimensionOf(key) && values.length) where[key] = [...new Set(values)];
  }
  return where;
}
