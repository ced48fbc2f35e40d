"""What the messaging side tells by Kafka, over kills of monitord and the broker."""

import json

import pytest
from confluent_kafka import Producer

from harness import Broker, Monitord, wait_until
from harness.stack import ACCOUNTS

TOPIC = "monitor.inbound"


def tell(broker, messages):
    """All of them in one partition, in this order; returns once the broker has them."""
    failures = []
    producer = Producer({"bootstrap.servers": broker.address, "acks": "all", "enable.idempotence": True})
    for message in messages:
        producer.produce(TOPIC, json.dumps(message).encode(), key=b"one",
                         on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(120) == 0 and not failures, failures


def commands(first, count):
    for number in range(first, first + count):
        conversation = {"accountId": "e2e", "conversationId": f"c{number}"}
        yield {"type": "conversation-started", "visitorId": f"v{number % 7}", "engagementId": 4101, **conversation}
        yield {"type": "conversation-ended", **conversation}


def told(monitord):
    """(type, conversation) of every conversation event in the log, in its order."""
    return [(event["type"].removeprefix("monitor."), event["data"]["conversationId"]) for event in monitord.log()
            if "conversation" in event["type"]]


@pytest.mark.kafka
def test_every_command_is_applied_once_and_in_order_over_kills(tmp_path, closing):
    broker = closing(Broker(tmp_path / "broker"))
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS, kafka=broker.address)).start()  # the broker comes late
    broker.start()
    wait_until(lambda: int(monitord.position()["relayed"]) > 0, "the broker is found", 60)
    everything = []
    for part in (monitord, broker, monitord):
        messages = list(commands(len(everything) // 2, 100))
        everything += messages
        tell(broker, messages)
        wait_until(lambda: len(told(monitord)) > len(everything) - len(messages), "some are applied", 60)
        part.kill9()
        part.start()
    tell(broker, [{"type": "skill-availability-changed", "accountId": "e2e", "skillId": 3, "state": "busy"}])
    wait_until(lambda: any(event["type"].endswith("skill-availability-changed") for event in monitord.log()),
               "the last command is applied", 120)
    assert told(monitord) == [(message["type"], message["conversationId"]) for message in everything]
    broker.kill9()
    assert monitord.stop() == 0  # leaves, although the group can not be left in order
