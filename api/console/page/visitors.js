// One person: found by identity, shown as sessions, erased.

import {call, get, pathOf, post} from "./api.js";
import {ask, attempt, button, el, field, say, table, tell} from "./dom.js";
import {timeline} from "./timeline.js";
import {inWords, knownZone} from "./times.js";
import {count} from "./words.js";

const TYPED = 6;  // of an id, to confirm that it is this one

class Visitors {
  constructor(draft) {
    this.draft = draft;
    this.account = draft.account;
    this.zone = knownZone(draft.zone);
    this.news = el("div", {});
    this.found = el("div", {id: "found"});
    this.shown = el("div", {id: "visitor"});
    this.element = el("section", {}, el("h2", {}, "Visitors"),
      el("p", {}, "Whom you look at here is recorded, with your token's name."),
      el("div", {className: "fields"}, this.personForm(), this.visitorForm()),
      this.news, this.found, this.shown);
  }

  clear() {
    for (const place of [this.news, this.found, this.shown]) place.replaceChildren();
  }

  personForm() {
    const iss = el("input", {autocomplete: "off", spellcheck: "false", placeholder: "https://id.example"});
    const sub = el("input", {autocomplete: "off", spellcheck: "false", required: true});
    const go = el("button", {type: "submit"}, "Find");
    const find = async (event) => {
      event.preventDefault();
      this.clear();
      const identity = {sub: sub.value.trim(), ...(iss.value.trim() && {iss: iss.value.trim()})};
      await attempt(this.news, async () => this.showFound(identity, (await post(pathOf(this.account, "identities", "find"), identity)).data), go);
    };
    return el("form", {className: "card", onsubmit: find}, el("h3", {}, "Find a person"),
      field("Who vouches for it (issuer)", iss, "Empty if your site names none"),
      field("Identity (subject)", sub, "The customer number, say, by which your site knows the person"), el("p", {className: "actions"}, go));
  }

  visitorForm() {
    const id = el("input", {autocomplete: "off", spellcheck: "false", required: true});
    const go = el("button", {type: "submit"}, "Show");
    const show = async (event) => {
      event.preventDefault();
      this.clear();
      await attempt(this.news, () => this.show(id.value.trim()), go);
    };
    return el("form", {className: "card", onsubmit: show}, el("h3", {}, "Look at a visitor"),
      field("Visitor id", id, "Of one browser or device"), el("p", {className: "actions"}, go));
  }

  showFound(identity, {visitors, from}) {
    const words = count(visitors.length, "visitor");
    say(`${words} found.`);
    this.found.replaceChildren(el("div", {className: "card"},
      el("h3", {}, visitors.length ? `${words} presented this identity` : "Nobody presented this identity"),
      from && el("p", {}, "Of earlier times only the newest is known: the data is older than this way of looking."),
      el("ul", {}, visitors.map((id) => el("li", {}, button(id, (event) => attempt(this.news, () => this.show(id), event.currentTarget), {className: "link"})))),
      visitors.length > 0 && el("p", {className: "actions"}, button("Erase this person…", () => this.erasePerson(identity, words), {className: "danger"}))));
  }

  async erasePerson(identity, words) {
    const sure = await ask({
      title: "Erase this person?", confirm: "Erase", danger: true, typed: identity.sub,
      body: el("p", {}, `${words} and all that is known of them become unreadable, everywhere and for good, backups included. The funnel's numbers stay.`),
    });
    if (!sure) return;
    await attempt(this.news, async () => {
      const {data} = await post(pathOf(this.account, "identities", "erase"), identity);
      this.clear();
      tell(this.news, `Erased: ${count(data.visitors.length, "visitor")}.`);
    });
  }

  async show(id) {
    const {data} = await get(pathOf(this.account, "visitors", id));
    const {state, sessions} = data;
    const events = el("div", {id: "session"});
    const rows = sessions.map((session) => el("tr", {},
      el("th", {scope: "row"}, inWords(session.startedAt, this.zone)), el("td", {}, inWords(session.lastActivityAt, this.zone)),
      el("td", {}, session.live ? "goes on" : "is over"),
      el("td", {}, button("Show", (event) => attempt(this.news, () => this.showSession(id, session, events), event.currentTarget),
        {"aria-label": `Show the session of ${inWords(session.startedAt, this.zone)}`}))));
    const open = (state.conversations || []).length;
    this.shown.replaceChildren(el("div", {className: "card"},
      el("h3", {}, "Visitor ", el("code", {}, id)),
      el("p", {}, `${count(state.sessions, "session")} in all${open ? `, ${count(open, "open conversation")}` : ""}${state.abandonScore ? `, abandon score ${state.abandonScore}` : ""}${state.erased ? ", was erased before" : ""}.`),
      table("Sessions, the newest first", ["Began", "Last seen", "State", ""], rows),
      el("details", {}, el("summary", {}, "All that is kept, as JSON"), el("pre", {tabindex: "0"}, JSON.stringify(state, null, 2))),
      el("p", {className: "actions"}, button("Erase this visitor…", () => this.eraseVisitor(id), {className: "danger"})), events));
    say(`A visitor with ${count(sessions.length, "session")}.`);
  }

  async showSession(id, session, place) {
    const {data} = await get(pathOf(this.account, "visitors", id, "sessions", session.sessionId, "events"));
    place.replaceChildren(timeline(this.draft, id, session, data));
    say(`${count(data.length, "event")}.`);
  }

  async eraseVisitor(id) {
    const sure = await ask({
      title: "Erase this visitor?", confirm: "Erase", danger: true, typed: id.slice(-TYPED),
      body: el("p", {}, `All that is known of the visitor ${id} becomes unreadable, everywhere and for good, backups included. The funnel's numbers stay.`),
    });
    if (!sure) return;
    await attempt(this.news, async () => {
      await call("DELETE", pathOf(this.account, "visitors", id));
      this.clear();
      tell(this.news, "The visitor is erased.");
    });
  }
}

export const visitorsView = (draft) => ({element: new Visitors(draft).element});
