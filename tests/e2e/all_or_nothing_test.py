"""Every request is wholly in the log or not at all: what was accepted has all of its events, what was refused left none."""

import random
import threading
from collections import defaultdict

import pytest

from harness import Stack, impression
from harness.part import ROOT

ACCOUNTS = ROOT / "tests" / "cases" / "accounts"
KINDS = {"impDisplay": "display", "impAccept": "accept", "impExpanded": "expanded", "impTimeout": "timeout", "impClose": "close"}
GOOD = [
    {"type": "cart", "total": "12.50", "numItems": 2, "products": [{"product": {"sku": "a"}, "quantity": 2}]},
    {"type": "purchase", "total": 3, "orderId": "o-1"},
    {"type": "lead", "lead": {"topic": "t", "value": 1e2}},
    {"type": "service", "service": {"topic": "t", "status": 13}},
    {"type": "personal", "personal": {"firstname": "A", "gender": 2}},
    {"type": "searchInfo", "keywords": ["k"]},
    {"type": "mrktInfo", "info": {"channel": "4"}},
]
BAD = [None, {}, {"type": "unheardOf"}, {"type": "cart", "total": 1}, {"type": "lead", "lead": {"value": "1,5"}},
       {"type": "service", "service": {"status": 14}}, {"type": "personal", "personal": {"gender": 3}},
       {"type": "impDisplay", "campaign": 41, "engId": 1}, {"type": "impClose", "campaign": 41}]
BAD_FIELDS = [{"consumerId": {}}, {"identities": [{"acr": "loa1"}]}, {"clientProperties": {"deviceFamily": "desktop"}},
              {"entryPoints": [{}]}, {"entryPoints": ["x"] * 51}, {"engagementAttributes": {}}]


class RandomRequest:
    """One request of a visitor; if it is `flawed` it must be refused."""

    def __init__(self, chance, page, offers):
        self.page, self.flawed = page, False
        self.report = chance.random() < 0.6
        self.attributes = [chance.choice(GOOD) for _ in range(chance.randrange(4))]
        if self.report:
            self.attributes += [impression(chance.choice(list(KINDS)), chance.choice(offers))
                                for _ in range(chance.randrange(4) if offers else 0)]
            self.attributes = self.attributes or [GOOD[2]]
        chance.shuffle(self.attributes)
        self.body = {"pageId": page, "engagementAttributes": self.attributes,
                     "entryPoints": chance.sample(["sec://Sport", "https://a.test/shop", "lang://de"], chance.randrange(4))}
        if chance.random() < 0.4:
            self.spoil(chance)

    def spoil(self, chance):
        self.flawed = True
        if chance.random() < 0.3:
            self.body.update(chance.choice(BAD_FIELDS))
        else:
            self.attributes.insert(chance.randrange(len(self.attributes) + 1), chance.choice(BAD))

    def send(self, visitor):
        return visitor.call(*("PUT", "report") if self.report else ("POST", "engagement"), self.body)

    def impressions(self):
        return [KINDS[attribute["type"]] for attribute in self.attributes if attribute["type"] in KINDS]

    def plain_types(self):
        return [attribute["type"] for attribute in self.attributes if attribute["type"] not in KINDS]


ORDER = ["session-created", "activity-reported", "impression-reported", "control-group-assigned",
         "eligibility-established", "engagement-shown"]


def assert_whole(request, events):
    """`events`: all that the request appended, as CloudEvents."""
    types = [event["type"].removeprefix("monitor.") for event in events]
    assert types == sorted(types, key=ORDER.index), types
    assert types.count("activity-reported") == 1, types
    assert len({(event["time"], event["subject"]) for event in events}) == 1
    versions = [event["streamversion"] for event in events]
    assert versions == list(range(versions[0], versions[0] + len(events)))
    activity = events[types.index("activity-reported")]["data"]
    assert activity["pageId"] == request.page
    assert [attribute["type"] for attribute in activity["engagementAttributes"]] == request.plain_types()
    assert [event["data"]["kind"] for event in events if event["type"] == "monitor.impression-reported"] == request.impressions()


def take_offers(answer, offers):
    if answer and answer.recorded:
        offers += [detail for detail in answer.body.get("engagementDetails", []) if detail not in offers]


def test_a_refused_request_leaves_no_trace_and_an_accepted_one_is_whole(tmp_path, closing, seed, long):
    stack = closing(Stack(tmp_path, accounts=ACCOUNTS)).start()
    chance = random.Random(seed)
    last = int(stack.monitord.position()["last"])
    visitor, refused = None, 0
    for _ in range(4000 if long else 400):
        if visitor is None or chance.random() < 0.1:
            visitor, offers = stack.visitor(account="cases"), []
            visitor.vid = next(visitor.pages)
        request = RandomRequest(chance, next(visitor.pages), offers)
        answer = request.send(visitor)
        position = stack.monitord.position()
        events = stack.monitord.log(f"{position['origin']}:{last + 1}")
        if request.flawed:
            assert (answer.status, answer.body["internalCode"]) == (400, 5), (request.body, answer)
            assert events == [], request.body
            refused += 1
            continue
        assert answer.recorded, answer
        assert_whole(request, events)
        assert (events[0]["type"] == "monitor.session-created") == (answer.status == 201)
        assert events[0]["subject"] == f"session/cases/{answer.body['visitorId']}/{answer.body['sessionId']}"
        shown = [event["data"]["contextId"] for event in events if event["type"] == "monitor.engagement-shown"]
        known = {offer["contextId"] for offer in offers}
        assert shown == [detail["contextId"] for detail in answer.body.get("engagementDetails", []) if detail["contextId"] not in known]
        take_offers(answer, offers)
        last = int(position["last"])
    assert refused > 50
    assert int(stack.monitord.position()["last"]) == last


class Talker(threading.Thread):
    """A visitor that talks until told to stop; keeps every request with its answer (None: cut off)."""

    def __init__(self, stack, seed, stop):
        super().__init__()
        self.visitor, self.chance, self.stop = stack.visitor(account="cases"), random.Random(seed), stop
        self.said = []

    def run(self):
        offers = []
        while not self.stop.is_set():
            self.visitor.vid = self.visitor.vid or next(self.visitor.pages)
            request = RandomRequest(self.chance, next(self.visitor.pages), offers)
            answer = request.send(self.visitor)
            take_offers(answer, offers)
            self.said.append((request, answer))


def requests_in(events):
    """The events of the log by page id, each with what its request appended beside it."""
    by_page, at = {}, None
    for event in events:
        kind = event["type"].removeprefix("monitor.")
        if kind not in ORDER:
            continue
        if kind == "session-created":
            at = [event]
        elif kind == "activity-reported":
            at = at + [event] if at and len(at) == 1 and at[0]["type"] == "monitor.session-created" else [event]
            assert event["data"]["pageId"] not in by_page
            by_page[event["data"]["pageId"]] = at
        else:
            at.append(event)
    return by_page


@pytest.mark.faults
def test_after_kill_9_every_request_is_whole_or_absent(tmp_path, closing, seed, long):
    stack = closing(Stack(tmp_path, accounts=ACCOUNTS)).start()
    chance = random.Random(seed)
    outcomes = defaultdict(int)
    for _ in range(20 if long else 4):
        stop = threading.Event()
        talkers = [Talker(stack, chance.randrange(2**31), stop) for _ in range(8)]
        for talker in talkers:
            talker.start()
        stop.wait(0.3 + chance.random())  # the kill comes at any moment
        stack.monitord.kill9()
        stop.set()
        for talker in talkers:
            talker.join()
        stack.monitord.start()
        logged = requests_in(stack.monitord.log())
        for request, answer in (one for talker in talkers for one in talker.said):
            events = logged.get(request.page)
            if answer is not None and answer.recorded:
                assert events, "acknowledged and lost"
            elif answer is not None and answer.status < 502:
                assert events is None, (request.body, answer)
            if events:
                assert not request.flawed
                assert_whole(request, events)
            outcomes[answer.status if answer else None, bool(events)] += 1
    print(dict(outcomes))
    assert outcomes[201, True] and outcomes[200, True] and outcomes[400, False]
