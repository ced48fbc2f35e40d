"""The sample reader keeps the readers' rules of the topic."""

import importlib.util
import json
import random
import subprocess
import sys

import pytest

from harness import Stack, wait_until
from harness.part import ROOT
from harness.reader import read_topic

SAMPLE = ROOT / "docs" / "examples" / "read_events.py"
spec = importlib.util.spec_from_file_location("read_events", SAMPLE)
read_events = importlib.util.module_from_spec(spec)
sys.modules["read_events"] = read_events
spec.loader.exec_module(read_events)


def event(seq, prevseq, bucket=7, origin="7f3a9c01.1", partition=0, offset=None):
    return read_events.Event(origin, bucket, seq, prevseq, "session-closed", "", "", {}, partition,
                             seq if offset is None else offset)


def seqs(events):
    return [taken.seq for taken in events]


class Message:
    def __init__(self, value=b"{}", **changed):
        headers = {"ce_origin": "7f3a9c01.1", "ce_bucket": "7", "ce_seq": "9", "ce_prevseq": "4", "ce_type": "monitor.x",
                   "ce_time": "", "ce_subject": "", **changed}
        self._headers = [(name, text.encode()) for name, text in headers.items() if text is not None]
        self._value = value

    def headers(self):
        return self._headers

    def value(self):
        return self._value

    def partition(self):
        return 3

    def offset(self):
        return 12


def test_events_follow_by_prevseq_and_duplicates_are_dropped():
    lines = read_events.Lines()
    assert seqs(lines.take(event(3, 0))) == [3]
    assert seqs(lines.take(event(9, 3))) == [9]
    assert seqs(lines.take(event(3, 0))) == [] and seqs(lines.take(event(9, 3))) == []
    assert lines.duplicates == 2


def test_buckets_and_origins_are_counted_apart():
    lines = read_events.Lines()
    assert seqs(lines.take(event(3, 0))) == [3]
    assert seqs(lines.take(event(4, 0, bucket=8))) == [4]
    assert seqs(lines.take(event(1, 0, origin="7f3a9c01.2"))) == [1]


def test_a_gap_holds_its_bucket_and_its_offset_until_the_missing_come(capsys):
    lines = read_events.Lines()
    lines.take(event(1, 0))
    assert seqs(lines.take(event(5, 3))) == [] and seqs(lines.take(event(8, 5))) == []
    assert capsys.readouterr().err.count("ALARM") == 1
    assert seqs(lines.take(event(6, 0, bucket=8))) == [6]
    assert lines.safe_offset(0, 9) == 5 and lines.safe_offset(1, 9) == 9
    assert seqs(lines.take(event(3, 1))) == [3, 5, 8]
    assert lines.safe_offset(0, 9) == 9 and not lines.held


def test_the_first_of_a_line_may_follow_something_only_if_the_partition_was_cut():
    assert seqs(read_events.Lines().take(event(9, 4), from_start=True)) == []
    assert seqs(read_events.Lines().take(event(9, 4), from_start=False)) == [9]


def test_only_an_operator_skips():
    lines = read_events.Lines(skip_missing=True)
    assert seqs(lines.take(event(1, 0))) == [1]
    assert seqs(lines.take(event(5, 3))) == [5]


def test_what_is_held_is_bounded():
    lines = read_events.Lines(max_held=3)
    with pytest.raises(read_events.Stop):
        for seq in range(5, 10):
            lines.take(event(seq, seq - 1))


def test_any_resending_and_late_coming_gives_every_event_once_in_order(seed):
    rng = random.Random(seed)
    for _ in range(200):
        sent = [event(seq, seq - 1) for seq in range(1, 30)]
        arrivals = sent + rng.choices(sent, k=40)
        for index in range(len(arrivals)):
            other = min(index + rng.randrange(5), len(arrivals) - 1)
            arrivals[index], arrivals[other] = arrivals[other], arrivals[index]
        lines = read_events.Lines()
        assert seqs(ready for arrival in arrivals for ready in lines.take(arrival)) == list(range(1, 30))
        assert not lines.held


def test_what_is_no_event_is_told_apart():
    assert read_events.parse(Message()).line == ("7f3a9c01.1", 7)
    for bad in (Message(b"{"), Message(b"[]"), Message(None), Message(ce_seq=None), Message(ce_seq="x"), Message(ce_prevseq="9"),
                Message(ce_bucket="256"), Message(b"\xff\xfe")):
        with pytest.raises(read_events.Unreadable):
            read_events.parse(bad)


def test_the_store_forgets_what_was_not_committed(tmp_path):
    store = read_events.Store(tmp_path / "state")
    store.apply(event(3, 0))
    store.commit({0: 4})
    store.apply(event(9, 3))
    store.database.close()
    store = read_events.Store(tmp_path / "state")
    assert (store.highest(), store.offset(0), store.offset(1)) == ({("7f3a9c01.1", 7): 3}, 4, None)
    assert store.counts() == {"session-closed": 1}


def run_sample(stack, state):
    done = subprocess.run([sys.executable, SAMPLE, "--brokers", stack.broker.address, "--state", state], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], json.loads(done.stderr.splitlines()[-1])


@pytest.mark.kafka
def test_the_sample_reads_the_real_topic_once_and_goes_on_where_it_was(tmp_path, closing):
    stack = closing(Stack(tmp_path, kafka=True)).start()
    state = tmp_path / "read_events.sqlite"
    for count in (20, 40):
        for _ in range(20):
            assert stack.visitor().engage().status == 201
        last = int(stack.monitord.position()["last"])
        wait_until(lambda: int(stack.monitord.position()["relayed"]) >= last, "everything is relayed", 60, pause_s=0.1)
        events, summary = run_sample(stack, state)
        assert sum(one["type"] == "session-created" for one in events) == 20
        assert summary["counts"]["session-created"] == count
    assert sum(summary["counts"].values()) == len(read_topic(stack.broker.address).events)
    assert (summary["duplicates"], summary["unreadable"], summary["held"]) == (0, 0, 0)
