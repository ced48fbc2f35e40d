// The query API, as a script would call it. The token, where the server wants one, is kept here, in memory, and nowhere
// else: a reload forgets it. What was answered is kept with its tag, so that only what moved is sent again.

let token = "";

export const signedIn = () => token !== "";

export function signIn(given) {
  token = given;
}

export function signOut() {
  token = "";
  kept.clear();
}

// What went wrong, in words.
export class Problem extends Error {
  constructor(message, status = 0) {
    super(message);
    this.name = "Problem";
    this.status = status;
  }
}

function inWords(reply, said) {
  if (reply.status === 401) return token ? "The token is not known." : "This funnel is for those with a token.";
  if (reply.status === 421) return "The server does not answer to the name in your browser's address line; use 127.0.0.1 or localhost.";
  if (reply.status === 503) return `The server can not answer now: ${said}. The page asks again by itself.`;
  if (reply.status >= 500) return `Something went wrong in the server: ${said}.`;
  return `The server says: ${said}.`;
}

async function send(path, headers = {}) {
  if (token) headers.Authorization = `Bearer ${token}`;
  let reply;
  try {
    reply = await fetch(path, {
      headers, cache: "no-store", credentials: "same-origin", redirect: "error", referrerPolicy: "no-referrer",
    });
  } catch {
    throw new Problem("No answer came. Is funneld running? The page asks again by itself.");
  }
  if (reply.ok || reply.status === 304) return reply;
  const body = await reply.json().catch(() => ({}));
  throw new Problem(inWords(reply, body.message || `status ${reply.status}`), reply.status);
}

const kept = new Map();  // path -> {tag, body}

// {body, moved}: `moved` is false if it is the answer that came before.
export async function ask(path) {
  const before = kept.get(path);
  const reply = await send(path, before && before.tag ? {"If-None-Match": before.tag} : {});
  if (reply.status === 304) return {body: before.body, moved: false};
  const answer = {tag: reply.headers.get("ETag"), body: await reply.json()};
  kept.set(path, answer);
  return {body: answer.body, moved: true};
}

// Forgets answers to all but these paths.
export function keepOnly(paths) {
  for (const path of kept.keys()) {
    if (!paths.has(path)) kept.delete(path);
  }
}

// The path of a query: what is undefined, null or empty is left out.
export function pathOf(resource, query) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `${resource}?${new URLSearchParams(given)}` : resource;
}

// The answer as CSV, into a file of the browser's. By fetch, because a link sends no token.
export async function download(path, name) {
  const blob = await (await send(`${path}&format=csv`)).blob();
  const url = URL.createObjectURL(blob), link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
