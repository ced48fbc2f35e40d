"""Visits of a shop, in the words of its events: by day and night, on devices, in languages, with control groups, clicks,
conversations and purchases. The same seed makes the same visits."""

import json
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# campaign -> (name, what a buyer is more likely to be, [(engagement, name, zone, channel, language)])
CAMPAIGNS = {
    41: ("Winter collection", 0.05, [(4101, "Button on every page", "embedded", "messaging", "en-GB"),
                                     (4102, "Invitation after a minute", "proactive", "messaging", "de-DE")]),
    42: ("Help at the till", 0.12, [(4201, "Chat beside the basket", "right", "chat", "en-GB")]),
    43: ("Newsletter", 0.0, [(4301, "Strip", "left", "content", "fr-FR"), (4302, "Banner", "proactive", "content", "en-GB")]),
}
HOURS = [1, 1, 0.5, 0.3, 0.3, 0.6, 1.5, 3, 5, 7, 8, 8, 9, 8, 7, 7, 7, 8, 9, 10, 11, 9, 6, 3]
WEEKDAYS = [1, 1, 1, 1.1, 1.2, 0.7, 0.6]


def document(account, zone, **more):
    return {"accountId": account, "name": f"Shop {account}", "timeZone": zone, "currency": "EUR", "campaigns": [
        {"id": number, "name": name, "engagements": [{"id": one[0], "name": one[1]} for one in engagements]}
        for number, (name, _, engagements) in CAMPAIGNS.items()], **more}


class Shop:
    def __init__(self, log, account="shop", zone="Europe/Berlin", seed=1, **more):
        self.log, self.account, self.zone = log, account, ZoneInfo(zone)
        self.random = random.Random(seed)
        self.visitors = 0
        self.configure(int(datetime(2026, 1, 1).timestamp()) * 1000, **{"zone": zone, **more})

    def configure(self, at_ms, zone="Europe/Berlin", **more):
        text = json.dumps(document(self.account, zone, **more))
        self.log.append(f"{self.account}/", "account-configured",
                        {"accountId": self.account, "revision": "0" * 16, "document": text, "by": "test"}, at_ms)

    def ms(self, *wall, fold=0):
        return int(datetime(*wall, tzinfo=self.zone, fold=fold).timestamp() * 1000)

    def days(self, first, count, visits):
        """So many visits a weekday, spread over the hours as people are awake."""
        day = datetime(*first)
        for _ in range(count):
            for _ in range(round(visits * WEEKDAYS[day.weekday()] * self.random.uniform(0.8, 1.2))):
                hour = self.random.choices(range(24), HOURS)[0]
                self.visit(self.ms(day.year, day.month, day.day, hour, self.random.randrange(60), self.random.randrange(60)))
            day += timedelta(days=1)

    def visit(self, at_ms, campaigns=None):
        r = self.random
        self.visitors += 1
        visit = Visit(self, f"v{self.visitors:06d}", at_ms)
        for number in campaigns or r.sample(list(CAMPAIGNS), r.choice([1, 1, 2])):
            visit.meet(number)


class Visit:
    def __init__(self, shop, visitor, at_ms):
        self.shop, self.random, self.visitor, self.now, self.contexts = shop, shop.random, visitor, at_ms, 0
        r = self.random
        device = r.choices(["MOBILE", "DESKTOP", "TABLET", None], [55, 35, 8, 2])[0]
        self.tell("session-created", {
            "clientProperties": {}, "ipAddress": "", "userAgent": {"enc": "x"}, "bot": r.random() < 0.03, "returning": r.random() < 0.3,
            "timeZone": str(shop.zone), "currency": r.choice(["EUR", "EUR", "EUR", "GBP"]),
            "attribution": {"mode": "last", "periodDays": 1}, "maxAge": 21600, **({"deviceFamily": device} if device else {})})
        self.report()

    def tell(self, kind, data):
        self.shop.log.append(f"{self.shop.account}/{self.visitor}", kind, {
            "accountId": self.shop.account, "visitorId": self.visitor, "sessionId": "s1", "appInstallationId": "web", **data}, self.now)

    def report(self, goals=()):
        self.tell("activity-reported", {
            "pageId": "1", "request": "report", "decidedAt": 0, "accountVersion": 1, "entryPoints": [],
            "engagementAttributes": [{"type": "purchase"} for _ in goals], "goals": list(goals), "repeat": False})

    def later(self, mean_s):
        self.now += int(self.random.lognormvariate(0, 0.9) * mean_s * 1000)

    def meet(self, campaign):
        r, (_, more, engagements) = self.random, CAMPAIGNS[campaign]
        number, _, zone, channel, language = r.choice(engagements)
        entry = {"campaignId": campaign, "engagementId": number, "engagementRevision": 1, "zone": zone, "channel": channel, "language": language}
        buys = r.random() < 0.08 + more
        if r.random() < 0.15:
            self.tell("control-group-assigned", {"scope": "campaign", "campaignId": campaign, "eligible": [entry], "configurationRevision": "0" * 16})
            buys = r.random() < 0.08
        elif r.random() < 0.15:
            self.tell("eligibility-established", {"eligible": [entry]})
        else:
            self.offer(entry)
        if buys:
            self.later(400)
            self.report([{"campaignId": campaign, "goalId": campaign * 10, "type": "purchase", "attribute": 0,
                          "key": f"{self.visitor}-{campaign}", "value": f"{r.randrange(10, 20000) / 100:.2f}"}])

    def offer(self, entry):
        r = self.random
        self.contexts += 1
        shown = {"pageId": "1", "contextId": str(self.contexts), **entry}
        self.tell("engagement-shown", {**shown, "windowId": "", "seed": "0" * 16, "configurationRevision": "0" * 16})
        if r.random() > 0.9:
            return
        self.later(1)
        self.impression("display", shown)
        if r.random() < (0.3 if entry["channel"] == "chat" else 0.18):
            self.later(8)
            self.impression("accept", shown)
            if r.random() < 0.6:
                self.later(20)
                self.tell("conversation-started", {"conversationId": f"{self.visitor}-{self.contexts}", **entry, "contextId": str(self.contexts)})
        elif r.random() < 0.2:
            self.later(5)
            self.impression("close", shown)

    def impression(self, kind, shown):
        for repeat in (False, True) if self.random.random() < 0.04 else (False,):
            self.tell("impression-reported", {**shown, "kind": kind, "repeat": repeat})
