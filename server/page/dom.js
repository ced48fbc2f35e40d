// Elements from names, properties and children. Texts become text nodes: nothing of a document or an answer is ever read
// as markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "indeterminate", "className"]);

// `on…` are listeners; what is undefined, null or false is left out; `true` is an attribute without a value.
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name === "htmlFor" ? "for" : name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

let made = 0;
export const newId = (what) => `${what}-${++made}`;

// A control with its label above and, if it needs one, a sentence below that it is described by.
export function field(label, control, hint) {
  control.id ||= newId("field");
  const children = [el("label", {htmlFor: control.id}, label), control];
  if (hint) {
    const id = newId("hint");
    control.setAttribute("aria-describedby", id);
    children.push(el("small", {id}, hint));
  }
  return el("div", {className: "field"}, children);
}

// `options`: [value, text] pairs.
export function select(options, chosen, properties = {}) {
  return el("select", properties, options.map(([value, text]) => el("option", {value, selected: value === chosen}, text)));
}

export const button = (text, onclick, properties = {}) => el("button", {type: "button", onclick, ...properties}, text);

// A table with a caption for those who do not see what it stands below.
export function table(caption, heads, rows) {
  return el("div", {className: "scroll", tabindex: "0", role: "region", "aria-label": caption},
    el("table", {},
      el("caption", {className: "said"}, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", {scope: "col"}, head)))),
      el("tbody", {}, rows)));
}

// Said to those who hear the page, and shown nowhere.
export function say(text) {
  const region = document.getElementById("said");
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);  // an unchanged text would not be said again
}

// A line for good or bad news in `place`, which is seen and said.
export function tell(place, text, kind = "good") {
  place.replaceChildren(el("p", {className: `news ${kind}`, role: kind === "bad" && "alert"}, text));
  if (kind !== "bad") say(text);
}

// Runs what a button began; meanwhile the button is off, which takes the focus from it, and what goes wrong is told in
// `place`.
export async function attempt(place, work, control) {
  const focused = control && document.activeElement === control;
  if (control) control.disabled = true;
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") tell(place, error.message, "bad");
    return undefined;
  } finally {
    if (control) control.disabled = false;
    if (focused && document.activeElement === document.body) control.focus();
  }
}

// Asks in a dialog; true once it is confirmed. `typed`: what must be typed for it. The focus goes back to where it was.
export function ask({title, body, confirm, typed, danger}) {
  return new Promise((resolve) => {
    const heading = newId("dialog");
    const input = typed && el("input", {autocomplete: "off", spellcheck: "false"});
    const go = el("button", {type: "submit", className: danger ? "danger" : "primary", disabled: Boolean(typed)}, confirm);
    if (input) input.addEventListener("input", () => (go.disabled = input.value !== typed));
    const dialog = el("dialog", {"aria-labelledby": heading},
      el("form", {onsubmit: (event) => {
        event.preventDefault();
        if (!go.disabled) dialog.close("yes");
      }},
      el("h2", {id: heading}, title),
      body,
      input && field(`Type ${typed} to confirm`, input),
      el("p", {className: "actions"}, go, button("Cancel", () => dialog.close("")))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
