// Which span of time, in the account's zone: a usual one, or from an hour to an hour.

import {labelled, setOptions, setText} from "./card.js";
import {el, field, newId, select} from "./dom.js";
import {clockChanges, dateOf, daysOn, hoursOf, hourWords, RANGES, spanWords, startOf} from "./range.js";

export function rangePicker(choose) {
  const usual = select(Object.entries(RANGES).map(([key, [words]]) => [key, words]), "", {onchange: pick});
  const from = bound("From", () => save()), to = bound("To", () => save());
  const words = el("p", {className: "note", id: newId("span")});
  const fields = el("div", {className: "custom", hidden: true}, from.element, to.element, el("p", {className: "note bad", role: "alert"}));
  usual.setAttribute("aria-describedby", words.id);
  let zone = "UTC", span = null;

  function pick() {
    if (usual.value !== "custom") return choose({range: usual.value, from: null, to: null});
    const today = dateOf(Date.now(), zone), now = span || {from: startOf(daysOn(today, -6), zone), to: startOf(daysOn(today, 1), zone)};
    return choose({range: "custom", from: now.from, to: now.to});
  }

  function save() {
    const chosen = {from: from.value(), to: to.value()}, wrong = chosen.from === null || chosen.to === null || chosen.from >= chosen.to;
    setText(fields.lastChild, wrong ? "The end must be later than the beginning." : "");
    if (!wrong) choose({range: "custom", ...chosen});
  }

  // A date, and one of the hours that it has in the zone. An end may be the end of its date.
  function bound(label, changed) {
    const date = el("input", {type: "date", required: true, onchange: () => change()}), hour = select([], "", {onchange: () => changed()});
    const isEnd = label === "To";
    const hours = () => {
      const all = hoursOf(date.value, zone).map((at) => [String(at), hourWords(at, zone)]), end = startOf(daysOn(date.value, 1), zone);
      return isEnd ? [...all.slice(1), [String(end), "24:00"]] : all;
    };
    function change() {
      if (!date.value) return;
      const options = hours();
      setOptions(hour, options, options[isEnd ? options.length - 1 : 0][0]);
      changed();
    }
    return {
      element: el("fieldset", {}, el("legend", {}, label), field("Date", date), field("Hour", hour)),
      value: () => (date.value && hour.value ? Number(hour.value) : null),
      show(at) {
        const day = isEnd ? dateOf(at - 1, zone) : dateOf(at, zone);
        if (date.value !== day) date.value = day;
        setOptions(hour, hours(), String(at));
      },
    };
  }

  return {
    element: el("div", {className: "range"}, labelled("When", usual), words, fields),
    show(view, chosen, before, accountZone) {
      zone = accountZone;
      span = chosen;
      if (usual.value !== view.range) usual.value = view.range;
      fields.hidden = view.range !== "custom";
      if (view.range === "custom") {
        setText(fields.lastChild, "");
        from.show(chosen.from);
        to.show(chosen.to);
      }
      const changes = chosen && chosen.to - chosen.from < 400 * 86400000 ? clockChanges(chosen, zone) : [];
      setText(words, [
        chosen ? spanWords(chosen, zone) : "All that was counted",
        `times of ${zone}`, ...changes,
        ...(before ? [`compared with ${spanWords(before, zone)}`] : view.compare && !chosen ? ["there is no period before"] : [])].join(" · "));
    },
  };
}
