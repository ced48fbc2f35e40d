"""What older builds left on disk (tests/golden/data-*.tar.xz, by tests/golden/make_data), opened by this one: the same events,
documents, visitors and numbers, whether they were kept or are folded anew, and life goes on in it."""

import json
import subprocess
import tarfile

import pytest

from harness import Funneld, Monitord, Visitor
from harness.part import BIN, ROOT

DATA = sorted((ROOT / "tests" / "golden").glob("data-*.tar.xz"))


class Node(Monitord):
    """A minute after the folder was made."""

    def environment(self):
        return super().environment() | {"LD_PRELOAD": "/usr/$LIB/faketime/libfaketimeMT.so.1",
                                        "FAKETIME": "@2026-11-20 10:01:00", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}


def test_there_are_some():
    assert DATA


@pytest.fixture(params=DATA, ids=lambda path: path.name)
def folder(request, tmp_path):
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path, filter="data")
    return tmp_path


def has_all_of(now, before):
    """A later build may tell more."""
    if isinstance(before, dict):
        return isinstance(now, dict) and all(name in now and has_all_of(now[name], value) for name, value in before.items())
    if isinstance(before, list):
        return isinstance(now, list) and len(now) == len(before) and all(map(has_all_of, now, before))
    return now == before


def offline(words, data):
    subprocess.run([BIN / "monitorctl", *words, "--data", data], check=True)


def funnel_is(funneld, known):
    funneld.wait_for(known["position"]["origin"], known["position"]["last"])
    for query, rows in known["funnel"]:
        assert has_all_of(funneld.funnel("demo", **query)["rows"], rows), query


def test_a_folder_of_an_older_build_is_all_there_and_goes_on(folder):
    known = json.loads((folder / "known.json").read_text())
    offline(["log", "verify"], folder / "node")
    node = Node(folder / "n", settings={"data": {"dir": str(folder / "node")}}).start()
    funneld = Funneld(folder / "f", monitord=node, settings={"data": {"dir": str(folder / "funneld")}})
    anew = Funneld(folder / "anew", monitord=node)
    try:
        assert node.log()[:len(known["log"])] == known["log"]
        assert has_all_of(node.admin("GET", "/admin/accounts/demo/revisions")[1], known["revisions"])
        for visitor in known["visitors"]:
            path = f"/admin/accounts/demo/visitors/{visitor['visitorId']}"
            assert has_all_of(node.admin("GET", path)[1], visitor["known"])
            assert has_all_of(node.admin("GET", f"{path}/sessions/{visitor['sessionId']}/events")[1], visitor["events"])
        assert node.admin("GET", f"/admin/accounts/demo/visitors/{known['erased']}")[0] == 404
        for part in (funneld.start(), anew.start()):
            funnel_is(part, known)

        for one in known["visitors"]:
            visitor = Visitor(node.port, None, account="demo")
            visitor.vid, visitor.sid = one["visitorId"], one["sessionId"]
            assert visitor.engage().status == 200  # its session lives
            assert visitor.report([{"type": "purchase", "total": 5, "orderId": "order-again"}]).status == 200
            visitor.close()
        last = node.position()
        rows = []
        for part in (funneld, anew):
            part.wait_for(last["origin"], last["last"])
            rows.append(part.funnel("demo", by="campaign,engagement", window="day")["rows"])
        assert rows[0] == rows[1]
    finally:
        for part in (funneld, anew, node):
            part.close()
    offline(["log", "verify"], folder / "node")
    offline(["replay", "--verify"], folder / "node")
