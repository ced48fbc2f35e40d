"""monitord leaves though the broker that must acknowledge is not there."""

import threading

import pytest

from harness import Monitord
from harness.part import wait_until


@pytest.mark.faults
def test_sigterm_ends_a_node_whose_admin_api_waits_for_the_broker(tmp_path, closing):
    nobody = "127.0.0.1:1"
    monitord = closing(Monitord(tmp_path, kafka=nobody, settings={"kafka": {"ack": "kafka"}})).start()
    before = int(monitord.position()["last"])

    def ask():
        try:
            monitord.admin("PUT", "/admin/accounts/demo/visitors/v1/abandon-score", {"score": 1})
        except OSError:
            pass  # cut: nobody may say whether it was acknowledged

    waiting = threading.Thread(target=ask, daemon=True)
    waiting.start()
    wait_until(lambda: int(monitord.position()["last"]) > before, "the score is in the log")
    assert monitord.stop() == 1
    waiting.join(10)
    assert "drain_incomplete" in monitord.log_tail()
