"""The funnel's page as time goes on, and as people come to it: live numbers, alerts, a token, the clocks' changes, keys, themes."""

import time

import pytest
from selenium.webdriver.common.keys import Keys

from funnel_page import FunnelPage, instant, number, plain, span
from funnel_traffic import Shop, Visit
from harness import Funneld
from harness.part import wait_until
from made_log import ORIGIN, MadeLog

ZONE = "Europe/Berlin"
WEEK = {"account": "shop", **span(ZONE, (2026, 10, 19), (2026, 10, 26))}
WEEK_BOUNDS = {"from": instant(ZONE, 2026, 10, 19), "to": instant(ZONE, 2026, 10, 26)}


@pytest.fixture
def growing(shared_browser, tmp_path):
    """start(settings of funneld's, **of the account's document): a page over a log of its own, to which a test adds."""
    log, nodes = MadeLog(tmp_path), []

    def start(listener=None, **document):
        node = Funneld(tmp_path / "funneld", monitord=log, settings=listener)
        nodes.append(node)
        page = FunnelPage(shared_browser, node.start())
        page.log, page.shop = log, Shop(log, **document)
        page.errors()
        return page

    yield start
    shared_browser.get("about:blank")  # or the page asks a node that is gone, and the next test reads of it
    for node in nodes:
        node.close()
    log.close()


def counted(page):
    page.funneld.wait_for(ORIGIN, page.log.last)


# --- long ago ------------------------------------------------------------------------------------------------------------

def test_a_part_that_needs_facts_that_are_gone_says_so_and_the_others_are_as_before(growing):
    page = growing({"retention": {"facts_days": 3}})
    page.shop.days((2026, 10, 19), 7, visits=10)
    counted(page)
    page.open(**WEEK)
    before = page.numbers("funnel"), page.breakdown()
    wait_until(lambda: "funneld_retired_sessions_total 0" not in page.funneld.text("/metrics"), "old sessions retire")
    page.open(**WEEK)
    page.sees("facts of before 2026-10-", ".heat .refusal")
    assert not page.find(".heat .body").is_displayed()
    assert (page.numbers("funnel"), page.breakdown()) == before
    page.open(**WEEK, by="device")
    page.sees("retention.facts_days", ".breakdown .refusal")
    page.open(**WEEK, by="campaign")
    assert page.text(".breakdown .refusal") == "" and page.breakdown() == before[1]
    assert page.errors() == []
    assert page.serious() == []


# --- live ----------------------------------------------------------------------------------------------------------------

def mark(page):
    """Elements that stay the same ones if the page changes only what differs."""
    page.browser.execute_script("""
        window.marked = ['.steps-picture li', '.breakdown tbody tr', '.trend .line', '.lift li', '.tiles li', '.heat .cells rect', '.controls select']
          .map(css => document.querySelector(css))""")


def test_the_page_asks_for_more_only_when_more_was_counted(growing):
    page = growing()
    page.shop.days((2026, 10, 19), 7, visits=10)
    counted(page)
    page.open(**WEEK)
    mark(page)
    total = page.browser.execute_script("return performance.getEntriesByType('resource').find(e => e.name.includes('/api/funnel?')).name")
    looks, others = page.asked(total), page.asked() - page.asked(total)
    wait_until(lambda: page.asked(total) >= looks + 2, "two more looks whether something moved")
    assert page.asked() - page.asked(total) == others
    page.browser.execute_script("document.querySelector('.breakdown thead button').focus(); scrollTo(0, 600)")
    before = page.breakdown()
    page.shop.visit(instant(ZONE, 2026, 10, 21, 12), campaigns=[42])
    counted(page)
    wait_until(lambda: page.breakdown() != before, "the new row's numbers")
    page.settled()
    assert page.breakdown()[1][1][1] == number(page.funneld.funnel("shop", by="campaign", where="campaign:42", **WEEK_BOUNDS)["rows"][0]["prospects"])
    assert page.numbers("funnel")[0][1] == number(page.funneld.funnel("shop", **WEEK_BOUNDS)["rows"][0]["prospects"])
    assert page.browser.execute_script("return window.marked.every(one => one && one.isConnected)"), "an element was made anew"
    assert page.browser.execute_script("return document.activeElement.innerText") == "Prospects"
    assert page.browser.execute_script("return scrollY") == 600
    page.sees(f"Counted up to event {page.log.last} of {ORIGIN}", "footer")
    assert page.errors() == []


def test_it_stands_still_when_it_is_told_to(growing):
    page = growing()
    page.shop.days((2026, 10, 19), 1, visits=10)
    counted(page)
    page.open(**WEEK)
    page.browser.execute_script("document.querySelector('header input').click()")
    wait_until(lambda: page.browser.execute_script("return !document.querySelector('main').ariaBusy"), "the look that was under way")
    shown, asked = page.numbers("funnel"), page.asked()
    page.shop.visit(instant(ZONE, 2026, 10, 21, 12))
    counted(page)
    # Once more by hand, to see that what came is there for who asks.
    assert page.numbers("funnel") == shown and page.asked() == asked
    page.browser.execute_script("document.querySelector('header input').click()")
    wait_until(lambda: page.numbers("funnel") != shown, "the new numbers")


def test_funneld_that_is_away_is_said_and_its_numbers_stay(growing):
    page = growing()
    page.shop.days((2026, 10, 19), 2, visits=10)
    counted(page)
    page.open(**WEEK)
    shown = page.numbers("funnel")
    page.funneld.stop()
    page.sees("No answer came. Is funneld running?")
    assert page.numbers("funnel") == shown
    page.funneld.start()
    wait_until(lambda: "No answer came" not in page.text("body"), "it goes on")
    assert page.numbers("funnel") == shown
    assert all("ERR_CONNECTION_REFUSED" in entry["message"] for entry in page.errors())


def test_names_and_accounts_are_learnt_while_it_stands(growing):
    page = growing()
    page.shop.days((2026, 10, 19), 2, visits=10)
    counted(page)
    page.open(**WEEK)
    page.sees("Winter collection", ".breakdown")
    page.shop.configure(instant(ZONE, 2026, 10, 28), name="Another name")
    Shop(page.log, account="second")
    counted(page)
    page.sees("Another name", ".control-line select")
    page.sees("Shop second", ".control-line select")
    assert page.named("Account").get_attribute("value") == "shop"
    page.pick("Account", "Shop second")
    page.sees("Nothing in this span.", ".breakdown")
    assert page.view["account"] == "second"


def test_an_alert_that_fires_is_seen_where_the_numbers_are(growing):
    alerts = [{"id": "quiet", "when": "neverEligible", "campaignId": 41, "minutes": 60},
              {"id": "low", "when": "acceptRateBelow", "campaignId": 43, "minutes": 60, "minExposures": 3, "below": 0.5}]
    page = growing(settings={"alerts": alerts})
    now = int(time.time() * 1000) - 120_000
    for number_ in range(4):
        visit = Visit(page.shop, f"now{number_}", now)
        entry = {"campaignId": 43, "engagementId": 4301, "engagementRevision": 1, "zone": "left", "channel": "content", "language": "en-GB"}
        shown = {"pageId": "1", "contextId": "1", **entry}
        visit.tell("engagement-shown", {**shown, "windowId": "", "seed": "0" * 16, "configurationRevision": "0" * 16})
        visit.tell("impression-reported", {**shown, "kind": "display", "repeat": False})
    counted(page)
    wait_until(lambda: any(one["firing"] for one in page.funneld.get("/api/alerts", account="shop")["alerts"]), "the alert", timeout_s=60)
    page.open(account="shop", range="today")
    wait_until(lambda: "fires" in page.text(".alerts summary") or "fire:" in page.text(".alerts summary"), "the alert on the page", timeout_s=60)
    page.find(".alerts summary").click()
    told = page.funneld.get("/api/alerts", account="shop")["alerts"]
    rows = page.rows(".alerts")
    assert [row[2] for row in rows] == ["fires" if one["firing"] else "quiet" for one in told]
    assert rows[1][:2] == ["Accept rate too low", "Newsletter"] and plain(rows[1][4]) == "0.0 %"
    assert page.errors() == []


def test_what_is_missing_and_what_stands_still_is_said_beside_the_numbers(funnel_page):
    """No single funneld is in those states for long, so the part is shown what the API would say."""
    funnel_page.open(**WEEK)
    told = funnel_page.browser.execute_async_script("""
        const done = arguments[0];
        import(new URL("page/state.js", location.href)).then(({statePart}) => {
          const part = statePart(), names = {campaign: new Map(), engagement: new Map()};
          document.querySelector("main").append(part.notices);
          part.show({asOf: {"a.1": "7"}, missing: [3, 12]}, {
            alerts: [], alarms: [{id: "x", since: 0, message: "events of a.1 are lost"}], rebuild: {rebuilding: true, since: 0, held: "the disk is full"},
          }, {names, zone: "UTC"});
          done([part.notices.innerText, part.foot.innerText]);
        })""")
    assert "2 parts of the visitors' events (partition 3, 12) are not in these numbers. They are too low, never too high." in told[0]
    assert "The funnel is counted anew since" in told[0] and "the disk is full" in told[0]
    assert "events of a.1 are lost" in told[0]
    assert "Counted up to event 7 of a.1" in told[1]


# --- a token ---------------------------------------------------------------------------------------------------------------

def test_where_a_token_is_needed_it_is_asked_for_and_kept_nowhere(growing, tmp_path):
    token = tmp_path / "read.token"
    token.write_text("the-readers\n")
    page = growing({"http": {"read_token_file": str(token)}})
    page.browser.get("about:blank")
    page.browser.get(f"{page.funneld.url}/#account=shop&from=2026-10-18T22:00:00Z&to=2026-10-25T23:00:00Z")
    page.sees("This funnel is for those with a token.")
    page.sign_in = lambda text: (page.fill("Token", text), page.press("Sign in"))
    page.sign_in("two words")
    page.sees("A token has no blanks in it")
    page.sign_in("wrong")
    page.sees("The token is not known.")
    assert page.asked() == 0
    page.shop.days((2026, 10, 19), 3, visits=10)
    page.sign_in("the-readers")
    wait_until(lambda: page.numbers("funnel")[0][1] != "0", "the numbers")
    kept = page.browser.execute_script("""
        return JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state, document.documentElement.outerHTML])""")
    assert "the-readers" not in kept and page.view["account"] == "shop"
    file = page.download(tmp_path, "Funnel: CSV of what is seen")
    assert file.read_text().startswith("windowStart,prospects,")
    page.press("Sign out")
    page.sees("This funnel is for those with a token.")
    page.sign_in("the-readers")
    page.settled()
    page.browser.refresh()
    page.sees("This funnel is for those with a token.")
    assert page.serious() == []


# --- the account's clocks ------------------------------------------------------------------------------------------------

def hours(page, bound):
    return page.browser.execute_script("""
        const set = [...document.querySelectorAll('.custom fieldset')].find(f => f.firstChild.textContent === arguments[0]);
        return [...set.querySelector('select').options].map(o => [o.textContent, Number(o.value)])""", bound)


def pick_bound(page, bound, date=None, hour=None):
    page.browser.execute_script("""
        const [bound, date, hour] = arguments, set = [...document.querySelectorAll('.custom fieldset')].find(f => f.firstChild.textContent === bound);
        const control = set.querySelector(date ? 'input' : 'select');
        control.value = date || [...control.options].find(o => o.textContent === hour).value;
        control.dispatchEvent(new Event('change', {bubbles: true}))""", bound, date, hour)
    page.settled()


def test_the_day_on_which_the_clocks_go_back_has_25_hours(funnel_page, funneld):
    funnel_page.open(account="shop", **span(ZONE, (2026, 10, 25), (2026, 10, 26)), step="hour", measure="prospects")
    funnel_page.sees("Oct 25 has 25 hours")
    begin, hour = instant(ZONE, 2026, 10, 25), 3_600_000
    from_hours = hours(funnel_page, "From")
    assert [at for _, at in from_hours] == [begin + n * hour for n in range(25)]
    assert [text for text, _ in from_hours][:5] == ["00:00", "01:00", "02:00 GMT+2", "02:00 GMT+1", "03:00"]
    assert hours(funnel_page, "To")[-1] == ["24:00", begin + 25 * hour]
    trend = funnel_page.numbers("trend")
    rows = {row["windowStart"]: row for row in funneld.funnel("shop", window="hour", **{"from": begin, "to": begin + 25 * hour})["rows"]}
    assert [row[1] for row in trend] == [number(rows[begin + n * hour]["prospects"] if begin + n * hour in rows else 0) for n in range(25)]
    pick_bound(funnel_page, "From", hour="02:00 GMT+1")
    pick_bound(funnel_page, "To", hour="20:00")
    bounds = {"from": begin + 3 * hour, "to": begin + 21 * hour}
    assert funnel_page.view["from"] == "2026-10-25T01:00:00.000Z" and funnel_page.view["to"] == "2026-10-25T19:00:00.000Z"
    assert funnel_page.numbers("funnel")[0][1] == number(funneld.funnel("shop", **bounds)["rows"][0]["prospects"])
    assert funnel_page.numbers("funnel")[0][4] == number(
        funneld.funnel("shop", **{"from": begin - 15 * hour, "to": begin + 3 * hour})["rows"][0]["prospects"])


def test_the_day_on_which_they_go_forward_has_23_hours(funnel_page, funneld):
    funnel_page.open(account="shop", **span(ZONE, (2026, 3, 29), (2026, 3, 30)), heat="prospects")
    funnel_page.sees("Mar 29 has 23 hours")
    texts = [text for text, _ in hours(funnel_page, "From")]
    assert len(texts) == 23 and texts[:4] == ["00:00", "01:00", "03:00", "04:00"]
    cells = funnel_page.numbers("heat")[0]
    assert cells[3] == "" and len(cells) == 25
    rows = funneld.funnel("shop", window="hour", **{"from": instant(ZONE, 2026, 3, 29), "to": instant(ZONE, 2026, 3, 30)})["rows"]
    assert sum(int(cell.replace(",", "")) for cell in cells[1:] if cell) == sum(row["prospects"] for row in rows) > 0
    pick_bound(funnel_page, "To", date="2026-03-28")
    funnel_page.sees("The end must be later than the beginning.")
    pick_bound(funnel_page, "From", date="2026-03-27")
    assert funnel_page.view["from"] == "2026-03-26T23:00:00.000Z"


# --- keys, ears, eyes --------------------------------------------------------------------------------------------------------

def test_all_of_it_can_be_done_with_keys(funnel_page, funneld):
    funnel_page.open(**WEEK)
    browser = funnel_page.browser

    def press(*keys):
        browser.switch_to.active_element.send_keys(*keys)

    def focused(css):
        return browser.execute_script("return document.activeElement.matches(arguments[0])", css)

    # Each from what stands before it.
    for before, css in ((".trend .tools .small", ".trend .picture"), (".breakdown .scroll", ".breakdown thead button"), (".heat .tools .small", ".heat .picture")):
        browser.execute_script("document.querySelector(arguments[0]).focus()", before)
        press(Keys.TAB)
        assert focused(css), css
        if css == ".trend .picture":
            press(Keys.HOME)
            assert funnel_page.text(".trend .readout").startswith("Mon, Oct 19 · all: ")
            press(Keys.ARROW_RIGHT)
            days = funneld.funnel("shop", window="day", **WEEK_BOUNDS)["rows"]
            assert plain(funnel_page.text(".trend .readout")).startswith(f"Tue, Oct 20 · all: {number(days[1]['exposed'])} · period before: ")
        elif css == ".heat .picture":
            press(Keys.HOME)
            press(*[Keys.ARROW_DOWN] * 6, *[Keys.ARROW_RIGHT] * 2)
            told = funnel_page.text(".heat .readout")
            assert "Sun, Oct 25, 02:00 GMT+2 · Exposed: " in told and "Sun, Oct 25, 02:00 GMT+1 · Exposed: " in told
        else:
            press(Keys.ENTER)
            funnel_page.settled()
            assert focused(css) and funnel_page.view["sort"] == "-prospects"
    assert browser.execute_script("return document.querySelectorAll('[aria-live]').length") >= 3


DRESSES = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]
VIEWS = {"week": {}, "split": {"split": "campaign", "by": "campaign,engagement", "columns": "all"},
         "rates": {"split": "device", "measure": "acceptRate", "heat": "acceptRate", "where": "channel:messaging|chat"}}


@pytest.mark.parametrize("theme, width", DRESSES)
def test_the_page_keeps_nobody_out(funnel_page, theme, width):
    try:
        funnel_page.dress(theme, width)
        for name, view in VIEWS.items():
            funnel_page.open(account="shop", **span(ZONE, (2026, 10, 12), (2026, 11, 2)), **view)
            for part in ("funnel", "trend", "lift"):
                funnel_page.numbers(part)
            funnel_page.browser.execute_script("document.querySelectorAll('.about').forEach(one => one.open = true)")
            assert funnel_page.serious() == [], name
            assert funnel_page.overhang() <= 0, name
            funnel_page.browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = false)")
            funnel_page.browser.execute_script("scrollTo(0, 0)")
            funnel_page.dress(theme, width, funnel_page.browser.execute_script("return document.documentElement.scrollHeight"))
            funnel_page.screenshot(f"{name}-{theme}-{width}")
            funnel_page.dress(theme, width)
    finally:
        funnel_page.undress()


def test_each_picture_has_its_numbers_for_those_who_do_not_see_it(funnel_page):
    funnel_page.open(**WEEK)
    for part in ("funnel", "lift", "trend", "heat", "durations"):
        assert funnel_page.numbers(part)
        assert funnel_page.browser.execute_script("""
            return [...document.querySelectorAll(arguments[0] + ' svg')].every(s => s.closest('[aria-hidden="true"]'))""", f".{part}"), part
    assert funnel_page.browser.execute_script("return document.querySelectorAll('[style]').length") == 0
