"""The funnel page's modules that know no page, in the browser that runs them: spans in zones whose clocks move, links."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from funnel_page import instant

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "UTC", "Pacific/Chatham"]
HOUR = 3_600_000
CHANGES = [(3, 31), (10, 27), (3, 10), (11, 3), (4, 7), (10, 6), (4, 26), (10, 31), (9, 29)]  # where some of them move their clocks


@pytest.fixture(scope="module")
def run(shared_browser, funneld):
    """The value of an expression over a module's exports, `m`, and `a`, its arguments."""
    shared_browser.get(f"{funneld.url}/#account=nobody")

    def value(module, expression, *arguments):
        answer = shared_browser.execute_async_script(f"""
            const [module, a, done] = arguments;
            import(new URL("page/" + module, location.href)).then((m) => done([{expression}])).catch((error) => done(String(error)));
        """, module, arguments)
        assert isinstance(answer, list), answer
        return answer[0]

    return value


def midnight(zone, day):
    """The first instant of that date."""
    at = int((datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("UTC")) - timedelta(hours=16)).timestamp() * 1000)
    while datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date() < day:
        at += HOUR // 4
    return at


@pytest.mark.parametrize("zone", ZONES)
def test_days_have_the_hours_that_the_zones_clocks_show(run, zone, seed):
    rng = random.Random(seed)
    # Of a year that is over: about others the browser's tables and Python's may differ.
    for month, number in [*CHANGES, *[(rng.randrange(1, 13), rng.randrange(1, 29)) for _ in range(4)]]:
        day = date(2024, month, number)
        begin, end = midnight(zone, day), midnight(zone, day + timedelta(days=1))
        hours = run("range.js", "m.hoursOf(a[0], a[1])", str(day), zone)
        expected = [at for at in range(begin, end, HOUR // 4)
                    if at == begin or datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).minute == 0]
        assert hours == expected, (zone, day)


NOW = instant("Europe/Berlin", 2026, 11, 3, 14, 25)


@pytest.mark.parametrize("name, first, behind, before", [
    ("today", (11, 3), (11, 4), ((2026, 11, 2), (2026, 11, 2, 15))),
    ("yesterday", (11, 2), (11, 3), ((2026, 11, 1), (2026, 11, 2))),
    ("7d", (10, 28), (11, 4), ((2026, 10, 21), (2026, 10, 27, 15))),
    ("30d", (10, 5), (11, 4), ((2026, 9, 5), (2026, 10, 4, 15))),
    ("90d", (8, 6), (11, 4), ((2026, 5, 8), (2026, 8, 5, 15))),
    ("month", (11, 1), (12, 1), ((2026, 10, 1), (2026, 10, 3, 15))),
    ("last-month", (10, 1), (11, 1), ((2026, 9, 1), (2026, 10, 1)))])
def test_usual_spans_and_what_they_are_compared_with(run, name, first, behind, before):
    zone = "Europe/Berlin"
    span = run("range.js", "m.spanOf({range: a[0]}, a[1], a[2])", name, NOW, zone)
    assert span == {"from": instant(zone, 2026, *first), "to": instant(zone, 2026, *behind)}
    assert run("range.js", "m.spanBefore(a[0], a[1], a[2], a[3])", name, span, NOW, zone) == {
        "from": instant(zone, *before[0]), "to": instant(zone, *before[1])}


def test_all_time_has_nothing_before_it_and_hours_have_as_many(run):
    assert run("range.js", "[m.spanOf({range: 'all'}, a[0], 'UTC'), m.spanBefore('all', null, a[0], 'UTC')]", NOW) == [None, None]
    span = {"from": 10 * HOUR, "to": 14 * HOUR}
    assert run("range.js", "m.spanBefore('custom', a[0], a[1], 'UTC')", span, NOW) == {"from": 6 * HOUR, "to": 10 * HOUR}


@pytest.mark.parametrize("zone, hour", [("Europe/Berlin", (2026, 10, 25, 23, 30)), ("Europe/Berlin", (2026, 3, 30, 2, 10))])
def test_what_is_compared_with_never_reaches_into_the_span(run, zone, hour):
    now = instant(zone, *hour)
    for name in ("today", "7d", "30d", "month"):
        span = run("range.js", "m.spanOf({range: a[0]}, a[1], a[2])", name, now, zone)
        before = run("range.js", "m.spanBefore(a[0], a[1], a[2], a[3])", name, span, now, zone)
        assert before["from"] < before["to"] <= span["from"], name


def test_a_view_comes_back_from_its_link(run, seed):
    rng = random.Random(seed)
    dimensions = ["campaign", "engagement", "revision", "zone", "channel", "device", "language", "app"]
    for _ in range(200):
        view = {
            "account": rng.choice(["shop", "a_b", "7"]), "range": rng.choice(["today", "7d", "all", "last-month"]), "from": None, "to": None,
            "compare": rng.random() < 0.5, "count": rng.choice(["net", "gross"]),
            "where": {key: rng.sample(["41", "42", "a b", "ü&=#", "100%"], rng.choice([1, 2])) for key in rng.sample(dimensions, rng.randrange(3))},
            "by": rng.sample(dimensions, rng.randrange(4)), "sort": rng.choice(["", "-exposed", "value.EUR", "-displayToAcceptMs.p50"]),
            "rows": rng.choice([25, 50, 10000]), "columns": rng.choice(["main", "all"]), "measure": rng.choice(["exposed", "acceptRate", "value.EUR"]),
            "split": rng.choice(["", *dimensions]), "step": rng.choice(["auto", "hour", "day"]), "heat": rng.choice(["exposed", "prospects"])}
        if rng.random() < 0.4:
            begin = rng.randrange(10**6) * HOUR
            view.update(range="custom", **{"from": begin, "to": begin + HOUR * rng.randrange(1, 1000)})
        assert run("view.js", "m.viewOf(m.hashOf(a[0]))", view) == view


@pytest.mark.parametrize("value, text", [
    (0, "0 ms"), (999, "999 ms"), (1000, "1 s"), (4250, "4.3 s"), (60_000, "1 min"), (200_000, "3 min 20 s"), (3_600_000, "1 h"),
    (3_599_900, "60 min"), (93_600_000, "1 d 2 h"), (None, "–")])
def test_times_are_told_in_units_that_people_use(run, value, text):
    assert run("format.js", "m.duration(a[0])", value).replace("\u00a0", " ") == text


@pytest.mark.parametrize("kind, now, before, text", [
    ("count", 120, 100, "+20 %"), ("count", 50, 100, "−50 %"), ("count", 0, 0, "±0 %"), ("count", 3, 0, "none before"), ("count", 3, None, None),
    ("share", 0.25, 0.2, "+5 pp"), ("share", 0.2, 0.25, "−5 pp"), ("share", None, 0.2, None)])
def test_a_change_is_relative_and_of_shares_in_points(run, kind, now, before, text):
    told = run("format.js", "m.change({kind: a[0]}, a[1], a[2])", kind, now, before)
    assert (told and told["text"].replace("\u00a0", " ")) == text
