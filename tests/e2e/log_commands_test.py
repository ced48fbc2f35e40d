"""monitorctl log: what an operator sees of a node's log, running or stopped."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from harness import Monitord, Visitor
from harness.part import BIN
from harness.stack import ACCOUNTS


def lines(node, *words):
    code, out, error = node.ctl("--json", *words)
    assert (code, error) == (0, ""), error
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def node(tmp_path, closing):
    return closing(Monitord(tmp_path, accounts=ACCOUNTS)).start()


def visit(node, calls=1, account="e2e"):
    visitor = Visitor(node.port, None, account=account)
    for _ in range(calls):
        assert visitor.engage().recorded
    visitor.close()
    return visitor


def stop_and_begin_epoch(node):
    assert node.stop() == 0
    assert node.ctl("log", "repair", "--new-epoch", "--data", node.data)[0] == 0


def test_tail_shows_the_newest_of_a_running_and_of_a_stopped_node(node):
    visit(node, 3)
    stop_and_begin_epoch(node)
    node.start()
    visit(node, 2)
    everything = node.log(f"{node.position()['origins'][0]['origin']}:1")
    assert {event["origin"].split(".")[1] for event in everything} == {"1", "2"}
    place = f"{everything[2]['origin']}:{everything[2]['seq']}"
    of_account = [event for event in everything if event["data"]["accountId"] == "e2e"]
    assert 0 < len(of_account) < len(everything)
    wanted = {("-n", 3): everything[-3:], ("--limit", 0): everything, ("-n", 1000): everything, ("--from", place): everything[2:],
              ("--from", place, "--limit", 2): everything[2:4], ("--from", everything[-1]["seq"]): everything[-1:],
              ("--account", "e2e", "-n", len(of_account)): of_account, ("--account", "none"): []}
    assert {words: lines(node, "log", "tail", *words) for words in wanted} == wanted
    assert lines(node, "log", "tail") == everything[-10:]
    code, out, error = node.ctl("log", "tail", "--data", node.data)
    assert (code, out) == (1, "") and "is using it" in error
    assert node.stop() == 0
    assert {words: lines(node, "log", "tail", "--data", node.data, *words) for words in wanted} == wanted


def test_tail_refuses_what_the_log_does_not_have_the_same_way(node):
    assert node.ctl("log", "tail", "--from", "00000001.1:1") == (
        1, "", "monitorctl: from: the origin is not known here (404/12)\n")
    assert node.stop() == 0
    assert node.ctl("log", "tail", "--data", node.data, "--from", "00000001.1:1") == (
        1, "", "monitorctl: the origin is not known here\n")
    assert node.ctl("log", "tail", "--data", node.data, "--follow")[0] == 2


def test_tail_follows_over_a_restart_and_ends_with_ctrl_c(node):
    visit(node)
    follower = subprocess.Popen(node.monitorctl("--json", "log", "tail", "-f", "--account", "e2e"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
    try:
        seen = [json.loads(follower.stdout.readline())]
        node.kill9()
        assert "; it is asked again" in follower.stderr.readline()
        node.start()
        visit(node)
        last = node.position()["last"]
        while seen[-1]["seq"] != last:
            seen.append(json.loads(follower.stdout.readline()))
        follower.send_signal(signal.SIGINT)
        out, error = follower.communicate(timeout=30)
        assert (follower.returncode, out, error) == (0, "", "")
    finally:
        follower.kill()
        follower.wait()
    of_account = [event for event in node.log() if event["data"]["accountId"] == "e2e"]
    assert seen == of_account


def test_stats_of_a_stopped_node(node):
    visit(node, 2)
    stop_and_begin_epoch(node)
    node.start()
    visit(node)
    events = node.log(f"{node.position()['origins'][0]['origin']}:1")
    assert node.stop() == 0
    [stats] = lines(node, "log", "stats", "--data", node.data)
    assert [one["origin"] for one in stats["origins"]] == sorted({event["origin"] for event in events})
    for one in stats["origins"]:
        mine = [event for event in events if event["origin"] == one["origin"]]
        assert (one["events"], one["oldest"], one["newest"]) == (len(mine), mine[0]["time"], mine[-1]["time"])
        assert one["bytes"] >= sum(len(json.dumps(event["data"], separators=(",", ":"))) for event in mine)
    types = [event["type"].removeprefix("monitor.") for event in events]
    assert stats["types"] == {name: types.count(name) for name in types}
    assert stats["disk"].keys() >= {"log", "stream", "visitor", "keys", "write-ahead log"} and sum(stats["disk"].values()) > 0
    code, out, error = node.ctl("log", "stats", "--data", node.data)
    assert (code, error) == (0, "") and f"{stats['types']['session-created']}" in out


def test_what_only_a_stopped_node_can_give_names_a_folder_without_log(tmp_path):
    for words in (["verify"], ["log", "verify"], ["log", "stats"], ["log", "tail"]):
        done = subprocess.run([BIN / "monitorctl", *words, "--data", tmp_path], capture_output=True, text=True, timeout=30,
                              env=dict(os.environ))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"monitorctl: cannot open the data folder {tmp_path}: there is no log in it\n"


def flip_bit(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)


def test_a_damaged_log_is_refused_by_its_place_and_repaired_by_ones_word_only(node):
    kept = visit(node)
    before = node.position()
    erased = visit(node, 20)
    assert node.admin("DELETE", f"/admin/accounts/e2e/visitors/{erased.vid}")[0] == 200
    everything = node.log()
    node.kill9()
    wal = max(Path(node.data, "store").glob("*.log"))
    # The first bytes that tell of the visitor who came next: of its first request.
    flip_bit(wal, wal.read_bytes().index(erased.vid.encode()))
    refused = subprocess.run([str(word) for word in node.command()], capture_output=True, text=True, timeout=60)
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)
    place = "is damaged at byte "
    assert place in refused.stderr and f", behind the event {before['origin']}:{before['last']}: " in refused.stderr
    assert f"monitorctl log repair --drop-damaged --data {node.data}/store" in refused.stderr
    code, _, error = node.ctl("log", "verify", "--data", node.data)
    assert code == 1 and place in error

    repair = ["log", "repair", "--drop-damaged", "--data", node.data]
    with open("/dev/full", "w") as full:
        assert subprocess.run([str(word) for word in node.monitorctl(*repair)], stdout=full, stderr=full, timeout=60).returncode == 1
    code, out, error = node.ctl(*repair)
    assert code == 0, error
    dropped = [json.loads(line) for line in out.splitlines()]
    assert dropped == everything[-len(dropped):]
    unread = len(everything) - int(before["last"]) - len(dropped)
    assert f"the log ends at {before['origin']}:{before['last']}; dropped: {len(dropped)} events (printed), and {unread} more" in error
    assert f"dropped, do it again: visitor-erased visitor/e2e/{erased.vid}" in error
    assert node.ctl(*repair)[0] == 1, "there is nothing left to drop"
    assert node.ctl("log", "verify", "--data", node.data)[0] == 0
    node.start()
    assert node.position()["origin"].endswith(".2")
    assert node.log(f"{before['origin']}:1") == everything[:int(before["last"])]
    assert kept.engage().status == 200, "the session goes on"
