"""Sites that carry the original's tag, with one address changed: judged by what arrives at the server."""

import signal
import subprocess
import sys
import time

import pytest

from harness import Stack
from harness.part import ROOT, wait_until
from site_server import FOLDER, Site

PURCHASE = "{type: 'purchase', total: 20, currency: 'EUR', orderId: '%s', cart: {products: [{product: {name: 'Cup'}, quantity: 1}]}}"


@pytest.fixture
def browser(shared_browser):
    """One for all: each test visits a site of its own, with storage of its own."""
    return shared_browser


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("tagged"), accounts=FOLDER / "accounts") as running:
        yield running


@pytest.fixture(scope="module")
def site(stack):
    running = Site(stack.edge.port)
    running.page("/contact.html")
    yield running
    running.close()


def run(browser, script, *arguments):
    return browser.execute_script(f"return {script}", *arguments)


def told(browser, app, name):
    """The data of these events so far."""
    return [data for an_app, a_name, data in run(browser, "window.told") if (an_app, a_name) == (app, name)]


def wait_for(browser, app, name, number=1):
    return wait_until(lambda: len(found := told(browser, app, name)) >= number and found, f"{number} of {app} {name}")


def settled(browser):
    """Everything that the page has said is acknowledged."""
    wait_until(lambda: run(browser, "!!(lpTag.monitor && lpTag.monitor.sessionId.get() && !lpTag.monitor.outbox.length)"),
               "the page's reports to be acknowledged")


def unbroken(browser):
    assert run(browser, "window.broken") == []
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]] == []


def visitor(browser):
    return run(browser, "lpTag.taglets.lp_monitoringSDK.getVid()")


def events(stack, vid, kind):
    """All events of the visitor of this kind."""
    return [event for event in stack.monitord.log() if event["type"] == f"monitor.{kind}"
            and event["data"].get("visitorId") == vid]


def activities(stack, vid):
    return [event["data"] for event in events(stack, vid, "activity-reported")]


def impressions(stack, vid):
    return [(event["data"]["engagementId"], event["data"]["kind"]) for event in events(stack, vid, "impression-reported")
            if not event["data"].get("repeat")]


def said(stack, vid):
    """Attribute types, repeats left out."""
    return [attribute["type"] for activity in activities(stack, vid) if not activity.get("repeat")
            for attribute in activity["engagementAttributes"]]


def test_what_was_queued_before_the_tag_came_arrives_in_order(browser, stack, site):
    site.page("/queue.html", before="""
        window.lpTag = {section: ["shop", "retail"], sdes: [{type: "prodView", products: [{product: {name: "Cup"}}]}]};
        lpTag.identities = [(done) => setTimeout(() => done({iss: "https://brand.example", acr: "loa1", sub: "c-1"}), 20)];
    """, after="""
        lpTag.sdes.push([{type: "cart", total: 1.5, numItems: 1}, {type: "pagediv", divId: "lp-chat"}]);
        lpTag.sdes.push({type: "personal", personal: {firstname: "Ann", contacts: {email: "ann@example.com"}}});
        lpTag.vars.push([{scope: "page", name: "unit", value: "sales"}]);
        lpTag.events.bind("LP_OFFERS", "OFFER_CLICK", () => { throw new Error("the page's own fault"); });
        lpTag.defer(() => window.told.push(["page", "deferred", null]), 2);
    """)
    browser.get(site.url("queue", "/queue.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION", 2)
    settled(browser)
    vid = visitor(browser)
    assert [(app, name) for app, name, _ in run(browser, "window.told")][:5] == [
        ("LPT", "DOM_READY"), ("page", "deferred"), *[("lp_sdes", "VAR_ADDED")] * 3]
    assert told(browser, "lp_SMT", "MONITORING_STATE") == [{"active": True}]
    first = activities(stack, vid)[0]
    assert first["entryPoints"][1:] == ["sec://shop", "sec://retail", "lang://en-GB"]
    assert [one["type"] for one in first["engagementAttributes"]] == ["prodView", "cart", "personal"]
    assert first["identityHashes"] and first["clientProperties"]["vars"] == {"unit": "sales"}
    assert sorted(impressions(stack, vid)) == [(5101, "display"), (5102, "display")]
    assert len(told(browser, "LP_OFFERS", "START")) == 4 and len(told(browser, "LP_OFFERS", "OFFER_DISPLAY")) == 2
    # The document's text is text, not HTML; a click follows the link, and the next page still finds it reported once.
    offer = browser.find_element("css selector", "#lp-chat a.monitor-accept")
    assert offer.text == "<b>Chat</b> with us"
    unbroken(browser)
    run(browser, """lpTag.events.bind("LP_OFFERS", "OFFER_CLICK", (data) => sessionStorage.setItem("clicked", JSON.stringify(data)))""")
    offer.click()
    wait_until(lambda: browser.current_url.endswith("/contact.html"), "the link to be followed")
    clicked = run(browser, "JSON.parse(sessionStorage.getItem('clicked'))")
    assert (clicked["engagementId"], clicked["campaignId"], clicked["engagementRevision"], clicked["contextId"]) == \
        (5101, 51, 3, first_context(stack, vid, 5101))
    assert clicked["engagementType"] == 5 and clicked["confKey"] == "51_5101_3" and clicked["windowId"] == "77"
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    assert impressions(stack, vid).count((5101, "accept")) == 1
    assert len(events(stack, vid, "session-created")) == 1
    unbroken(browser)


def first_context(stack, vid, engagement):
    return next(event["data"]["contextId"] for event in events(stack, vid, "engagement-shown")
                if event["data"]["engagementId"] == engagement)


def test_pages_of_an_application_are_pages(browser, stack, site):
    site.page("/app.html")
    browser.get(site.url("app", "/app.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    vid = visitor(browser)

    def page_views(number):
        wait_until(lambda: len({one["pageId"] for one in activities(stack, vid)}) == number, f"{number} page views")
        settled(browser)
        return [one for one in activities(stack, vid) if one["entryPoints"]]

    # As applications do it: change the address, and say a little later what the page is.
    run(browser, """history.pushState({}, "", "/app/cart") || setTimeout(() => lpTag.newPage(location.href,
        {section: ["retail"], sdes: [{type: "cart", total: "3.00", numItems: 2}]}), 150) && 0""")
    wait_for(browser, "lp_sdes", "VAR_ADDED")
    wait_until(lambda: (5102, "display") in impressions(stack, vid), "the section's offer")
    cart = page_views(2)[-2:]
    assert any("sec://retail" in one["entryPoints"] for one in cart)
    assert run(browser, "document.querySelectorAll('#lp-chat .monitor-offer').length") == 1
    run(browser, "history.replaceState({}, '', '?q=cu') || history.replaceState({}, '', '?q=cup')")  # typing is no page
    run(browser, "location.hash = '#/checkout'")
    assert page_views(3)[-1]["entryPoints"][0] == site.url("app", "/app/cart")  # what follows is stored encrypted
    # An element that the application makes late takes its offer when it is there.
    run(browser, "document.getElementById('lp-retail').remove()")
    run(browser, """lpTag.newPage("/app/late", {section: "retail"})""")
    page_views(4)
    before = len(impressions(stack, vid))
    run(browser, """document.body.append(Object.assign(document.createElement("div"), {id: "lp-retail"}))""")
    wait_until(lambda: len(impressions(stack, vid)) > before, "the late element's display")
    # sdes.send calls back when it is acknowledged; one bad attribute does not take the others with it.
    run(browser, """lpTag.sdes.send([{type: "lead", lead: {topic: "news", value: "much"}}, {type: "searchInfo", keywords: ["cup"]}],
        () => window.told.push(["page", "sent", null]))""")
    wait_for(browser, "page", "sent")
    assert said(stack, vid)[-1] == "searchInfo" and "lead" not in said(stack, vid)
    assert told(browser, "lp_SMT", "MONITORING_STATE")[-1]["refused"] == ["lead"]
    assert [one["type"] for one in run(browser, "lpTag.sdes.get('searchInfo')")] == ["searchInfo"]
    # What the page takes away after a time, and what the visitor closes.
    for timed_out, name, kind in ((True, "OFFER_TIMEOUT", "timeout"), (False, "OFFER_DECLINED", "close")):
        run(browser, "lpTag.monitor.close([...lpTag.monitor.shown.keys()][0], arguments[0])", timed_out)
        (gone,) = told(browser, "LP_OFFERS", name)
        assert told(browser, "LP_OFFERS", "OFFER_REMOVE")[-1]["contextId"] == gone["contextId"]
        settled(browser)
        assert (gone["engagementId"], kind) in impressions(stack, vid)
    unbroken(browser)


def test_events_bind_in_both_forms(browser, site):
    site.page("/events.html", after="""
        lpTag.events = [{appName: "early", eventName: "one", func: (data) => window.told.push(["early", "heard", data])},
            ["early", "two", (data) => window.told.push(["early", "heard", data])], {appName: "early", eventName: "one", data: 1},
            ["early", "two", 2], null];
    """)
    browser.get(site.url("events", "/events.html"))
    wait_until(lambda: run(browser, "!!lpTag.loaded"), "the tag")
    assert told(browser, "early", "heard") == [1, 2]
    assert run(browser, """(() => {
        const heard = [], events = lpTag.events, hear = (name) => (data) => heard.push([name, data]);
        const byId = events.bind("app", "one", hear("id")), same = hear("same");
        events.bind({appName: "app", eventName: "one", func: same, triggerOnce: true});
        events.once({appName: "app", eventName: "one", func: hear("once")});
        events.once("app", "*", hear("any"));
        events.bind({eventName: "one", func() { heard.push(["this", this.me]); }, context: {me: 7}});
        events.trigger("app", "one", 1);
        events.unbind(byId);
        events.trigger({appName: "app", eventName: "one", data: 2});
        events.bind("app", "one", same);
        events.unbind({appName: "app", eventName: "one", func: same});
        events.unbind("*", "one");
        events.trigger("app", "one", 3);
        return [heard, events.hasFired("app", "one").map(({data}) => data), events.hasFired({appName: "app", eventName: "*"}).length,
                events.hasFired("app", "none"), events.bind("app", "one", "no function"), events.trigger()];
    })()""") == [[["id", 1], ["same", 1], ["once", 1], ["any", 1], ["this", 7], ["this", 7]], [1, 2, 3], 3, [], None, None]


def test_nothing_is_stored_or_sent_before_start_and_consent(browser, stack, site):
    site.page("/consent.html", before="window.lpTag = {autoStart: false};", after=f"""
        lpTag.consent = false;
        lpTag.sdes.push({PURCHASE % "O-1"});
    """)
    browser.get(site.url("consent", "/consent.html"))
    wait_until(lambda: run(browser, "!!lpTag.monitor"), "the tag")
    asked = """performance.getEntriesByType("resource").filter(({name}) => name.includes("/api/")).length"""
    run(browser, "lpTag.start() && 0")
    run(browser, "window.dispatchEvent(new Event('pagehide')) && 0")
    assert run(browser, asked) == 0 and run(browser, "Object.keys(localStorage)") == []
    run(browser, "lpTag.consent(true)")
    settled(browser)
    vid = visitor(browser)
    assert said(stack, vid)[0] == "purchase" and run(browser, asked) > 0
    run(browser, "lpTag.consent(false)")
    assert run(browser, "Object.keys(localStorage)") == [] and run(browser, "lpTag.taglets.lp_SMT.isActive()") is False
    assert run(browser, "document.querySelector('.monitor-offer')") is None
    unbroken(browser)


def test_without_storage_it_goes_on(browser, stack, site):
    site.page("/sandbox.html", after="lpTag.sdes.push({type: 'lead', lead: {topic: 'news'}});", policy="sandbox allow-scripts")
    browser.get(site.url("sandbox", "/sandbox.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    vid = visitor(browser)
    assert said(stack, vid) == ["lead"] and impressions(stack, vid) == [(5101, "display")]
    assert len(events(stack, vid, "session-created")) == 1
    unbroken(browser)


def test_two_tabs_are_one_session_and_two_pages(browser, stack, site):
    # The opener has no tag: both tabs find no session, at the same moment.
    browser.get(site.url("tabs", "/snippet.js"))
    opener = browser.current_window_handle
    run(browser, "[window.open('/contact.html'), window.open('/contact.html')].length")
    vids = set()
    for handle in [one for one in browser.window_handles if one != opener]:
        browser.switch_to.window(handle)
        wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
        settled(browser)
        vids.add(visitor(browser))
        unbroken(browser)
        browser.close()
    browser.switch_to.window(opener)
    (vid,) = vids
    assert len(events(stack, vid, "session-created")) == 1
    assert len({one["pageId"] for one in activities(stack, vid)}) == 2


@pytest.mark.parametrize("beacon", ["", "navigator.sendBeacon = () => false;", "delete Navigator.prototype.sendBeacon;"])
def test_what_is_said_in_leaving_arrives_and_counts_once(browser, stack, site, beacon):
    site.page("/leave.html", before=beacon, after="window.addEventListener('pagehide', () => lpTag.sdes.push([%s]));"
              % (PURCHASE % "L-1"))
    browser.get(site.url(f"leave{len(beacon)}", "/leave.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    vid = visitor(browser)
    browser.get(site.url(f"leave{len(beacon)}", "/contact.html"))
    wait_until(lambda: visitor(browser) if run(browser, "!!(lpTag.taglets)") else None, "the next page")
    wait_for(browser, "lp_SMT", "MONITORING_STATE")
    settled(browser)
    wait_until(lambda: said(stack, vid).count("purchase") == 1, "the purchase")
    assert run(browser, "Object.keys(localStorage).filter((key) => key.includes('.kept.'))") == []


def test_what_arrived_though_its_page_never_learned_counts_once(browser, stack, site):
    browser.get(site.url("lost", "/contact.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    # Asked with the page and its attributes in one request; no answer reaches the page.
    site.page("/lost.html", before="const real = window.fetch; window.fetch = (...all) => real(...all) && new Promise(() => {});",
              after="lpTag.sdes.push({type: 'lead', lead: {topic: 'news'}});")
    browser.get(site.url("lost", "/lost.html"))
    vid = wait_until(lambda: run(browser, "lpTag.taglets && lpTag.taglets.lp_monitoringSDK.getVid()"), "the tag")
    wait_until(lambda: said(stack, vid) == ["lead"], "the lead")
    browser.get(site.url("lost", "/contact.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    of_it = [one for one in activities(stack, vid) if one["engagementAttributes"]]
    assert [one.get("repeat", False) for one in of_it] == [False, True]
    assert len({(one["pageId"], *one["entryPoints"]) for one in of_it}) == 1


def test_what_is_said_before_the_first_answer_waits_for_it_and_leaves_with_the_visitor_alone(browser, site):
    site.page("/slow.html", before="""
        window.left = [];
        window.asked = [];
        window.fetch = (target, options) => window.asked.push(target) && new Promise((resolve, reject) => {
            options.signal.addEventListener("abort", reject);
        });
        navigator.sendBeacon = (target, body) => window.left.push([target, typeof body, JSON.parse(body)]) > 0;
    """)
    browser.get(site.url("slow", "/slow.html"))
    wait_until(lambda: run(browser, "window.asked.length") == 1, "the first request")
    run(browser, "lpTag.sdes.send({type: 'lead', lead: {topic: 'news'}})")
    wait_until(lambda: run(browser, "lpTag.monitor.outbox.length") == 2, "the report to wait")
    run(browser, "window.dispatchEvent(new Event('pagehide')) && window.dispatchEvent(new Event('pagehide'))")
    assert run(browser, "window.asked.length") == 1
    ((target, form, body),) = run(browser, "window.left")
    assert f"/report?v=1.1&vid={visitor(browser)}" in target and "sid=" not in target and form == "string"
    assert [one["type"] for one in body["engagementAttributes"]] == ["lead"] and len(body["pageId"]) == 10
    assert run(browser, "Object.keys(localStorage)") == ["monitor.12345678.vid"]
    unbroken(browser)


def test_our_own_client_conforms(browser, site):
    # Where the tests were started in the background SIGINT is ignored, by their children as well.
    with subprocess.Popen([sys.executable, ROOT / "docs" / "examples" / "client_conformance.py", "--scale", "0.01"], text=True,
                          stdout=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as judge:
        try:
            address = judge.stdout.readline().split()[1]
            site.page("/own.html", policy="default-src 'self' data: https: http:")
            browser.get(site.url("own", "/own.html"))
            wait_until(lambda: run(browser, "!!window.MonitorClient"), "the client")
            assert browser.execute_async_script("""
                const [address, done] = arguments, client = MonitorClient.create({account: "other", app: "web", baseUrl: address,
                    retryPauses: [30, 100, 300, 900]});
                client.addEventListener("display", ({detail}) => client.report([{type: "cart", total: 1, numItems: 1}])
                    .then(() => client.page()).then(() => client.impression("impAccept", [...client.shown.values()][0].offer))
                    .then(() => client.report([{type: "lead", lead: {topic: "x"}}])).then(() => done("whole"), done), {once: true});
                client.page();
            """, address) == "whole"
        finally:
            judge.send_signal(signal.SIGINT)
        said = judge.communicate(timeout=20)[0]
        assert judge.returncode == 0 and " 0 faults" in said and "not tried" not in said, said


def test_what_is_too_old_is_dropped_and_told(browser, stack, site):
    browser.get(site.url("old", "/snippet.js"))
    run(browser, """["old", 141, "young", 100].forEach((name, at, all) => at % 2 || localStorage.setItem(
        `monitor.12345678.kept.${name}`, JSON.stringify({time: Date.now() - 1000 * all[at + 1], body: {pageId: "1",
        engagementAttributes: [{type: name === "old" ? "lead" : "searchInfo", lead: {topic: "x"}, keywords: ["x"]}]}})))""")
    browser.get(site.url("old", "/contact.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    first, *more = told(browser, "lp_SMT", "MONITORING_STATE")
    assert first["dropped"] == ["lead"] and more == [{"active": True}]
    assert said(stack, visitor(browser)) == ["searchInfo"]
    assert run(browser, "Object.keys(localStorage).filter((key) => key.includes('.kept.'))") == []


def net(stack):
    status, answer = stack.monitord.admin("GET", "/admin/position")
    assert status == 200
    stack.funneld.wait_for(answer["origin"], answer["last"])
    (row,) = stack.funneld.funnel("12345678", window="all", count="net")["rows"]
    return row


def test_pages_left_while_the_server_is_gone_are_counted(browser, stack, site, long):
    """The default takes a part of the minute from the times that the pages kept, and sleeps the rest."""
    pages = 4
    for page in range(pages):
        site.page(f"/gone{page}.html", after=f"lpTag.sdes.push({PURCHASE % f'G-{page}'}); lpTag.sdes.push({{type: 'lead', lead: {{topic: 't{page}'}}}});")
    browser.get(site.url("gone", "/contact.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    vid = visitor(browser)
    before = net(stack)
    stack.monitord.kill9()
    began = time.monotonic()
    for page in range(pages):
        browser.get(site.url("gone", f"/gone{page}.html"))
        wait_until(lambda: run(browser, "!!(lpTag.monitor && lpTag.monitor.failing && lpTag.monitor.pageId)"), "a refused attempt")
    browser.get(site.url("new", "/gone0.html"))  # another visitor, who never had a session
    wait_until(lambda: run(browser, "!!(lpTag.monitor && lpTag.monitor.failing && lpTag.monitor.pageId)"), "a refused attempt")
    browser.get(site.url("gone", "/snippet.js"))
    downtime = 60 if long else 8
    wait_until(lambda: time.monotonic() - began >= downtime, "the server's absence", timeout_s=70)
    run(browser, """Object.keys(localStorage).filter((key) => key.includes(".kept.")).map((key) => {
        const kept = JSON.parse(localStorage[key]);
        localStorage[key] = JSON.stringify({...kept, time: kept.time - 1000 * arguments[0]});
    }).length""", 60 - downtime)
    stack.monitord.start()
    browser.get(site.url("gone", "/contact.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    assert sorted(said(stack, vid)) == sorted(["purchase", "lead"] * pages)
    assert len(events(stack, vid, "session-created")) == 1
    after = net(stack)
    assert after["conversions"] - before["conversions"] == pages
    assert after["engagementViews"] - before["engagementViews"] == 1
    unbroken(browser)
    browser.get(site.url("new", "/contact.html"))
    wait_for(browser, "LP_OFFERS", "OFFER_IMPRESSION")
    settled(browser)
    assert said(stack, visitor(browser)) == ["purchase", "lead"]
    assert len(events(stack, visitor(browser), "session-created")) == 1
