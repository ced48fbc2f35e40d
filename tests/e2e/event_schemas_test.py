"""The published descriptions of events agree with the bytes that the server writes (tests/golden) and with each other."""

import base64
import json
import re
from urllib.parse import urldefrag

import pytest
import yaml
from jsonschema import Draft202012Validator

from harness import Stack, impression
from harness.part import ROOT

DOCS = ROOT / "docs"


def by_version(folder):
    """{(type, version): document}, of older versions, too."""
    found = {}
    for path in sorted(folder.glob("*.v*.json"), key=lambda path: (len(path.name), path.name)):
        event_type, version = path.name.removesuffix(".json").rsplit(".v", 1)
        found[event_type, int(version)] = json.loads(path.read_text())
    return found


ALL_SCHEMAS = by_version(DOCS / "schemas" / "events")
ALL_GOLDEN = by_version(ROOT / "tests" / "golden")
# What is written today.
SCHEMAS = {event_type: schema for (event_type, _), schema in ALL_SCHEMAS.items()}
GOLDEN = {event_type: data for (event_type, _), data in ALL_GOLDEN.items()}
VERSIONS = {event_type: version for event_type, version in ALL_SCHEMAS}
ASYNCAPI = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())


def strict(schema):
    """The published schemas allow later fields; what is written today must all be described."""
    return Draft202012Validator({**schema, "unevaluatedProperties": False})


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_event_type_has_a_schema_and_a_golden_file():
    names = re.search(r"kNames\[\] = \{(.*?)\};", (ROOT / "domain" / "events" / "event.cpp").read_text(), re.S).group(1)
    types = re.findall(r'"([a-z-]+)"', names)
    assert sorted(types) == sorted(SCHEMAS)
    assert ALL_SCHEMAS.keys() == ALL_GOLDEN.keys()
    assert sorted(ALL_SCHEMAS) == sorted((one, version) for one in SCHEMAS for version in range(1, VERSIONS[one] + 1))


@pytest.mark.parametrize("event_type,version", ALL_SCHEMAS)
def test_a_schema_is_valid_and_named_as_its_events_name_it(event_type, version):
    schema = ALL_SCHEMAS[event_type, version]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:monitor:schema:{event_type}:{version}"


@pytest.mark.parametrize("event_type,version", ALL_GOLDEN)
def test_a_golden_file_is_described_to_the_last_field(event_type, version):
    strict(ALL_SCHEMAS[event_type, version]).validate(ALL_GOLDEN[event_type, version])


@pytest.mark.parametrize("event_type", GOLDEN)
def test_a_required_field_is_required(event_type):
    schema = Draft202012Validator(SCHEMAS[event_type])
    for name in SCHEMAS[event_type]["required"]:
        assert not schema.is_valid({key: value for key, value in GOLDEN[event_type].items() if key != name}), name


@pytest.mark.parametrize("event_type", GOLDEN)
def test_fields_of_later_days_are_allowed(event_type):
    Draft202012Validator(SCHEMAS[event_type]).validate({**GOLDEN[event_type], "later": 1})


def test_a_personal_attribute_in_clear_is_no_event():
    event = {**GOLDEN["activity-reported"], "engagementAttributes": [{"type": "personal", "personal": {"firstname": "Ann"}}]}
    assert not Draft202012Validator(SCHEMAS["activity-reported"]).is_valid(event)


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    for reference in references(ASYNCAPI):
        file, pointer = urldefrag(reference)
        node = ASYNCAPI if not file else json.loads((DOCS / file).read_text())
        for part in filter(None, pointer.split("/")):
            node = node[part]


def test_the_topic_of_events_has_one_message_a_type():
    messages = ASYNCAPI["components"]["messages"]
    listed = [reference["$ref"].rsplit("/", 1)[1] for reference in ASYNCAPI["channels"]["events"]["messages"].values()]
    assert {messages[name]["name"]: messages[name]["payload"]["$ref"] for name in listed} == {
        f"monitor.{event_type}": f"schemas/events/{event_type}.v{version}.json" for event_type, version in VERSIONS.items()}


def test_the_described_headers_are_those_that_the_relay_writes():
    written = re.findall(r'\{"(content-type|ce_[a-z]+)",', (ROOT / "eventstore" / "relay" / "relay_run.cpp").read_text())
    headers = ASYNCAPI["components"]["schemas"]["cloudEventHeaders"]
    assert sorted(written) == sorted(headers["required"])
    assert set(headers["properties"]) == {*written, "traceparent"}


ATTRIBUTES = [
    {"type": "cart", "total": 40, "numItems": "2", "products": [{"product": {"name": "Shoe", "price": 20}, "quantity": 2}]},
    {"type": "prodView", "currency": "EUR", "products": [{"product": {"sku": "s-1", "price": "19.90"}}]},
    {"type": "ctmrinfo", "info": {"ctype": "gold-customer", "balance": -400.5, "customerId": "c-1"}},
    {"type": "mrktInfo", "info": {"channel": 1, "affiliate": "a", "campaignID": "summer"}},
    {"type": "personal", "personal": {"firstname": "Annabelle-Lee", "age": {"year": 1980}, "contacts": [{"email": "annabelle@example.com"}]}},
    {"type": "lead", "lead": {"topic": "loan", "value": 1e3, "leadId": "l-1"}},
    {"type": "service", "service": {"topic": "repair", "status": 0, "serviceId": "s-1"}},
    {"type": "error", "error": {"message": "broken-payment", "code": "E1", "contextId": "x", "level": 1, "resolved": False}},
    {"type": "searchInfo", "keywords": ["red shoes"]},
    {"type": "purchase", "total": "129.50", "currency": "EUR", "orderId": "o-1", "cart": {"products": [{"product": {}}]}},
]
PERSON = {"identities": [{"iss": "https://id.example", "acr": "loa1", "sub": "annabelle-at-id"}], "consumerId": "annabelle-at-shop",
          "clientProperties": {"deviceFamily": "MOBILE", "osName": "IOS", "ipAddress": "203.0.113.77", "appVersion": "2.1",
                               "referrer": "https://search.example/?q=red+shoes"},
          "entryPoints": ["https://shop.example/cart?user=annabelle#pay", "sec://Sport"]}

# Long enough not to stand in ciphertext or its base64 by chance.
PERSONAL = [b"Annabelle-Lee", b"annabelle@example.com", b"red shoes", b"red+shoes", b"user=annabelle", b"203.0.113.77",
            b"broken-payment", b"gold-customer", b"annabelle-at-id", b"annabelle-at-shop"]


def drive(stack):
    """Everything that makes events: requests, then what the messaging side and the operators tell."""
    visitor = stack.visitor()
    shown = visitor.engage("p1", **PERSON).body["engagementDetails"][0]
    told = [impression(kind, shown) for kind in ("impDisplay", "impAccept", "impExpanded", "impTimeout", "impClose")]
    assert visitor.report(ATTRIBUTES + told, "p1", **PERSON).recorded
    assert visitor.report(ATTRIBUTES[:1] + [{**told[0], "eContext": None}], "p1").recorded
    assert visitor.report([{"type": "lead", "lead": {}}]).recorded

    def admin(method, path, body=None):
        assert stack.monitord.admin(method, path, body)[0] == 200, path

    account = "/admin/accounts/e2e"
    admin("PUT", f"{account}/skills/3", {"state": "busy"})
    admin("PUT", f"{account}/visitors/{visitor.vid}/abandon-score", {"score": 0.75})
    admin("PUT", f"{account}/conversations/c-1", {"visitorId": visitor.vid, "sessionId": visitor.sid, "engagementId": 4101,
                                                  "identity": {"iss": "https://id.example", "sub": "annabelle-at-id"}})
    assert visitor.engage("p2", **PERSON).body["engagementDetails"][0]["status"] == "conversation"
    admin("DELETE", f"{account}/conversations/c-1")
    admin("DELETE", f"{account}/visitors/{visitor.vid}")


def test_whatever_the_server_writes_is_described_to_the_last_field(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    drive(stack)
    assert stack.monitord.admin("DELETE", "/admin/accounts/flooded?confirm=flooded")[0] == 200
    assert stack.monitord.admin("POST", "/admin/drain")[0] == 200
    events = stack.monitord.log()
    for event in events:
        assert event["dataschema"] == SCHEMAS[event["type"].removeprefix("monitor.")]["$id"]
        strict(SCHEMAS[event["type"].removeprefix("monitor.")]).validate(event["data"])
    written_types = {event["type"].removeprefix("monitor.") for event in events}
    assert set(SCHEMAS) - written_types == {"control-group-assigned", "eligibility-established"}  # this account has neither
    written = json.dumps([event for event in events if event["type"] != "monitor.account-configured"]).encode()
    sealed = [base64.b64decode(text) for text in re.findall(rb'"enc": "([^"]*)"', written)]
    assert sealed
    for personal in PERSONAL:
        assert all(personal not in text for text in [written, *sealed])
