// The Admin API, as a script would call it. The token is kept here, in memory, and nowhere else: a reload forgets it.

let token = "";
let refused = () => {};

export const signedIn = () => token !== "";

// `whenRefused`: called with a sentence once the server takes the token no more.
export function signIn(given, whenRefused) {
  token = given;
  refused = whenRefused;
}

export function signOut() {
  token = "";
}

// What went wrong, in words. `errors`: of a document, with their paths.
export class Problem extends Error {
  constructor(message, {status = 0, errors = []} = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.errors = errors;
  }
}

const MAY = {
  read: "look at accounts",
  skills: "set the availability of skills",
  conversations: "tell of conversations",
  publish: "publish documents",
  erase: "erase",
};

function lackingScope(reply) {
  const scope = /scope="(\w+)"/.exec(reply.headers.get("WWW-Authenticate") || "");
  if (!scope) return "Your token may not do this; only the operator's own token may.";
  return `Your token may not ${MAY[scope[1]] || scope[1]}: it lacks the scope “${scope[1]}”. Your operator can give you one that has it.`;
}

function inWords(reply, body) {
  const said = (body && body.message) || reply.statusText || `status ${reply.status}`;
  if (reply.status === 401) return "The token is not known, or it has expired.";
  if (reply.status === 403) return lackingScope(reply);
  if (reply.status === 413) return "This is larger than the server takes.";
  if (reply.status === 421) return "The server does not answer to the name in your browser's address line; use 127.0.0.1 or localhost.";
  if (reply.status === 503) {
    const seconds = reply.headers.get("Retry-After");
    return `The server can not do this now: ${said}.${seconds ? ` Try again in ${seconds} s.` : ""}`;
  }
  if (reply.status >= 500) return `Something went wrong in the server: ${said}.`;
  return `The server says: ${said}.`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function ask(method, path, {body, headers, signal, key}) {
  try {
    return await fetch(path, {
      method, body, signal, headers: {...headers, Authorization: `Bearer ${key}`},
      cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const unknown = method === "GET" ? "" : " It is not known whether this was done: look before you try again.";
    throw new Problem(`No answer came. Is the server running, and is your tunnel to it still open?${unknown}`);
  }
}

// `body`: a text that is sent as it is. Gives {text, data, revision}: the answer as text and as JSON, and the ETag's
// revision; throws a Problem.
export async function call(method, path, options = {}) {
  const key = token;
  const reply = await ask(method, path, {...options, key});
  const text = await reply.text();
  const data = parsed(text);
  if (reply.ok) return {text, data, revision: (reply.headers.get("ETag") || "").replaceAll('"', "")};
  const problem = new Problem(inWords(reply, data), {status: reply.status, errors: (data && data.errors) || []});
  if (reply.status === 401 && key && key === token) {  // who is signed out already is not asked anew
    token = "";
    refused(problem.message);
  }
  throw problem;
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, value, options) => call("POST", path, {...options, body: JSON.stringify(value)});
export const put = (path, value, options) => call("PUT", path, {...options, body: JSON.stringify(value)});

// The path of an account's resource, each part encoded.
export const pathOf = (account, ...parts) => ["/admin/accounts", ...[account, ...parts].map(encodeURIComponent)].join("/");
