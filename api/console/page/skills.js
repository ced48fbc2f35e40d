// Which teams are there for a chat now.

import {get, pathOf, put} from "./api.js";
import {attempt, el, newId, tell} from "./dom.js";
import {STATES} from "./words.js";

export async function skillsView(draft) {
  const {skills} = (await get(pathOf(draft.account, "skills"))).data;
  const news = el("div", {});

  function row(skill) {
    const name = newId("skill");
    let state = skill.state;
    const radios = Object.entries(STATES).map(([value, text]) => {
      const input = el("input", {type: "radio", name, id: newId("state"), value, checked: value === state});
      input.addEventListener("change", () => set(value));
      return {input, element: el("div", {className: "check"}, input, el("label", {htmlFor: input.id}, text))};
    });
    const set = async (value) => {
      const done = await attempt(news, async () => {
        await put(pathOf(draft.account, "skills", skill.id), {state: value});
        state = value;
        tell(news, `${skill.name || skill.id} is ${value} now.`);
        return true;
      });
      if (!done) radios.forEach(({input}) => (input.checked = input.value === state));
    };
    return el("fieldset", {className: "card"}, el("legend", {}, `${skill.name || "Skill"} (${skill.id})`), radios.map((one) => one.element));
  }

  return {
    element: el("section", {},
      el("h2", {}, "Availability"),
      el("p", {}, "Chats are offered while their team is there. Usually the messaging side tells this by itself; what you choose here holds until somebody tells otherwise."),
      news,
      skills.length ? skills.map(row) : el("p", {}, "The document in force has no skills.")),
  };
}
