"""ack=kafka: what was answered is at the broker, whatever happens to this node and its disk."""

import threading

import pytest

from harness import Broker, Monitord, Visitor, wait_until
from harness.monitord import http_status
from harness.reader import read_topic
from harness.stack import ACCOUNTS

PATIENCE_S = 1  # so long nobody must be answered
BROKER_S = 120  # so long a broker may take to be back


class Asking(threading.Thread):
    """One question, asked beside the test; `answer` is there once `is_alive()` is not."""

    def __init__(self, question):
        super().__init__(daemon=True)
        self.question, self.answer = question, None
        self.start()

    def run(self):
        try:
            self.answer = self.question()
        except OSError:
            self.answer = None  # cut off

    def is_answered_within(self, seconds):
        self.join(seconds)
        return not self.is_alive()


def pages_on_topic(broker):
    """Of every request in the topic, once each: read_topic drops what was sent twice."""
    pages = [event["data"]["pageId"] for event in read_topic(broker.address).events
             if event["type"] == "monitor.activity-reported"]
    assert len(pages) == len(set(pages))
    return set(pages)


def in_log(monitord, field, value):
    return any(event["data"].get(field) == value for event in monitord.log())


def start(tmp_path, closing):
    broker = closing(Broker(tmp_path / "broker")).start()
    monitord = Monitord(tmp_path / "monitord", ACCOUNTS, kafka=broker.address, settings={"kafka": {"ack": "kafka"}})
    return broker, closing(monitord).start()


def readiness(monitord):
    return monitord.admin("GET", "/readyz")[1]["status"]


def tell(monitord, path, body):
    return Asking(lambda: monitord.admin("PUT", f"/admin/accounts/e2e/{path}", body, BROKER_S)[0])


def get(monitord, path):
    return http_status(f"http://127.0.0.1:{monitord.port}/api/account/e2e/{path}")


@pytest.mark.kafka
def test_whatever_was_answered_is_at_the_broker_and_nothing_is_answered_without_it(tmp_path, closing):
    broker, monitord = start(tmp_path, closing)
    visitor = Visitor(monitord.port, None, timeout_s=BROKER_S)
    for page in ("p1", "p2", "p3"):
        assert visitor.engage(page).recorded
        assert page in pages_on_topic(broker)  # at once, no waiting

    broker.pause()
    request, skill = Asking(lambda: visitor.engage("p4")), tell(monitord, "skills/3", {"state": "busy"})
    wait_until(lambda: in_log(monitord, "pageId", "p4") and in_log(monitord, "state", "busy"), "both are in the log")
    conversations = [tell(monitord, f"conversations/c{n}", {"visitorId": f"v{n}"}) for n in range(40)]
    wait_until(lambda: sum(not one.is_alive() for one in conversations) >= 25, "more than may wait are refused")
    assert http_status(f"{monitord.admin_url}/livez") == 200  # they do not hide the node's health
    assert not any(one.is_answered_within(PATIENCE_S) for one in (request, skill))
    broker.go_on()
    assert all(one.is_answered_within(BROKER_S) for one in (request, skill, *conversations))
    assert (request.answer.status, skill.answer) == (200, 200)
    answers = [one.answer for one in conversations]
    assert set(answers) == {200, 503} and answers.count(503) >= 25
    assert pages_on_topic(broker) == {"p1", "p2", "p3", "p4"}

    broker.pause()
    cut_off = Asking(lambda: visitor.engage("p5"))
    wait_until(lambda: in_log(monitord, "pageId", "p5"), "it is in the log")
    monitord.kill9()  # before the broker has it: unknown to the client, kept for the topic
    assert cut_off.is_answered_within(BROKER_S)
    assert cut_off.answer is None
    broker.go_on()
    monitord.start()
    assert visitor.engage("p6").status == 200
    assert pages_on_topic(broker) == {"p1", "p2", "p3", "p4", "p5", "p6"}


@pytest.mark.kafka
def test_while_the_broker_is_away_nothing_is_written_and_reads_go_on(tmp_path, closing):
    broker, monitord = start(tmp_path, closing)
    visitor = Visitor(monitord.port, None, timeout_s=BROKER_S)
    assert visitor.engage("p1").recorded

    broker.pause()  # it keeps its connections, and says nothing
    waiting = Asking(lambda: visitor.engage("p2"))
    wait_until(lambda: in_log(monitord, "pageId", "p2"), "it is in the log")
    wait_until(lambda: readiness(monitord) == "degraded", "the broker is known to be away")
    written = monitord.position()["last"]
    others = [Visitor(monitord.port, None) for _ in range(300)]  # more than there are places
    refused = [other.engage("p3") for other in others]
    assert {(one.status, one.body["internalCode"]) for one in refused} == {(503, 18)}
    assert all(one.headers["Retry-After"] for one in refused)
    assert monitord.admin("PUT", "/admin/accounts/e2e/skills/3", {"state": "busy"})[0] == 503
    assert monitord.position()["last"] == written
    assert get(monitord, "service/smt/baseURI.json?version=1.0") == 200
    broker.go_on()
    assert waiting.is_answered_within(BROKER_S) and waiting.answer.status == 200
    wait_until(lambda: readiness(monitord) == "ready", "the broker is known to be back")
    assert others[0].engage("p3").recorded

    broker.kill9()  # no connection: known at once, and nobody has to wait
    wait_until(lambda: readiness(monitord) == "degraded", "the broker is known to be away")
    assert visitor.engage("p4").status == 503
    assert monitord.stop() == 0
