"""The browser client on its example page: a real "click to message" button is shown, clicked and closed."""

from selenium.webdriver.common.by import By

from funnel_page import FunnelPage
from harness.part import wait_until

OFFERS = ".monitor-offer"


def open_page(browser, stack):
    browser.get(f"{stack.edge.url}/client/example.html?account=shop")
    wait_until(lambda: browser.find_elements(By.CSS_SELECTOR, OFFERS), "an offer on the page")


def told(browser, words):
    """The page's log has this line."""
    wait_until(lambda: words in browser.find_element(By.ID, "log").text, f"the page to say: {words}")


def errors(browser):
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE" and "favicon" not in entry["message"]]


def recorded(browser, stack):
    visitor = browser.execute_script("return monitor.visitorId.get()")
    session = browser.execute_script("return monitor.sessionId.get()")
    status, events = stack.monitord.admin("GET", f"/admin/accounts/shop/visitors/{visitor}/sessions/{session}/events")
    assert status == 200
    return events


def kinds(events):
    return [event["data"]["kind"] for event in events if event["type"] == "monitor.impression-reported"]


def test_a_button_is_shown_clicked_and_closed(browser, stack):
    open_page(browser, stack)
    told(browser, "reported impDisplay")
    offer = browser.find_element(By.CSS_SELECTOR, OFFERS)
    engagement = offer.get_attribute("data-engagement-id")
    offer.find_element(By.CSS_SELECTOR, ".monitor-accept").click()
    told(browser, f"reported impAccept of {engagement}")
    offer.find_element(By.CSS_SELECTOR, ".monitor-close").click()
    told(browser, f"reported impClose of {engagement}")
    assert engagement not in [e.get_attribute("data-engagement-id") for e in browser.find_elements(By.CSS_SELECTOR, OFFERS)]
    events = recorded(browser, stack)
    of_it = [event for event in events if event["type"] == "monitor.impression-reported"
             and str(event["data"]["engagementId"]) == engagement]
    assert kinds(of_it) == ["display", "accept", "close"]
    assert errors(browser) == []


def test_a_second_page_goes_on_with_the_session(browser, stack):
    open_page(browser, stack)
    session = browser.execute_script("return monitor.sessionId.get()")
    open_page(browser, stack)
    assert browser.execute_script("return monitor.sessionId.get()") == session
    pages = {e["data"]["pageId"] for e in recorded(browser, stack) if e["type"] == "monitor.activity-reported"}
    assert len(pages) == 2


def test_what_happens_on_the_page_is_reported(browser, stack):
    open_page(browser, stack)
    browser.find_element(By.ID, "view").click()
    told(browser, "reported prodView")
    browser.find_element(By.ID, "buy").click()
    told(browser, "reported purchase")
    types = [attribute["type"] for event in recorded(browser, stack) if event["type"] == "monitor.activity-reported"
             for attribute in event["data"]["engagementAttributes"]]
    assert types == ["prodView", "purchase"]
    assert errors(browser) == []


def test_without_a_whole_answer_the_client_comes_again(browser, stack):
    open_page(browser, stack)
    answers = browser.execute_async_script("""
        const [done] = arguments, real = window.fetch;
        const broken = [
          () => Promise.reject(new TypeError("cut")),
          () => Promise.resolve(new Response("<html>", {status: 502})),
          () => Promise.resolve(new Response('{"sessionId":', {status: 200})),
          () => Promise.resolve(new Response('{"message": "request: too slow", "internalCode": 5}', {status: 408})),
        ];
        let calls = 0;
        window.fetch = (target, options) => {
          const ours = options.body.includes('"lead"');  // the page itself reports displays meanwhile
          return ours && calls++ < broken.length ? broken[calls - 1]() : real(target, options);
        };
        const client = MonitorClient.create({account: "shop", app: "web", retryPauses: [1, 1, 1, 1]});
        client.report([{type: "lead"}]).then((answer) => done([calls, answer.visitorId]), (error) => done([calls, String(error)]));
    """)
    assert answers == [5, browser.execute_script("return monitor.visitorId.get()")]


def test_an_unknown_account_is_said_on_the_page(browser, stack):
    browser.get(f"{stack.edge.url}/client/example.html?account=nobody")
    told(browser, "(404/6)")


def test_the_funnel_page_shows_what_was_just_reported(browser, stack):
    open_page(browser, stack)
    told(browser, "reported impDisplay")
    page = FunnelPage(browser, stack.funneld)
    browser.get(f"{stack.funneld.url}/?account=shop")
    page.sees("Everybody", ".breakdown")
    wait_until(lambda: page.numbers("funnel")[1][1] not in ("", "0"), "the display")
    position = stack.monitord.position()
    stack.funneld.wait_for(position["origin"], position["last"])
    exposed = stack.funneld.funnel("shop")["rows"][0]["exposed"]
    wait_until(lambda: page.numbers("funnel")[1][1] == str(exposed), "all displays")
    assert errors(browser) == []
