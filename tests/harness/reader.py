"""A reader of monitor.events by the rules of the event contract, in Python with confluent-kafka.

Keeps the highest seq per origin and bucket: at or below it is a duplicate; prevseq equal to it is the next; anything
else is a gap.
"""

import json

from confluent_kafka import Consumer, TopicPartition

TOPIC = "monitor.events"


class Gap(AssertionError):
    pass


class Deduplicated:
    """Takes messages in partition order; keeps the events and counts what was there twice."""

    def __init__(self):
        self.highest = {}
        self.events = []
        self.duplicates = 0

    def take(self, headers, value, partition, offset):
        origin, bucket = headers["ce_origin"], int(headers["ce_bucket"])
        seq, previous = int(headers["ce_seq"]), int(headers["ce_prevseq"])
        known = self.highest.get((origin, bucket), 0)
        if seq <= known:
            self.duplicates += 1
            return
        if previous != known:
            raise Gap(f"{origin}, bucket {bucket}, partition {partition}, offset {offset}: "
                      f"seq {seq} follows {previous}, but {known} was the last")
        self.highest[(origin, bucket)] = seq
        self.events.append({"origin": origin, "seq": seq, "type": headers["ce_type"], "subject": headers["ce_subject"],
                            "id": headers["ce_id"], "data": json.loads(value)})


def read_topic(address, topic=TOPIC, timeout_s=60):
    """Everything that is in the topic now."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "reader-test", "enable.auto.commit": False,
                         "auto.offset.reset": "error", "enable.partition.eof": False})
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=30)[1] for p in partitions}
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        left = {p for p, end in ends.items() if end > 0}
        result = Deduplicated()
        while left:
            message = consumer.poll(timeout_s)
            assert message is not None, f"nothing came for {timeout_s} s; partitions {sorted(left)} are not read yet"
            assert message.error() is None, message.error()
            headers = {name: value.decode() for name, value in message.headers()}
            result.take(headers, message.value(), message.partition(), message.offset())
            if message.offset() + 1 >= ends[message.partition()]:
                left.discard(message.partition())
        return result
    finally:
        consumer.close()
