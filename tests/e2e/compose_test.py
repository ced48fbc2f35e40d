"""What can be proved of the containers without an engine; tests/fresh_machine runs the image's steps in a chroot."""

import re

import yaml
from compose_spec.models import ComposeSpecification

from harness.part import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def test_the_file_is_what_the_compose_specification_allows():
    document = {name: value for name, value in COMPOSE.items() if not name.startswith("x-")}
    ComposeSpecification.model_validate(document, extra="forbid")


def test_ports_are_those_of_run():
    published = {name: [port.rsplit(":", 1)[0] for port in service.get("ports", [])] for name, service in SERVICES.items()}
    assert published == {"kafka": [], "monitord": ["127.0.0.1:8081"], "funneld": ["127.0.0.1:8090"], "edge": ["8443"]}


def test_every_part_has_a_health_check_and_starts_after_what_it_needs():
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in SERVICES.values())
    needs = {name: sorted(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert needs == {"kafka": [], "monitord": ["kafka"], "funneld": ["monitord"], "edge": ["monitord"]}
    assert all(need["condition"] == "service_healthy"
               for service in SERVICES.values() for need in service.get("depends_on", {}).values())


def test_what_is_kept_is_on_volumes_that_exist():
    for name, service in SERVICES.items():
        kept = [volume.split(":")[0] for volume in service["volumes"] if not volume.startswith(".")]
        assert kept == [name] and name in COMPOSE["volumes"]


def test_the_broker_is_the_version_that_the_tests_use():
    version = re.search("<kafka.version>(.*)</kafka.version>", (ROOT / "tests" / "kafka" / "pom.xml").read_text()).group(1)
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"


def test_parts_run_as_nobody_special():
    assert re.search(r"^USER monitor$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name in ("monitord", "funneld", "edge"):
        assert SERVICES[name]["cap_drop"] == ["ALL"] and SERVICES[name]["read_only"]
