"""The sample that makes Parquet of an export, of everything that the server writes."""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import duckdb
import pytest

from e2e.event_schemas_test import drive
from harness import Stack
from harness.part import ROOT

SAMPLE = ROOT / "docs" / "examples" / "to_parquet.py"
spec = importlib.util.spec_from_file_location("to_parquet", SAMPLE)
to_parquet = importlib.util.module_from_spec(spec)
spec.loader.exec_module(to_parquet)


@pytest.fixture
def stack(tmp_path, closing):
    stack = closing(Stack(tmp_path / "stack"))
    stack.start()
    for _ in range(3):
        drive(stack)
    return stack


def rows(query):
    return duckdb.sql(query).fetchall()


def test_parquet_has_every_event_of_an_export_with_the_types_of_the_schemas(stack, tmp_path):
    export, out = tmp_path / "export", tmp_path / "parquet"
    assert stack.monitord.ctl("log", "export", "--out", export, "--zstd")[0] == 0
    events = stack.monitord.log()
    done = subprocess.run([sys.executable, SAMPLE, export, out], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    counts = Counter("{}.v{}.parquet".format(*event["dataschema"].split(":")[-2:]) for event in events)
    assert json.loads(done.stdout) == counts
    assert {path.name: rows(f"SELECT count(*) FROM '{path}'")[0][0] for path in out.iterdir()} == counts

    totals = [Decimal(one["total"]) for event in events for one in event["data"].get("engagementAttributes", [])
              if "total" in one]
    assert sum(totals) > 0
    activities = out / "activity-reported.v1.parquet"
    attributes = f"(SELECT unnest(engagementAttributes) AS one FROM '{activities}')"
    assert rows(f"SELECT sum(one.total) FROM {attributes}") == [(sum(totals),)]
    sessions = out / "session-created.v1.parquet"
    assert rows(f"SELECT origin, seq, epoch_ms(time), appInstallationId, bot FROM '{sessions}' ORDER BY seq") == [
        (event["origin"], int(event["seq"]), rows(f"SELECT epoch_ms('{event['time']}'::TIMESTAMPTZ)")[0][0],
         event["data"]["appInstallationId"], event["data"]["bot"])
        for event in events if event["type"] == "monitor.session-created"]
    types = dict(row[:2] for row in rows(f"DESCRIBE FROM '{activities}'"))
    assert (types["time"], types["seq"], types["repeat"], types["decidedAt"], types["entryPoints"]) == (
        "TIMESTAMP WITH TIME ZONE", "UBIGINT", "BOOLEAN", "BIGINT", "VARCHAR[]")


def test_an_export_in_clear_becomes_parquet_too(stack, tmp_path):
    assert stack.monitord.stop() == 0
    code, _, error = stack.monitord.ctl("log", "export", "--out", tmp_path / "clear", "--data", stack.monitord.data, "--decrypt")
    assert code == 0, error
    counts = to_parquet.convert(tmp_path / "clear", tmp_path / "parquet")
    assert counts["session-created.v1.parquet"] == 3


def test_what_cannot_be_converted_is_told(stack, tmp_path):
    export = tmp_path / "export"
    with pytest.raises(to_parquet.Stop, match="is no export"):
        to_parquet.convert(export, tmp_path / "out")
    assert stack.monitord.ctl("log", "export", "--out", export)[0] == 0
    with pytest.raises(to_parquet.Stop, match="does not describe"):
        to_parquet.convert(export, tmp_path / "out", tmp_path)
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    for path in to_parquet.SCHEMAS.iterdir():
        text = path.read_text().replace('{"description": "The conversation.", "type": "string"}', '{"type": "integer"}')
        schemas.joinpath(path.name).write_text(text)
    with pytest.raises(to_parquet.Stop, match="has a conversationId that is not of the type"):
        to_parquet.convert(export, tmp_path / "out", schemas)
    part = export / "events-000001.jsonl"
    part.write_bytes(part.read_bytes() + b"\n")
    with pytest.raises(to_parquet.Stop, match="missing or damaged"):
        to_parquet.convert(export, tmp_path / "out")
