"""Two data folders never share an origin: an older copy is noticed at the first contact with the broker, and refused."""

import json
import shutil
import subprocess

import pytest

from harness import Broker, Monitord, Visitor, wait_until
from harness.monitord import http_status
from harness.part import BIN
from harness.reader import read_topic
from harness.stack import ACCOUNTS


def visit(monitord, times):
    """So many new sessions, all on the topic afterwards."""
    for _ in range(times):
        assert Visitor(monitord.port, None).engage().status == 201
    wait_until(lambda: monitord.position()["relayed"] == monitord.position()["last"], "everything is relayed")


def readyz(monitord):
    return monitord.admin("GET", "/readyz")


@pytest.mark.kafka
def test_a_data_folder_that_was_copied_back_is_refused(tmp_path, closing):
    broker = closing(Broker(tmp_path / "broker")).start()
    monitord = closing(Monitord(tmp_path / "monitord", ACCOUNTS, kafka=broker.address)).start()
    data, copy = tmp_path / "monitord" / "data", tmp_path / "copy"
    visit(monitord, 3)
    assert monitord.stop() == 0
    shutil.copytree(data, copy)
    monitord.start()
    visit(monitord, 3)
    last, origin = monitord.position()["last"], monitord.position()["origin"]
    assert monitord.stop() == 0
    counted = len(read_topic(broker.address).events)

    shutil.rmtree(data)
    shutil.copytree(copy, data)
    monitord.launch()
    wait_until(lambda: http_status(f"{monitord.admin_url}/livez") == 200, "it says how it is")
    status, body = readyz(monitord)
    assert (status, body["status"]) == (503, "unready")
    sentence = body["checks"]["origin"]
    assert sentence.startswith(f"the topic has events of this node up to {origin}:{last}")
    assert "monitorctl log repair --new-epoch" in sentence
    refused = Visitor(monitord.port, None).engage()
    assert (refused.status, refused.body["internalCode"]) == (503, 18)
    assert int(refused.headers["Retry-After"]) > 0
    assert monitord.admin("PUT", "/admin/accounts/e2e/skills/3", {"state": "busy"})[0] == 503
    told = [json.loads(line) for line in monitord.log_path.read_text().splitlines()]
    assert [line["detail"] for line in told if line["event"] == "relay_refused"] == [sentence]
    assert monitord.stop() == 0

    subprocess.run([BIN / "monitorctl", "log", "repair", "--new-epoch", "--data", data], check=True)
    monitord.start()
    assert readyz(monitord)[1]["checks"]["origin"] == "ok"
    visit(monitord, 2)
    events = read_topic(broker.address).events  # fails at a gap; what is taken for a duplicate is missing
    assert len(events) == counted + int(monitord.position()["last"])
