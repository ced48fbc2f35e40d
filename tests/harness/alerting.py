"""The rules for Prometheus, the dashboard and the run books, and promtool to try them."""

import json
import os
import re
import shutil
from pathlib import Path

import yaml

from .part import ROOT

RULES_FILE = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RULES = [rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
RUN_BOOKS = ROOT / "docs" / "runbooks"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "monitor-api.json").read_text())


def promtool():
    """The program, or None: Debian has it in the package prometheus, ./test unpacks it below .cache."""
    unpacked = ROOT / ".cache" / "prometheus" / "usr" / "bin" / "promtool"
    return os.environ.get("MONITOR_PROMTOOL") or shutil.which("promtool") or (unpacked if unpacked.exists() else None)


def panels():
    """All of the dashboard, those in its rows, too."""
    for panel in DASHBOARD["panels"]:
        yield panel
        yield from panel.get("panels", [])


def asked():
    """(where, query) of every query in rules and dashboard."""
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]


def metrics_in(query):
    """The names of the servers' own metrics in a query, without those that rules record."""
    without_texts = re.sub(r'"[^"]*"', '""', query)
    words = re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", without_texts)
    return {word for word in words if re.match(r"(monitor|funneld|http_server|process)_", word)}


def family(name):
    """The name that `# TYPE` has."""
    return re.sub(r"_(bucket|sum|count)$", "", name)


def look_commands(page: Path):
    """The commands of a run book's part Look."""
    look = page.read_text().split("## Look\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^    (.+)$", look, re.MULTILINE)
