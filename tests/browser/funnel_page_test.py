"""The funnel's page against the real funneld: every number on it is the API's."""

import urllib.parse

import pytest

from funnel_page import NONE, csv_of, instant, money, number, percent, plain, points, ratio, records, span
from harness.part import wait_until

ZONE = "Europe/Berlin"
WEEKS = {"account": "shop", **span(ZONE, (2026, 10, 12), (2026, 10, 26))}  # the last day has 25 hours
BOUNDS = {"from": instant(ZONE, 2026, 10, 12), "to": instant(ZONE, 2026, 10, 26)}
BEFORE = {"from": instant(ZONE, 2026, 9, 28), "to": instant(ZONE, 2026, 10, 12)}
NAMES = {41: "Winter collection", 42: "Help at the till", 43: "Newsletter"}
COUNTS = {"Prospects": "prospects", "Control group": "controlGroup", "Exposed": "exposed", "Exposures": "exposures", "Displays": "engagementViews",
          "Clicked": "acceptedSessions", "Clicks": "acceptedOffers", "Accepted": "acceptedPairs", "Conversations": "interactions",
          "Converted": "convertedSessions", "Conversions": "conversions", "Expanded": "expanded", "Closed": "closed", "Timed out": "timedOut",
          "Clicks without display": "acceptedWithoutDisplay", "Late": "late"}
RATES = {"Exposure rate": "exposureRate", "Accept rate": "acceptRate", "Conversation rate": "interactionRate", "Conversion rate": "conversionRate"}


def day_words(at_ms):
    from datetime import datetime
    from zoneinfo import ZoneInfo
    day = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(ZONE))
    return f"{day:%a}, {day:%b} {day.day}"


def one(funneld, **query):
    return funneld.funnel("shop", **query)["rows"][0]


def test_the_funnel_counts_sessions_and_nothing_else(funnel_page, funneld):
    funnel_page.open(**WEEKS)
    now, before = one(funneld, **BOUNDS), one(funneld, **BEFORE)
    steps = [("Prospects", "prospects", None), ("Exposed", "exposed", "prospects"), ("Clicked", "acceptedSessions", "exposed"),
             ("Converted", "convertedSessions", "exposed")]
    assert funnel_page.numbers("funnel") == [
        [name, number(now[key]), percent(now[key] / now[base]) if base else "", number(now[base] - now[key]) if base else "", number(before[key])]
        for name, key, base in steps]
    widths = funnel_page.browser.execute_script("return [...document.querySelectorAll('.funnel .fill')].map(r => parseFloat(r.getAttribute('width')))")
    most = max(now["prospects"], before["prospects"])
    assert widths == [pytest.approx(100 * now[key] / most) for _, key, _ in steps]
    told = plain(funnel_page.text(".steps-picture li:nth-child(3)"))
    lost = now["exposed"] - now["acceptedSessions"]
    assert f"{percent(now['acceptedSessions'] / now['exposed'])} of exposed" in told
    assert f"−{number(lost)} ({percent(lost / now['exposed'])}) did not click" in told
    assert f"{number(now['controlGroup'])} of the prospects were in a control group" in funnel_page.text(".funnel")
    assert f"{number(now['interactions'])} conversations" in funnel_page.text(".funnel")


def test_the_first_numbers_stand_beside_those_of_the_period_before(funnel_page, funneld):
    funnel_page.open(**WEEKS)
    now, before = one(funneld, **BOUNDS), one(funneld, **BEFORE)
    tiles = [plain(text).split("\n") for text in funnel_page.browser.execute_script(
        "return [...document.querySelectorAll('.tiles li')].map(t => t.innerText)")]
    shown = {tile[0]: (tile[1], tile[2]) for tile in tiles}
    for label, key, show in (("Exposed", "exposed", number), ("Accept rate", "acceptRate", percent), ("Conversations", "interactions", number),
                             ("Conversion rate", "conversionRate", percent)):
        value, change = shown[label]
        assert value == show(now[key]) and change.endswith(f", was {show(before[key])}"), label
    assert points(now["acceptRate"] - before["acceptRate"]) in shown["Accept rate"][1]
    for currency in ("EUR", "GBP"):
        assert shown[f"Value, {currency}"][0] == money(now["value"][currency])
    funnel_page.tick("Compare with the period before")
    assert "was" not in funnel_page.text(".tiles") and funnel_page.view["compare"] == "no"


def test_the_rows_of_any_breakdown_are_the_apis_in_its_order(funnel_page, funneld):
    funnel_page.open(**WEEKS, by="campaign,device", columns="all")
    rows = funneld.funnel("shop", by="campaign,device", **BOUNDS)["rows"]
    heads, shown = funnel_page.breakdown()
    at = {head: index for index, head in enumerate(heads)}
    assert len(shown) == len(rows) and heads[0] == "Campaign · Device"
    for cells, row in zip(shown, rows):
        device = (row["deviceFamily"] or "unknown").capitalize().replace("Unknown", "unknown")
        assert cells[0] == f"{NAMES[row['campaignId']]} · {device}"
        assert {head: cells[at[head]] for head in COUNTS} == {head: number(row[key]) for head, key in COUNTS.items()}
        assert {head: cells[at[head]] for head in RATES} == {head: percent(row[key]) for head, key in RATES.items()}
        assert cells[at["Engagements a session"]] == ratio(row["averageExposures"])
        assert cells[at["Value, EUR"]] == money(row["value"].get("EUR"))
        assert cells[at["Lift"]] == (points(row["lift"]["value"]) if row["lift"] else NONE)


def test_a_column_sorts_by_its_name_and_more_rows_come_on(funnel_page, funneld):
    funnel_page.open(**WEEKS, by="engagement,device", rows=4)
    assert "The first 4 rows" in funnel_page.text(".breakdown")
    for sort, told in (("-acceptRate", "descending"), ("acceptRate", "ascending"), (None, None)):
        funnel_page.press("Accept rate", ".breakdown thead")
        funnel_page.settled()
        query = {"orderBy": sort} if sort else {}
        rows = funneld.funnel("shop", by="engagement,device", limit=4, **BOUNDS, **query)["rows"]
        heads, shown = funnel_page.breakdown()
        assert [cells[heads.index("Accept rate")] for cells in shown] == [percent(row["acceptRate"]) for row in rows]
        assert funnel_page.browser.execute_script("return document.querySelector('[aria-sort]')?.getAttribute('aria-sort') ?? null") == told
    funnel_page.press("Show more")
    funnel_page.settled()
    rows = funneld.funnel("shop", by="engagement,device", **BOUNDS)["rows"]
    assert len(funnel_page.breakdown()[1]) == len(rows)
    assert "all there are" in funnel_page.text(".breakdown")


@pytest.mark.parametrize("measure, label, show", [("exposed", "Exposed", number), ("acceptRate", "Accept rate", percent), ("value.EUR", "Value, EUR", money)])
def test_the_trend_has_a_number_for_each_day_and_group(funnel_page, funneld, measure, label, show):
    funnel_page.open(**WEEKS, measure=measure, split="campaign")
    empty = {"exposed": 0, "acceptRate": None, "value": {}}

    def value(row):
        return show(row["value"].get("EUR", "0") if measure.startswith("value") else row[measure])

    def by_day(bounds, **query):
        return {(row["windowStart"], row.get("campaignId")): row for row in funneld.funnel("shop", window="day", **bounds, **query)["rows"]}

    whole, groups, before = by_day(BOUNDS), by_day(BOUNDS, by="campaign"), by_day(BEFORE)
    days = [instant(ZONE, 2026, 10, day) for day in range(12, 26)]
    old = [instant(ZONE, *when) for when in [(2026, 9, 28), (2026, 9, 29), (2026, 9, 30), *[(2026, 10, day) for day in range(1, 12)]]]
    heads = funnel_page.numbers("trend") and funnel_page.browser.execute_script(
        "return [...document.querySelectorAll('.trend .numbers thead th')].map(h => h.textContent)")
    shown = [dict(zip(heads, row)) for row in funnel_page.numbers("trend")]
    assert [row["Day"] for row in shown] == [day_words(day) for day in days]
    for row, day, earlier in zip(shown, days, old):
        assert row["Campaign: all"] == value(whole.get((day, None), empty))
        assert row["Period before"] == value(before.get((earlier, None), empty))
        for campaign, name in NAMES.items():
            assert row[f"Campaign: {name}"] == value(groups.get((day, campaign), empty))
    assert funnel_page.browser.execute_script("return document.querySelectorAll('.trend .area').length") == (0 if measure == "acceptRate" else 3)
    assert f"{label}, all" in funnel_page.text(".trend .legend")


def test_the_heat_map_has_every_hour_of_every_day(funnel_page, funneld):
    funnel_page.open(**WEEKS, heat="prospects")
    rows = {row["windowStart"]: row["prospects"] for row in funneld.funnel("shop", window="hour", **BOUNDS)["rows"]}
    hour = 3_600_000
    expected = []
    for day in range(12, 26):
        begin = instant(ZONE, 2026, 10, day)
        hours = [number(rows.get(begin + n * hour, 0)) for n in range(25 if day == 25 else 24)]
        if day == 25:
            hours[2:4] = [f"{hours[2]} / {hours[3]}"]
        expected.append([day_words(begin), *hours])
    assert funnel_page.numbers("heat") == expected
    cells = funnel_page.browser.execute_script("return document.querySelectorAll('.heat .cells rect').length")
    assert cells == 14 * 24 + 1
    shades = funnel_page.browser.execute_script("return [...document.querySelectorAll('.heat .warm')].map(r => +r.getAttribute('fill-opacity'))")
    assert max(shades) == 1 and len(shades) == sum(1 for at, count in rows.items() if count)


def test_a_long_span_is_mapped_by_days_of_the_week(funnel_page, funneld):
    funnel_page.open(account="shop", **span(ZONE, (2026, 9, 28), (2026, 11, 9)), heat="acceptRate")
    bounds = {"from": instant(ZONE, 2026, 9, 28), "to": instant(ZONE, 2026, 11, 9)}
    sums = {}
    from datetime import datetime
    from zoneinfo import ZoneInfo
    for row in funneld.funnel("shop", window="hour", **bounds)["rows"]:
        at = datetime.fromtimestamp(row["windowStart"] / 1000, ZoneInfo(ZONE))
        pairs, exposures = sums.get((at.weekday(), at.hour), (0, 0))
        sums[at.weekday(), at.hour] = pairs + row["acceptedPairs"], exposures + row["exposures"]

    def share(day, hour):
        pairs, exposures = sums.get((day, hour), (0, 0))
        return percent(pairs / exposures if exposures else None)

    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert funnel_page.numbers("heat") == [[name, *[share(day, hour) for hour in range(24)]] for day, name in enumerate(days)]


def test_lift_stands_with_its_interval_and_a_verdict(funnel_page, funneld):
    funnel_page.open(account="shop", range="all")
    rows = funneld.funnel("shop", by="campaign")["rows"]
    rows.sort(key=lambda row: -row["lift"]["value"])
    assert funnel_page.numbers("lift") == [
        [NAMES[row["campaignId"]], *[points(row["lift"][end]) for end in ("value", "low", "high")], number(row["prospects"]), number(row["controlGroup"])]
        for row in rows]
    texts = [plain(text) for text in funnel_page.browser.execute_script("return [...document.querySelectorAll('.lift li')].map(l => l.innerText)")]
    for text, row in zip(texts, rows):
        low, high = row["lift"]["low"], row["lift"]["high"]
        assert ("more than without" if low > 0 else "less than without" if high < 0 else "no difference shown yet") in text
    places = funnel_page.browser.execute_script("""
        return [...document.querySelectorAll('.lift li')].map(l => ['.zero x1', '.interval x1', 'circle cx', '.interval x2'].map(n => {
          const [css, name] = n.split(' '); return parseFloat(l.querySelector(css).getAttribute(name)); }))""")
    for (zero, low, value, high), row in zip(places, rows):
        scale = (value - zero) / row["lift"]["value"]
        assert [low, high] == [pytest.approx(zero + scale * row["lift"][end]) for end in ("low", "high")]


def test_times_are_the_apis_percentiles(funnel_page, funneld):
    funnel_page.open(**WEEKS, split="campaign")
    rows = [one(funneld, **BOUNDS), *funneld.funnel("shop", by="campaign", orderBy="-exposed", **BOUNDS)["rows"]]
    shown = {row[0]: row[1:] for row in funnel_page.numbers("durations")}
    assert len(shown) == 3 * len(rows)
    units = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

    def ms(words):
        parts = words.split()
        return sum(float(value) * units[unit] for value, unit in zip(parts[::2], parts[1::2]))

    for kind, words in (("displayToAcceptMs", "From the display to the click"), ("acceptToConversationMs", "From the click to the conversation"),
                        ("displayToConversionMs", "From the display to the conversion")):
        for row in rows:
            cells = shown[f"{words}: {NAMES[row['campaignId']] if 'campaignId' in row else 'All'}"]
            for cell, rank in zip(cells, ("p50", "p90", "p99")):
                assert cell == NONE if row[kind] is None else ms(cell) == pytest.approx(row[kind][rank], rel=0.01, abs=51)


# --- what is picked -----------------------------------------------------------------------------------------------------------

def test_filters_are_picked_from_what_there_is_and_count_anew(funnel_page, funneld):
    funnel_page.open(**WEEKS)
    funnel_page.press("Filter…")
    funnel_page.choose("Of", "Device", "dialog")
    box = wait_until(lambda: funnel_page.browser.execute_script("""
        return [...document.querySelectorAll('dialog .check')].find(l => l.innerText.startsWith('Mobile'))?.querySelector('input') ?? null"""), "Mobile")
    assert number(one(funneld, **BOUNDS, where="device:MOBILE")["prospects"]) in funnel_page.text("dialog")
    box.click()
    funnel_page.press("Show", "dialog")
    funnel_page.settled()
    assert funnel_page.view["where"] == "device:MOBILE"
    assert funnel_page.numbers("funnel")[1][1] == number(one(funneld, **BOUNDS, where="device:MOBILE")["exposed"])
    funnel_page.press("Help at the till", ".breakdown")
    funnel_page.settled()
    assert funnel_page.view["where"] == "device:MOBILE,campaign:42"
    assert funnel_page.numbers("funnel")[1][1] == number(one(funneld, **BOUNDS, where="device:MOBILE,campaign:42")["exposed"])
    funnel_page.press("Remove the filter Device: Mobile")
    funnel_page.settled()
    assert funnel_page.numbers("funnel")[1][1] == number(one(funneld, **BOUNDS, where="campaign:42")["exposed"])


def test_gross_counts_what_net_leaves_out(funnel_page, funneld):
    funnel_page.open(**WEEKS, measure="engagementViews")
    net, gross = one(funneld, **BOUNDS), one(funneld, **BOUNDS, count="gross")
    assert net["prospects"] != gross["prospects"]
    assert funnel_page.numbers("funnel")[0][1] == number(net["prospects"])
    funnel_page.pick("Count", "gross: everything")
    assert funnel_page.numbers("funnel")[0][1] == number(gross["prospects"])


PARTS = {"funnel": ("Funnel", {}), "lift": ("Lift by campaign", {"by": "campaign"}), "trend": ("Trend", {"window": "day", "by": "channel"}),
         "breakdown": ("Breakdown", {"by": "engagement,device", "orderBy": "-exposed", "limit": 5}), "heat": ("Day by hour", {"window": "hour"}),
         "durations": ("How long it takes", {"by": "channel", "orderBy": "-exposed", "limit": 12})}


def test_csv_is_what_is_seen(funnel_page, funneld, tmp_path):
    funnel_page.open(**WEEKS, split="channel", by="engagement,device", sort="-exposed", rows=5, where="device:MOBILE|DESKTOP")
    for part, (title, query) in PARTS.items():
        file = funnel_page.download(tmp_path, f"{title}: CSV of what is seen")
        assert file.name.startswith("shop-")
        assert file.read_bytes().decode() == csv_of(funneld, account="shop", **BOUNDS, where="device:MOBILE|DESKTOP", **query), part
        if part == "breakdown":
            heads, shown = funnel_page.breakdown()
            assert [[cells[heads.index("Exposed")], cells[heads.index("Accept rate")]] for cells in shown] == [
                [number(int(row["exposed"])), percent(float(row["acceptRate"]) if row["acceptRate"] else None)] for row in records(file.read_text())]


def test_a_link_holds_the_whole_view(funnel_page, funneld):
    funnel_page.open(**WEEKS)
    funnel_page.pick("Show", "Accept rate", ".trend")
    funnel_page.pick("Split by", "Device", ".trend")
    funnel_page.pick("By", "hour", ".trend")
    funnel_page.pick("Show", "Displays", ".heat")
    funnel_page.pick("Count", "gross: everything")
    for label in ("Device", "Campaign", "All columns", "Compare with the period before"):
        funnel_page.tick(label)
    funnel_page.press("Exposed", ".breakdown thead")
    funnel_page.settled()
    funnel_page.press("Mobile", ".breakdown tbody")
    funnel_page.settled()

    def seen():
        controls = funnel_page.browser.execute_script("return [...document.querySelectorAll('main select, main input')].map(c => [c.value, c.checked])")
        return controls, {part: funnel_page.numbers(part) for part in ("funnel", "trend", "heat", "lift", "durations")}, funnel_page.breakdown()

    link, view, before = funnel_page.browser.current_url, funnel_page.view, seen()
    assert {name: view.get(name) for name in ("count", "where", "by", "sort", "columns", "measure", "split", "step", "heat", "compare")} == {
        "count": "gross", "where": "device:MOBILE", "by": "device", "sort": "-exposed", "columns": "all", "measure": "acceptRate", "split": "device",
        "step": "hour", "heat": "engagementViews", "compare": "no"}
    funnel_page.browser.get("about:blank")
    funnel_page.browser.get(link)
    funnel_page.settled()
    assert seen() == before
    assert funnel_page.browser.current_url == link
    funnel_page.tick("All columns")
    funnel_page.browser.back()
    wait_until(lambda: "columns" in funnel_page.view, "the view before")
    funnel_page.settled()
    assert funnel_page.browser.current_url == link
    assert seen() == before


def test_a_link_that_makes_no_sense_shows_what_can_be_shown(funnel_page):
    funnel_page.open(account="shop", range="yonder", by="moon", where="sun:1", sort="lift.value&x", measure="nothing", rows="-3", step="year")
    assert funnel_page.named("When").get_attribute("value") == "7d"
    funnel_page.browser.get(f"{funnel_page.funneld.url}/?account=nobody")
    funnel_page.sees("The server says: account: does not exist.")
    assert urllib.parse.urlsplit(funnel_page.browser.current_url).query == ""
