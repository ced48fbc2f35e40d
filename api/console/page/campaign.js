// A new campaign, asked for in a manager's words and written into the document's text.

import {ask, el, field, say, select} from "./dom.js";
import {appendItem, memberOf, setMember} from "./json_text.js";

// What a manager calls it -> channel and type of the engagement.
const KINDS = {
  button: ["A button “write to us” at the right edge", "messaging", "sticky"],
  inside: ["A button “write to us” within the page", "messaging", "embedded"],
  invitation: ["An invitation that slides in", "messaging", "slideout"],
  banner: ["A banner within the page", "content", "embedded"],
};

const EVERYWHERE = "", NEW_PLACE = "new";
const listOf = (value) => (Array.isArray(value) ? value.filter((one) => one && typeof one === "object") : []);
const nextId = (entries) => Math.max(0, ...entries.map((entry) => Number(entry.id) || 0)) + 1;

// As an item of one of the document's lists.
const indented = (value) => JSON.stringify(value, null, 2).replaceAll("\n", "\n    ");

function add(draft, editor, list, value) {
  const {root, text} = draft, node = memberOf(root, list), json = indented(value);
  const edit = node && node.items ? appendItem(text, node, json) : setMember(text, root, list, `[\n    ${json}\n  ]`);
  editor.apply(edit);
}

function question(document) {
  const locations = listOf(document.onsiteLocations);
  const name = el("input", {required: true, autocomplete: "off"});
  const kind = select(Object.entries(KINDS).map(([value, [text]]) => [value, text]), "button");
  const where = select([[EVERYWHERE, "On every page"], [NEW_PLACE, "On pages whose address contains…"],
    ...locations.map((one) => [String(one.id), one.name || `Location ${one.id}`])], EVERYWHERE);
  const part = el("input", {autocomplete: "off"});
  const partField = field("A part of the address, such as /help", part);
  partField.hidden = true;
  where.addEventListener("change", () => {
    partField.hidden = where.value !== NEW_PLACE;
    part.required = !partField.hidden;
  });
  return {name, kind, where, part, body: el("div", {}, field("Name", name), field("What is shown", kind), field("Where", where), partField)};
}

// True once it is in the text.
export async function makeCampaign(draft, editor) {
  if (draft.mistake) {
    editor.goTo(draft.mistake.at, draft.mistake.at + 1);
    say("Mend the mistake in the text first.");
    return false;
  }
  const asked = question(draft.document);
  if (!await ask({title: "A new campaign", body: asked.body, confirm: "Write it into the document"})) return false;
  const campaigns = listOf(draft.document.campaigns), locations = listOf(draft.document.onsiteLocations);
  const engagements = campaigns.flatMap((campaign) => listOf(campaign.engagements));
  const [, channel, type] = KINDS[asked.kind.value];
  const engagement = {id: nextId(engagements), name: asked.name.value, channel, type};
  if (asked.where.value === NEW_PLACE) {
    const id = nextId(locations);
    add(draft, editor, "onsiteLocations", {id, name: `Pages with ${asked.part.value}`, include: [{url: {contains: asked.part.value}}]});
    engagement.onsiteLocations = [id];
  } else if (asked.where.value !== EVERYWHERE) {
    engagement.onsiteLocations = [locations.find((one) => String(one.id) === asked.where.value).id];
  }
  const campaign = {id: nextId(campaigns), name: asked.name.value, status: "published", priority: "medium",
    controlGroup: {percentage: 10}, engagements: [engagement]};
  add(draft, editor, "campaigns", campaign);
  say(`The campaign ${campaign.name} is in the document.`);
  return true;
}
