"""What the rules and the dashboard ask for is what the two servers export; and the run books' commands work."""

import os
import re
import subprocess
import urllib.request

import pytest

from harness import Broker, Funneld, Monitord, Visitor, wait_until
from harness.alerting import RULES, RUN_BOOKS, asked, family, look_commands, metrics_in
from harness.part import BIN, free_port


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """With a broker, a retention and a peer that is away: what else has no metrics. One visitor came, and one query."""
    folder = tmp_path_factory.mktemp("metrics")
    broker = Broker(folder / "broker")
    parts = [broker]
    try:
        broker.start()
        parts.append(Monitord(folder / "monitord", kafka=broker.address, settings={"retention": {"events_days": 1000}}))
        monitord = parts[-1].start()
        parts.append(Funneld(folder / "funneld", kafka=broker.address,
                             settings={"peers": {"instances": [f"http://127.0.0.1:{free_port()}"]}}))
        funneld = parts[-1].start()
        visitor = Visitor(monitord.port, None, account="demo")
        for _ in range(2):
            assert visitor.engage().recorded
        assert visitor.ask("GET", "/nothing", {}).status == 404
        visitor.close()
        position = monitord.position()
        wait_until(lambda: int(monitord.position()["relayed"]) >= int(position["last"]), "all is relayed", 60)
        funneld.wait_for(position["origin"], position["last"])
        wait_until(lambda: "monitor_inbound_partitions 0" not in metrics_of(monitord), "the inbound topic is read", 60)
        funneld.get("/api/funnel", account="demo")
        yield monitord, funneld
    finally:
        for part in reversed(parts):
            part.close()


def metrics_of(server):
    base = server.admin_url if isinstance(server, Monitord) else server.url
    with urllib.request.urlopen(f"{base}/metrics", timeout=30) as reply:
        return reply.read().decode()


def value(text, series):
    found = re.search(f"^{re.escape(series)} (\\S+)$", text, re.MULTILINE)
    assert found, f"{series} is not in\n{text}"
    return float(found[1])


@pytest.mark.kafka
def test_every_metric_of_rules_and_dashboard_is_exported(servers):
    exported = {name for server in servers for name in re.findall(r"^# TYPE (\S+)", metrics_of(server), re.MULTILINE)}
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    wanted = {(where, name) for where, query in asked() for name in metrics_in(query)}
    assert len(wanted) > 50
    assert not [(where, name) for where, name in wanted if family(name) not in exported and name not in exported]
    names = {word for _, query in asked() for word in re.findall(r"\w+:\w+:\w+", query)}
    assert names <= recorded and names


@pytest.mark.kafka
def test_requests_are_told_by_route_method_and_status(servers):
    monitord, funneld = (metrics_of(server) for server in servers)
    count = "http_server_request_duration_seconds_count"
    engaged = 'http_request_method="POST",http_response_status_code="{}",http_route="/api/account/*/app/*/engagement"'
    assert value(monitord, f"{count}{{{engaged.format(201)}}}") + (
        value(monitord, f"{count}{{{engaged.format(200)}}}") if engaged.format(200) in monitord else 0) == 2
    assert value(monitord, f'{count}{{http_request_method="GET",http_response_status_code="404"}}') == 1
    assert "/visits/current/state" not in monitord, "of what nobody asked for there is nothing"
    assert value(funneld, f'{count}{{http_request_method="GET",http_response_status_code="200",http_route="/api/funnel"}}') == 1


@pytest.mark.kafka
def test_the_parts_on_the_way_tell_what_they_did(servers):
    monitord, funneld = (metrics_of(server) for server in servers)
    assert value(monitord, "monitor_decision_duration_seconds_count") == 2
    assert value(monitord, "monitor_commit_batch_size_count") == value(monitord, "monitor_commit_duration_seconds_count") > 0
    assert value(monitord, "monitor_commit_batch_size_sum") >= value(monitord, "monitor_commit_batch_size_count")
    assert value(monitord, "monitor_visitors_cache_hits_total") == 1, "the second request of the visitor"
    assert value(monitord, "monitor_visitors_cache_evictions_total") == 0
    assert value(monitord, "monitor_relay_backlog_age_seconds") == 0
    assert value(monitord, "monitor_store_oldest_event_age_seconds") > 0
    assert value(monitord, "monitor_ready") == value(funneld, "funneld_ready") == 1
    assert value(monitord, 'monitor_check_ok{check="store"}') == 1
    assert value(funneld, 'funneld_check_ok{check="peers"}') == 0, "the peer is away"
    assert value(funneld, "funneld_alarms") == 0
    lags = re.findall(r'^funneld_partition_lag_events{partition="(\d+)"} 0$', funneld, re.MULTILINE)
    assert sorted(map(int, lags)) == list(range(16))
    for text in (monitord, funneld):
        assert 0 < value(text, "process_open_fds") < value(text, "process_max_fds")


@pytest.mark.kafka
def test_the_age_of_what_the_broker_lacks_grows_while_it_is_away(tmp_path, closing):
    broker = Broker(tmp_path / "broker")
    monitord = closing(Monitord(tmp_path / "monitord", kafka=broker.address)).start()  # nobody listens there
    visitor = Visitor(monitord.port, None, account="demo")
    assert visitor.engage().recorded
    visitor.close()
    wait_until(lambda: value(metrics_of(monitord), "monitor_relay_backlog_age_seconds") > 1, "a second passes")
    assert value(metrics_of(monitord), "monitor_relay_lag_events") > 0
    assert value(metrics_of(monitord), "monitor_relay_connected") == 0


@pytest.mark.kafka
@pytest.mark.parametrize("page", sorted(page.stem for page in RUN_BOOKS.glob("*.md") if page.name != "README.md"))
def test_commands_of_run_books_work(servers, page):
    monitord, funneld = servers
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "no_proxy": "*"}
    commands = look_commands(RUN_BOOKS / f"{page}.md")
    assert commands
    for command in commands:
        here = command.replace("http://127.0.0.1:8081", monitord.admin_url).replace("http://127.0.0.1:8090", funneld.url)
        here = here.replace("monitorctl ", f"monitorctl --admin {monitord.admin_url} --token-file {monitord.token_file} ")
        done = subprocess.run(["bash", "-o", "pipefail", "-c", here], capture_output=True, text=True, timeout=60, env=environment)
        assert done.returncode == 0 and done.stdout, f"{page}: {command}\n{done.stdout}{done.stderr}"
