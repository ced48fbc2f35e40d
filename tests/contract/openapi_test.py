"""The OpenAPI document tells the truth: schemathesis tries the server with it, and a client generated from it works."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness import Stack
from harness.part import ROOT

HERE = Path(__file__).parent
TOKEN = "contract-token"  # its SHA-256 is in accounts/demo.json


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("contract"), accounts=HERE / "accounts") as running:
        yield running


def tool(name):
    return Path(sys.executable).parent / name


def test_schemathesis_finds_nothing_with_all_checks_on(stack, long, request, tmp_path):
    examples = 1000 if long else 30
    seed = request.config.getoption("--seed") or 1  # the same tries every time, unless others are asked for
    done = subprocess.run(
        [tool("schemathesis"), "--config-file", HERE / "schemathesis.toml", "run", f"{stack.edge.url}/openapi.json",
         "--tls-verify", stack.edge.authority, "--checks", "all", "--header", f"Authorization: Bearer {TOKEN}",
         "--max-examples", str(examples), "--seed", str(seed), "--no-color"],
        cwd=tmp_path, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}, capture_output=True,
        text=True, timeout=3600 if long else 600)
    assert done.returncode == 0, shown(done.stdout)


def shown(report):
    """The report's end, its endless lines cut: bodies may be as large as the server takes them."""
    return "\n".join(line[:1000] for line in report.splitlines())[-20000:]


# Written against nothing but the generated package: the whole round of a device, and a brand's look at the visit.
ROUND = """
    import ssl, sys
    from monitor_client import AuthenticatedClient, Client, models
    from monitor_client.api.consumer import report, request_engagement
    from monitor_client.api.visit import offer_is_valid, visit_state

    url, authority, token = sys.argv[1:]
    trust = ssl.create_default_context(cafile=authority)
    client = Client(base_url=url, verify_ssl=trust)
    where = dict(account_id="demo", app_installation_id="web")

    cart = models.CartStatus(type_="cart", total=49.9, num_items=1, currency="USD")
    asked = request_engagement.sync_detailed(**where, client=client, v=models.RequestEngagementV("1.1"), body=models.EngagementRequest(
        entry_points=["https://shop.example/tea", "sec://kitchen"], engagement_attributes=[cart]))
    assert asked.status_code == 201, asked
    answer = asked.parsed
    offer = answer.engagement_details[0]
    session = dict(vid=answer.visitor_id, sid=answer.session_id)

    context = models.EngagementContext(type_="engagementContext", id=offer.context_id)
    for kind in ("impDisplay", "impAccept"):
        impression = models.Impression(type_=models.ImpressionType(kind), campaign=offer.campaign_id,
            eng_id=offer.engagement_id, revision=offer.engagement_revision, e_context=[context])
        told = report.sync_detailed(**where, **session, client=client, v=models.ReportV("1.1"), body=models.ReportRequest(
            page_id=answer.page_id, engagement_attributes=[impression]))
        assert told.status_code == 200, told

    brand = AuthenticatedClient(base_url=url, verify_ssl=trust, token=token)
    visit = dict(account_id="demo", visitor_id=answer.visitor_id, client=brand)
    state = visit_state.sync_detailed(**visit, v=models.VisitStateV("1"), sid=answer.session_id)
    assert state.status_code == 200 and state.parsed.id == answer.session_id, state
    valid = offer_is_valid.sync_detailed(**visit, v=models.OfferIsValidV("1"), campaign_id=str(offer.campaign_id),
        engagement_id=str(offer.engagement_id), context_id=offer.context_id, sid=answer.session_id)
    assert valid.status_code == 200, valid

    refused = request_engagement.sync_detailed(account_id="nobody", app_installation_id="web", client=client,
        v=models.RequestEngagementV("1.1"), body=models.EngagementRequest())
    assert refused.status_code == 404 and refused.parsed.internal_code == 6, refused
    print(answer.visitor_id, answer.session_id)
"""


def test_a_generated_client_makes_the_whole_round(stack, tmp_path):
    subprocess.run([tool("openapi-python-client"), "generate", "--path", ROOT / "deploy" / "www" / "openapi.json",
                    "--meta", "none", "--output-path", tmp_path / "monitor_client"], check=True, capture_output=True,
                   timeout=120)
    subprocess.run([sys.executable, "-m", "compileall", "-q", tmp_path / "monitor_client"], check=True)
    program = tmp_path / "round.py"
    program.write_text(textwrap.dedent(ROUND))
    done = subprocess.run([sys.executable, program, stack.edge.url, stack.edge.authority, TOKEN], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    visitor, session = done.stdout.split()
    status, events = stack.monitord.admin("GET", f"/admin/accounts/demo/visitors/{visitor}/sessions/{session}/events")
    assert status == 200
    kinds = [event["data"]["kind"] for event in events if event["type"] == "monitor.impression-reported"]
    assert kinds == ["display", "accept"]


def test_the_document_is_served_as_it_stands_in_the_tree(stack):
    visitor = stack.visitor(account="demo")
    answer = visitor.ask("GET", "/openapi.json", None)
    assert answer.status == 200
    assert answer.body == json.loads((ROOT / "deploy" / "www" / "openapi.json").read_text())
