// The editor of a document's text: CodeMirror (a global of its own scripts) with the schema's completion and every mistake
// at its place.

import {call, pathOf} from "./api.js";
import {completionsAt} from "./completion.js";
import {el, newId, say} from "./dom.js";
import {placeOf} from "./json_text.js";
import {count} from "./words.js";

const WHOLE_LINES = 5000;  // so long a document is drawn as a whole, so that the browser's own search finds everything

let schema;
async function loadSchema() {
  schema ||= await (await fetch("account.schema.json", {credentials: "omit"})).json();
}

// What the server, or before it the text's own form, finds wrong: [{path, message, start, end}].
async function mistakesOf(draft) {
  const {text, mistake, root} = draft;
  if (mistake) return [{path: "", message: mistake.message, start: mistake.at, end: mistake.at + 1}];
  try {
    await call("POST", pathOf(draft.account, "validate"), {body: text});
    return [];
  } catch (problem) {
    if (!problem.errors.length) throw problem;
    return problem.errors.map((error) => ({...error, ...placeOf(root, error.path)}));
  }
}

function drawHint(element, data, hint) {
  element.append(el("span", {className: "hint-json"}, hint.displayText), hint.about && el("span", {className: "hint-about"}, ` ${hint.about}`));
}

class Editor {
  constructor(draft) {
    this.draft = draft;
    this.list = el("ul", {className: "mistakes"});
    this.count = el("p", {className: "mistake-count", role: "status"}, "Checking…");
    this.place = el("div", {className: "editor"});
    const help = newId("help");
    this.element = el("div", {},
      this.place,
      el("small", {id: help}, "Ctrl+Space, or a quotation mark, offers what may stand here. Tab leaves the editor."),
      this.count, this.list);
    const ends = draft.text.includes("\r\n") ? "\r\n" : "\n";
    this.cm = CodeMirror(this.place, {
      value: draft.text, lineSeparator: ends, mode: {name: "javascript", json: true}, lineNumbers: true, lineWrapping: true,
      inputStyle: "contenteditable",  // so that those who hear the page can read the text line by line
      indentUnit: 2, matchBrackets: true, autoCloseBrackets: true, screenReaderLabel: "The account's document, as JSON",
      viewportMargin: draft.text.split("\n").length < WHOLE_LINES ? Infinity : 50,
      gutters: ["CodeMirror-lint-markers", "CodeMirror-linenumbers"],
      extraKeys: {"Tab": false, "Shift-Tab": false, "Ctrl-Space": () => this.complete()},
      lint: {async: true, delay: 300, getAnnotations: (text, update) => this.check(update)},
    });
    for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-describedby", help]]) {
      this.cm.getInputField().setAttribute(name, value);
    }
    this.cm.on("change", () => draft.set(this.cm.getValue()));
    // Typed, perhaps with the second one that the editor adds.
    this.cm.on("changes", (cm, changes) => {
      if (cm.hasFocus() && changes.every(({text}) => ['"', '""'].includes(text.join("\n")))) this.complete();
    });
  }

  async check(update) {
    const text = this.draft.text;
    let mistakes;
    try {
      mistakes = await mistakesOf(this.draft);
    } catch (problem) {
      this.count.textContent = problem.message;
      return;
    }
    if (text !== this.draft.text) return;
    this.mistakes = mistakes;
    update(mistakes.map(({start, end, message}) => (
      {from: this.cm.posFromIndex(start), to: this.cm.posFromIndex(end), message, severity: "error"})));
    this.count.textContent = mistakes.length ? `${count(mistakes.length, "mistake")}:` : "No mistakes.";
    this.list.replaceChildren(...mistakes.map((mistake) => this.lineOf(mistake)));
  }

  lineOf({path, message, start, end}) {
    const line = this.cm.posFromIndex(start).line + 1;
    return el("li", {}, el("button", {type: "button", className: "link", onclick: () => this.goTo(start, end)},
      `Line ${line}: ${path ? `${path}: ` : ""}${message}`));
  }

  goTo(start, end = start) {
    const from = this.cm.posFromIndex(start), to = this.cm.posFromIndex(end);
    this.cm.setSelection(from, to);
    this.cm.scrollIntoView({from, to}, 80);
    this.cm.focus();
    say(`Line ${from.line + 1}`);
  }

  complete() {
    const {cm, draft} = this;
    const hint = () => {
      const found = completionsAt(cm.getValue(), cm.indexFromPos(cm.getCursor()), schema, draft.document);
      return {
        from: cm.posFromIndex(found.from), to: cm.posFromIndex(found.to),
        list: found.list.map(({json, insert, about}) => ({text: insert, displayText: json, about, render: drawHint})),
      };
    };
    cm.showHint({hint, completeSingle: false});
  }

  // Of a form: {from, to, insert}.
  apply({from, to, insert}) {
    this.cm.replaceRange(insert, this.cm.posFromIndex(from), this.cm.posFromIndex(to), "+form");
  }

  take(text) {
    this.cm.replaceRange(text, {line: 0, ch: 0}, {line: this.cm.lastLine() + 1, ch: 0});
  }

  // Once it stands in the page, and again whenever it comes back there.
  shown() {
    this.cm.refresh();
    this.cm.performLint();
  }
}

export async function editorOf(draft) {
  await loadSchema();
  draft.editor ||= new Editor(draft);
  return draft.editor;
}
