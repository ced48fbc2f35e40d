// A JSON text with the place of everything in it, so that an error finds its line and a form changes one value and
// leaves all other bytes as they are.
//
// A node: {kind, start, end} of the text, and `value` (a string's, number's, …), `members` [{name, start, end, node}] of an
// object (start and end are the key's), or `items` of an array.

const MAX_DEPTH = 200;
const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;

export class JsonMistake extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

class Parser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found && found[0];
  }

  fail(message, at = this.at) {
    throw new JsonMistake(message, at);
  }

  // The next character that is no space, not taken yet.
  next() {
    this.take(SPACE);
    return this.text[this.at];
  }

  document() {
    const node = this.value(0);
    if (this.next() !== undefined) this.fail("something follows the end of the document");
    return node;
  }

  value(depth) {
    if (depth > MAX_DEPTH) this.fail("too deep");
    const first = this.next(), start = this.at;
    let node;
    if (first === "{") node = {kind: "object", members: this.list("}", () => this.member(depth + 1))};
    else if (first === "[") node = {kind: "array", items: this.list("]", () => this.value(depth + 1))};
    else if (first === '"') node = {kind: "string", value: this.string()};
    else node = this.scalar();
    return {...node, start, end: this.at};
  }

  scalar() {
    const number = this.take(NUMBER);
    if (number) return {kind: "number", value: Number(number)};
    const word = this.take(WORD);
    if (word) return {kind: word === "null" ? "null" : "boolean", value: JSON.parse(word)};
    return this.fail(this.at < this.text.length ? "a value is expected here" : "the text ends too early");
  }

  string() {
    const start = this.at, text = this.take(STRING);
    if (!text) this.fail("this text in quotes does not end, or has a wrong \\ in it", start);
    return JSON.parse(text);
  }

  member(depth) {
    if (this.next() !== '"') this.fail("a name in double quotes is expected here");
    const start = this.at, name = this.string(), end = this.at;
    if (this.next() !== ":") this.fail("a colon is missing here");
    this.at++;
    return {name, start, end, node: this.value(depth)};
  }

  list(close, read) {
    const entries = [];
    this.at++;
    if (this.next() === close) return this.at++, entries;
    for (;;) {
      entries.push(read());
      const after = this.next();
      this.at++;
      if (after === close) return entries;
      if (after !== ",") this.fail(`a comma or ${close} is missing here`, this.at - 1);
    }
  }
}

// Throws a JsonMistake.
export const parse = (text) => new Parser(text).document();

// The node, or undefined.
export function memberOf(node, name) {
  return node && node.members ? node.members.findLast((member) => member.name === name)?.node : undefined;
}

// Of a node, in JavaScript.
export function valueOf(node) {
  if (!node) return undefined;
  if (node.items) return node.items.map(valueOf);
  if (node.members) return Object.fromEntries(node.members.map((member) => [member.name, valueOf(member.node)]));
  return node.value;
}

// "campaigns[0].engagements[1].zone" -> ["campaigns", 0, "engagements", 1, "zone"]
export function steps(path) {
  return [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) => (name === undefined ? Number(index) : name));
}

// Where the path's value is: {start, end} of it, or of the nearest thing around it that is there. Of an object or a list
// it is the key, or the bracket that opens it.
export function placeOf(root, path) {
  let node = root, place = {start: root.start, end: root.start + 1};
  for (const step of steps(path)) {
    if (typeof step === "number") {
      const item = node.items && node.items[step];
      if (!item) break;
      node = item;
      place = {start: node.start, end: node.members || node.items ? node.start + 1 : node.end};
    } else {
      const member = node.members && node.members.findLast((one) => one.name === step);
      if (!member) break;
      node = member.node;
      place = node.members || node.items ? {start: member.start, end: member.end} : {start: node.start, end: node.end};
    }
  }
  return place;
}

// --- edits: {from, to, insert} -------------------------------------------------------------------------------------------

// What stands before the entry: the space that keeps a line's beginning, or a single blank.
function spaceBefore(text, start) {
  let from = start;
  while (from > 0 && " \t\r\n".includes(text[from - 1])) from--;
  const space = text.slice(from, start);
  return space.includes("\n") ? space : " ";
}

// Sets a member to a value given as JSON text; null: it is so already. A new one comes behind the first of `after` that is
// there, on that one's line, or at the end.
export function setMember(text, object, name, json, after = []) {
  const member = object.members.findLast((one) => one.name === name);
  if (member) {
    if (text.slice(member.node.start, member.node.end) === json) return null;
    return {from: member.node.start, to: member.node.end, insert: json};
  }
  const {members} = object;
  if (!members.length) return {from: object.start, to: object.end, insert: `{${JSON.stringify(name)}: ${json}}`};
  const before = after.map((one) => members.find((known) => known.name === one)).find(Boolean) || members.at(-1);
  const space = before === members[0] && members.length > 1 ? spaceBefore(text, members[1].start) : spaceBefore(text, before.start);
  return {from: before.node.end, to: before.node.end, insert: `,${space}${JSON.stringify(name)}: ${json}`};
}

// Takes a member away, with one comma; null: it is not there.
export function removeMember(object, name) {
  const {members} = object, index = members.findIndex((one) => one.name === name);
  if (index < 0) return null;
  if (index > 0) return {from: members[index - 1].node.end, to: members[index].node.end, insert: ""};
  return {from: members[0].start, to: members.length > 1 ? members[1].start : members[0].node.end, insert: ""};
}

// One more at the end of a list.
export function appendItem(text, array, json) {
  const last = array.items.at(-1);
  if (!last) return {from: array.start, to: array.end, insert: `[${json}]`};
  return {from: last.end, to: last.end, insert: `,${spaceBefore(text, last.start)}${json}`};
}

export const applyEdit = (text, {from, to, insert}) => text.slice(0, from) + insert + text.slice(to);
