#!/usr/bin/env python3
"""Makes Parquet of an export of `monitorctl log export`. Needs duckdb, nothing else.

    to_parquet.py EXPORT OUT [--schemas DIR]

OUT gets one file for each event type and version, such as session-created.v1.parquet: the event's position, time and other
attributes, and the fields of its data with the types of docs/schemas. Decimals are DECIMAL(21, 6), exact. What is sealed stays
JSON, {"enc": ...} or, in an export in clear, the value. Fields that the schemas do not describe are left out.

Only parts that the export's manifest.json names are read, after their checksums were compared. Prints events by file.
"""

import argparse
import hashlib
import importlib.util
import json
import sys
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas" / "events"
ATTRIBUTES = {"id": "VARCHAR", "time": "TIMESTAMPTZ", "subject": "VARCHAR", "origin": "VARCHAR", "seq": "UBIGINT",
              "prevseq": "UBIGINT", "bucket": "UTINYINT", "streamversion": "UBIGINT", "traceparent": "VARCHAR"}
SIMPLE = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}


class Stop(Exception):
    """What is wrong, in one sentence."""


def fields_of(schema):
    """The properties of an object, those that it has on a condition among them."""
    fields = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        fields |= {name: field for name, field in part.get("then", {}).get("properties", {}).items() if name not in fields}
    return fields


def type_of(schema, definitions):
    """What DuckDB's json_transform calls the type: a name, {field: type} or [type]."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name in ("decimal", "sealed"):
            return {"decimal": "DECIMAL(21,6)", "sealed": "JSON"}[name]
        schema = definitions[name]
    if isinstance(schema.get("const"), bool):
        return "BOOLEAN"
    if schema["type"] == "array":
        return [type_of(schema["items"], definitions)] if "items" in schema else "JSON"
    if schema["type"] == "object":
        fields = {name: type_of(field, definitions) for name, field in fields_of(schema).items() if field is not True}
        return fields or "JSON"
    return SIMPLE[schema["type"]]


def parts_of(export):
    """The files of a whole export, and how many events they hold."""
    try:
        manifest = json.loads((export / "manifest.json").read_text())
    except OSError as error:
        raise Stop(f"{export} is no export: {error.strerror}: manifest.json") from None
    for part in manifest["parts"]:
        path = export / part["name"]
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != part["sha256"]:
            raise Stop(f"{path} is missing or damaged")
    return [str(export / part["name"]) for part in manifest["parts"]], manifest["events"]


def convert(export, out, schemas=SCHEMAS):
    """Writes the Parquet files; gives {file name: events}."""
    import duckdb

    parts, expected = parts_of(export)
    out.mkdir(parents=True, exist_ok=True)
    if not parts:
        return {}
    database = duckdb.connect()
    columns = {**ATTRIBUTES, "dataschema": "VARCHAR", "data": "JSON"}
    database.read_json(parts, format="newline_delimited", columns=columns).create_view("events")
    counts = {}
    for urn, count in database.sql("SELECT dataschema, count(*) FROM events GROUP BY ALL ORDER BY ALL").fetchall():
        event_type, version = urn.removeprefix("urn:monitor:schema:").split(":")
        name = f"{event_type}.v{version}"
        try:
            schema = json.loads((schemas / f"{name}.json").read_text())
        except OSError:
            raise Stop(f"{schemas} does not describe {name}; --schemas names a folder that does") from None
        types = {field: type_of(one, schema.get("$defs", {})) for field, one in fields_of(schema).items()}
        database.execute(f"CREATE OR REPLACE TEMP VIEW typed AS SELECT *, json_transform(data, '{json.dumps(types)}') AS fields "
                         f"FROM events WHERE dataschema = '{urn}'")
        for field in types:  # what is of another type would silently be NULL
            if database.sql(f"SELECT 1 FROM typed WHERE json_type(data, '$.{field}') <> 'NULL' AND fields.{field} IS NULL "
                            f"LIMIT 1").fetchall():
                raise Stop(f"{name} has a {field} that is not of the type that {schemas} gives it")
        database.execute(f"COPY (SELECT {', '.join(ATTRIBUTES)}, unnest(fields) FROM typed) "
                         f"TO '{out / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
        counts[f"{name}.parquet"] = count
    if sum(counts.values()) != expected:
        raise Stop(f"{sum(counts.values())} events were read, the manifest tells of {expected}")
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path, help="the folder of the export")
    parser.add_argument("out", type=Path, help="the folder for the Parquet files; those of an earlier run are replaced")
    parser.add_argument("--schemas", type=Path, default=SCHEMAS, metavar="DIR",
                        help="docs/schemas/events of the version that wrote it")
    options = parser.parse_args()
    if not importlib.util.find_spec("duckdb"):
        print("to_parquet: duckdb is needed: python3 -m venv venv && venv/bin/pip install duckdb; then run this by "
              "venv/bin/python", file=sys.stderr)
        return 1
    try:
        print(json.dumps(convert(options.export, options.out, options.schemas)))
    except Stop as why:
        print(f"to_parquet: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
