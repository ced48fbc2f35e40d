"""The C++ funnel and the plain fold of funnel_reference.py give the same rows, for random histories and queries, though
the C++ one is killed, fed twice and out of order on the way."""

import csv
import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from funnel_histories import ACCOUNT, START, History  # noqa: E402
from funnel_reference import DIMENSIONS, Funnel, difference, is_empty  # noqa: E402

from harness.part import BIN  # noqa: E402

HISTORIES = 20
LONG_HISTORIES = 1000


def random_queries(rng):
    yield ""
    yield "count=gross"
    yield "by=campaign"
    yield "by=" + ",".join(DIMENSIONS) + "&window=hour&count=gross"
    start = int(START.timestamp()) * 1000
    for _ in range(6):
        query = [f"by={','.join(rng.sample(list(DIMENSIONS), rng.randrange(4)))}",
                 f"window={rng.choice(['hour', 'day', 'all'])}", f"count={rng.choice(['net', 'gross'])}"]
        if rng.random() < 0.5:
            query.append(f"from={start + 3_600_000 * rng.randrange(200)}")
        if rng.random() < 0.3:
            query.append(f"to={start + 3_600_000 * (200 + rng.randrange(400))}")
        if rng.random() < 0.5:
            query.append("where=" + rng.choice(["campaign:41", "engagement:4301|4102", "device:MOBILE|TABLET,channel:chat",
                                                "app:web,revision:2", "zone:left|proactive,language:en-US|de-DE"]))
        yield "&".join(query)
    for _ in range(3):  # short ones, of which most sessions have nothing
        begin = start + 3_600_000 * rng.randrange(600)
        end = begin + 3_600_000 * rng.choice([1, 5, 24, 72])
        window, count = rng.choice(["hour", "day", "all"]), rng.choice(["net", "gross"])
        yield f"by=campaign&window={window}&count={count}&from={begin}&to={end}"
    for _ in range(4):  # whole days of one of the zones
        begin = start + 3_600_000 * (rng.choice([2, 3, 4, 8, 15]) + 24 * rng.randrange(20))
        end = begin + 24 * 3_600_000 * rng.choice([1, 2, 7, 100])
        bounds = rng.choice([f"&from={begin}&to={end}", f"&from={begin}", f"&to={end}"])
        yield f"by={rng.choice(['', 'campaign', 'engagement,campaign'])}&window={rng.choice(['day', 'all'])}{bounds}"


def fold(folder, seed, lines, queries):
    events = folder / "events.ndjson"
    events.write_text("\n".join(lines) + "\n")
    done = subprocess.run([BIN / "funnel_fold", folder / "view", str(seed), events, ACCOUNT, *queries],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_funnel_equals_the_plain_fold(seed, long, tmp_path):
    for number in range(seed, seed + (LONG_HISTORIES if long else HISTORIES)):
        rng = random.Random(number)
        history = History(number, visitors=rng.choice([2, 6, 30]), steps=rng.choice([60, 400, 900]))
        queries = list(random_queries(rng))
        folder = tmp_path / str(number)
        folder.mkdir()
        *answers, hours = fold(folder, number, history.lines, queries).splitlines()
        reference = Funnel(history.lines)
        for query, answer in zip(queries, answers, strict=True):
            wrong = difference(reference.rows(ACCOUNT, query), json.loads(answer)["rows"])
            if wrong:
                pytest.fail(f"history {number}, query {query!r}: {wrong}")
        for count in ("gross", "net"):
            rows = [row[count] for row in json.loads(hours) if not is_empty(row[count])]
            wrong = difference(reference.rows(ACCOUNT, f"by=campaign,engagement&window=hour&count={count}"), rows)
            if wrong:
                pytest.fail(f"history {number}, hours, {count}: {wrong}")


def test_csv_has_the_names_and_values_of_json(seed, tmp_path):
    history = History(seed)
    query = "by=campaign,device&window=day"
    answer, table = fold(tmp_path, seed, history.lines, [query, query + "&format=csv"]).split("\n", 1)
    table = table[:table.rindex("[")]
    rows = json.loads(answer)["rows"]
    lines = list(csv.DictReader(io.StringIO(table)))
    assert len(lines) == len(rows) > 0
    for row, line in zip(rows, lines):
        flat = {}
        for name, value in row.items():
            flat |= {f"{name}.{part}": v for part, v in value.items()} if isinstance(value, dict) else {name: value}
        for name, text in line.items():
            value = flat.get(name)
            assert text == "" if value is None else str(value) == text or float(text) == float(value), (name, text, value)
