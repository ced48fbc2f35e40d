"""A broker that was away and is back is seen without a further event: nobody need send one for that."""

import urllib.request

import pytest

from harness import Broker, Funneld, Monitord, wait_until


def relay_connected(monitord):
    with urllib.request.urlopen(f"{monitord.admin_url}/metrics", timeout=10) as reply:
        return "monitor_relay_connected 1" in reply.read().decode().splitlines()


@pytest.mark.kafka
def test_a_broker_that_is_back_is_seen_though_nothing_happens(closing, tmp_path):
    broker = closing(Broker(tmp_path / "kafka")).start()
    monitord = closing(Monitord(tmp_path / "monitord", kafka=broker.address)).start()
    funneld = closing(Funneld(tmp_path / "funneld", kafka=broker.address)).start()
    position = monitord.position()
    funneld.wait_for(position["origin"], position["last"])
    assert funneld.get("/readyz")["status"] == "ready"

    broker.kill9()
    wait_until(lambda: funneld.get("/readyz")["status"] == "degraded", "funneld sees that its broker is away")
    assert funneld.get("/readyz")["checks"]["source"] != "ok"
    wait_until(lambda: not relay_connected(monitord), "so does the relay")

    broker.start()
    wait_until(lambda: funneld.get("/readyz")["status"] == "ready", "funneld sees that its broker is back", 60)
    wait_until(lambda: relay_connected(monitord), "so does the relay", 60)
    assert monitord.position()["last"] == position["last"]
