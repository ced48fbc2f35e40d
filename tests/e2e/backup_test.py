"""The drill of docs/operators.md: a node is backed up under load, goes on, is lost, and comes back out of the backup."""

import json
import shutil
import signal
import subprocess

import pytest

from e2e.load import Load, assert_nothing_missing_or_doubled, count_gross
from harness import Broker, Funneld, Monitord, Visitor, wait_until
from harness.part import BIN
from harness.reader import read_topic
from harness.stack import ACCOUNTS

PREFIX = "shop."
LATE_ACCOUNT = {"accountId": "late", "name": "Put after the backup", "appInstallations": [{"id": "web"}], "campaigns": []}
PERSONAL = {"type": "personal", "personal": {"firstname": "Ann"}}


class Node:
    """monitord and funneld, and what an operator keeps elsewhere."""

    def __init__(self, folder, closing, broker=None):
        self.address = broker.address if broker else ""
        settings = {"kafka": {"topic_prefix": PREFIX}} if broker else {}
        self.monitord = closing(Monitord(folder / "monitord", ACCOUNTS, kafka=self.address, settings=settings)).start()
        self.funneld = closing(Funneld(folder / "funneld", kafka=self.address, monitord=self.monitord,
                                       settings=settings)).start()
        self.data = folder / "monitord" / "data"
        self.backups, self.keys, self.master_key = folder / "backups", folder / "keys", folder / "master.key"
        shutil.copy(self.data / "master.key", self.master_key)

    def visitor(self):
        return Visitor(self.monitord.port, None)

    def ctl(self, *words):
        return [str(word) for word in (BIN / "monitorctl", "--admin", self.monitord.admin_url, "--token-file",
                                       self.monitord.token_file, "--json", *words)]

    def run(self, *words):
        """(exit code, what it says as JSON, else its complaint)"""
        done = subprocess.run(self.ctl(*words), capture_output=True, text=True, timeout=300)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr.strip()

    def back_up(self):
        code, made = self.run("backup", "--to", self.backups, "--keys", self.keys)
        assert code == 0, made
        return made

    def erase(self, visitor):
        assert self.monitord.admin("DELETE", f"/admin/accounts/e2e/visitors/{visitor.vid}") == (200, {})

    def lose(self):
        self.monitord.kill9()
        shutil.rmtree(self.data)

    def restore_words(self):
        return ("restore", "--from", self.backups, "--keys", self.keys, "--data", self.data,
                *(("--config", self.monitord.directory / "monitord.toml") if self.address else ()))

    def restore(self):
        code, restored = self.run(*self.restore_words())
        assert code == 0, restored
        assert self.run("log", "verify", "--data", self.data) == (0, {"events": restored["events"]})
        shutil.copy(self.master_key, self.data / "master.key")
        self.monitord.start()
        return restored

    def topic(self):
        """Fails at a gap; what is taken for a duplicate is left out."""
        return read_topic(self.address, PREFIX + "monitor.events").events

    def wait_relayed(self):
        last = int(self.monitord.position()["last"])
        wait_until(lambda: int(self.monitord.position()["relayed"]) >= last, "all is relayed")

    def is_known(self, visitor):
        return self.monitord.admin("GET", f"/admin/accounts/e2e/visitors/{visitor.vid}")[0] == 200

    def assert_counts(self, events):
        now = self.monitord.position()
        self.funneld.wait_for(now["origin"], now["last"])
        rows = self.funneld.funnel("e2e", count="gross")["rows"]
        expected = count_gross(events)
        assert {name: rows[0][name] for name in expected} == expected and expected["engagementViews"] > 0


def of_others(events, origin, *visitors):
    ids = {visitor.vid for visitor in visitors}
    return [event for event in events if event["origin"] == origin and event["data"].get("visitorId") not in ids]


def holds(folder, text):
    return any(text in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def interrupt_restore(node):
    """Killed in the midst: nobody starts on that folder, and it is said what to do."""
    process = subprocess.Popen(node.ctl(*node.restore_words()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    draft = node.data / "store.restoring"
    wait_until(lambda: draft.exists() or process.poll() is not None, "the restore has begun", pause_s=0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert draft.exists() and not (node.data / "store").exists()
    started = subprocess.run([str(word) for word in node.monitord.command()], capture_output=True, text=True, timeout=60)
    assert started.returncode == 1 and f"remove {draft} and run monitorctl restore again" in started.stderr
    code, complaint = node.run(*node.restore_words())
    assert code == 1 and f"remove {draft} and run monitorctl restore again" in complaint
    shutil.rmtree(draft)


@pytest.mark.kafka
def test_a_node_that_is_lost_comes_back_with_all_that_the_topic_has(tmp_path, closing, seed, long):
    broker = closing(Broker(tmp_path / "broker")).start()
    node = Node(tmp_path, closing, broker)
    stays, goes = node.visitor(), node.visitor()
    assert stays.engage().status == 201 and goes.engage(engagementAttributes=[PERSONAL]).status == 201
    first = node.back_up()
    with Load(node, seed) as load:
        load.wait_for_more(100)
        second = node.back_up()
        assert (first["id"], second["id"]) == (1, 2)
        load.wait_for_more(50)
        late = node.visitor()
        assert late.engage(engagementAttributes=[PERSONAL]).status == 201
        node.erase(goes)
        assert node.monitord.admin("PUT", "/admin/accounts/late", LATE_ACCOUNT)[0] == 201
        assert stays.engage().status == 200
        origin, done = second["position"].split(":")
        goal = int(done) + (50_000 if long else 1_500)
        wait_until(lambda: int(node.monitord.position()["relayed"]) >= goal, f"{goal} is relayed", 1200 if long else 120)
        node.lose()
    assert node.run("backup", "--to", node.backups, "--verify") == (0, {"whole": [1, 2]})

    interrupt_restore(node)
    code, complaint = node.run("restore", "--from", node.backups, "--keys", node.keys, "--data", node.data, "--kafka",
                               broker.address)
    assert code == 1 and "there is no such topic" in complaint, "without its prefix"
    assert not any(node.data.iterdir())
    topic = node.topic()
    restored = node.restore()
    assert restored["fromTopic"] >= goal - int(done) and restored["notRelayed"] == 0 and restored["erasedKeys"] == 1
    assert node.monitord.position()["origin"] == restored["origin"] != origin
    log = node.monitord.log(f"{origin}:1")
    assert {event["id"]: event["data"] for event in log if event["origin"] == origin} == {
        event["id"]: event["data"] for event in topic}, "what the topic has of it, and nothing else"
    node.funneld.wait_for(origin, max(event["seq"] for event in topic))  # the origin's final position is on the topic
    status, kept = node.monitord.admin("GET", "/admin/accounts/late/revisions")
    assert status == 200 and len(kept["revisions"]) == 1
    assert not node.is_known(goes) and node.is_known(stays)
    for visitor in (stays, late):
        visitor.close()  # its connection went with the node
    assert stays.engage().status == 200 and late.engage().status == 200, "their sessions go on"
    assert node.monitord.admin("GET", "/readyz")[1]["status"] == "ready"
    with Load(node, seed + 1) as more:
        more.wait_for_more(100)
    node.wait_relayed()
    events = node.topic()
    assert len(events) == len(topic) + int(node.monitord.position()["last"])
    assert_nothing_missing_or_doubled(more, of_others(events, restored["origin"], stays, late))
    node.assert_counts(events)

    # Once more, with a backup that has what the topic never got.
    broker.kill9()
    assert [late.engage().status for _ in range(5)] == [200] * 5
    reached = node.back_up()["position"]
    node.lose()
    broker.start()
    again = node.restore()
    assert again["reaches"] == reached and again["fromTopic"] == 0 and again["notRelayed"] >= 5
    late.close()
    assert late.engage().status == 200
    node.wait_relayed()
    everything = node.topic()
    assert len(everything) == len(events) + again["notRelayed"] + int(node.monitord.position()["last"])
    node.assert_counts(everything)


def test_without_a_broker_a_node_comes_back_as_far_as_its_backup_reaches(tmp_path, closing, seed):
    node = Node(tmp_path, closing)
    kept = node.visitor()
    assert kept.engage(engagementAttributes=[PERSONAL]).status == 201
    with Load(node, seed) as load:
        load.wait_for_more(50)
        made = node.back_up()
        load.wait_for_more(50)
    position = node.monitord.position()
    node.funneld.wait_for(position["origin"], position["last"])
    before = node.monitord.log()
    node.lose()

    restored = node.restore()
    assert (restored["broker"], restored["fromTopic"], restored["reaches"]) == (False, 0, made["position"])
    kept.close()  # its connection went with the node
    assert kept.engage().status == 200
    with Load(node, seed + 1) as more:
        more.wait_for_more(50)
    since = node.monitord.log()
    assert_nothing_missing_or_doubled(more, of_others(since, restored["origin"], kept))
    node.assert_counts(before + since)


def test_backups_are_listed_checked_and_dropped(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS)).start()
    node = ("--admin", monitord.admin_url, "--token-file", monitord.token_file)
    backups, keys = tmp_path / "backups", tmp_path / "keys"

    def ctl(*words):
        done = subprocess.run([str(word) for word in (BIN / "monitorctl", *node, *words)], capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout, done.stderr

    visitor = Visitor(monitord.port, None)
    assert visitor.engage(engagementAttributes=[PERSONAL]).status == 201
    for _ in range(3):
        code, out, _ = ctl("backup", "--to", backups, "--keys", keys, "--keep", 2)
        assert code == 0 and "keep a copy of its file" in out
    assert "dropped backup 1" in out
    assert not holds(backups, bytes.fromhex((tmp_path / "monitord/data/master.key").read_text().strip()))
    code, out, _ = ctl("--json", "backup", "--to", backups, "--list")
    assert code == 0 and [one["id"] for one in json.loads(out)["backups"]] == [2, 3]
    assert ctl("backup", "--to", backups, "--verify")[:2] == (0, "backup 2: nothing wrong\nbackup 3: nothing wrong\n")
    assert ctl("backup", "--to", tmp_path / "none", "--list")[0] == 1
    for wrong in ((), ("--list", "--verify"), ("--keep", "0"), ("--id", "1"), ("--list", "--keep", "1")):
        assert ctl("backup", "--to", backups, *wrong)[0] == 2
    code, _, error = ctl("backup", "--to", backups, "--keys", backups / "keys")
    assert code == 1 and "keys: must not be in dir" in error
    table = max((backups / "shared_checksum").iterdir(), key=lambda path: path.stat().st_size)
    damaged = bytearray(table.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    table.write_bytes(damaged)
    code, _, error = ctl("backup", "--to", backups, "--verify")
    assert code == 1 and "is damaged" in error
    assert ctl("restore", "--from", backups, "--keys", keys)[0] == 2
    code, _, error = ctl("restore", "--from", backups, "--keys", keys, "--data", tmp_path / "monitord" / "data")
    assert code == 1 and "it is not empty" in error
