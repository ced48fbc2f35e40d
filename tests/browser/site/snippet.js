// What a site's snippet does before the tag is there, written for these tests: makes window.lpTag, queues, loads the tag.
(function () {
  const before = window.lpTag || {};
  if (before._tagCount) {
    before._tagCount += 1;
    return;
  }
  window.lpTag = {
    site: document.documentElement.dataset.site,
    section: before.section || "",
    autoStart: before.autoStart !== false,
    ovr: {domain: document.documentElement.dataset.edge},
    _v: "1.10.0",
    _tagCount: 1,
    protocol: "https:",
    events: {
      bind: (app, name, work) => lpTag.defer(() => lpTag.events.bind(app, name, work), 0),
      trigger: (app, name, data) => lpTag.defer(() => lpTag.events.trigger(app, name, data), 1),
    },
    defer(work, kind) {
      const queue = kind === 0 ? "_defB" : kind === 1 ? "_defT" : "_defL";
      this[queue] = this[queue] || [];
      this[queue].push(work);
    },
    load() {
      const script = document.createElement("script");
      script.src = `${this.protocol}//${this.ovr.domain}/tag/tag.js?site=${this.site}`;
      document.head.append(script);
    },
    start() {
      this.autoStart = true;
    },
    _domReady(how) {
      this.events.trigger("LPT", "DOM_READY", {t: how});
    },
    vars: before.vars || [],
    sdes: before.sdes || [],
    identities: before.identities || [],
  };
  window.addEventListener("DOMContentLoaded", () => window.lpTag._domReady("contReady"));
  // Not at once, as snippets do: what the tests queue is then certainly said before.
  window.addEventListener("DOMContentLoaded", () => window.lpTag.load());
})();
// What happened, for the test to read.
window.told = [];
window.broken = [];
window.addEventListener("error", (event) => window.broken.push(String(event.message)));
window.addEventListener("unhandledrejection", (event) => window.broken.push(String(event.reason)));
lpTag.events.bind("*", "*", (data, info) => window.told.push([info.appName, info.eventName, data]));
