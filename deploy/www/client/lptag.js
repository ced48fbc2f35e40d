/*
 * The web tag for sites that carry the original's: served as /tag/tag.js, it takes over what the site's snippet has
 * queued in window.lpTag and offers the same public interface over the Monitor API (docs/clients.md; lptag.d.ts).
 *
 * Server: this script's own origin. Account: lpTag.site, else ?site=. App installation: data-app, else lpTag.app, else
 * "web". With lpTag.consent = false or data-consent="required" nothing is stored or sent before lpTag.consent(true).
 * It loads monitor.js, which sends, stores and shows. Nothing is thrown into the page.
 */
(function (global) {
  "use strict";

  const ATTRIBUTES = new Set(["cart", "purchase", "prodView", "ctmrinfo", "mrktInfo", "personal", "lead", "service", "error",
    "searchInfo"]);
  const MAX_FIRED = 500; // events that hasFired remembers
  const MAX_TOGETHER = 100; // attributes that the server takes in one request
  const IDENTITY_MS = 2000; // a site's identity function may ask its server
  const NAVIGATION_MS = 50; // frameworks change the address several times in one step
  const EMBEDDED = 5; // the original's number of this format
  const document = global.document;
  const script = document.currentScript || document.querySelector('script[src*="/tag/tag.js"], script[src*="/client/lptag.js"]');
  const lpTag = global.lpTag = global.lpTag || {};
  if (lpTag._monitor || !script) return;
  lpTag._monitor = lpTag.loaded = true;

  // A fault of the page's own functions or data ends here.
  function guarded(work) {
    return function (...args) {
      try {
        return work.apply(this, args);
      } catch (error) {
        global.console.warn("lpTag:", error);
        return undefined;
      }
    };
  }

  // --- events --------------------------------------------------------------------------------------------------------

  const fired = [];
  let bindings = [];
  let lastBinding = 0;

  // (appName, eventName, rest) or {appName, eventName, func | data, …}.
  function formOf(app, eventName, rest, name) {
    return app && typeof app === "object" ? app : {appName: app, eventName, [name]: rest};
  }

  function fits(pattern, value) {
    return pattern === undefined || pattern === null || pattern === "*" || pattern === value;
  }

  function fitsBoth(pattern, event) {
    return fits(pattern.appName, event.appName) && fits(pattern.eventName, event.eventName);
  }

  const bind = guarded((app, eventName, func) => {
    const form = formOf(app, eventName, func, "func");
    if (typeof form.func !== "function") return undefined;
    const binding = {...form, id: `lp${++lastBinding}`};
    bindings.push(binding);
    return binding.id;
  });

  const trigger = guarded((app, eventName, data) => {
    const form = formOf(app, eventName, data, "data");
    const event = {appName: form.appName, eventName: form.eventName, data: form.data};
    fired.push(event);
    if (fired.length > MAX_FIRED) fired.shift();
    for (const binding of bindings.filter((one) => fitsBoth(one, event))) {
      if (binding.triggerOnce) bindings = bindings.filter((other) => other !== binding);
      const call = guarded(() => binding.func.call(binding.context || null, event.data,
        {appName: event.appName, eventName: event.eventName}));
      if (binding.async || form.async) setTimeout(call, 0);
      else call();
    }
  });

  const queuedEvents = [lpTag.events, lpTag.ev].filter(Array.isArray).flat();
  lpTag.events = {
    bind,
    trigger,
    once: guarded((app, eventName, func) => bind({...formOf(app, eventName, func, "func"), triggerOnce: true})),
    // By the id that bind returned, or by whatever of appName, eventName, func and context is given.
    unbind: guarded((app, eventName, func) => {
      const form = typeof app === "string" && eventName === undefined ? {id: app} : formOf(app, eventName, func, "func");
      const isMeant = (one) => (form.id ? one.id === form.id
        : fitsBoth(form, one) && fits(form.func, one.func) && fits(form.context, one.context));
      const before = bindings.length;
      bindings = bindings.filter((one) => !isMeant(one));
      return bindings.length < before;
    }),
    hasFired: guarded((app, eventName) => {
      const form = formOf(app, eventName);
      return fired.filter((event) => fitsBoth(form, event));
    }),
    // As pages fill an array of this name before the tag is there: bindings, and events to trigger, in either form.
    push: guarded((...items) => {
      for (const item of items) {
        const form = Array.isArray(item) ? item : [item];
        if (typeof form[2] === "function" || (item && typeof item.func === "function")) bind(...form);
        else trigger(...form);
      }
    }),
  };
  lpTag.defer = (work) => guarded(work)();
  for (const queue of ["_defB", "_defT", "_defL"]) {
    for (const work of (lpTag[queue] || []).splice(0)) guarded(work)();
  }
  lpTag.events.push(...queuedEvents);

  // --- what the page says --------------------------------------------------------------------------------------------

  let monitor = null; // once monitor.js is here
  let started = false;
  let active = false;
  const said = []; // attributes that are not with the monitor yet
  let steps = Promise.resolve(); // pages and reports in the page's order; identities may take a while
  let flushing = null;
  let consent = (lpTag.consent === undefined || lpTag.consent === true) && script.dataset.consent !== "required";
  const variables = {};

  function tellState(detail) {
    trigger("lp_SMT", "MONITORING_STATE", {active, ...detail});
  }

  // Attributes in an array, in a wrapper ({sdes: […]}, {cart: {type: "cart", …}}) or alone.
  function attributesIn(item, depth = 0) {
    if (!item || typeof item !== "object" || depth > 4) return [];
    if (typeof item.type === "string") return ATTRIBUTES.has(item.type) ? [item] : [];
    return Object.values(item).flatMap((inner) => attributesIn(inner, depth + 1));
  }

  function say(items) {
    for (const attribute of attributesIn(items)) {
      const copy = JSON.parse(JSON.stringify(attribute)); // the page may go on with its object
      const {personal} = copy;
      if (personal && personal.contacts && !Array.isArray(personal.contacts)) personal.contacts = [personal.contacts];
      said.push(copy);
      trigger("lp_sdes", "VAR_ADDED", attribute);
    }
  }

  function learn(items) {
    for (const item of [items].flat(Infinity)) {
      if (item && item.name && item.scope) variables[String(item.name).slice(0, 128)] = String(item.value).slice(0, 512);
      else say(item);
    }
  }

  function report(then) {
    if (!monitor || !started) return;
    while (said.length) {
      const answered = monitor.report(said.splice(0, MAX_TOGETHER));
      if (typeof then === "function" && !said.length) answered.then(guarded(() => then()), () => {});
    }
  }

  function flushSoon() {
    flushing = flushing || setTimeout(() => {
      flushing = null;
      steps = steps.then(() => report());
    }, 0);
  }

  // A list of the page's that acts when something is pushed. A page may assign an array instead: its items count as pushed.
  function listOf(name, take, more) {
    const list = [];
    const before = lpTag[name];
    list.push = guarded((...items) => {
      Array.prototype.push.apply(list, items.flat());
      take(items);
      return list.length;
    });
    Object.assign(list, more);
    Object.defineProperty(lpTag, name, {
      configurable: true,
      enumerable: true,
      get: () => list,
      set: guarded((items) => {
        if (items === list) return;
        list.length = 0;
        if (items) list.push(...[items].flat());
      }),
    });
    if (before) list.push(...[before].flat());
    return list;
  }

  const sdes = listOf("sdes", (items) => {
    say(items);
    flushSoon();
  }, {
    send: guarded((items, then) => {
      if (items) Array.prototype.push.apply(sdes, [items].flat());
      say(items);
      steps = steps.then(() => report(then));
    }),
    get: guarded((type) => {
      const known = attributesIn(sdes).filter((one) => !type || one.type === type);
      return type && !known.length ? undefined : known;
    }),
  });

  listOf("vars", (items) => {
    learn(items);
    flushSoon();
  }, {
    send: guarded((items) => {
      if (items) learn(items);
      if (started && page.url) openPage({...page, again: true});
    }),
  });

  // Functions that call back with {iss, acr, sub}.
  const identities = listOf("identities", () => {
    if (started) steps = steps.then(learnIdentities);
  });

  async function learnIdentities() {
    const answers = await Promise.all(identities.map((one) => new Promise((resolve) => {
      setTimeout(resolve, IDENTITY_MS);
      if (typeof one === "function") guarded(one)(resolve);
      else resolve(one);
    })));
    monitor.options.identities = answers.flat().filter((one) => one && one.sub).slice(0, 20)
      .map(({iss, acr, sub}) => ({iss: iss ? String(iss) : undefined, acr: acr === "0" ? "0" : "loa1", sub: String(sub)}));
  }

  // --- pages ---------------------------------------------------------------------------------------------------------

  let page = {}; // the current one: {url, section, automatic}
  let address = global.location.href;
  let navigating = null;

  function absolute(url) {
    try {
      return new URL(url || global.location.href, global.location.href).href;
    } catch {
      return String(url);
    }
  }

  function entryPointsOf({url, section}) {
    const sections = [section === undefined ? lpTag.section : section].flat(Infinity).filter(Boolean);
    const points = [url, ...sections.map((one) => `sec://${one}`)];
    return points.concat(monitor.defaultEntryPoints().slice(1)).map((point) => point.slice(0, 2048)).slice(0, 50);
  }

  // again: the same page view once more, with what is known now.
  function openPage(next) {
    clearTimeout(navigating);
    navigating = null;
    address = global.location.href;
    page = next;
    if (!started) return;
    steps = steps.then(learnIdentities).then(() => {
      const attributes = said.splice(0, MAX_TOGETHER);
      monitor.options.clientProperties = {type: "lptag.js", ...(Object.keys(variables).length ? {vars: {...variables}} : {})};
      monitor.page({entryPoints: entryPointsOf(next), attributes, pageId: next.again ? monitor.pageId : undefined});
      report();
    }).catch((error) => global.console.warn("lpTag:", error));
  }

  lpTag.newPage = guarded((url, {section, sdes: attributes, vars, identities: functions} = {}) => {
    if (functions) lpTag.identities = functions;
    if (attributes) sdes.push(attributes);
    if (vars) learn(vars);
    const next = {url: absolute(url), section};
    // The page view that the change of the address began gets the section and attributes that the application adds.
    openPage({...next, again: page.automatic && page.url === next.url});
  });

  const navigated = guarded(() => {
    clearTimeout(navigating);
    navigating = setTimeout(() => {
      navigating = null;
      const {href} = global.location;
      if (!started || href === address || href === page.url) return;
      openPage({url: href, automatic: true});
    }, NAVIGATION_MS);
  });

  function watchAddress() {
    for (const name of ["pushState", "replaceState"]) {
      const original = global.history[name];
      global.history[name] = function (...args) {
        const {pathname} = global.location;
        const result = original.apply(this, args);
        // What is typed into a search field or scrolled to replaces the address, too: that is no page.
        if (name === "pushState" || global.location.pathname !== pathname) navigated();
        else if (!navigating) address = global.location.href;
        return result;
      };
    }
    global.addEventListener("popstate", navigated);
    global.addEventListener("hashchange", navigated);
  }

  // --- engagements ---------------------------------------------------------------------------------------------------

  function offerData(offer) {
    const {elementId, text} = monitor.instanceOf(offer);
    return {
      ...offer,
      contexts: [{EngagementContext: {id: offer.contextId}}, {pageContext: {id: monitor.pageId}}],
      engagementType: EMBEDDED,
      zoneId: elementId,
      state: 1,
      confKey: `${offer.campaignId}_${offer.engagementId}_${offer.engagementRevision}`,
      tglName: "embedded",
      done: true,
      engagementName: text || "",
    };
  }

  function listen() {
    const life = {offer: "START", place: "OFFER_DISPLAY", display: "OFFER_IMPRESSION", accept: "OFFER_CLICK",
      close: "OFFER_DECLINED", timeout: "OFFER_TIMEOUT", remove: "OFFER_REMOVE"};
    for (const [type, eventName] of Object.entries(life)) {
      monitor.addEventListener(type, ({detail}) => trigger("LP_OFFERS", eventName, offerData(detail)));
    }
    monitor.addEventListener("answer", () => {
      if (active) return;
      active = true;
      tellState();
    });
    monitor.addEventListener("error", ({detail}) => {
      // One refused request ends nothing; an account that is not known, or a server that stays away, does.
      if (detail.status !== 400) active = false;
      tellState({reason: detail.message});
    });
    monitor.addEventListener("refused", ({detail}) => tellState({refused: [detail.attribute.type], reason: detail.message}));
    monitor.addEventListener("dropped", ({detail}) => tellState({dropped: detail.attributes.map(({type}) => type),
      reason: `not delivered since ${new Date(detail.time).toISOString()}`}));
  }

  // --- start ---------------------------------------------------------------------------------------------------------

  const own = new URL(script.src, global.location.href);
  const account = String(lpTag.site || own.searchParams.get("site") || "");

  function setConsent(given) {
    consent = given !== false;
    if (monitor) monitor.consent(consent);
    if (!consent) said.length = 0;
    if (!consent && active) {
      active = false;
      tellState({reason: "no consent"});
    }
  }

  const giveConsent = guarded(setConsent);
  Object.defineProperty(lpTag, "consent", {configurable: true, enumerable: true, get: () => giveConsent, set: giveConsent});

  lpTag.start = guarded(() => {
    lpTag.autoStart = true;
    if (!monitor || started) return;
    started = true;
    openPage(page.url ? page : {url: global.location.href});
  });

  // Before the monitor looks what is left to send: what is said and not with it yet.
  const leaving = guarded(() => {
    if (document.visibilityState === "hidden") report();
  });

  const begin = guarded(() => {
    monitor = lpTag.monitor = global.MonitorClient.create({
      account,
      app: script.dataset.app || lpTag.app || "web",
      baseUrl: own.origin,
      container: false, // only where the page has an element for it
      consent: false,
    });
    listen();
    if (consent) monitor.consent(true);
    lpTag.taglets = {
      ...lpTag.taglets,
      lp_SMT: {isActive: () => active},
      lp_monitoringSDK: {getVid: () => monitor.visitorId.get(), getSid: () => monitor.sessionId.get()},
    };
    watchAddress();
    global.addEventListener("visibilitychange", leaving, true);
    global.addEventListener("pagehide", guarded(() => report()), true);
    if (lpTag.autoStart !== false) lpTag.start();
  });

  if (!account) {
    tellState({reason: "no account: lpTag.site is empty"});
  } else if (global.MonitorClient) {
    begin();
  } else {
    const part = document.createElement("script");
    part.src = `${own.origin}/client/monitor.js`;
    part.async = true;
    part.onload = begin;
    part.onerror = () => tellState({reason: "monitor.js could not be loaded"});
    (document.head || document.documentElement).append(part);
  }
})(window);
