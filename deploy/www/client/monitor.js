/*
 * Monitor API browser client: asks which engagements this visitor may be offered, shows them, and reports displays,
 * clicks and closes. One file, no dependency; lptag.js stands on it.
 *
 *   <script src="https://monitor.example/client/monitor.js" data-account="demo" data-app="web" defer></script>
 *
 * or, by hand (monitor.d.ts says all of it):
 *
 *   const monitor = MonitorClient.create({account: "demo", app: "web", baseUrl: "https://monitor.example"});
 *   monitor.addEventListener("accept", (e) => openMessaging(e.detail));
 *   await monitor.page({entryPoints: [location.href]});
 *   await monitor.report([{type: "purchase", total: 129.5, currency: "USD", orderId: "A-1"}]);
 *
 * What it keeps, in localStorage: the visitor id (names this browser), the session id beside it (all tabs are one
 * session), and what a page that was left could not bring home. No cookies. Where storage is forbidden it goes on
 * without: each page is then a new visitor. With `consent: false` (data-consent="required") nothing is stored or sent
 * before monitor.consent(true).
 */
(function (global) {
  "use strict";

  // A server that is loading or busy says so with 202, 500 or 503, and without a whole answer (408, 502, 504, a cut
  // connection) nobody knows whether the request was recorded: it is asked again after these pauses (ms).
  const RETRY_PAUSES = [3000, 10000, 30000, 90000];
  // The server knows what was said twice for 150 s; later it would count twice.
  const KEPT_MS = 140000;
  const MAX_KEPT = 100; // entries in storage
  const MAX_OUTBOX = 500;
  const ANSWER_MS = 60000;
  const LOCK_MS = 5000; // a tab that sleeps with the lock must not stop the others
  const KEEPALIVE_CHARACTERS = 20000; // browsers let 64 KiB in all outlive their page
  const VERSION = "1.1";
  const document = global.document;
  const OWN_SCRIPT = document.currentScript;

  function random(length, digits) {
    const bytes = global.crypto.getRandomValues(new Uint8Array(length));
    return Array.from(bytes, (byte) => digits[byte % digits.length]).join("");
  }

  // One text in localStorage; where that is forbidden or full, in this page's memory.
  class Remembered {
    constructor(key) {
      this.key = key;
      this.value = null;
    }

    get() {
      try {
        return global.localStorage.getItem(this.key) || this.value;
      } catch {
        return this.value;
      }
    }

    set(value) {
      this.value = value;
      try {
        global.localStorage.setItem(this.key, value);
        this.value = null;
      } catch {
        // Remembered for this page only.
      }
    }

    clear() {
      this.value = null;
      try {
        global.localStorage.removeItem(this.key);
      } catch {
        // Nothing is there.
      }
    }
  }

  class MonitorClient extends EventTarget {
    constructor(options) {
      super();
      for (const name of ["account", "app"]) {
        if (!options[name]) throw new TypeError(`MonitorClient: option "${name}" is missing`);
      }
      this.options = {
        baseUrl: OWN_SCRIPT && OWN_SCRIPT.src ? new URL(OWN_SCRIPT.src, global.location.href).origin : global.location.origin,
        identities: [],
        clientProperties: {},
        labels: {},
        container: null,
        retryPauses: RETRY_PAUSES,
        consent: true,
        ...options,
      };
      this.scope = `monitor.${this.options.account}`;
      this.visitorId = new Remembered(`${this.scope}.vid`);
      this.sessionId = new Remembered(`${this.scope}.sid`);
      this.pageId = null;
      this.outbox = []; // what no answer has acknowledged, oldest first; one is under way at a time
      this.failing = false; // the newest attempt had no good answer
      this.shown = new Map(); // contextId -> {offer, element}
      this.waiting = new Map(); // contextId -> offer whose element the page does not have (yet)
      this.permitted = false;
      document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.leave());
      global.addEventListener("pagehide", () => this.leave());
      if (this.options.consent !== false) this.consent(true);
    }

    // true: storing and sending may begin, what was reported before goes out. false: everything stored and waiting is
    // forgotten.
    consent(given) {
      this.permitted = Boolean(given);
      if (this.permitted) {
        this.takeOver();
        this.pump();
        return;
      }
      this.visitorId.clear();
      this.sessionId.clear();
      for (const key of this.keptKeys()) new Remembered(key).clear();
      for (const entry of this.outbox.splice(0)) entry.reject(new Error("Monitor API: no consent"));
      this.render([]);
    }

    // A new page view: asks for the offers of this page and shows them. Resolves to the answer.
    page({entryPoints, attributes, pageId} = {}) {
      this.pageId = pageId || random(10, "0123456789");
      const body = {
        pageId: this.pageId,
        entryPoints: entryPoints || this.defaultEntryPoints(),
        clientProperties: this.clientProperties(),
        engagementAttributes: attributes || [],
      };
      return this.post("engagement", body, (answer) => {
        // An answer for a page that a single-page application has left shows nothing.
        if (body.pageId === this.pageId) this.render(answer.engagementDetails || []);
      });
    }

    // Tells what happened on this page: an array of engagement attributes. Resolves to the answer.
    report(attributes) {
      const body = {engagementAttributes: attributes};
      if (this.pageId) body.pageId = this.pageId;
      return this.post("report", body);
    }

    defaultEntryPoints() {
      const points = [global.location.href];
      if (document.referrer) points.push(`ref://${document.referrer}`);
      const language = document.documentElement.lang;
      if (language) points.push(`lang://${language}`);
      return points.map((point) => point.slice(0, 2048));
    }

    clientProperties() {
      return {type: "monitor.js", appVersion: VERSION, ...this.options.clientProperties};
    }

    // --- sending ---------------------------------------------------------------------------------------------------

    post(resource, body, then) {
      const promise = new Promise((resolve, reject) => {
        if (this.outbox.length >= MAX_OUTBOX) throw new Error("Monitor API: too much waits already");
        this.outbox.push({id: random(16, "0123456789abcdef"), time: Date.now(), resource, body, then, resolve, reject});
      });
      promise.catch(() => {}); // told as an event as well; nothing reaches the page that it did not ask for
      this.pump();
      return promise;
    }

    // One call at a time: the first answer names the session that the next call belongs to.
    async pump() {
      if (this.pumping) return;
      this.pumping = true;
      if (document.prerendering) { // not yet a page that anybody sees
        await new Promise((resolve) => document.addEventListener("prerenderingchange", resolve, {once: true}));
      }
      while (this.permitted && this.outbox.length) {
        const entry = this.outbox[0];
        let settle;
        try {
          const answer = await this.deliver(entry);
          settle = () => {
            if (entry.then) entry.then(answer);
            entry.resolve(answer);
            this.tell("answer", answer);
          };
        } catch (error) {
          settle = () => {
            entry.reject(error);
            if (!error.told) this.tell("error", error);
          };
        }
        if (this.outbox[0] !== entry) continue; // given to a beacon or taken back meanwhile
        this.outbox.shift();
        this.forget(entry);
        settle();
      }
      this.pumping = false;
    }

    async deliver(entry) {
      const pauses = this.options.retryPauses;
      for (let attempt = 0; ; ) {
        if (this.isGone(entry)) throw new Error("Monitor API: taken back");
        if (entry.tried && this.isOld(entry)) this.drop(entry);
        entry.tried = true;
        const {status, answer, failure} = await this.locked(() => this.ask(entry));
        if (answer && (status === 200 || status === 201)) return answer;
        const again = !answer || status === 202 || status === 408 || status >= 500;
        if (!again && this.mend(entry, status, answer)) continue;
        if (!again || attempt >= pauses.length) {
          const error = failure || new Error(`Monitor API: ${answer.message} (${status}/${answer.internalCode})`);
          throw Object.assign(error, {status, answer});
        }
        this.failing = true;
        // The last pause may not outlast the time in which a repeat is known as one, nor that of those behind it.
        const left = entry.time + KEPT_MS - 5000 - Date.now();
        const pause = left > 0 ? Math.min(pauses[attempt], left) : pauses[attempt];
        await new Promise((resolve) => setTimeout(resolve, pause));
        attempt++;
      }
    }

    async ask(entry) {
      if (this.isGone(entry)) return {status: 0, answer: {message: "taken back"}};
      const body = this.bodyOf(entry);
      const aborter = new AbortController();
      const timer = setTimeout(() => aborter.abort(), ANSWER_MS);
      entry.underWay = true;
      try {
        // Without a header of its own, and so without a preflight: such a request outlives its page.
        const response = await global.fetch(this.target(entry.resource), {
          method: "POST",
          body,
          credentials: "omit",
          keepalive: entry.body.engagementAttributes.length > 0 && body.length < KEEPALIVE_CHARACTERS,
          signal: aborter.signal,
        });
        const answer = await response.json();
        const recorded = response.status === 200 || response.status === 201;
        if (this.permitted) {
          if (answer.visitorId) this.visitorId.set(answer.visitorId);
          if (recorded) this.sessionId.set(answer.sessionId);
        }
        if (recorded) this.failing = false;
        return {status: response.status, answer};
      } catch (failure) {
        return {failure};
      } finally {
        clearTimeout(timer);
        entry.underWay = false;
      }
    }

    isGone(entry) {
      return !this.permitted || !this.outbox.includes(entry);
    }

    // Tabs ask one after the other, so that one of them makes the session and the others go on with it.
    async locked(work) {
      let begun = false;
      try {
        return await global.navigator.locks.request(this.scope, {signal: AbortSignal.timeout(LOCK_MS)}, () => {
          begun = true;
          return work();
        });
      } catch (error) {
        if (begun) throw error;
        return work(); // no locks here, or too long a wait
      }
    }

    // Whether the refused request can be sent again without what was refused: an id that storage has spoilt, or one
    // attribute of several, which would take the others with it.
    mend(entry, status, answer) {
      if (status === 404 && (answer.internalCode === 37 || answer.internalCode === 39) && !entry.mended) {
        entry.mended = true;
        if (answer.internalCode === 37) this.visitorId.clear();
        this.sessionId.clear();
        return true;
      }
      const attributes = entry.body.engagementAttributes;
      const index = status === 400 && /^engagementAttributes\[(\d+)\]/.exec(answer.message);
      if (!index || Number(index[1]) >= attributes.length) return false;
      if (entry.resource === "report" && attributes.length === 1) return false;
      const [attribute] = attributes.slice(index[1]);
      entry.body.engagementAttributes = attributes.filter((other) => other !== attribute);
      this.tell("refused", {attribute, message: answer.message});
      return true;
    }

    target(resource) {
      const {account, app, baseUrl} = this.options;
      // Named here, not by the server: a first call that is repeated is the same visitor's.
      if (!this.visitorId.get()) this.visitorId.set(random(32, "0123456789abcdef"));
      const query = new URLSearchParams({v: VERSION, vid: this.visitorId.get()});
      if (this.sessionId.get()) query.set("sid", this.sessionId.get());
      return `${baseUrl}/api/account/${encodeURIComponent(account)}/app/${encodeURIComponent(app)}/${resource}?${query}`;
    }

    bodyOf(entry) {
      const {identities} = this.options;
      return JSON.stringify(identities.length && !entry.body.identities ? {...entry.body, identities} : entry.body);
    }

    // --- leaving ---------------------------------------------------------------------------------------------------

    // The page may end now. What has no answer yet goes out by beacon, and is kept for the site's next page: if both
    // arrive, the server knows the second as a repeat of the first. It knows that within a session only, so while there
    // is none it is one or the other: the beacon, or, from a server that fails, the next page.
    leave() {
      if (!this.permitted || document.prerendering) return;
      const inSession = Boolean(this.sessionId.get());
      for (const entry of [...this.outbox]) {
        if (!entry.body.engagementAttributes.length) continue;
        if (inSession || this.failing) this.keep(entry);
        if (entry.underWay || (!inSession && this.failing)) continue;
        this.beacon(this.target("report"), this.bodyOf(entry));
        entry.tried = true;
        if (inSession) continue;
        if (entry.resource === "engagement") {
          entry.body.engagementAttributes = [];
        } else {
          this.outbox.splice(this.outbox.indexOf(entry), 1);
          entry.resolve(null);
        }
      }
    }

    beacon(target, body) {
      try {
        if (global.navigator.sendBeacon(target, body)) return;
      } catch {
        // Not here, or not allowed.
      }
      try {
        global.fetch(target, {method: "POST", body, credentials: "omit", keepalive: true}).catch(() => {});
      } catch {
        // Kept, if there is storage.
      }
    }

    keep(entry) {
      entry.kept = `${this.scope}.kept.${entry.id}`;
      try {
        if (this.keptKeys().length >= MAX_KEPT) return;
        global.localStorage.setItem(entry.kept, JSON.stringify({time: entry.time, body: JSON.parse(this.bodyOf(entry))}));
      } catch {
        // No storage, or it is full.
      }
    }

    forget(entry) {
      if (entry.kept) new Remembered(entry.kept).clear();
    }

    keptKeys() {
      try {
        return Object.keys(global.localStorage).filter((key) => key.startsWith(`${this.scope}.kept.`));
      } catch {
        return [];
      }
    }

    // What pages before this one could not bring home comes first.
    takeOver() {
      const entries = [];
      for (const kept of this.keptKeys()) {
        try {
          const {time, body} = JSON.parse(global.localStorage.getItem(kept));
          const known = this.outbox.some((entry) => entry.kept === kept);
          if (!known && body.engagementAttributes.length) {
            entries.push({time, body, kept, resource: "report", tried: true, resolve() {}, reject() {}});
          }
        } catch {
          new Remembered(kept).clear();
        }
      }
      this.outbox.splice(this.pumping ? 1 : 0, 0, ...entries.sort((a, b) => a.time - b.time));
    }

    isOld(entry) {
      return entry.body.engagementAttributes.length > 0 && Math.abs(Date.now() - entry.time) > KEPT_MS;
    }

    // Too old to be told from something new: counted never rather than twice.
    drop(entry) {
      const attributes = entry.body.engagementAttributes;
      this.tell("dropped", {attributes, time: entry.time});
      if (entry.resource === "report") {
        throw Object.assign(new Error(`Monitor API: older than ${KEPT_MS / 1000} s, not sent again`), {told: true});
      }
      entry.body.engagementAttributes = [];
    }

    // --- showing ---------------------------------------------------------------------------------------------------

    render(offers) {
      const wanted = new Set(offers.map((offer) => offer.contextId));
      for (const [contextId, {element}] of this.shown) {
        if (!wanted.has(contextId) || !element.isConnected) this.remove(contextId);
      }
      this.waiting.clear();
      for (const offer of offers) {
        if (offer.status === "conversation") {
          this.tell("conversation", offer);
        } else if (!this.shown.has(offer.contextId)) {
          this.tell("offer", offer);
          this.waiting.set(offer.contextId, offer);
        }
      }
      this.place();
    }

    // Shows what waits and whose place the page has. The rest waits on: applications make their elements late.
    place() {
      for (const [contextId, offer] of this.waiting) {
        const parent = this.parentOf(offer);
        if (!parent) continue;
        const element = this.build(offer);
        this.waiting.delete(contextId);
        this.shown.set(contextId, {offer, element});
        parent.append(element);
        this.tell("place", offer);
        this.whenSeen(element, () => {
          if (!this.shown.has(contextId)) return;
          this.impression("impDisplay", offer);
          this.tell("display", offer);
        });
      }
      if (this.waiting.size && !this.watcher) {
        this.watcher = new MutationObserver(() => this.place());
        this.watcher.observe(document.documentElement, {childList: true, subtree: true, attributeFilter: ["id"]});
      } else if (!this.waiting.size && this.watcher) {
        this.watcher.disconnect();
        this.watcher = null;
      }
    }

    remove(contextId) {
      const {offer, element} = this.shown.get(contextId);
      element.remove();
      this.shown.delete(contextId);
      this.tell("remove", offer);
    }

    instanceOf(offer) {
      return (Array.isArray(offer.displayInstances) && offer.displayInstances[0]) || {};
    }

    parentOf(offer) {
      const {elementId} = this.instanceOf(offer);
      if (elementId) return document.getElementById(elementId);
      return this.options.container === false ? null : this.options.container || document.body;
    }

    // Plain markup that a page can style: .monitor-offer, its data-* attributes, .monitor-accept, .monitor-close. Made of
    // nodes and attributes only: no style, script or HTML comes from the account's document.
    build(offer) {
      const {elementId, text, image, link} = this.instanceOf(offer);
      const element = document.createElement("div");
      element.className = "monitor-offer";
      element.lang = offer.language;
      Object.assign(element.dataset, {
        engagementId: offer.engagementId,
        campaignId: offer.campaignId,
        contextId: offer.contextId,
      });
      const target = this.address(link, /^(https?|mailto|tel):/);
      const accept = document.createElement(target ? "a" : "button");
      if (target) accept.href = target;
      else accept.type = "button";
      accept.className = "monitor-accept";
      const label = this.options.labels[offer.engagementId] || text || "Message us";
      const source = this.address(image, /^https?:/);
      if (source) {
        const picture = document.createElement("img");
        picture.src = source;
        picture.alt = label;
        accept.append(picture);
      } else {
        accept.textContent = label;
      }
      accept.addEventListener("click", () => {
        this.impression("impAccept", offer);
        this.tell("accept", offer);
      });
      element.append(accept);
      if (elementId) return element;
      const close = document.createElement("button");
      close.type = "button";
      close.className = "monitor-close";
      close.setAttribute("aria-label", "Close");
      close.textContent = "×";
      close.addEventListener("click", () => this.close(offer.contextId));
      element.append(close);
      return element;
    }

    // The visitor does not want this offer, or the page shows it no longer.
    close(contextId, timedOut) {
      if (!this.shown.has(contextId)) return;
      const {offer} = this.shown.get(contextId);
      this.impression(timedOut ? "impTimeout" : "impClose", offer);
      this.tell(timedOut ? "timeout" : "close", offer);
      this.remove(contextId);
    }

    address(text, schemes) {
      try {
        const {href} = new URL(text, document.baseURI);
        return text && schemes.test(href) ? href : "";
      } catch {
        return "";
      }
    }

    // Displayed means seen: reported once, when half of it, or half a window of it, was in view.
    whenSeen(element, then) {
      const observer = new IntersectionObserver((entries) => {
        const seen = ({isIntersecting, intersectionRatio, intersectionRect}) =>
          isIntersecting && (intersectionRatio >= 0.5 || intersectionRect.height >= global.innerHeight / 2);
        if (!entries.some(seen)) return;
        observer.disconnect();
        then();
      }, {threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5]});
      observer.observe(element);
    }

    impression(type, offer) {
      return this.report([{
        type,
        campaign: offer.campaignId,
        engId: offer.engagementId,
        revision: offer.engagementRevision,
        eContext: [{type: "engagementContext", id: offer.contextId}],
      }]).then((answer) => this.tell("reported", {type, offer, answer}), () => {});
    }

    tell(type, detail) {
      this.dispatchEvent(new CustomEvent(type, {detail}));
    }
  }

  global.MonitorClient = {create: (options) => new MonitorClient(options)};

  if (OWN_SCRIPT && OWN_SCRIPT.dataset.account) {
    const {account, app, consent} = OWN_SCRIPT.dataset;
    global.monitor = new MonitorClient({account, app: app || "web", consent: consent !== "required"});
    global.monitor.page();
  }
})(window);
