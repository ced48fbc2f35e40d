"""The log drops what it need not keep; the real program, its clock set some days ahead."""

import json
import subprocess
import urllib.error

import pytest

from harness import Funneld, Monitord, Visitor, wait_until
from harness.part import BIN

FAKETIME = "/usr/$LIB/faketime/libfaketimeMT.so.1"  # the loader knows the machine's folder


class Node(Monitord):
    """Its clock goes so many days ahead of the machine's, or behind it."""
    days_ahead = 0

    def environment(self):
        clock = {"LD_PRELOAD": FAKETIME, "FAKETIME": f"{self.days_ahead:+}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return super().environment() | (clock if self.days_ahead else {})


@pytest.fixture
def node(tmp_path):
    node = Node(tmp_path / "node", settings={"retention": {"events_days": 1}}).start()
    yield node
    node.close()


def restart(part, days_ahead):
    part.stop()
    part.days_ahead = days_ahead
    part.start()


def visitor_of(node):
    """One with a session of two requests."""
    visitor = Visitor(node.port, None, account="demo")
    assert visitor.engage().status == 201
    assert visitor.report([{"type": "cart", "numItems": 1, "total": 9}]).status == 200
    return visitor


def test_the_log_forgets_and_the_visitor_goes_on(node):
    visitor = visitor_of(node)
    before = node.position()
    status, revision = node.admin("GET", "/admin/accounts/demo")
    assert status == 200

    restart(node, days_ahead=2)
    wait_until(lambda: int(node.position()["first"]) > int(before["last"]), "the old events are dropped")
    status, answer = node.admin("GET", f"/admin/log?from={before['origin']}:1")
    assert (status, answer["internalCode"]) == (410, 5), answer
    status, sessions = node.admin("GET", f"/admin/accounts/demo/visitors/{visitor.vid}")
    assert status == 200 and sessions["sessions"] == [], sessions
    visitor.close()  # its connection was the old process's
    old = visitor.sid
    assert visitor.engage().status == 201 and visitor.sid != old
    assert visitor.engage().status == 200

    # Documents are kept, so that what is decided now can be asked about.
    assert node.admin("GET", "/admin/accounts/demo") == (200, revision)
    status, answer = node.admin("POST", "/admin/accounts/demo/what-if", {"document": revision})
    assert status == 200 and answer["sessions"] == 1, answer
    assert answer["from"] == f"{before['origin']}:{node.position()['first']}"
    node.stop()
    for words in (["verify"], ["replay", "--verify"]):
        subprocess.run([BIN / "monitorctl", *words, "--data", node.settings["data"]["dir"]], check=True)


def test_a_funneld_that_slept_for_too_long_says_what_it_lost(node, tmp_path):
    funneld = Funneld(tmp_path / "funneld", monitord=node).start()
    try:
        visitor_of(node)
        position = node.position()
        funneld.wait_for(position["origin"], position["last"])
        counted = funneld.funnel("demo")["rows"]
        funneld.stop()
        visitor_of(node)  # nobody counts this one
        restart(node, days_ahead=2)
        wait_until(lambda: int(node.position()["first"]) > int(position["last"]), "the old events are dropped")
        funneld.launch()
        lost = f"begins at {node.position()['first']}, but {int(position['last']) + 1} is to be read: events are lost"
        wait_until(lambda: lost in funneld.log_tail(), "it says so")
        assert funneld.funnel("demo")["rows"] == counted
    finally:
        funneld.close()


def test_counted_anew_without_its_beginning_the_funnel_is_not_replaced_by_less(node, tmp_path):
    funneld = Funneld(tmp_path / "funneld", monitord=node).start()
    try:
        visitor_of(node)
        position = node.position()
        funneld.wait_for(position["origin"], position["last"])
        counted = funneld.funnel("demo")["rows"]
        restart(node, days_ahead=2)
        wait_until(lambda: int(node.position()["first"]) > int(position["last"]), "the old events are dropped")
        funneld.rebuild()
        begins = f"the log of {position['origin']} begins at "
        wait_until(lambda: (funneld.get("/api/rebuild")["held"] or "").startswith(begins), "it says so")
        assert [alarm["message"].startswith(begins) for alarm in funneld.get("/api/alarms")["alarms"]] == [True]
        assert funneld.funnel("demo")["rows"] == counted
        assert funneld.change("DELETE", "/api/rebuild") == (200, {})
        assert funneld.get("/api/alarms")["alarms"] == []
        last = visitor_of(node) and node.position()
        funneld.wait_for(last["origin"], last["last"])
        assert funneld.funnel("demo")["rows"][0]["prospects"] == 2 * counted[0]["prospects"]
    finally:
        funneld.close()


def test_the_funnel_forgets_facts_and_whole_days_answer_as_before(tmp_path):
    node = Node(tmp_path / "node")
    node.days_ahead = -60
    node.start()
    funneld = Funneld(tmp_path / "funneld", monitord=node).start()
    try:
        visitor_of(node)
        last = node.position()
        funneld.wait_for(last["origin"], last["last"])
        whole = [{"window": window, "by": by, "count": count}
                 for window in ("day", "all") for by in ("campaign", "engagement", "engagement,campaign")
                 for count in ("net", "gross")]
        before = [funneld.funnel("demo", **query)["rows"] for query in whole]
        assert all(before)
        funneld.stop()
        restart(node, days_ahead=0)  # longer than conversions are attributed
        funneld.settings["retention"] = {"facts_days": 3}
        funneld.start()
        wait_until(lambda: "funneld_retired_sessions_total 1" in funneld.text("/metrics"), "the session retires")
        assert [funneld.funnel("demo", **query)["rows"] for query in whole] == before
        for query in ({"by": "device"}, {"window": "hour"}, {"where": "campaign:41"}):
            with pytest.raises(urllib.error.HTTPError) as refused:
                funneld.funnel("demo", **query)
            answer = json.load(refused.value)
            assert (refused.value.code, answer["internalCode"]) == (400, 5)
            assert answer["message"].startswith("facts of before 20") and "retention.facts_days" in answer["message"]
        visitor_of(node)
        last = node.position()
        funneld.wait_for(last["origin"], last["last"])
        assert len(funneld.funnel("demo", by="campaign", window="day")["rows"]) == 2 * len(before[0])
    finally:
        funneld.close()
        node.close()


def test_without_days_nothing_goes(tmp_path):
    node = Node(tmp_path / "node", settings={"retention": {"events_days": 0}}).start()
    try:
        visitor_of(node)
        restart(node, days_ahead=400)
        visitor_of(node)
        assert node.position()["first"] == "1"
    finally:
        node.close()
