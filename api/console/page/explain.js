// "What would this visitor be offered on this page?": every engagement with its verdict and the reason.

import {call, pathOf} from "./api.js";
import {attempt, button, el, field, say, select, table} from "./dom.js";
import {instantOf, knownZone} from "./times.js";
import {campaignOf, count, engagementOf, reasonOf, titleOf, VERDICTS} from "./words.js";

const CHANNELS = [["", "Unknown"], ["0", "Directly"], ["1", "Search"], ["2", "Social media"], ["3", "E-mail"], ["4", "Another site"]];

// What a manager may say of the visitor.
const KNOWN = {
  ctype: ["Type of customer", "text"], cstatus: ["Status of customer", "text"], balance: ["Balance", "number"],
  age: ["Age", "number"], total: ["Cart: total", "number"], product: ["Product looked at: name", "text"],
  category: ["Product looked at: category", "text"], words: ["Words searched for", "text"], error: ["Error that was shown", "text"],
};

const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
const isEmpty = (fields) => Object.keys(fields).length === 0;

// The same as the attributes that a site would report.
function attributesOf({ctype, cstatus, balance, age, total, product, category, words, error, channel}) {
  const info = given({ctype, cstatus, balance}), looked = given({name: product, category});
  return [
    !isEmpty(info) && {type: "ctmrinfo", info},
    !isEmpty(looked) && {type: "prodView", products: [{product: looked}]},
    age !== undefined && {type: "personal", personal: {age: {age}}},
    total !== undefined && {type: "cart", total, numItems: 1},
    words !== undefined && {type: "searchInfo", keywords: [words]},
    error !== undefined && {type: "error", error: {message: error}},
    channel !== undefined && {type: "mrktInfo", info: {channel}},
  ].filter(Boolean);
}

const newVisitor = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export function verdictTable(caption, judged, document) {
  return table(caption, ["Campaign", "Engagement", "Verdict", "Why"], judged.map((one) => el("tr", {},
    el("td", {}, titleOf(campaignOf(document, one.campaignId))),
    el("th", {scope: "row"}, titleOf(engagementOf(document, one.engagementId))),
    el("td", {}, el("span", {className: `verdict ${one.verdict}`}, VERDICTS[one.verdict] || one.verdict)),
    el("td", {}, reasonOf(one, document)))));
}

class Question {
  constructor(draft) {
    this.zone = knownZone(draft.zone);
    const apps = (Array.isArray(draft.document.appInstallations) ? draft.document.appInstallations : []).filter((one) => one && one.id);
    this.app = select(apps.map((one) => [one.id, one.name ? `${one.name} (${one.id})` : one.id]), apps[0] && apps[0].id);
    this.pages = el("textarea", {rows: "2", spellcheck: "false", placeholder: "https://shop.example/help"});
    this.device = select([["", "Unknown"], ["DESKTOP", "Computer"], ["TABLET", "Tablet"], ["MOBILE", "Phone"]], "");
    this.address = el("input", {autocomplete: "off", placeholder: "203.0.113.7"});
    this.at = el("input", {type: "datetime-local"});
    this.referrer = el("input", {autocomplete: "off", spellcheck: "false", placeholder: "https://www.example/"});
    this.channel = select(CHANNELS, "");
    this.known = Object.entries(KNOWN).map(([name, [label, type]]) => (
      {name, type, label, input: el("input", {type, step: type === "number" && "any", autocomplete: "off"})}));
    this.more = el("textarea", {rows: "2", spellcheck: "false"});
    this.visitor = el("input", {autocomplete: "off", spellcheck: "false"});
    this.session = el("input", {autocomplete: "off", spellcheck: "false"});
  }

  fields() {
    return [
      el("div", {className: "fields"},
        field("Site or app", this.app),
        field("Page", this.pages, "Its address; below it, one a line, what else the page says of itself, such as sec://help or lang://de"),
        field("Device", this.device), field("Internet address", this.address),
        field("When", this.at, `Empty: now. In the time of ${this.zone}.`)),
      el("details", {}, el("summary", {}, "What is known of the visitor"),
        el("div", {className: "fields"},
          field("Came from the page", this.referrer), field("Came by", this.channel),
          this.known.map(({label, input}) => field(label, input)),
          field("More, as JSON", this.more, "A list of attributes as a site reports them"))),
      el("details", {}, el("summary", {}, "As a certain visitor"),
        el("div", {className: "fields"},
          field("Visitor id", this.visitor, "Draws and control groups go by it; empty: an example."),
          field("Session id", this.session, "What this session's next page would get")),
        el("p", {className: "actions"}, button("Any new visitor", () => {
          this.visitor.value = newVisitor();
          this.session.value = "";
        }))),
    ];
  }

  attributes() {
    const fields = this.known.filter(({input}) => input.value !== "")
      .map(({name, type, input}) => [name, type === "number" ? Number(input.value) : input.value]);
    if (this.channel.value !== "") fields.push(["channel", Number(this.channel.value)]);
    const said = attributesOf(Object.fromEntries(fields));
    if (!this.more.value.trim()) return said;
    let more;
    try {
      more = JSON.parse(this.more.value);
    } catch {
      throw new Error("“More, as JSON” is no JSON.");
    }
    return said.concat(more);
  }

  value() {
    const entryPoints = this.pages.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const clientProperties = {};
    if (this.device.value) clientProperties.deviceFamily = this.device.value;
    if (this.address.value.trim()) clientProperties.ipAddress = this.address.value.trim();
    if (this.referrer.value.trim()) clientProperties.referrer = this.referrer.value.trim();
    const request = {clientProperties, engagementAttributes: this.attributes()};
    if (entryPoints.length) request.entryPoints = entryPoints;
    const question = {appInstallationId: this.app.value, request};
    if (this.visitor.value.trim()) question.visitorId = this.visitor.value.trim();
    if (this.session.value.trim()) question.sessionId = this.session.value.trim();
    if (this.at.value) question.at = instantOf(this.at.value, this.zone);
    return question;
  }
}

export function explainSection(draft) {
  const question = new Question(draft), news = el("div", {}), result = el("div", {id: "explained"});
  const go = el("button", {type: "submit", className: "primary"}, "What is offered?");
  const explain = async (event) => {
    event.preventDefault();
    result.replaceChildren();
    news.replaceChildren();
    await attempt(news, async () => {
      const {data} = await call("POST", pathOf(draft.account, "explain"), {body: draft.withText(question.value())});
      const offered = data.engagements.filter((one) => one.verdict === "offered").length;
      const words = `${offered} of ${count(data.engagements.length, "engagement")} ${offered === 1 ? "is" : "are"} offered.`;
      result.replaceChildren(el("p", {}, words), verdictTable("Every engagement, and why", data.engagements, draft.document));
      say(words);
    }, go);
  };
  return el("section", {className: "card"},
    el("h2", {}, "What would a visitor be offered?"),
    el("p", {}, "Nothing of this is recorded."),
    el("form", {onsubmit: explain}, question.fields(), el("p", {className: "actions"}, go)),
    news, result);
}
