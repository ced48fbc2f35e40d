"""Every decision that a log holds follows from what it holds before: monitorctl replay --verify decides all of it again."""

import json
import shutil
import subprocess

import pytest

from harness import Stack, impression
from harness.part import BIN, ROOT, wait_until

GOLD = {"type": "ctmrinfo", "info": {"ctype": "gold"}}


def demo_document(**changes):
    return {**json.loads((ROOT / "deploy" / "accounts" / "demo.json").read_text()), **changes}


def for_gold_customers_only():
    """Only premium service is published, for everybody who is a premium customer."""
    document = demo_document()
    document["settings"]["controlGroup"]["percentage"] = 0
    document["campaigns"] = [campaign for campaign in document["campaigns"] if campaign["id"] == 47]
    return document


def demo_traffic(stack, visitors, seed):
    return subprocess.Popen(
        [BIN / "monitorctl", "demo", "--url", stack.edge.url, "--cacert", stack.edge.authority, "--visitors", str(visitors),
         "--rate", "100", "--seed", str(seed), "--funnel", f"http://127.0.0.1:{stack.funneld.port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_events(stack, more):
    """Until the log has so many more events than now."""
    target = int(stack.monitord.position()["last"]) + more
    wait_until(lambda: int(stack.monitord.position()["last"]) >= target, f"{more} more events", timeout_s=60)


def examine(stack, *command):
    """(exit code, what it says) of monitorctl over the stopped node's data."""
    run = subprocess.run([BIN / "monitorctl", "--json", *command, "--data", stack.monitord.directory / "data"],
                         capture_output=True, text=True, timeout=120)
    return run.returncode, json.loads(run.stdout or "null"), run.stderr


@pytest.mark.faults
def test_a_log_with_changes_and_a_kill_9_on_the_way_is_decided_the_same_again(tmp_path, closing, long, seed):
    folder = tmp_path / "accounts"
    folder.mkdir()
    shutil.copy(ROOT / "deploy" / "accounts" / "demo.json", folder)
    stack = closing(Stack(tmp_path, accounts=folder)).start()
    monitord = stack.monitord
    rounds = 4 if long else 1
    for turn in range(rounds):
        traffic = demo_traffic(stack, visitors=400, seed=seed + turn)
        try:
            wait_for_events(stack, 300)
            assert monitord.admin("PUT", "/admin/accounts/demo/skills/4", {"state": "busy"})[0] == 200
            assert monitord.admin("PUT", "/admin/accounts/demo", demo_document(name=f"by the admin API {turn}"))[0] == 200
            wait_for_events(stack, 300)
            monitord.kill9().start()
            wait_for_events(stack, 200)
            (folder / "demo.json").write_text(json.dumps(demo_document(name=f"by the folder {turn}")))
            assert monitord.admin("PUT", "/admin/accounts/demo/skills/4", {"state": "offline"})[0] == 200
            wait_for_events(stack, 200)
        finally:
            traffic.wait(120)  # with an error: some of its requests met the kill
    assert monitord.stop() == 0

    code, checked, error = examine(stack, "verify")
    assert (code, error) == (0, ""), error
    code, replayed, error = examine(stack, "replay", "--verify")
    assert (code, replayed["different"], replayed["sealed"], replayed["incomplete"]) == (0, 0, 0, 0), error
    assert replayed["events"] == checked["events"]
    assert replayed["requests"] > 300 * rounds


def test_what_rests_on_an_erased_visitors_attributes_is_left_out(tmp_path, closing):
    folder = tmp_path / "accounts"
    folder.mkdir()
    (folder / "demo.json").write_text(json.dumps(for_gold_customers_only()))
    stack = closing(Stack(tmp_path, accounts=folder)).start()
    visitor = stack.visitor(account="demo")
    before = visitor.engage("page-1", engagementAttributes=[GOLD]).body["engagementDetails"]
    after = visitor.engage("page-2").body["engagementDetails"]  # nothing in it that is sealed
    assert [offer["engagementId"] for offer in after] == [4701]
    assert visitor.report([impression("impDisplay", before[0])], "page-2").status == 200
    assert stack.monitord.admin("DELETE", f"/admin/accounts/demo/visitors/{visitor.vid}")[0] == 200
    again = visitor.engage("page-3")
    assert (again.status, again.body["visitorId"]) == (201, visitor.vid)
    assert stack.monitord.stop() == 0
    assert examine(stack, "log", "verify")[0] == 0
    code, replayed, error = examine(stack, "replay", "--verify")
    assert (code, replayed["sealed"], replayed["requests"], error) == (0, 3, 1, "")
