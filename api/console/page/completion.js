// What may be written where the cursor is, by the JSON Schema of account documents. The text need not be whole: people
// complete while they write.

const TOKEN = /"(?:[^"\\\n]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g;

const unquoted = (token) => token.replace(/^"|"$/g, "");

// The frames around the cursor, outermost first: {list, name, members} each; `name` is the key the cursor's value belongs
// to (of an object), `members` its scalars, before and behind the cursor. And the token that the cursor is in.
export function contextAt(text, cursor) {
  const frames = [];
  let found = null;
  const see = (from, to, inside) => {
    const frame = frames.at(-1);
    const wants = !frame || frame.list || frame.colon ? "value" : "key";
    // Frames go on being filled behind the cursor; which key each was at is of now.
    found = {frames: frames.map((one) => ({frame: one, name: one.key})), wants, from, to, inside};
  };
  for (const {0: token, index} of text.matchAll(TOKEN)) {
    const end = index + token.length;
    const string = token[0] === '"', punctuation = "{}[],:".includes(token[0]);
    if (!found && cursor <= index) see(cursor, cursor, false);
    // A string that is not closed goes on to its line's end; the cursor behind it is in it.
    const inside = cursor > index && (string && (token.length === 1 || token.at(-1) !== '"') ? cursor <= end : cursor < end);
    if (!found && !punctuation && (inside || (!string && cursor === end))) see(index, end, true);
    const frame = frames.at(-1);
    if (token === "{" || token === "[") {
      frames.push({list: token === "[", key: undefined, colon: false, members: new Map()});
    } else if (token === "}" || token === "]") {
      frames.pop();
    } else if (!frame) {
      continue;
    } else if (token === ",") {
      frame.colon = false;
    } else if (token === ":") {
      frame.colon = true;
    } else if (frame.list) {
      frame.members.set(frame.members.size, unquoted(token));
    } else if (!frame.colon) {
      frame.key = unquoted(token);
      frame.members.set(frame.key, undefined);
    } else {
      frame.members.set(frame.key, unquoted(token));
    }
  }
  if (!found) see(cursor, cursor, false);
  return found;
}

const NOTHING = new Map();

// Does the object say what the schema's constants (its `type`, mostly) ask? `unsaid`: what an object says that does not
// have the member.
const says = (schema, members, unsaid) => Object.entries(schema.properties || {}).every(([name, {const: wanted}]) =>
  wanted === undefined || (members.get(name) === undefined ? unsaid : members.get(name) === String(wanted)));

// The schema, and all that it refers to or chooses from, but for what is of another type of object than this one.
function choices(schema, root, members = NOTHING) {
  if (!schema || typeof schema !== "object" || !says(schema, members, true)) return [];
  const parts = [...(schema.anyOf || []), ...(schema.oneOf || []), ...(schema.allOf || [])];
  if (schema.$ref) parts.push(root.$defs[schema.$ref.replace("#/$defs/", "")]);
  if (schema.then && says(schema.if, members, false)) parts.push(schema.then);
  return [schema, ...parts.flatMap((part) => choices(part, root, members))];
}

function schemasAt(context, root) {
  let schemas = [root];
  context.frames.forEach(({frame, name}, depth) => {
    schemas = schemas.flatMap((schema) => choices(schema, root, frame.list ? NOTHING : frame.members));
    const last = depth === context.frames.length - 1;
    if (last && context.wants === "key") return;
    schemas = schemas.map((schema) => (frame.list ? schema.items : schema.properties && schema.properties[name])).filter(Boolean);
  });
  return schemas;
}

const isNull = (schema) => schema.type === "null";
const described = (schema, root) => choices(schema, root).map((one) => one.description).find(Boolean) || "";

function keysAt(context, root) {
  const frame = context.frames.at(-1)?.frame;
  if (!frame) return [];
  const current = context.inside ? context.frames.at(-1).name : undefined;
  const keys = new Map();
  for (const schema of schemasAt(context, root)) {
    for (const [name, property] of Object.entries(schema.properties || {})) {
      if (isNull(property) || (frame.members.has(name) && name !== current)) continue;
      keys.set(name, {json: JSON.stringify(name), about: described(property, root) || keys.get(name)?.about || ""});
    }
  }
  return [...keys.values()];
}

// Key -> the library whose entries' ids it takes.
const REFERENCES = {
  skillId: "skills", goalId: "goals", scheduleId: "schedules", campaignId: "campaigns", location: "onsiteLocations",
  onsiteLocations: "onsiteLocations", visitorProfiles: "visitorProfiles", visitorBehaviors: "visitorBehaviors",
  specialOccasionIds: "specialOccasions", appInstallationIds: "appInstallations",
};

function referencesAt(context, document) {
  const depth = context.frames.length;
  const {frame, name} = context.frames.at(-1);
  const key = frame.list ? depth > 1 && context.frames.at(-2).name : name;
  // Of the document itself these are the libraries.
  if (depth < (frame.list ? 3 : 2) || !Object.hasOwn(REFERENCES, key)) return [];
  const entries = document && document[REFERENCES[key]];
  return (Array.isArray(entries) ? entries : []).map((entry) => ({json: JSON.stringify(entry.id), about: entry.name || ""}));
}

function valuesAt(context, root, document) {
  if (!context.frames.length) return [{json: "{}", about: "The document."}];
  const values = new Map();
  const add = (value, about = "") => {
    if (value === null || value === undefined) return;
    const json = JSON.stringify(value);
    if (!values.has(json)) values.set(json, {json, about});
  };
  for (const one of referencesAt(context, document)) values.set(one.json, one);
  const schemas = schemasAt(context, root).flatMap((schema) => choices(schema, root));
  for (const schema of schemas) {
    for (const value of schema.enum || []) add(value, value === schema.default ? "the default" : "");
    add(schema.const, schema.description);
    add(schema.default, "the default");
    for (const value of schema.examples || []) add(value, "an example");
    const types = [schema.type].flat();
    if (types.includes("boolean")) add(true), add(false);
    if (!values.size && types.includes("object")) add({});
    if (!values.size && types.includes("array")) add([]);
  }
  return [...values.values()];
}

// [{json, about}]: what fits, filtered by what is written of it; with `from` and `to`, the text that it takes the place of.
export function completionsAt(text, cursor, schema, document) {
  const context = contextAt(text, cursor);
  const written = unquoted(text.slice(context.from, cursor)).toLowerCase();
  const all = context.wants === "key" ? keysAt(context, schema) : valuesAt(context, schema, document);
  const fits = ({json, about}) => json.toLowerCase().includes(written) || about.toLowerCase().includes(written);
  const first = ({json}) => (unquoted(json.toLowerCase()).startsWith(written) ? 0 : 1);
  const list = all.filter(fits).sort((a, b) => first(a) - first(b));
  const colon = context.wants === "key" && !/^\s*:/.test(text.slice(context.to));
  return {from: context.from, to: context.to, list: list.map((one) => ({...one, insert: one.json + (colon ? ": " : "")}))};
}
