"""What can be proved of the containers without an engine; tests/fresh_machine runs the image's steps in a chroot."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from compose_spec.models import ComposeSpecification

from harness.alerting import panels
from harness.compose import load_compose
from harness.part import ROOT

COMPOSE = load_compose()
SERVICES = COMPOSE["services"]
# What starts only with --profile observability.
WATCHERS = {name: service for name, service in SERVICES.items() if "profiles" in service}
MINIMAL = {name: service for name, service in SERVICES.items() if name not in WATCHERS}


def test_the_file_is_what_the_compose_specification_allows():
    document = {name: value for name, value in COMPOSE.items() if not name.startswith("x-")}
    ComposeSpecification.model_validate(document, extra="forbid")


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is needed (Debian: docker-compose)")
@pytest.mark.parametrize("environment", [{}, {"MONITOR_NETWORK": "10.99.84"}])
def test_debians_own_compose_reads_it_and_its_network_is_one_variable(environment):
    """On Debian 12 that is version 1.29. `config` needs no engine."""
    done = subprocess.run(["docker-compose", "-f", ROOT / "compose.yaml", "config"], capture_output=True, text=True,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)
    expected = load_compose(environment=environment)
    assert sorted(read["services"]) == sorted(expected["services"])
    assert read["networks"]["inside"]["ipam"] == expected["networks"]["inside"]["ipam"]
    for name, service in expected["services"].items():
        assert read["services"][name].get("environment", {}) == service.get("environment", {})
    network = environment.get("MONITOR_NETWORK", "172.30.84")
    assert read["services"]["monitord"]["networks"]["inside"]["ipv4_address"] == f"{network}.10"
    assert not environment or "172.30.84" not in done.stdout


def test_nothing_depends_on_the_engines_limits_and_two_checkouts_share_no_volumes():
    assert not any("ulimits" in service for service in SERVICES.values())
    assert "name" not in COMPOSE


def test_the_edge_is_told_of_the_proxies_in_front_of_it_by_the_environment(tmp_path):
    def edge(**environment):
        return load_compose(environment=environment)["services"]["edge"]["environment"]

    assert (edge()["EDGE_TRUSTED_PROXIES"], edge()["EDGE_PROXY_PROTOCOL"]) == ("", "no")
    told = edge(EDGE_TRUSTED_PROXIES="10.0.0.0/8,2001:db8::/32", EDGE_PROXY_PROTOCOL="yes")
    assert (told["EDGE_TRUSTED_PROXIES"], told["EDGE_PROXY_PROTOCOL"]) == ("10.0.0.0/8,2001:db8::/32", "yes")


def test_ports_are_those_of_run():
    published = {name: [port.rsplit(":", 1)[0] for port in service.get("ports", [])] for name, service in MINIMAL.items()}
    assert published == {"kafka": ["127.0.0.1:9092"], "monitord": ["127.0.0.1:8081"], "funneld": ["127.0.0.1:8090"], "edge": ["8443"]}


def test_every_part_has_a_health_check_and_starts_after_what_it_needs():
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in SERVICES.values())
    needs = {name: sorted(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert needs == {"kafka": [], "monitord": ["kafka"], "funneld": ["monitord"], "edge": ["monitord"],
                     "prometheus": [], "grafana": ["prometheus"], "kafka-ui": ["kafka"]}
    assert all(need["condition"] == "service_healthy"
               for service in SERVICES.values() for need in service.get("depends_on", {}).values())


def test_what_is_kept_is_on_volumes_that_exist():
    for name, service in SERVICES.items():
        kept = [volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")]
        assert kept == ([] if name == "kafka-ui" else [name]) and set(kept) <= COMPOSE["volumes"].keys()


def test_the_broker_is_the_version_that_the_tests_use():
    version = re.search("<kafka.version>(.*)</kafka.version>", (ROOT / "tests" / "kafka" / "pom.xml").read_text()).group(1)
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"


def test_parts_run_as_nobody_special():
    assert re.search(r"^USER monitor$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name in ("monitord", "funneld", "edge"):
        assert SERVICES[name]["cap_drop"] == ["ALL"] and SERVICES[name]["read_only"]


def test_prometheus_grafana_and_kafkas_page_are_a_profile_on_loopback():
    assert WATCHERS.keys() == {"prometheus", "grafana", "kafka-ui"}
    assert all(service["profiles"] == ["observability"] for service in WATCHERS.values())
    published = sorted(port for service in WATCHERS.values() for port in service["ports"])
    assert published == ["127.0.0.1:3000:3000", "127.0.0.1:8082:8080", "127.0.0.1:9090:9090"]
    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"]) for service in WATCHERS.values())
    assert all(service["cap_drop"] == ["ALL"] for service in WATCHERS.values())
    assert not any(need in WATCHERS for service in MINIMAL.values() for need in service.get("depends_on", {}))


def test_prometheus_asks_the_parts_where_they_listen_by_names_that_they_know():
    scraped = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text())["scrape_configs"]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in scraped}
    monitord, funneld = (SERVICES[name]["environment"] for name in ("monitord", "funneld"))
    assert targets == {"monitord": [f"{monitord['MONITOR_ADMIN_HOSTS']}:{monitord['MONITOR_ADMIN_PORT']}"],
                       "funneld": [f"{funneld['MONITOR_HTTP_HOSTS']}:{funneld['MONITOR_HTTP_PORT']}"]}


def test_grafana_finds_its_source_and_its_dashboard_in_files_of_the_tree():
    grafana = SERVICES["grafana"]
    mounted = {target: ROOT / source for source, target, mode in (volume.split(":") for volume in grafana["volumes"][1:])
               if mode == "ro"}
    assert all(source.exists() for source in mounted.values())
    provisioning = mounted["/etc/grafana/provisioning"]
    source, = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    provider, = yaml.safe_load((provisioning / "dashboards" / "monitor-api.yaml").read_text())["providers"]
    port = SERVICES["prometheus"]["ports"][0].rsplit(":", 1)[1]
    assert source["url"] == f"http://prometheus:{port}"
    dashboard = provider["options"]["path"] + "/monitor-api.json"
    assert dashboard in mounted and dashboard == grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    used = {target["datasource"]["uid"] for panel in panels() for target in panel.get("targets", [])}
    assert used == {source["uid"]}


def test_the_dashboards_panels_have_names_of_their_own_and_do_not_cover_one_another():
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    titles = [panel["title"] for panel in panels()]
    assert len(set(titles)) == len(titles) and len({panel["id"] for panel in panels()}) == len(titles)
