"""funneld on a real topic: events sent twice, a poison message and kill -9 leave the plain fold's numbers."""

import json
import time

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from funnel_histories import ACCOUNT, History
from funnel_reference import Funnel, difference, is_empty

from harness import Broker, Funneld, wait_until
from harness.monitord import http_status

PARTITIONS = 16
TOPIC, POSITIONS, DEAD, ROWS = "monitor.events", "monitor.positions", "monitor.events.dead-letter", "monitor.funnel"
QUERIES = ["", "count=gross", "by=campaign,engagement&window=hour", "by=app,device,language&window=day&count=gross"]


class Relay:
    """Writes events as the relay does, and more often than it should."""

    def __init__(self, broker):
        self.producer = Producer({"bootstrap.servers": broker.address, "enable.idempotence": True,
                                  "message.max.bytes": 50_000_000, "compression.type": "gzip"})
        admin = AdminClient({"bootstrap.servers": broker.address})
        made = admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1), NewTopic(POSITIONS, 1, 1)])
        for done in made.values():
            done.result(30)
        self.end = dict.fromkeys(range(PARTITIONS), 0)
        self.last = {}

    def send(self, line):
        event = json.loads(line)
        headers = {f"ce_{name}": str(event[name]) for name in
                   ("id", "type", "source", "time", "subject", "origin", "seq", "prevseq", "bucket", "streamversion")}
        self.produce(event["bucket"] % PARTITIONS, event["subject"], json.dumps(event["data"]), headers)
        self.last[event["origin"]] = max(int(event["seq"]), self.last.get(event["origin"], 0))

    def produce(self, partition, key, value, headers=None):
        self.producer.produce(TOPIC, value, key, partition, headers=list((headers or {}).items()))
        self.end[partition] += 1
        self.producer.poll(0)

    def tell_positions(self):
        assert self.producer.flush(30) == 0
        for origin, seq in self.last.items():
            offsets = {str(partition): offset for partition, offset in self.end.items()}
            self.producer.produce(POSITIONS, json.dumps({"seq": seq, "offsets": offsets}), origin)
        assert self.producer.flush(30) == 0


def check(funneld, lines, relay):
    for origin, seq in relay.last.items():
        funneld.wait_for(origin, seq)
    reference = Funnel(lines)
    for query in QUERIES:
        answer = funneld.funnel(ACCOUNT, **dict(part.split("=") for part in query.split("&") if part))
        wrong = difference(reference.rows(ACCOUNT, query), answer["rows"])
        assert wrong is None, f"{query!r}: {wrong}"
        assert answer["asOf"] == {origin: str(seq) for origin, seq in relay.last.items()}


class GivenRows:
    """What a reader of the hourly rows has: of each key the value with the highest offset."""

    def __init__(self, broker):
        self.consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "rows", "auto.offset.reset": "earliest",
                                  "topic.metadata.refresh.interval.ms": 1000})
        self.consumer.subscribe([ROWS])
        self.newest = {}

    def read(self):
        while (message := self.consumer.poll(0.3)) is not None:
            if message.error():
                continue
            key, value = tuple(json.loads(message.key())), json.loads(message.value())
            if key not in self.newest or value["offset"] >= self.newest[key]["offset"]:
                self.newest[key] = value

    def wrong(self, expected):
        self.read()
        for (partition, count), rows in expected.items():
            given = [value[count] for key, value in self.newest.items() if key[4] == partition and not is_empty(value[count])]
            if (wrong := difference(rows, given)) is not None:
                return f"partition {partition}, {count}: {wrong}"
        return ""

    def check(self, lines):
        """They become those of the plain fold over each partition's events."""
        expected = {}
        for partition in range(PARTITIONS):
            reference = Funnel([line for line in lines if json.loads(line)["bucket"] % PARTITIONS == partition])
            for count in ("gross", "net"):
                expected[partition, count] = reference.rows(ACCOUNT, f"by=campaign,engagement&window=hour&count={count}")
        deadline = time.monotonic() + 300  # it rests four times as long as it works, and a busy machine works slowly
        while wrong := self.wrong(expected):
            assert time.monotonic() < deadline, wrong
        for key, value in self.newest.items():
            gross = value["gross"]
            assert key[:4] == (ACCOUNT, gross["windowStart"], gross["campaignId"], gross["engagementId"])


def dead_letters(broker, count):
    """The first so many."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe([DEAD])
    letters = [wait_until(lambda: consumer.poll(0.2), "a dead letter") for _ in range(count)]
    consumer.close()
    return letters


@pytest.mark.kafka
def test_the_funnel_of_a_topic_equals_the_plain_fold(closing, tmp_path, seed):
    broker = closing(Broker(tmp_path / "kafka")).start()
    funneld = closing(Funneld(tmp_path / "funneld", kafka=broker.address))
    relay = Relay(broker)
    lines = History(seed, visitors=40, steps=1500).lines
    third = len(lines) // 3

    for line in lines[:third]:
        relay.send(line)
    relay.tell_positions()
    funneld.start()
    check(funneld, lines[:third], relay)
    given = GivenRows(broker)
    given.check(lines[:third])

    for line in lines[third // 2:2 * third]:  # half of it for the second time
        relay.send(line)
    relay.produce(3, "demo/nobody", "no event" + " " * 2_000_000)
    relay.produce(3, "demo/nobody", "0" * 20_000_000)  # compressed it passes the broker's limit, its dead letter would not
    relay.producer.flush(30)
    funneld.kill9()
    for line in lines[third:]:
        relay.send(line)
    relay.tell_positions()
    funneld.start()
    check(funneld, lines, relay)
    given.check(lines)
    letter, cut = dead_letters(broker, 2)
    headers = dict(letter.headers())
    assert letter.value() == b"no event" + b" " * 2_000_000
    assert headers["topic"] == TOPIC.encode() and headers["partition"] == b"3" and headers["reason"]
    assert cut.value() == b"0" * 8_000_000 and b"cut, it has 20000000 bytes" in dict(cut.headers())["reason"]

    assert funneld.stop() == 0
    funneld.start()
    check(funneld, lines, relay)

    funneld.rebuild()
    funneld.kill9().start()
    check(funneld, lines, relay)
    funneld.wait_rebuilt()
    check(funneld, lines, relay)
    given.newest.clear()
    given.check(lines)  # given once more, all of it
    given.consumer.close()


@pytest.mark.kafka
def test_without_its_broker_the_funnel_answers_from_its_view(closing, tmp_path, seed):
    broker = closing(Broker(tmp_path / "kafka")).start()
    funneld = closing(Funneld(tmp_path / "funneld", kafka=broker.address)).launch()
    relay = Relay(broker)
    lines = History(seed).lines
    for line in lines:
        relay.send(line)
    relay.tell_positions()
    funneld.wait_ready()
    check(funneld, lines, relay)
    broker.kill9()
    funneld.kill9().launch()
    wait_until(lambda: http_status(f"{funneld.url}/livez") == 200, "funneld lives without its broker")
    check(funneld, lines, relay)


def missing(funneld):
    return funneld.get("/api/funnel", account=ACCOUNT).get("missing", [])


@pytest.mark.kafka
def test_rows_are_given_whoever_has_their_partition(closing, tmp_path, seed):
    broker = closing(Broker(tmp_path / "kafka")).start()
    one = closing(Funneld(tmp_path / "one", kafka=broker.address))
    other = closing(Funneld(tmp_path / "other", kafka=broker.address))
    relay, given = Relay(broker), None
    lines = History(seed, visitors=40, steps=600).lines
    half = len(lines) // 2

    for line in lines[:half]:
        relay.send(line)
    relay.tell_positions()
    one.start()
    given = GivenRows(broker)
    given.check(lines[:half])
    other.start()
    wait_until(lambda: missing(one) and missing(other) and sorted(missing(one) + missing(other)) == list(range(PARTITIONS)),
               "each has its share")
    for line in lines[half:]:
        relay.send(line)
    relay.tell_positions()
    given.check(lines)
    assert one.stop() == 0
    wait_until(lambda: not missing(other), "it takes over")
    given.newest.clear()
    given.check(lines)
    given.consumer.close()
