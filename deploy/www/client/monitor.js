/*
 * Monitor API browser client: asks which engagements this visitor may be offered, shows them as "click to message"
 * buttons, and reports displays, clicks and closes. One file, no dependency.
 *
 *   <script src="https://monitor.example/client/monitor.js" data-account="demo" data-app="web" defer></script>
 *
 * or, by hand:
 *
 *   const monitor = MonitorClient.create({account: "demo", app: "web", baseUrl: "https://monitor.example"});
 *   monitor.addEventListener("accept", (e) => openMessaging(e.detail));
 *   await monitor.page({entryPoints: [location.href]});
 *   await monitor.report([{type: "purchase", total: 129.5, currency: "USD", orderId: "A-1"}]);
 *
 * What it keeps: the visitor id in localStorage (names this browser), the session id in sessionStorage. Nothing else,
 * and no cookies. Where storage is forbidden it goes on without: each page is then a new visitor.
 */
(function (global) {
  "use strict";

  // A server that is loading or busy says so with 202, 500 or 503, and without a whole answer (408, 502, 504, a cut
  // connection) nobody knows whether the request was recorded: it is asked again after these pauses (ms).
  const RETRY_PAUSES = [3000, 10000, 30000, 90000];
  const VERSION = "1.1";
  const OWN_SCRIPT = global.document && global.document.currentScript;

  class Remembered {
    constructor(storage, key) {
      this.storage = storage;
      this.key = key;
      this.value = null;
    }

    get() {
      try {
        return global[this.storage].getItem(this.key) || this.value;
      } catch {
        return this.value;
      }
    }

    set(value) {
      this.value = value;
      try {
        global[this.storage].setItem(this.key, value);
      } catch {
        // Private windows and full stores: remembered for this page only.
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
        baseUrl: OWN_SCRIPT ? new URL(OWN_SCRIPT.src, global.location.href).origin : global.location.origin,
        identities: [],
        clientProperties: {},
        labels: {},
        container: null,
        retryPauses: RETRY_PAUSES,
        ...options,
      };
      const scope = `monitor.${this.options.account}`;
      this.visitorId = new Remembered("localStorage", `${scope}.vid`);
      this.sessionId = new Remembered("sessionStorage", `${scope}.sid`);
      this.pageId = null;
      this.shown = new Map(); // contextId -> {offer, element}
    }

    // A new page view: asks for the offers of this page and shows them. Resolves to the answer.
    async page({entryPoints, attributes, pageId} = {}) {
      const body = {
        entryPoints: entryPoints || this.defaultEntryPoints(),
        clientProperties: this.clientProperties(),
        engagementAttributes: attributes || [],
      };
      if (pageId) body.pageId = pageId;
      const answer = await this.call("POST", "engagement", body);
      this.pageId = answer.pageId;
      this.render(answer.engagementDetails || []);
      return answer;
    }

    // Tells what happened on this page: an array of engagement attributes. Resolves to the answer.
    async report(attributes) {
      const body = {engagementAttributes: attributes};
      if (this.pageId) body.pageId = this.pageId;
      return this.call("PUT", "report", body);
    }

    defaultEntryPoints() {
      const points = [global.location.href];
      if (global.document.referrer) points.push(`ref://${global.document.referrer}`);
      const language = global.document.documentElement.lang;
      if (language) points.push(`lang://${language}`);
      return points.map((point) => point.slice(0, 2048));
    }

    clientProperties() {
      return {type: "monitor.js", appVersion: VERSION, ...this.options.clientProperties};
    }

    // One call at a time: the first answer names the session that the next call belongs to.
    call(method, resource, body) {
      const next = (this.last || Promise.resolve()).then(() => this.send(method, resource, body));
      this.last = next.catch(() => {});
      return next;
    }

    async send(method, resource, body) {
      const {account, app, baseUrl, identities, retryPauses} = this.options;
      if (identities.length) body.identities = identities;
      for (let attempt = 0; ; attempt++) {
        const query = new URLSearchParams({v: VERSION});
        if (this.visitorId.get()) query.set("vid", this.visitorId.get());
        if (this.sessionId.get()) query.set("sid", this.sessionId.get());
        const path = `/api/account/${encodeURIComponent(account)}/app/${encodeURIComponent(app)}/${resource}`;
        let response = null;
        let answer = null;
        try {
          response = await fetch(`${baseUrl}${path}?${query}`, {
            method,
            body: JSON.stringify(body),
            headers: {"Content-Type": "application/json"},
            credentials: "omit",
            keepalive: resource === "report",
          });
          answer = await response.json();
        } catch (error) {
          if (attempt >= retryPauses.length) throw error;
        }
        if (answer) {
          if (answer.visitorId) this.visitorId.set(answer.visitorId);
          if (response.status === 200 || response.status === 201) {
            this.sessionId.set(answer.sessionId);
            return answer;
          }
          const again = response.status === 202 || response.status === 408 || response.status >= 500;
          if (!again || attempt >= retryPauses.length) {
            const error = new Error(`Monitor API: ${answer.message} (${response.status}/${answer.internalCode})`);
            error.status = response.status;
            error.answer = answer;
            throw error;
          }
        }
        await new Promise((resolve) => setTimeout(resolve, retryPauses[attempt]));
      }
    }

    render(offers) {
      const wanted = new Set(offers.map((offer) => offer.contextId));
      for (const [contextId, {element}] of this.shown) {
        if (!wanted.has(contextId)) {
          element.remove();
          this.shown.delete(contextId);
        }
      }
      for (const offer of offers) {
        if (offer.status === "conversation") {
          this.dispatchEvent(new CustomEvent("conversation", {detail: offer}));
        } else if (!this.shown.has(offer.contextId)) {
          const element = this.button(offer);
          this.shown.set(offer.contextId, {offer, element});
          (this.options.container || global.document.body).append(element);
          this.whenSeen(element, () => this.impression("impDisplay", offer));
        }
      }
    }

    // Plain markup that a page can style: .monitor-offer, its data-* attributes, .monitor-accept, .monitor-close.
    button(offer) {
      const element = global.document.createElement("div");
      element.className = "monitor-offer";
      element.lang = offer.language;
      Object.assign(element.dataset, {
        engagementId: offer.engagementId,
        campaignId: offer.campaignId,
        contextId: offer.contextId,
      });
      const accept = global.document.createElement("button");
      accept.type = "button";
      accept.className = "monitor-accept";
      accept.textContent = this.options.labels[offer.engagementId] || "Message us";
      accept.addEventListener("click", () => {
        this.impression("impAccept", offer);
        this.dispatchEvent(new CustomEvent("accept", {detail: offer}));
      });
      const close = global.document.createElement("button");
      close.type = "button";
      close.className = "monitor-close";
      close.setAttribute("aria-label", "Close");
      close.textContent = "×";
      close.addEventListener("click", () => {
        element.remove();
        this.shown.delete(offer.contextId);
        this.impression("impClose", offer);
        this.dispatchEvent(new CustomEvent("close", {detail: offer}));
      });
      element.append(accept, close);
      return element;
    }

    // Displayed means seen: reported once, when half of the button was in view.
    whenSeen(element, then) {
      const observer = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          observer.disconnect();
          then();
        }
      }, {threshold: 0.5});
      observer.observe(element);
    }

    impression(type, offer) {
      return this.report([{
        type,
        campaign: offer.campaignId,
        engId: offer.engagementId,
        revision: offer.engagementRevision,
        eContext: [{type: "engagementContext", id: offer.contextId}],
      }]).then(
        () => this.dispatchEvent(new CustomEvent("reported", {detail: {type, offer}})),
        (error) => this.dispatchEvent(new CustomEvent("error", {detail: error})),
      );
    }
  }

  global.MonitorClient = {create: (options) => new MonitorClient(options)};

  if (OWN_SCRIPT && OWN_SCRIPT.dataset.account) {
    const monitor = new MonitorClient({account: OWN_SCRIPT.dataset.account, app: OWN_SCRIPT.dataset.app});
    global.monitor = monitor;
    monitor.page().catch((error) => monitor.dispatchEvent(new CustomEvent("error", {detail: error})));
  }
})(window);
