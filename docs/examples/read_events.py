#!/usr/bin/env python3
"""A reader of monitor.events that counts every event exactly once. Needs confluent-kafka, nothing else.

    read_events.py --brokers 127.0.0.1:9092 [--state FILE] [--follow] [--skip-missing]

Prints each event as one line of JSON, in its visitor's order, and at the end how many there were of each type. Kept in
--state (SQLite): offsets, dedupe and counts, always in one transaction. So it can be killed at any point and started
again, and events that the relay sends twice count once.

The rules (docs/asyncapi.yaml): an origin numbers its events by ce_seq; ce_prevseq is the same origin's previous one in
this bucket. Keep the highest seq of each (origin, bucket). At or below it: a duplicate. prevseq equal to it: the next.
Anything else: events are missing; the bucket is held until they come, and the offset to start from stays below.

Put your own work in `Store.apply`, or import Lines and write another store.
"""

import argparse
import importlib.util
import json
import sqlite3
import sys
from dataclasses import dataclass, field

TOPIC = "monitor.events"
COMMIT_EVERY = 1_000


class Stop(Exception):
    """What an operator has to look at; nothing is skipped without being told."""


class Unreadable(Exception):
    """A message that is no event of ours: report it and go on."""


@dataclass(frozen=True)
class Event:
    origin: str
    bucket: int
    seq: int
    prevseq: int
    type: str
    time: str
    subject: str
    data: dict
    partition: int
    offset: int

    @property
    def line(self):
        return self.origin, self.bucket


def parse(message):
    """An event from a message of confluent_kafka."""
    try:
        headers = {name: value.decode() for name, value in message.headers() or []}
        data = json.loads(message.value())
        event = Event(headers["ce_origin"], int(headers["ce_bucket"]), int(headers["ce_seq"]), int(headers["ce_prevseq"]),
                      headers["ce_type"].removeprefix("monitor."), headers["ce_time"], headers["ce_subject"], data,
                      message.partition(), message.offset())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"partition {message.partition()}, offset {message.offset()}: {error!r}") from error
    if not 0 <= event.prevseq < event.seq or not 0 <= event.bucket <= 255 or not isinstance(data, dict):
        raise Unreadable(f"partition {event.partition}, offset {event.offset}: its numbers or data cannot be")
    return event


@dataclass
class Lines:
    """Duplicates, gaps and order. Pure: no Kafka, no disk; the owner stores `highest` with what it did with the events."""

    highest: dict = field(default_factory=dict)  # (origin, bucket) -> seq
    skip_missing: bool = False
    max_held: int = 10_000
    held: dict = field(default_factory=dict)  # (origin, bucket) -> {prevseq: event}
    duplicates: int = 0

    def take(self, event, from_start=True):
        """The events that may be applied now, in order: none for a duplicate or while the bucket is held.

        `from_start`: the event's partition still begins at offset 0. If not, the first event of a line may follow one
        that is gone.
        """
        known = self.highest.get(event.line)
        if known is not None and event.seq <= known:
            self.duplicates += 1
            return []
        is_next = event.prevseq == known if known is not None else event.prevseq == 0 or not from_start
        if not is_next and not self.skip_missing:
            return self._hold(event)
        ready = [event]
        waiting = self.held.pop(event.line, {})
        while ready[-1].seq in waiting:
            ready.append(waiting.pop(ready[-1].seq))
        self.highest[event.line] = ready[-1].seq
        waiting = {prevseq: kept for prevseq, kept in waiting.items() if kept.seq > ready[-1].seq}
        if waiting:
            self.held[event.line] = waiting
        return ready

    def safe_offset(self, partition, next_offset):
        """From where the partition must be read after a restart."""
        return min([next_offset] + [event.offset for waiting in self.held.values() for event in waiting.values()
                                    if event.partition == partition])

    def _hold(self, event):
        waiting = self.held.setdefault(event.line, {})
        if not waiting:
            print(f"ALARM: {event.origin}, bucket {event.bucket}: seq {event.seq} at partition {event.partition}, offset "
                  f"{event.offset} follows {event.prevseq}, but the last one known is {self.highest.get(event.line)}; "
                  f"the bucket is held", file=sys.stderr)
        self.duplicates += event.prevseq in waiting
        waiting.setdefault(event.prevseq, event)
        if sum(map(len, self.held.values())) > self.max_held:
            raise Stop(f"more than {self.max_held} events wait for missing ones; --skip-missing goes on without those")
        return []


class Store:
    """Counts, dedupe and offsets of one topic in one SQLite file; a commit writes all of them or nothing."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript("""
            CREATE TABLE IF NOT EXISTS highest (origin TEXT, bucket INTEGER, seq INTEGER, PRIMARY KEY (origin, bucket));
            CREATE TABLE IF NOT EXISTS offsets (partition INTEGER PRIMARY KEY, offset INTEGER);
            CREATE TABLE IF NOT EXISTS counts (type TEXT PRIMARY KEY, events INTEGER);""")
        self.database.execute("BEGIN")

    def highest(self):
        return {(origin, bucket): seq for origin, bucket, seq in self.database.execute("SELECT * FROM highest")}

    def offset(self, partition):
        row = self.database.execute("SELECT offset FROM offsets WHERE partition = ?", [partition]).fetchone()
        return row and row[0]

    def counts(self):
        return dict(self.database.execute("SELECT * FROM counts ORDER BY type"))

    def apply(self, event):
        """What is to happen once per event. Everything in here belongs to the transaction."""
        self.database.execute("INSERT INTO counts VALUES (?, 1) ON CONFLICT DO UPDATE SET events = events + 1", [event.type])
        self.database.execute("INSERT OR REPLACE INTO highest VALUES (?, ?, ?)", [*event.line, event.seq])

    def commit(self, offsets):
        self.database.executemany("INSERT OR REPLACE INTO offsets VALUES (?, ?)", offsets.items())
        self.database.execute("COMMIT")
        self.database.execute("BEGIN")


class Reader:
    """Reads all partitions of the topic into the store."""

    def __init__(self, brokers, store, topic=TOPIC, skip_missing=False):
        from confluent_kafka import Consumer

        self.store, self.topic = store, topic
        self.lines = Lines(store.highest(), skip_missing)
        # Offsets are the store's; nothing is committed to the broker. "error": never jump over what is gone.
        self.consumer = Consumer({"bootstrap.servers": brokers, "group.id": "read-events", "enable.auto.commit": False,
                                  "auto.offset.reset": "error"})
        self.next_offset, self.first_offset, self.end = {}, {}, {}
        self.unreadable = 0

    def start(self):
        from confluent_kafka import KafkaException, TopicPartition

        try:
            partitions = self.consumer.list_topics(self.topic, timeout=30).topics[self.topic].partitions
        except KafkaException as error:
            raise Stop(f"no broker answers: {error.args[0].str()}") from None
        if not partitions:
            raise Stop(f"the broker has no topic {self.topic}")
        for partition in partitions:
            first, end = self.consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=30)
            stored = self.store.offset(partition)
            if stored is not None and stored < first:
                raise Stop(f"partition {partition}: events from offset {stored} to {first - 1} are gone from the topic")
            self.first_offset[partition], self.end[partition] = first, end
            self.next_offset[partition] = first if stored is None else stored
        self.consumer.assign([TopicPartition(self.topic, p, offset) for p, offset in self.next_offset.items()])

    def read(self, follow=False, show=lambda event: None):
        """Until everything that was there at the start is read, or forever."""
        self.start()
        taken = 0
        while follow or any(self.next_offset[p] < self.end[p] for p in self.end):
            message = self.consumer.poll(1.0)
            if message is not None and message.error() is not None:
                raise Stop(str(message.error()))
            if message is not None:
                self._take(message, show)
                taken += 1
            if taken >= COMMIT_EVERY or (message is None and taken):
                self.commit()
                taken = 0
        self.commit()

    def commit(self):
        self.store.commit({p: self.lines.safe_offset(p, offset) for p, offset in self.next_offset.items()})

    def close(self):
        self.consumer.close()

    def _take(self, message, show):
        self.next_offset[message.partition()] = message.offset() + 1
        try:
            event = parse(message)
        except Unreadable as error:
            self.unreadable += 1
            print(f"UNREADABLE: {error}", file=sys.stderr)
            return
        for ready in self.lines.take(event, from_start=self.first_offset[event.partition] == 0):
            self.store.apply(ready)
            show(ready)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True, metavar="HOST:PORT")
    parser.add_argument("--topic", default=TOPIC)
    parser.add_argument("--state", default="read_events.sqlite", metavar="FILE")
    parser.add_argument("--follow", action="store_true", help="go on reading; Ctrl-C ends it")
    parser.add_argument("--skip-missing", action="store_true", help="go on after a gap: an operator's decision")
    options = parser.parse_args()
    if not importlib.util.find_spec("confluent_kafka"):
        print("read_events: confluent-kafka is needed: python3 -m venv venv && venv/bin/pip install confluent-kafka; then run this "
              "by venv/bin/python", file=sys.stderr)
        return 1
    store = Store(options.state)
    reader = Reader(options.brokers, store, options.topic, options.skip_missing)
    try:
        reader.read(options.follow, lambda event: print(json.dumps({"time": event.time, "type": event.type, "data": event.data})))
    except KeyboardInterrupt:
        reader.commit()
    except Stop as why:
        print(f"read_events: {why}", file=sys.stderr)
        return 1
    finally:
        reader.close()
    print(json.dumps({"counts": store.counts(), "duplicates": reader.lines.duplicates, "unreadable": reader.unreadable,
                      "held": sum(map(len, reader.lines.held.values()))}), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
