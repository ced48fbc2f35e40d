"""Several funnelds of one group that list each other: whoever is asked has all, whatever becomes of the others."""

import json
import os
import signal
import time
import urllib.error
import urllib.request

import pytest
from funnel_histories import ACCOUNT, History

from e2e.funnel_topic_test import PARTITIONS, Relay, check
from harness import Broker, Funneld, wait_until

PATIENCE_S = 10  # with one answer: peers get 2 s, and one that is not heard of while it counts a few more


class Group:
    """They are fed and asked in turns: every look at a condition sends some events and holds an answer against them."""

    def __init__(self, closing, tmp_path, seed):
        self.broker = closing(Broker(tmp_path / "kafka")).start()
        self.relay = Relay(self.broker)
        self.lines = History(seed, visitors=40, steps=4000).lines
        self.sent = 0
        self.funnelds = [closing(Funneld(tmp_path / name, kafka=self.broker.address)) for name in ("one", "two", "three")]
        for funneld in self.funnelds:
            funneld.settings["peers"] = {"instances": [peer.url for peer in self.funnelds]}  # itself among them

    def send(self, count):
        for line in self.lines[self.sent:self.sent + count]:
            self.relay.send(line)
        self.sent = min(self.sent + count, len(self.lines))
        self.relay.tell_positions()

    def displays(self, as_of):
        """How many the events up to there have."""
        events = map(json.loads, self.lines[:self.sent])
        return sum(1 for event in events if event["type"] == "monitor.impression-reported"
                   and event["data"]["kind"] == "display" and int(event["seq"]) <= int(as_of.get(event["origin"], 0)))

    def ask(self, funneld):
        """A whole answer has all up to `asOf`; none has anything twice."""
        self.send(5)
        began = time.monotonic()
        answer = funneld.funnel(ACCOUNT, count="gross")
        assert time.monotonic() - began < PATIENCE_S
        counted, missing = answer["rows"][0]["engagementViews"], answer.get("missing", [])
        assert counted <= self.displays(self.relay.last)
        assert missing or counted >= self.displays(answer["asOf"]), answer["asOf"]
        return missing

    def wait_whole(self, *funnelds):
        for funneld in funnelds or self.funnelds:
            wait_until(lambda: not self.ask(funneld), f"{funneld.url} has all", timeout_s=60)

    def wait_missing(self, funneld):
        missing = wait_until(lambda: self.ask(funneld), f"{funneld.url} misses some", timeout_s=60)
        assert set(missing) < set(range(PARTITIONS))


def readiness(funneld):
    try:
        with urllib.request.urlopen(f"{funneld.url}/readyz", timeout=10) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def peers_check(funneld):
    return readiness(funneld)["checks"]["peers"]


@pytest.mark.kafka
def test_the_sum_of_several_is_the_plain_fold_whoever_dies_or_stands_still(closing, tmp_path, seed):
    group = Group(closing, tmp_path, seed)
    one, two, three = group.funnelds
    group.send(300)
    for funneld in group.funnelds:
        funneld.launch()
    for funneld in group.funnelds:
        funneld.wait_ready()
    group.wait_whole()

    two.kill9()
    group.wait_missing(one)
    assert two.url in peers_check(one) and readiness(one)["status"] == "degraded"
    group.wait_whole(one, three)  # what was its is theirs now
    two.launch()
    wait_until(lambda: peers_check(one) == "ok", "it is heard of again")
    group.wait_whole()

    os.kill(three.process.pid, signal.SIGSTOP)
    group.wait_missing(two)
    wait_until(lambda: three.url in peers_check(two), "it is not heard of")
    group.wait_whole(one, two)
    os.kill(three.process.pid, signal.SIGCONT)  # and takes its partitions for its own
    wait_until(lambda: peers_check(two) == "ok", "it is heard of again")
    group.wait_whole()

    assert one.stop() == 0
    group.wait_whole(two, three)
    one.launch()
    group.send(len(group.lines))
    for funneld in group.funnelds:
        funneld.wait_ready()
    group.wait_whole()
    for funneld in group.funnelds:
        check(funneld, group.lines, group.relay)
        assert readiness(funneld)["status"] == "ready"
