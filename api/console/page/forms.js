// Forms for what managers change daily, beside the text and of the same document: what is changed here edits the text at
// its place, and what the text says stands here.

import {el, field, select, newId} from "./dom.js";
import {memberOf, removeMember, setMember, valueOf} from "./json_text.js";
import {instantOf, knownZone, rfc3339, wallTime} from "./times.js";

// A field binds one control to one member: `show(node)` lays the object's value into the control, `edit(text, node)` is
// the change to the text for what the control says, or null.

function textField(name, label, after) {
  const control = el("input", {autocomplete: "off"});
  return {
    element: field(label, control), control,
    show: (node) => (control.value = valueOf(memberOf(node, name)) ?? ""),
    edit: (text, node) => setMember(text, node, name, JSON.stringify(control.value), after),
  };
}

function choiceField(name, label, options, otherwise, after) {
  const control = select(options, otherwise);
  return {
    element: field(label, control), control,
    show: (node) => (control.value = valueOf(memberOf(node, name)) ?? otherwise),
    edit: (text, node) => setMember(text, node, name, JSON.stringify(control.value), after),
  };
}

function switchField(name, label, after) {
  const control = el("input", {type: "checkbox", id: newId("field")});
  return {
    element: el("div", {className: "check"}, control, el("label", {htmlFor: control.id}, label)), control,
    show: (node) => (control.checked = valueOf(memberOf(node, name)) ?? true),
    edit: (text, node) => setMember(text, node, name, String(control.checked), after),
  };
}

function numberField(name, label, hint, limits, after) {
  const control = el("input", {type: "number", step: "any", ...limits});
  return {
    element: field(label, control, hint), control,
    show: (node) => {
      const value = valueOf(memberOf(node, name));
      if (control.value === "" || Number(control.value) !== value) control.value = value ?? "";
    },
    edit: (text, node) => {
      if (control.validity.badInput) return null;
      return control.value === "" ? removeMember(node, name) : setMember(text, node, name, String(Number(control.value)), after);
    },
  };
}

// In the campaign's own zone; a time that the form does not change stays as it was written.
function dateField(name, label, zoneOf, after) {
  const control = el("input", {type: "datetime-local"});
  const shownFor = (node) => {
    const ms = Date.parse(valueOf(memberOf(node, name)) ?? "");
    return Number.isNaN(ms) ? "" : wallTime(ms, zoneOf(node));
  };
  return {
    element: field(label, control), control,
    show: (node) => (control.value = shownFor(node)),
    edit: (text, node) => {
      if (control.value === shownFor(node)) return null;
      if (control.value === "") return control.validity.badInput ? null : removeMember(node, name);
      const zone = zoneOf(node);
      return setMember(text, node, name, JSON.stringify(rfc3339(instantOf(control.value, zone), zone)), after);
    },
  };
}

function controlShareField(after) {
  const inner = numberField("percentage", "Control group, percent", "So many of the visitors are shown nothing, to compare with; empty: 10.",
    {min: "0", max: "100"});
  return {
    ...inner,
    show: (node) => inner.show(memberOf(node, "controlGroup")),
    edit: (text, node) => {
      const group = memberOf(node, "controlGroup");
      if (group && group.members) return inner.edit(text, group);
      return inner.control.value === "" ? null : setMember(text, node, "controlGroup", `{"percentage": ${Number(inner.control.value)}}`, after);
    },
  };
}

// One box for each entry of the library; none ticked: everybody. `profiles`: [{id, name}].
function audienceField(profiles, after) {
  const boxes = profiles.map((profile) => ({profile, box: el("input", {type: "checkbox", id: newId("field")})}));
  const chosen = (node) => {
    const ids = valueOf(memberOf(node, "visitorProfiles"));
    return Array.isArray(ids) ? ids : [];
  };
  return {
    element: el("fieldset", {},
      el("legend", {}, "For whom (none ticked: everybody)"),
      boxes.map(({profile, box}) => el("div", {className: "check"}, box, el("label", {htmlFor: box.id}, profile.name || `Profile ${profile.id}`))),
      !boxes.length && el("small", {}, "The document has no visitor profiles.")),
    show: (node) => boxes.forEach(({profile, box}) => (box.checked = chosen(node).includes(profile.id))),
    edit: (text, node) => {
      const before = chosen(node), ticked = boxes.filter(({box}) => box.checked).map(({profile}) => profile.id);
      // In the order they had, the new ones behind; ids without an entry stay.
      const kept = before.filter((id) => ticked.includes(id) || !boxes.some(({profile}) => profile.id === id));
      const ids = [...kept, ...ticked.filter((id) => !before.includes(id))];
      if (!ids.length) return removeMember(node, "visitorProfiles");
      return setMember(text, node, "visitorProfiles", JSON.stringify(ids).replaceAll(",", ", "), after);
    },
  };
}

const PRIORITIES = [["high", "High"], ["medium", "Medium"], ["low", "Low"]];
const STATUSES = [["published", "Published"], ["unpublished", "Not published"]];

const objects = (node) => (node && node.items ? node.items.filter((item) => item.members) : []);

// A group of fields of one object, which `find` looks for in the newest text.
class Group {
  constructor(forms, find, fields) {
    this.find = find;
    this.fields = fields;
    for (const one of fields) {
      for (const event of ["input", "change"]) one.element.addEventListener(event, () => forms.changed(this, one));
    }
  }

  show(root, leave) {
    const node = this.find(root);
    if (node) this.fields.filter((one) => one !== leave).forEach((one) => one.show(node));
  }
}

export class Forms {
  constructor(draft, editor) {
    this.draft = draft;
    this.editor = editor;
    this.list = el("div", {className: "campaigns"});
    this.unreadable = el("p", {className: "news bad", hidden: true}, "The text is not readable now; the forms wait until its mistake is mended.");
    this.element = el("section", {className: "forms", "aria-label": "Campaigns as forms"}, el("h2", {}, "Campaigns"), this.unreadable, this.list);
    this.groups = [];
    this.show();
  }

  // The document changed, here or in the text.
  show(leave) {
    const {root, document} = this.draft;
    this.unreadable.hidden = Boolean(root);
    this.list.inert = !root;
    if (!root) return;
    const shape = JSON.stringify([
      objects(memberOf(root, "campaigns")).map((campaign) => [valueOf(memberOf(campaign, "id")),
        objects(memberOf(campaign, "engagements")).map((engagement) => valueOf(memberOf(engagement, "id")))]),
      document.visitorProfiles]);
    if (shape !== this.shape) this.make(root);
    this.shape = shape;
    for (const group of this.groups) group.show(root, leave);
    objects(memberOf(root, "campaigns")).forEach((campaign, index) => this.name(index, campaign));
  }

  name(index, campaign) {
    const {id, name, status} = valueOf(campaign);
    this.summaries[index].textContent = `${name || `Campaign ${id}`}${status === "unpublished" ? " (not published)" : ""}`;
  }

  changed(group, one) {
    const {root, text} = this.draft, node = root && group.find(root);
    const edit = node && one.edit(text, node);
    if (!edit) return;
    this.editing = one;
    this.editor.apply(edit);
    this.editing = null;
  }

  make(root) {
    const open = new Set([...this.list.querySelectorAll("details[open]")].map((card) => card.dataset.id));
    this.groups = [];
    this.summaries = [];
    this.list.replaceChildren(...objects(memberOf(root, "campaigns")).map((campaign, index) => {
      const card = this.campaign(campaign, index);
      card.open = open.has(card.dataset.id);
      return card;
    }));
  }

  campaign(campaign, index) {
    const zoneOf = (node) => knownZone(valueOf(memberOf(node, "timeZone")) || this.draft.zone);
    const profiles = Array.isArray(this.draft.document.visitorProfiles) ? this.draft.document.visitorProfiles : [];
    const fields = [
      textField("name", "Name", ["id"]),
      choiceField("status", "Status", STATUSES, "published", ["name", "id"]),
      choiceField("priority", "Priority", PRIORITIES, "medium", ["status", "name", "id"]),
      dateField("startDate", "Begins", zoneOf, ["goalId", "priority", "name", "id"]),
      dateField("expirationDate", "Ends", zoneOf, ["startDate", "goalId", "priority", "name", "id"]),
      controlShareField(["visitorProfiles", "goalId", "priority", "name", "id"]),
      audienceField(profiles.filter((profile) => profile && typeof profile === "object"), ["goalId", "priority", "name", "id"]),
    ];
    const find = (root) => objects(memberOf(root, "campaigns"))[index];
    this.groups.push(new Group(this, find, fields));
    const summary = el("summary", {});
    this.summaries.push(summary);
    return el("details", {className: "card", "data-id": String(valueOf(memberOf(campaign, "id")))},
      summary,
      el("small", {}, `Times are those of ${zoneOf(campaign)}.`),
      fields.map((one) => one.element),
      objects(memberOf(campaign, "engagements")).map((engagement, which) => this.engagement(engagement, find, which)));
  }

  engagement(engagement, findCampaign, which) {
    const fields = [
      textField("name", "Name", ["revision", "id"]),
      switchField("enabled", "May be offered", ["name", "id"]),
      numberField("weight", "Weight", "How often it wins among those of its priority; empty: 1.", {min: "0"}, ["name", "id"]),
    ];
    const find = (root) => objects(memberOf(findCampaign(root), "engagements"))[which];
    this.groups.push(new Group(this, find, fields));
    return el("fieldset", {},
      el("legend", {}, `Engagement ${valueOf(memberOf(engagement, "id"))}`), fields.map((one) => one.element));
  }
}
