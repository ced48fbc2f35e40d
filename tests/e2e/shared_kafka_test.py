"""A Kafka that others look after: its brokers are restarted, its leaders moved, its clients slowed down."""

import pytest

from e2e.load import Load
from e2e.whole_way_test import assert_log_topic_and_funnel_agree
from harness import Stack
from harness.cluster import Cluster, kafka_tool

pytestmark = pytest.mark.kafka


def test_nothing_is_missing_or_doubled_over_a_rolling_restart_and_moved_leaders(tmp_path, closing, seed, long):
    cluster = Cluster(tmp_path / "cluster")
    stack = closing(Stack(tmp_path, kafka=cluster, monitord_settings={"kafka": {"partitions": 4}})).start()
    with Load(stack, seed, threads=1) as load:
        load.wait_for_more(100)
        for broker in cluster.brokers * (3 if long else 1):
            broker.stop()
            load.wait_for_more(50)
            broker.start()
            cluster.move_leaders_back("monitor.events", 4)
            load.wait_for_more(50)
        if long:
            cluster.reassign("monitor.events", 4, [3, 1, 2])
            load.wait_for_more(50)
    assert_log_topic_and_funnel_agree(stack, load)
    assert stack.monitord.admin("GET", "/readyz")[1]["status"] == "ready"
    assert "relay_refused" not in stack.monitord.log_path.read_text()


def alarms(part):
    lines = part.log_path.read_text().splitlines()
    return [line for line in lines if '"level":"warning"' in line or '"level":"error"' in line]


def test_a_quota_makes_the_relay_slow_and_nothing_else(tmp_path, closing, seed):
    stack = closing(Stack(tmp_path, kafka=True, monitord_settings={"kafka": {"partitions": 4}})).start()
    kafka_tool("kafka.admin.ConfigCommand", "--bootstrap-server", stack.broker.address, "--alter", "--add-config",
               "producer_byte_rate=20000", "--entity-type", "clients", "--entity-default")
    with Load(stack, seed, threads=2) as load:
        load.wait_for_more(400)
    assert_log_topic_and_funnel_agree(stack, load)
    assert not alarms(stack.monitord) and not alarms(stack.funneld)
