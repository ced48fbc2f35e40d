"""HTTPS through the edge into the log, to Kafka, into the funnel, with every part killed on the way."""

import pytest

from e2e.load import Load, assert_nothing_missing_or_doubled, count_gross
from harness import Stack, wait_until
from harness.monitord import http_status
from harness.reader import read_topic


def wait_for_relay(monitord, timeout_s=120):
    """The last position, once all of it is acknowledged by the broker."""
    position = monitord.position()
    wait_until(lambda: int(monitord.position()["relayed"]) >= int(position["last"]),
               f"everything up to {position['last']} is relayed", timeout_s, pause_s=0.1)
    return position["origin"], int(position["last"])


def assert_log_topic_and_funnel_agree(stack, load):
    origin, last = wait_for_relay(stack.monitord)
    topic = read_topic(stack.broker.address)
    assert sorted(event["seq"] for event in topic.events) == list(range(1, last + 1))
    assert_nothing_missing_or_doubled(load, topic.events)

    log = {int(event["seq"]): event for event in stack.monitord.log(f"{origin}:1")}
    assert sorted(log) == list(range(1, last + 1))
    for event in topic.events:
        assert (log[event["seq"]]["id"], log[event["seq"]]["data"]) == (event["id"], event["data"])

    stack.funneld.wait_for(origin, last)
    expected = count_gross(topic.events)
    rows = stack.funneld.funnel("e2e", count="gross")["rows"]
    assert len(rows) == 1
    assert {name: rows[0][name] for name in expected} == expected
    assert expected["engagementViews"] > 0 and expected["acceptedOffers"] > 0


@pytest.mark.kafka
def test_no_event_is_missing_or_doubled_when_each_part_is_killed(tmp_path, closing, seed, long):
    stack = closing(Stack(tmp_path, kafka=True)).start()
    with Load(stack, seed) as load:
        load.wait_for_more(300)
        for round_number in range(5 if long else 2):
            for part in (stack.monitord, stack.funneld, stack.edge, stack.broker):
                part.kill9()
                if part in (stack.funneld, stack.broker):  # visitors must not notice
                    load.wait_for_more(100)
                part.start()
                load.wait_for_more(100)
    assert_log_topic_and_funnel_agree(stack, load)


@pytest.mark.kafka
def test_two_parts_killed_at_once(tmp_path, closing, seed):
    stack = closing(Stack(tmp_path, kafka=True)).start()
    with Load(stack, seed) as load:
        load.wait_for_more(200)
        for first, second in [(stack.monitord, stack.broker), (stack.funneld, stack.monitord), (stack.funneld, stack.broker)]:
            first.kill9()
            second.kill9()
            for part in sorted((first, second), key=stack.parts.index):
                part.start()
            load.wait_for_more(100)
    assert_log_topic_and_funnel_agree(stack, load)


@pytest.mark.kafka
def test_the_broker_comes_late_goes_away_and_returns(tmp_path, closing, seed):
    stack = closing(Stack(tmp_path, kafka=True))
    stack.monitord.start()
    stack.edge.start()
    with Load(stack, seed) as load:
        load.wait_for_more(200)
        assert stack.monitord.position()["relayed"] == "0"
        stack.funneld.launch()
        wait_until(lambda: http_status(f"{stack.funneld.url}/livez") == 200, "funneld lives without a broker")
        stack.broker.start()
        stack.funneld.wait_ready()
        wait_for_relay(stack.monitord)
        stack.broker.stop()
        load.wait_for_more(200)
        stack.broker.start()
        wait_for_relay(stack.monitord)
    assert_log_topic_and_funnel_agree(stack, load)


@pytest.mark.faults
def test_without_a_broker_the_funnel_reads_the_log_over_kills(tmp_path, closing, seed):
    stack = closing(Stack(tmp_path)).start()
    with Load(stack, seed) as load:
        for part in (stack.monitord, stack.funneld, stack.edge, stack.monitord):
            load.wait_for_more(150)
            part.kill9()
            part.start()
        load.wait_for_more(150)
    position = stack.monitord.position()
    origin, last = position["origin"], int(position["last"])
    events = stack.monitord.log(f"{origin}:1")
    assert [int(event["seq"]) for event in events] == list(range(1, last + 1))
    assert_nothing_missing_or_doubled(load, events)
    stack.funneld.wait_for(origin, last)
    expected = count_gross(events)
    rows = stack.funneld.funnel("e2e", count="gross")["rows"]
    assert {name: rows[0][name] for name in expected} == expected
