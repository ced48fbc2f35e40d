"""monitord leaves in order though the broker that must acknowledge is not there."""

import socket
import threading

import pytest

from harness import Monitord
from harness.part import wait_until


@pytest.mark.faults
def test_sigterm_ends_a_node_whose_admin_api_waits_for_the_broker(tmp_path, closing):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        broker = f"127.0.0.1:{silent.getsockname()[1]}"
        monitord = closing(Monitord(tmp_path, kafka=broker, settings={"kafka": {"ack": "kafka"}})).start()
        before = int(monitord.position()["last"])
        ends = []

        def ask():
            try:
                ends.append(monitord.admin("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", {"score": 1}))
            except OSError:
                ends.append("cut")  # nobody may say whether it was acknowledged

        waiting = threading.Thread(target=ask, daemon=True)
        waiting.start()
        wait_until(lambda: int(monitord.position()["last"]) > before, "the score is in the log")
        assert monitord.stop() == 0
        waiting.join(10)
        assert ends == ["cut"]
        assert "relay_behind" in monitord.log_tail()
