"""funneld's OpenAPI document tells the truth, and its token is asked for."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from harness import Funneld, Monitord, Visitor
from harness.part import ROOT

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def funneld(tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    (folder / "read.token").write_text("reads\n")
    monitord = Monitord(folder / "monitord").start()
    funneld = Funneld(folder / "funneld", monitord=monitord,
                      settings={"http": {"read_token_file": str(folder / "read.token")}}).start()
    visitor = Visitor(monitord.port, None, account="demo")
    for _ in range(3):
        assert visitor.engage().recorded
    visitor.close()
    position = monitord.position()
    get(funneld, f"/api/position?waitFor={position['origin']}:{position['last']}")
    yield funneld
    funneld.close()
    monitord.close()


def get(funneld, target, token="reads"):
    """(status, body, headers)"""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(funneld.url + target, headers=headers)) as reply:
            return reply.status, reply.read(), reply.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def test_schemathesis_finds_nothing(funneld, long, request, tmp_path):
    document = tmp_path / "openapi.json"
    document.write_bytes(get(funneld, "/openapi.json")[1])
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run", document, "--url", funneld.url,
         "--checks", "all", "--exclude-checks", "ignored_auth,positive_data_acceptance", "--header", "Authorization: Bearer reads",
         "--max-examples", "300" if long else "15", "--seed", str(request.config.getoption("--seed") or 1), "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, "\n".join(line[:1000] for line in done.stdout.splitlines())[-15000:]


@pytest.mark.parametrize("target", ["/metrics", "/openapi.json", "/api/accounts", "/api/alerts?account=demo", "/api/position", "/api/funnel?account=demo",
                                    "/nowhere"])
def test_without_its_token_nothing_is_read(funneld, target):
    for token in (None, "", "guessed", "reads2"):
        status, body, headers = get(funneld, target, token)
        assert (status, json.loads(body)["internalCode"], headers["WWW-Authenticate"]) == (401, 10, "Bearer"), token
    assert get(funneld, target)[0] == (404 if target == "/nowhere" else 200)


@pytest.mark.parametrize("target", ["/livez", "/readyz"])
def test_health_needs_none(funneld, target):
    assert get(funneld, target, None)[0] == 200


def test_rows_come_in_parts(funneld):
    whole = json.loads(get(funneld, "/api/funnel?account=demo&by=engagement&count=gross&orderBy=-prospects")[1])["rows"]
    assert len(whole) > 1
    parts, after = [], ""
    while after is not None:
        answer = json.loads(get(funneld, f"/api/funnel?account=demo&by=engagement&count=gross&orderBy=-prospects&limit=1{after}")[1])
        parts += answer["rows"]
        after = f"&after={answer['next']}" if "next" in answer else None
    assert parts == whole
    status, body, _ = get(funneld, "/api/funnel?account=demo&by=engagement&limit=1&after=00")
    assert (status, json.loads(body)["message"].split(":")[0]) == (400, "after")


def test_the_document_is_the_one_of_the_source(funneld):
    assert get(funneld, "/openapi.json")[1].decode() == (ROOT / "consumers" / "query" / "openapi.json").read_text()
