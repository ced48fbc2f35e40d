"""The funnel as a plain, single-process fold, written from funnel.md alone: what the C++ is compared with.

Reads CloudEvents (structured JSON mode, one a line) in log order, each once, and answers the same question as
GET /api/funnel. Slow and simple on purpose: everything is kept, every question walks over everything.

    funnel_reference.py ACCOUNT 'by=campaign&window=day&count=net' < events.ndjson
"""

import json
import math
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

DIMENSIONS = {
    "app": "appInstallationId", "campaign": "campaignId", "engagement": "engagementId",
    "revision": "engagementRevision", "zone": "zone", "channel": "channel", "device": "deviceFamily",
    "language": "language",
}
COUNTS = ["prospects", "controlGroup", "exposed", "exposures", "engagementViews", "acceptedOffers", "acceptedSessions",
          "acceptedPairs", "acceptedWithoutDisplay", "expanded", "timedOut", "closed", "interactions", "conversions",
          "convertedSessions", "late"]
OTHER_IMPRESSIONS = {"expanded": "expanded", "timeout": "timedOut", "close": "closed"}
CURRENCIES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP
    LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
    PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS
    TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD
    XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA YER ZAR ZMW ZWG ZWL
""".split()  # ISO 4217, besides its "no currency"
NO_CURRENCY = "XXX"
DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_ms(text):
    instant = datetime.strptime(text.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S.%f%z")
    return (instant - EPOCH) // timedelta(milliseconds=1)


def currency_code(text):
    code = text.strip().upper()
    return code if code in CURRENCIES else NO_CURRENCY


class Event:
    """One event, with the session that it belongs to or names."""

    def __init__(self, cloud_event):
        self.type = cloud_event["type"].removeprefix("monitor.")
        self.time = to_ms(cloud_event["time"])
        self.data = cloud_event["data"]
        self.account = self.data["accountId"]
        self.visitor = self.data.get("visitorId")
        self.session = self.data.get("sessionId")
        self.repeat = self.data.get("repeat", False)


class Session:
    def __init__(self):
        self.bot = False
        self.device = None
        self.zone = "UTC"
        self.currency = "USD"
        self.first_attribution = False
        self.period_ms = 0
        self.max_age_ms = 21_600_000

    def create(self, data):
        self.bot = data.get("bot", False)
        self.device = data.get("deviceFamily")
        self.zone = data["timeZone"]
        self.currency = data["currency"]
        self.first_attribution = data["attribution"]["mode"] == "first"
        self.period_ms = data["attribution"]["periodDays"] * DAY_MS
        self.max_age_ms = data["maxAge"] * 1000


class Row:
    def __init__(self):
        self.sets = {}  # metric → what is distinct in it
        self.numbers = dict.fromkeys(COUNTS, 0)
        self.value = {}
        self.times = {"displayToAcceptMs": [], "acceptToConversationMs": [], "displayToConversionMs": []}
        self.first_eligible = {}  # session → (order, campaign)

    def distinct(self, metric, what):
        self.sets.setdefault(metric, set()).add(what)

    def count(self, metric):
        return self.numbers[metric] + len(self.sets.get(metric, ()))


class Funnel:
    def __init__(self, lines):
        self.events = [Event(json.loads(line)) for line in lines if line.strip()]

    def accounts(self):
        return {event.account for event in self.events}

    def rows(self, account, query):
        """The `rows` of the answer for a query string such as `by=campaign&window=hour`."""
        return Question(self, account, {key: values[0] for key, values in parse_qs(query).items()}).answer()


class Question:
    def __init__(self, funnel, account, parameters):
        self.visitors = {}
        for event in funnel.events:
            if event.account == account and event.visitor:
                self.visitors.setdefault(event.visitor, []).append(event)
        self.by = [name for name in parameters.get("by", "").split(",") if name]
        self.window = parameters.get("window", "all")
        self.net = parameters.get("count", "net") == "net"
        self.start = int(parameters["from"]) if "from" in parameters else None
        self.end = int(parameters["to"]) if "to" in parameters else None
        filters = (part.split(":", 1) for part in parameters.get("where", "").split(",") if part)
        self.where = {name: values.split("|") for name, values in filters}
        self.rows = {}

    def answer(self):
        if not self.by and self.window == "all":
            self.rows[()] = Row()
        for visitor, events in self.visitors.items():
            VisitorWalk(self, visitor, events).walk()
        return [self.printed(key, row) for key, row in self.rows.items()]

    def row(self, entry, app, device, time, session):
        """The row in which something counts, or None outside of the bounds."""
        if (self.start is not None and time < self.start) or (self.end is not None and time >= self.end):
            return None
        def value(name):
            return {"app": app or None, "device": device}[name] if name in ("app", "device") else entry[DIMENSIONS[name]]

        if any(str(value(name)) not in values for name, values in self.where.items()):
            return None
        key = [(DIMENSIONS[name], value(name)) for name in self.by]
        if self.window != "all":
            key.append(("windowStart", self.window_start(time, session.zone)))
        return self.rows.setdefault(tuple(key), Row())

    def window_start(self, time, zone):
        local = datetime.fromtimestamp(time // 1000, ZoneInfo(zone))
        if self.window == "hour":
            return time - (time + local.utcoffset() // timedelta(milliseconds=1)) % 3_600_000
        return int(datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1000

    def printed(self, key, row):
        out = {"windowStart": None, **dict(key)}
        for metric in COUNTS:
            out[metric] = row.count(metric)
        out["value"] = {currency: plain(amount) for currency, amount in row.value.items()}
        for name, above, below in [("acceptRate", "acceptedPairs", "exposures"), ("exposureRate", "exposed", "prospects"),
                                   ("averageExposures", "exposures", "exposed"),
                                   ("interactionRate", "interactions", "exposed"),
                                   ("conversionRate", "convertedSessions", "exposed")]:
            out[name] = out[above] / out[below] if out[below] else None
        out["lift"] = self.lift(row) if "campaign" in self.by else None
        for name, samples in row.times.items():
            out[name] = {f"p{p}": sorted(samples)[math.ceil(p * len(samples) / 100) - 1] for p in (50, 90, 99)} \
                if samples else None
        return out

    @staticmethod
    def lift(row):
        control = row.sets.get("controlGroup", set())
        others = row.sets.get("prospects", set()) - control
        reached = row.sets.get("reachedGoal", set())
        if not control or not others:
            return None
        c1, n1, c0, n0 = len(others & reached), len(others), len(control & reached), len(control)
        (l1, u1), (l0, u0) = wilson(c1, n1), wilson(c0, n0)
        p1, p0 = c1 / n1, c0 / n0
        return {"value": p1 - p0, "low": p1 - p0 - math.sqrt((p1 - l1) ** 2 + (u0 - p0) ** 2),
                "high": p1 - p0 + math.sqrt((u1 - p1) ** 2 + (p0 - l0) ** 2)}


def wilson(c, n, z=1.959964):
    p = c / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def plain(amount):
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


class VisitorWalk:
    """One visitor's events in log order, under one way of counting."""

    def __init__(self, question, visitor, events):
        self.q = question
        self.visitor = visitor
        self.events = events
        self.sessions = {}
        for event in events:
            if event.type == "session-created":
                self.sessions.setdefault(event.session, Session()).create(event.data)
        self.displays = []  # kept ones: (order, time, session id, context, entry, app)
        self.clicks = {}  # (session id, context) → kept clicks
        self.any_click = {}  # (session id, context) → time of the previous click, kept or not
        self.sampled = set()
        self.conversions = set()  # (goal type, key)

    def session(self, name):
        return self.sessions.setdefault(name, Session())

    def walk(self):
        greatest = None
        for order, event in enumerate(self.events):
            session = self.session(event.session)
            late = greatest is not None and event.time < greatest - session.max_age_ms
            greatest = event.time if greatest is None else max(greatest, event.time)
            kept = not (self.q.net and session.bot)
            step = {"engagement-shown": self.shown, "control-group-assigned": self.withheld,
                    "eligibility-established": self.established, "impression-reported": self.impression,
                    "conversation-started": self.conversation, "activity-reported": self.activity}.get(event.type)
            if step and kept:
                step(order, event, session, late)

    def row(self, event, session, entry=None):
        return self.q.row(entry or event.data, event.data.get("appInstallationId"), session.device, event.time, session)

    def name(self, event):
        return self.visitor, event.session

    def eligible(self, order, event, session, entry, withheld):
        row = self.row(event, session, entry)
        if row is None:
            return
        row.distinct("prospects", self.name(event))
        if withheld:
            row.distinct("controlGroup", self.name(event))
        row.first_eligible.setdefault(self.name(event), (order, entry["campaignId"]))

    def shown(self, order, event, session, late):
        self.eligible(order, event, session, event.data, False)

    def established(self, order, event, session, late):
        for entry in event.data["eligible"]:
            self.eligible(order, event, session, entry, False)

    def withheld(self, order, event, session, late):
        for entry in event.data["eligible"]:
            self.eligible(order, event, session, entry, True)

    def impression(self, order, event, session, late):
        kind, context = event.data["kind"], (event.session, int(event.data["contextId"]))
        dropped = self.q.net and event.repeat
        if kind == "accept":
            previous = self.any_click.get(context)
            self.any_click[context] = event.time
            if self.q.net and previous is not None and event.time - previous < 1000:
                dropped = True
        if dropped:
            return
        row = self.row(event, session)
        if late and row is not None:
            row.numbers["late"] += 1
        if kind == "display":
            self.display(order, event, context, row)
        elif kind == "accept":
            self.click(event, context, row)
        elif row is not None:
            row.numbers[OTHER_IMPRESSIONS[kind]] += 1

    def display(self, order, event, context, row):
        self.displays.append((order, event.time, event.session, context, event.data, event.data.get("appInstallationId")))
        if row is not None:
            row.numbers["engagementViews"] += 1
            row.distinct("exposed", self.name(event))
            row.distinct("exposures", (self.name(event), event.data["engagementId"]))

    def click(self, event, context, row):
        engagement = event.data["engagementId"]
        displayed = any(d[2] == event.session and d[4]["engagementId"] == engagement for d in self.displays)
        of_context = [d[1] for d in self.displays if d[3] == context]
        self.clicks.setdefault(context, []).append(event.time)
        sample = of_context and ("accept", context) not in self.sampled
        if sample:
            self.sampled.add(("accept", context))
        if row is None:
            return
        row.numbers["acceptedOffers"] += 1
        row.distinct("acceptedSessions", self.name(event))
        if displayed:
            row.distinct("acceptedPairs", (self.name(event), engagement))
        else:
            row.numbers["acceptedWithoutDisplay"] += 1
        if sample:
            row.times["displayToAcceptMs"].append(max(0, event.time - of_context[0]))

    def conversation(self, order, event, session, late):
        if "engagementId" not in event.data:
            return
        row = self.row(event, session)
        sample = None
        if event.data.get("contextId") is not None:
            context = (event.session, int(event.data["contextId"]))
            if ("conversation", context) not in self.sampled:
                self.sampled.add(("conversation", context))
                sample = self.clicks.get(context, [None])[0]
        if row is None:
            return
        row.distinct("interactions", (self.visitor, event.data["conversationId"]))
        if sample is not None:
            row.times["acceptToConversationMs"].append(max(0, event.time - sample))

    def activity(self, order, event, session, late):
        goals = event.data.get("goals", [])
        if not (self.q.net and event.repeat):
            self.goals_for_lift(order, event, {goal["campaignId"] for goal in goals})
        occurrences = {}
        for goal in goals:
            occurrences.setdefault((goal["attribute"], goal["type"]), []).append(goal)
        for same in occurrences.values():
            self.occurrence(event, session, same)

    def goals_for_lift(self, order, event, campaigns):
        for row in self.q.rows.values():
            first = row.first_eligible.get(self.name(event))
            if first and first[0] < order and first[1] in campaigns:
                row.distinct("reachedGoal", self.name(event))

    def occurrence(self, event, session, goals):
        goal = goals[0]
        if "key" in goal:
            if self.q.net and event.repeat or (goal["type"], goal["key"]) in self.conversions:
                return
            self.conversions.add((goal["type"], goal["key"]))
        elif event.repeat:
            return
        campaigns = {one["campaignId"] for one in goals}
        candidates = [d for d in self.displays if d[4]["campaignId"] in campaigns and
                      (d[2] == event.session or (session.period_ms > 0 and event.time - d[1] <= session.period_ms))]
        if candidates:
            self.conversion(event, session, goal, candidates[0 if session.first_attribution else -1])

    def conversion(self, event, session, goal, display):
        context = display[3]
        first_of_context = ("conversion", context) not in self.sampled
        self.sampled.add(("conversion", context))
        row = self.q.row(display[4], display[5], self.session(display[2]).device, event.time, session)
        if row is None:
            return
        row.numbers["conversions"] += 1
        row.distinct("convertedSessions", self.name(event))
        if "value" in goal:
            currency = currency_code(goal.get("currency") or session.currency)
            row.value[currency] = row.value.get(currency, Decimal(0)) + Decimal(goal["value"])
        if first_of_context:
            first = next(d for d in self.displays if d[3] == context)
            row.times["displayToConversionMs"].append(max(0, event.time - first[1]))


def difference(expected, actual):
    """What two lists of rows differ in, as one sentence; None if they are the same.

    Counts, amounts and rates must be equal, lifts to the last bits of a double, percentiles to 1 %.
    """
    def key(row):
        return json.dumps([row.get(field) for field in [*DIMENSIONS.values(), "windowStart"]])

    mine, theirs = {key(row): row for row in expected}, {key(row): row for row in actual}
    if mine.keys() != theirs.keys() or len(theirs) != len(actual):
        return f"rows differ: {sorted(mine.keys() ^ theirs.keys())}"
    for name, row in mine.items():
        for field in row.keys() | theirs[name].keys():
            if not same(row.get(field), theirs[name].get(field)):
                return f"row {name}: {field} is {theirs[name].get(field)}, expected {row.get(field)}"
    return None


def is_empty(row):
    """Whether nothing counts in it."""
    return not any(value for name, value in row.items() if name != "windowStart" and name not in DIMENSIONS.values())


def same(expected, actual):
    if isinstance(expected, dict) and isinstance(actual, dict):
        if expected.keys() != actual.keys():
            return False
        if "p50" in expected:
            return all(abs(expected[p] - actual[p]) <= 0.01 * expected[p] for p in expected)
        return all(math.isclose(expected[k], actual[k], abs_tol=1e-12) if isinstance(expected[k], float)
                   else expected[k] == actual[k] for k in expected)
    return expected == actual


if __name__ == "__main__":
    json.dump(Funnel(sys.stdin).rows(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""), sys.stdout, indent=1)
