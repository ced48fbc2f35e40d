"""monitord leaves in order though the broker that must acknowledge is not there."""

import socket

import pytest

from harness import Monitord
from harness.part import wait_until


@pytest.mark.faults
def test_sigterm_ends_a_node_whose_broker_says_nothing(tmp_path, closing):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        broker = f"127.0.0.1:{silent.getsockname()[1]}"
        monitord = closing(Monitord(tmp_path, kafka=broker, settings={"kafka": {"ack": "kafka"}})).start()
        wait_until(lambda: monitord.admin("GET", "/readyz")[1]["status"] == "degraded", "the broker is known to be away")
        before = monitord.position()["last"]
        status, _ = monitord.admin("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", {"score": 1})
        assert status == 503
        assert monitord.position()["last"] == before
        assert monitord.stop() == 0
        assert "relay_behind" in monitord.log_tail()
