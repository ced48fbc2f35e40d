// What is being edited: for each account its text, and the document in force that it began from. Kept while the page is,
// also when another view is looked at or the token ends; a reload forgets it.

import {get, pathOf} from "./api.js";
import {parse, valueOf} from "./json_text.js";

const drafts = new Map();

class Draft {
  // `base`: {revision, text} of the document in force, null if there is none yet.
  constructor(account, base, text) {
    this.account = account;
    this.base = base;
    this.document = {};  // the newest text that was JSON, in JavaScript
    this.listeners = new Set();
    this.editor = null;  // made once it is looked at
    this.set(text);
  }

  set(text) {
    if (text === this.text) return;
    this.text = text;
    this.root = null;
    this.mistake = null;
    try {
      this.root = parse(text);
      this.document = valueOf(this.root);
    } catch (mistake) {
      this.mistake = mistake;
    }
    for (const listener of this.listeners) listener();
  }

  get changed() {
    return !this.base || this.text !== this.base.text;
  }

  get zone() {
    return this.document.timeZone || "UTC";
  }

  // A question as a body, and beside it the text as it is written, if it is not what is in force or `always`.
  withText(question, always) {
    const body = JSON.stringify(question);
    if (!this.changed && !always) return body;
    return `${body.slice(0, -1)}${body === "{}" ? "" : ","}"document":${this.text}}`;
  }

  // Another document is in force, and the text is to go over it.
  rebase(revision, text) {
    this.base = {revision, text};
    for (const listener of this.listeners) listener();
  }

  // Takes another text, through the editor if there is one, so that it can be taken back there.
  take(text) {
    if (this.editor) this.editor.take(text);
    else this.set(text);
  }
}

export async function inForce(account) {
  const {text, revision} = await get(pathOf(account));
  return {text, revision};
}

// The account's draft; one without changes is read anew.
export async function draftOf(account) {
  const draft = drafts.get(account);
  if (draft && (draft.changed || !draft.base)) return draft;
  const base = await inForce(account);
  if (draft && draft.base.revision === base.revision) return draft;
  const fresh = new Draft(account, base, base.text);
  drafts.set(account, fresh);
  return fresh;
}

// Of an account that is not there yet.
export function newDraft(account, text) {
  const draft = new Draft(account, null, text);
  drafts.set(account, draft);
  return draft;
}

export const draftsOfNew = () => [...drafts.values()].filter((draft) => !draft.base);
export const unpublished = () => [...drafts.values()].filter((draft) => draft.changed);
export const drop = (account) => drafts.delete(account);
export const dropAll = () => drafts.clear();
