"""Visitors that go on and on while parts are killed, and what they were told."""

import random
import threading

from harness import impression, wait_until


class Load:
    """Each request has a page id of its own, so it can be found in the log: `acknowledged` must be there once, `unknown`
    (cut off, or answered by the edge) once or not at all. An answer that means neither is in `surprises`."""

    def __init__(self, stack, seed, threads=6):
        self.stack, self.lock, self.stopping = stack, threading.Lock(), threading.Event()
        self.acknowledged, self.unknown, self.refused, self.surprises = set(), set(), set(), []
        self.threads = [threading.Thread(target=self.work, args=(random.Random(f"{seed}/{n}"),)) for n in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def note(self, page, answer):
        with self.lock:
            if answer is None or answer.status in (502, 504):
                self.unknown.add(page)
            elif answer.recorded:
                self.acknowledged.add(page)
            elif answer.status in (500, 503, 202):
                self.refused.add(page)
            else:
                self.surprises.append(answer)
        if answer is None or not answer.recorded:
            self.stopping.wait(0.05)  # a part is away; no use in hammering
        return answer if answer and answer.recorded else None

    def work(self, rng):
        while not self.stopping.is_set():
            visitor = self.stack.visitor()
            self.one_visit(visitor, rng)
            visitor.close()

    def one_visit(self, visitor, rng):
        for _ in range(rng.randint(1, 5)):
            page = next(visitor.pages)
            answer = self.note(page, visitor.engage(page))
            if not answer or self.stopping.is_set():
                return
            offers = [offer for offer in answer.body.get("engagementDetails", []) if "contextId" in offer]
            for kind, chance in [("impDisplay", 0.9), ("impAccept", 0.4), ("impClose", 0.1)]:
                for offer in offers:
                    if rng.random() < chance:
                        page = next(visitor.pages)
                        if not self.note(page, visitor.report([impression(kind, offer)], page)):
                            return

    def wait_for_more(self, count, timeout_s=90):
        """Until so many more requests are acknowledged."""
        goal = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= goal, f"{goal} acknowledged requests, {len(self.acknowledged)} are",
                   timeout_s)


def assert_nothing_missing_or_doubled(load, events):
    """`events`: type and data of everything in the log or the topic, deduplicated."""
    pages = {}
    for event in events:
        if event["type"] == "monitor.activity-reported":
            page = event["data"]["pageId"]
            pages[page] = pages.get(page, 0) + 1
    assert not load.surprises, load.surprises[:5]
    missing = [page for page in load.acknowledged if page not in pages]
    assert not missing, f"{len(missing)} acknowledged requests are missing, {missing[:3]} among them"
    doubled = [page for page, count in pages.items() if count > 1]
    assert not doubled, f"{len(doubled)} requests are there twice, {doubled[:3]} among them"
    strangers = [page for page in pages if page not in load.acknowledged and page not in load.unknown]
    assert not strangers, f"{len(strangers)} refused requests were recorded, {strangers[:3]} among them"


def count_gross(events):
    """The funnel's plainest numbers, counted in the plainest way."""
    displays, accepts, closes = [], [], []
    kinds = {"display": displays, "accept": accepts, "close": closes}
    for event in events:
        if event["type"] == "monitor.impression-reported" and event["data"]["kind"] in kinds:
            data = event["data"]
            kinds[data["kind"]].append((data["visitorId"], data["sessionId"], data["engagementId"]))
    return {
        "engagementViews": len(displays),
        "exposures": len(set(displays)),
        "exposed": len({pair[:2] for pair in displays}),
        "acceptedOffers": len(accepts),
        "acceptedSessions": len({pair[:2] for pair in accepts}),
        "closed": len(closes),
    }
