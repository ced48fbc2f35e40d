"""Random but possible histories of events, as CloudEvents in log order. The same seed gives the same history."""

import json
import random
from datetime import datetime, timedelta, timezone

from funnel_reference import CURRENCIES

ACCOUNT = "demo"
START = datetime(2026, 3, 28, 20, tzinfo=timezone.utc)  # Europe leaves winter time the next night
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
# campaign → its engagements: (engagement, zone, channel, language)
CAMPAIGNS = {
    41: [(4101, "embedded", "messaging", "en-US"), (4102, "proactive", "chat", "de-DE")],
    42: [(4201, "right", "content", "en-US")],
    43: [(4301, "proactive", "messaging", "fr-FR"), (4302, "left", "messaging", "en-US")],
}


def murmur2(data):
    """Kafka's, for the bucket of a key."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if len(data) & 3:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


class History:
    def __init__(self, seed, visitors=12, steps=400):
        self.random = random.Random(seed)
        self.lines = []
        self.origins = {}
        self.heads = {}
        self.now = {}
        for name in ("7f3a9c01.1", "b2c4d6e8.3"):
            self.origins[name] = 0
            self.now[name] = START
        self.pause_ms = self.random.choice([20_000_000, 20_000_000, 200_000_000])  # the nodes' clocks come far apart
        self.visitors = [f"visitor{n:02d}" for n in range(visitors)]
        self.sessions = {visitor: [] for visitor in self.visitors}
        self.account_configured()
        for _ in range(steps):
            self.step()

    def append(self, visitor, kind, data, session=None):
        origin = self.origin
        key = f"{ACCOUNT}/{visitor}"
        bucket = murmur2(key.encode()) & 0xFF
        self.origins[origin] += 1
        seq = self.origins[origin]
        previous, self.heads[origin, bucket] = self.heads.get((origin, bucket), 0), seq
        data = {"accountId": ACCOUNT, **({"visitorId": visitor} if visitor else {}),
                **({"sessionId": session} if session else {}), **data}
        time = self.now[origin]
        self.lines.append(json.dumps({
            "specversion": "1.0", "id": f"{origin}-{seq}", "type": f"monitor.{kind}", "source": f"/monitor/{origin}",
            "time": time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z", "subject": key,
            "origin": origin, "seq": str(seq), "prevseq": str(previous), "bucket": bucket, "streamversion": 1,
            "data": data}))

    def account_configured(self):
        self.origin = "7f3a9c01.1"
        document = {"accountId": ACCOUNT, "timeZone": "UTC", "name": "Demo", "campaigns": [
            {"id": campaign, "engagements": [{"id": one[0]} for one in engagements]}
            for campaign, engagements in CAMPAIGNS.items()]}
        self.append("", "account-configured", {"revision": "0" * 16, "document": json.dumps(document), "by": "test"})

    def step(self):
        r = self.random
        self.origin = r.choice(list(self.origins))
        self.now[self.origin] += timedelta(milliseconds=r.choice([0, 3, 400, 700, 5_000, 60_000, 900_000, self.pause_ms]))
        visitor = r.choice(self.visitors)
        sessions = self.sessions[visitor]
        if not sessions or r.random() < 0.15:
            self.create(visitor)
        else:
            session = sessions[-1] if r.random() < 0.8 else r.choice(sessions)
            action = r.choices([self.offer, self.impression, self.goal, self.conversation, self.established],
                               [20, 45, 18, 10, 5])[0]
            action(visitor, session)

    def create(self, visitor):
        r = self.random
        session = {"id": f"s{visitor}-{len(self.sessions[visitor])}", "contexts": [], "app": r.choice(["web", "ios"]),
                   "control": {campaign for campaign in CAMPAIGNS if r.random() < 0.2}}
        self.sessions[visitor].append(session)
        data = {"clientProperties": {}, "ipAddress": "", "userAgent": {"enc": "x"}, "bot": r.random() < 0.12,
                "returning": False, "timeZone": r.choice(ZONES), "currency": r.choice(["USD", "EUR", "eur ", "ABC"]),
                "attribution": {"mode": r.choice(["last", "first"]), "periodDays": r.choice([0, 1, 1, 7])},
                "maxAge": r.choice([60, 3600, 21600])}
        if r.random() < 0.8:
            data["deviceFamily"] = r.choice(["DESKTOP", "TABLET", "MOBILE"])
        self.of_session(visitor, session, "session-created", data)
        self.activity(visitor, session, [])
        self.offer(visitor, session)

    def of_session(self, visitor, session, kind, data):
        app = {} if self.random.random() < 0.05 else {"appInstallationId": session["app"]}
        self.append(visitor, kind, {**app, **data}, session["id"])

    def entry(self, campaign, engagement):
        number, zone, channel, language = engagement
        return {"campaignId": campaign, "engagementId": number, "engagementRevision": self.random.choice([1, 1, 2]),
                "zone": zone, "channel": channel, "language": language}

    def offer(self, visitor, session):
        campaign = self.random.choice(list(CAMPAIGNS))
        entry = self.entry(campaign, self.random.choice(CAMPAIGNS[campaign]))
        if campaign in session["control"]:
            scope = self.random.choice(["account", "campaign"])
            self.of_session(visitor, session, "control-group-assigned", {
                "scope": scope, "eligible": [entry], "configurationRevision": "0" * 16,
                **({"campaignId": campaign} if scope == "campaign" else {})})
            return
        session["contexts"].append(entry)
        self.of_session(visitor, session, "engagement-shown", {
            "pageId": "1", "contextId": str(len(session["contexts"])), **entry, "windowId": "",
            "seed": "0" * 16, "configurationRevision": "0" * 16})

    def established(self, visitor, session):
        entries = [self.entry(campaign, engagements[0]) for campaign, engagements in CAMPAIGNS.items()]
        self.of_session(visitor, session, "eligibility-established",
                        {"eligible": self.random.sample(entries, self.random.choice([1, 2]))})

    def impression(self, visitor, session):
        r = self.random
        if not session["contexts"]:
            return
        number = r.randrange(len(session["contexts"]))
        kind = r.choices(["display", "accept", "expanded", "timeout", "close"], [50, 30, 5, 5, 10])[0]
        for _ in range(r.choice([1, 1, 1, 2])):
            self.of_session(visitor, session, "impression-reported", {
                "pageId": "1", "kind": kind, "contextId": str(number + 1), **session["contexts"][number],
                "repeat": r.random() < 0.15})

    def goal(self, visitor, session):
        r = self.random
        goals, attributes = [], []
        for index in range(r.choice([1, 1, 2])):
            kind = r.choice(["purchase", "lead"])
            attributes.append({"type": kind})
            key = {"key": f"order{r.randrange(15)}"} if r.random() < 0.7 else {}
            value = {"value": r.choice(["12.5", "100", "0.000001", "-3.25"])} if r.random() < 0.8 else {}
            currency = {"currency": self.currency()} if r.random() < 0.4 else {}
            goals += [{"campaignId": campaign, "goalId": campaign * 10, "type": kind, "attribute": index, **key, **value,
                       **currency} for campaign in r.sample(list(CAMPAIGNS), r.choice([1, 2, 3]))]
        self.activity(visitor, session, attributes, goals, r.random() < 0.15)

    def currency(self):
        """As clients write them: mostly a code, if not always in capitals."""
        r = self.random
        code = r.choice(["GBP", "USD", r.choice(CURRENCIES), "XXX", "EURO", "ABC", "Z", " ", "$", "\u20ac\u20ac\u20ac"])
        return r.choice([code, code, code.lower(), code.title(), f" {code}\t"])

    def activity(self, visitor, session, attributes, goals=(), repeat=False):
        self.of_session(visitor, session, "activity-reported", {
            "pageId": "1", "request": "report", "decidedAt": 0, "accountVersion": 1, "entryPoints": [],
            "engagementAttributes": list(attributes), "goals": list(goals), "repeat": repeat})

    def conversation(self, visitor, session):
        r = self.random
        data = {"conversationId": f"{visitor}-c{r.randrange(5)}"}
        if session["contexts"] and r.random() < 0.9:
            number = r.randrange(len(session["contexts"]))
            data |= {**session["contexts"][number], "contextId": str(number + 1), "appInstallationId": session["app"]}
        self.append(visitor, "conversation-started", data, session["id"])
