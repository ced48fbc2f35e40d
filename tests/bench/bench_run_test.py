"""bench/run: what it says, what it reads, what it writes down. Nothing is measured here."""

import importlib.util
import json
import re
import subprocess
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from harness.part import BIN, ROOT
from measuring import machine, shop
from measuring.report import history_entry
from measuring.rows import ROWS

PROGRAM = ROOT / "bench" / "run"


@pytest.fixture(scope="module")
def bench_run():
    loader = SourceFileLoader("bench_run", str(PROGRAM))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
    loader.exec_module(module)
    return module


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)


def test_the_table_of_contents_has_every_row_in_order():
    done = run("--help")
    assert done.returncode == 0
    told = [name for name in re.findall(r"^    ([a-z0-9-]+)  ", done.stdout, re.MULTILINE)]
    assert told == [row.name for row in ROWS]


def test_a_run_without_names_has_twelve_rows_in_at_most_twenty_minutes():
    done = run("--list")
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [name for name, _, _ in rows] == [row.name for row in ROWS if not row.only_full]
    assert len(rows) == 12
    assert sum(float(minutes) for _, minutes, _ in rows) < 20


def test_a_full_run_has_all_rows_in_at_most_three_hours():
    rows = [line.split() for line in run("--list", "--full").stdout.splitlines()]
    assert [name for name, _, _ in rows] == [row.name for row in ROWS]
    assert sum(float(minutes) for _, minutes, _ in rows) < 180


@pytest.mark.parametrize("arguments, sentence", [
    (["nobody"], "bench/run: error: unknown: nobody; there are report, engagement-1, "),
    (["--rounds", "0"], "bench/run: error: --seconds and --rounds must be at least 1, --connections at least 2"),
    (["--seconds", "0.5"], "bench/run: error: --seconds and --rounds must be at least 1, --connections at least 2"),
    (["--connections", "1"], "bench/run: error: --seconds and --rounds must be at least 1, --connections at least 2"),
    (["--quick", "--keep", "x"], "bench/run: error: --keep is for runs of at least 5 rounds"),
    (["--rounds", "3", "--keep", "x"], "bench/run: error: --keep is for runs of at least 5 rounds"),
    (["--rounds", "many"], "bench/run: error: argument --rounds: invalid int value: 'many'"),
])
def test_bad_arguments_are_one_sentence(arguments, sentence):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.strip().startswith(sentence) and done.stderr.count("\n") <= 2


def test_what_is_chosen(bench_run):
    def chosen(*arguments):
        rows, programs = bench_run.chosen(bench_run.read_options(arguments))
        return [row.name for row in rows] + programs

    assert chosen("cold", "report", "store") == ["report", "cold", "store"]
    assert "caps" not in chosen() and "decision" not in chosen()
    assert {"caps", "million", "decision", "store"} <= set(chosen("--full"))
    assert chosen("million") == ["million"]


def test_how_long_a_round_is(bench_run):
    def rounds(*arguments):
        options = bench_run.read_options(arguments)
        return options.seconds, options.rounds

    assert rounds() == (4, 5)
    assert rounds("--full") == (10, 5)
    assert rounds("--quick") == (1, 1)
    assert rounds("--quick", "--seconds", "2", "--rounds", "3") == (2, 3)


@pytest.mark.parametrize("published", [1, 50, 200])
def test_a_shop_is_a_valid_account_and_always_the_same(published, tmp_path):
    document = shop.account(published)
    assert document == shop.account(published)
    assert sum(len(campaign["engagements"]) for campaign in document["campaigns"]) == published
    path = tmp_path / "account.json"
    path.write_text(json.dumps(document))
    done = subprocess.run([BIN / "monitorctl", "account", "validate", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_are_always_the_same():
    pages = shop.pages()
    assert pages == shop.pages()
    for line in pages:
        engagement, _, attributes = line.partition("\t")
        assert json.loads(engagement)["entryPoints"] and json.loads(f"[{attributes}]")


@pytest.mark.parametrize("kind", shop.DEAREST)
def test_the_dearest_reports_are_large_and_never_the_same(kind):
    bodies = shop.series(kind)
    assert len(set(bodies)) == shop.SERIES_REQUESTS
    assert all(30_000 < len(body) <= 65_536 for body in bodies)


def test_the_machine_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "nginx_program", lambda: Path("/nowhere/nginx"))
    told = machine.describe(tmp_path)
    assert told["build"] and told["cores"] >= 1 and told["memory_mib"] > 0 and told["versions"]["g++"]
    assert len(list(machine.as_lines(told))) == 3


def test_a_kept_run_is_a_few_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "nginx_program", lambda: Path("/nowhere/nginx"))
    row = {"requests_per_s": 18_200.0, "ratio": 0.361, "cpu_us": 75.2, "p99_ms": 3.0}
    kept = {"machine": machine.describe(tmp_path) | {"begun": "2026-11-28 15:00 UTC", "commit": "1a2b3c4", "changed": False},
            "load_average_before": 0.12, "ceilings": {"empty_per_s": 52_000.0, "listener_per_s": 71_900.0},
            "rows": {"report": row, "half-load": {**row, "more": {"of_bound": 0.5}},
                     "large-requests": {**row, "more": {"grown": {"errors": 1.25, "purchases": 1.5}}}},
            "failed": {"edge": "why"}}
    lines = history_entry(kept, "a note").splitlines()
    assert lines[0] == "## 2026-11-28 15:00 UTC, 1a2b3c4: a note"
    assert lines[2].endswith("load 0.12; empty 52.0 k/s, listener 71.9 k/s.")
    assert lines[3].startswith("report 18.2 k/s 0.36 75 µs · ") and lines[3].endswith(" Failed: edge.")
    assert lines[4:] == ["Half load: p99 3.00 ms, 0.50 of its bound.", "300th ÷ first of the large requests: errors 1.2, purchases 1.5."]
