"""When each alert for Prometheus fires, by promtool; and that each has its run book."""

import re
import subprocess

import pytest
import yaml

from harness.alerting import ALERTS, RULES, RULES_FILE, RUN_BOOKS, look_commands, promtool
from harness.part import ROOT

NODE = 'job="monitord",instance="n"'
FUNNELD = 'job="funneld",instance="f"'


def of(name, values, labels=NODE):
    return {"series": f"{name}{{{labels}}}", "values": values}


def requests(failing, labels=f'{NODE},http_route="/r",http_request_method="POST"'):
    """1,000 requests a minute, of which so many are answered 503, for 8 hours."""
    return [of("http_server_request_duration_seconds_count", f"0+{1000 - failing}x480", f'{labels},http_response_status_code="200"'),
            of("http_server_request_duration_seconds_count", f"0+{failing}x480", f'{labels},http_response_status_code="503"')]


def durations(slow):
    """1,000 requests a minute, of which so many take up to a second, the others 5 ms."""
    labels = f'{NODE},http_route="/r",http_response_status_code="200"'
    return [of("http_server_request_duration_seconds_bucket", f"0+{value}x60", f'{labels},le="{le}"')
            for le, value in (("0.005", 1000 - slow), ("0.25", 1000 - slow), ("1", 1000), ("+Inf", 1000))]


MIB = 2**20
FREE, LEAST = "monitor_store_disk_free_bytes", of("monitor_store_disk_min_free_bytes", f"{256 * MIB}x600")
READY = of("monitor_ready", "1x60")
COUNTING = of("funneld_rebuilding", "0x60", FUNNELD)
# Alert -> [(series, minutes, whether it fires)]: one case at least of each.
CASES = {
    "MonitorNodeDown": [([of("up", "0x60")], 1, False), ([of("up", "0x60")], 3, True), ([of("up", "1x60")], 30, False)],
    "MonitorNotReady": [([of("monitor_ready", "0x60")], 1, False), ([of("monitor_ready", "0x60")], 3, True)],
    "MonitorDegraded": [
        ([of("monitor_check_ok", "0x60", f'{NODE},check="clock"'), READY], 20, True),
        ([of("monitor_check_ok", "0x60", f'{NODE},check="clock"'), READY], 10, False),
        ([of("monitor_check_ok", "1x60", f'{NODE},check="clock"'), READY], 20, False)],
    "MonitorUnavailableFast": [(requests(20), 90, True), (requests(10), 90, False),
                               ([of("http_server_request_duration_seconds_count", "0+100x90", f'{NODE},error_type="unanswered"')], 90, True)],
    "MonitorUnavailableSlow": [(requests(8), 400, True), (requests(4), 400, False)],
    "MonitorSlow": [(durations(20), 30, True), (durations(5), 30, False)],
    "MonitorNotWritable": [([of("monitor_store_writable", "0x9")], 3, True), ([of("monitor_store_writable", "1x9")], 3, False)],
    "MonitorDiskNearlyFull": [
        ([of(FREE, f"{400 * MIB}x600"), LEAST], 60, True),
        ([of(FREE, f"{9000 * MIB}-{8 * MIB}x600"), LEAST], 420, True),  # full in 18 hours, falling for 7
        ([of(FREE, f"{90000 * MIB}-{8 * MIB}x600"), LEAST], 420, False)],
    "MonitorRelayRefused": [([of("monitor_relay_refused", "1x9")], 3, True), ([of("monitor_relay_refused", "0x9")], 3, False)],
    "MonitorBrokerAway": [
        ([of("monitor_relay_connected", "0x60"), of("monitor_relay_refused", "0x60")], 9, True),
        ([of("monitor_relay_connected", "1x60"), of("monitor_relay_refused", "0x60")], 9, False)],
    "MonitorRelayBehind": [([of("monitor_relay_backlog_age_seconds", "301x60")], 9, True),
                           ([of("monitor_relay_backlog_age_seconds", "299x60")], 9, False)],
    "MonitorInboundBehind": [([of("monitor_inbound_lag_messages", "1001x60")], 15, True),
                             ([of("monitor_inbound_lag_messages", "1000x60")], 15, False)],
    "MonitorInboundRetrying": [([of("monitor_inbound_retries_total", "0+1x60")], 30, True),
                               ([of("monitor_inbound_retries_total", "7x60")], 30, False)],
    "MonitorClockAhead": [([of("monitor_store_ahead_of_clock_seconds", "61x60")], 9, True),
                          ([of("monitor_store_ahead_of_clock_seconds", "59x60")], 9, False)],
    "MonitorRetentionBehind": [
        ([of("monitor_retention_failing", "1x120")], 70, True),
        ([of("monitor_store_oldest_event_age_seconds", "200000x120"), of("monitor_retention_keeps_seconds", "86400x120")], 70, True),
        ([of("monitor_store_oldest_event_age_seconds", "170000x120"), of("monitor_retention_keeps_seconds", "86400x120")], 70, False),
        ([of("monitor_store_oldest_event_age_seconds", "200000x120"), of("monitor_retention_keeps_seconds", "0x120")], 70, False)],
    "FunneldDown": [([of("up", "0x60", FUNNELD)], 6, True), ([of("up", "0x60", FUNNELD)], 4, False)],
    "FunneldNotReady": [([of("funneld_ready", "0x60", FUNNELD)], 12, True), ([of("funneld_ready", "1x60", FUNNELD)], 12, False)],
    "FunneldDegraded": [
        ([of("funneld_check_ok", "0x60", f'{FUNNELD},check="view"'), of("funneld_ready", "1x60", FUNNELD)], 20, True),
        ([of("funneld_check_ok", "0x60", f'{FUNNELD},check="peers"'), of("funneld_ready", "1x60", FUNNELD)], 20, False)],
    "FunneldBehind": [
        ([of("funneld_lag_events", "50001x60", FUNNELD), COUNTING], 20, True),
        ([of("funneld_lag_events", "50000x60", FUNNELD), COUNTING], 20, False),
        ([of("funneld_lag_events", "50001x60", FUNNELD), of("funneld_rebuilding", "1x60", FUNNELD)], 20, False)],
    "FunneldHeldBuckets": [([of("funneld_held_buckets", "1x60", FUNNELD)], 12, True),
                           ([of("funneld_held_buckets", "0x60", FUNNELD)], 12, False)],
    "FunneldAlarm": [([of("funneld_alarms", "1x60", FUNNELD)], 3, True), ([of("funneld_alarms", "0x60", FUNNELD)], 3, False)],
    "FunneldDeadLetters": [([of("funneld_dead_letters_total", "0 0 1x60", FUNNELD)], 5, True),
                           ([of("funneld_dead_letters_total", "3x60", FUNNELD)], 5, False)],
    "FunneldPeerAway": [([of("funneld_peer_answers", "0x60", f'{FUNNELD},peer="http://g"')], 3, True),
                        ([of("funneld_peer_answers", "1x60", f'{FUNNELD},peer="http://g"')], 3, False)],
    "MonitorFilesNearlyOut": [
        ([of("process_open_fds", "81x60"), of("process_max_fds", "100x60")], 9, True),
        ([of("process_open_fds", "79x60"), of("process_max_fds", "100x60")], 9, False)],
}

needs_promtool = pytest.mark.skipif(not promtool(), reason="promtool is needed (Debian: prometheus); ./test unpacks it below .cache")


def of_instance(number, series):
    return [{**one, "series": re.sub(r'instance="."', f'instance="{number}"', one["series"])} for one in series]


def run(*arguments):
    done = subprocess.run([promtool(), *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_takes_the_rules_and_the_configuration():
    run("check", "rules", RULES_FILE)
    run("check", "config", RULES_FILE.with_name("prometheus.yaml"))


@needs_promtool
def test_each_alert_fires_when_it_should_and_not_before(tmp_path):
    assert CASES.keys() == {rule["alert"] for rule in ALERTS}
    assert all(any(fires for *_, fires in cases) for cases in CASES.values())
    # Each case is an instance of its own, all of them one test: promtool makes a database for each test.
    cases = [(alert, *one) for alert, several in CASES.items() for one in several]
    series, asked = [], []
    for number, (alert, of_case, minutes, fires) in enumerate(cases):
        series += of_instance(number, of_case)
        asked.append({"expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing",instance="{number}"}})',
                      "eval_time": f"{minutes}m", "exp_samples": [{"labels": "{}", "value": 1}] if fires else []})
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump({
        "rule_files": [str(RULES_FILE)], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": asked}]}))
    run("test", "rules", tmp_path / "tests.yaml")


@needs_promtool
def test_an_alert_says_what_and_where(tmp_path):
    series, minutes = CASES["MonitorUnavailableFast"][0][:2]
    rule = next(rule for rule in ALERTS if rule["alert"] == "MonitorUnavailableFast")
    told = {"exp_labels": {"severity": "critical", "job": "monitord", "instance": "n"},
            "exp_annotations": {**rule["annotations"], "summary": "monitord n fails 2% of its requests"}}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump({
        "rule_files": [str(RULES_FILE)], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": [
            {"eval_time": f"{minutes}m", "alertname": rule["alert"], "exp_alerts": [told]}]}]}))
    run("test", "rules", tmp_path / "tests.yaml")


def test_each_alert_has_a_run_book_and_each_run_book_its_alert():
    titles = {page.relative_to(ROOT).as_posix(): page.read_text().splitlines()[0].removeprefix("# ")
              for page in RUN_BOOKS.glob("*.md") if page.name != "README.md"}
    assert {rule["annotations"]["runbook_url"]: rule["alert"] for rule in ALERTS} == titles
    listed = re.findall(r"^- \[(\w+)\]\((\S+)\)$", (RUN_BOOKS / "README.md").read_text(), re.MULTILINE)
    assert {f"docs/runbooks/{page}": alert for alert, page in listed} == titles
    for path in titles:
        page = ROOT / path
        assert look_commands(page) and "\n## Do\n\n- " in page.read_text(), path


def test_links_of_run_books_lead_somewhere():
    for page in RUN_BOOKS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_each_alert_says_how_bad_it_is_and_what_it_is():
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("critical", "warning"), rule
        assert {"summary", "description", "runbook_url"} == rule["annotations"].keys(), rule
    assert len({rule.get("alert") or rule["record"] for rule in RULES}) == len(RULES)
