"""docs/schemas/account.schema.json says the same as the server's own validation, as far as a schema can."""

import json
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/account.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
VECTORS = sorted((ROOT / "tests/vectors/conditions").glob("*.json"))


def document(**members):
    return {"accountId": "demo", **members}


def engagement(**members):
    one = {"id": 11, "channel": "messaging", "type": "sticky", **members}
    return document(campaigns=[{"id": 1, "engagements": [one]}])


def profile(**condition):
    return document(visitorProfiles=[{"id": 1, "conditions": [condition]}])


def behavior(**condition):
    return document(visitorBehaviors=[{"id": 1, "conditions": [condition]}])


def alert(**members):
    one = {"id": "a", "when": "neverEligible", "campaignId": 1, "minutes": 60, **members}
    return document(settings={"alerts": [one]}, campaigns=[{"id": 1, "engagements": []}])


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_sample_account_fits():
    VALIDATOR.validate(json.loads((ROOT / "deploy/accounts/demo.json").read_text()))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_condition_vector_fits(path):
    file = json.loads(path.read_text())
    library = {"profile": "visitorProfiles", "behavior": "visitorBehaviors", "location": "onsiteLocations"}
    for case in file["cases"]:
        whole = document(**file.get("account", {}))
        if file["judged"] in library:
            rules = {key: case[key] for key in ("conditions", "include", "exclude") if key in case}
            whole[library[file["judged"]]] = [{"id": 1, **rules}]
        whole["campaigns"] = [{"id": 1, "engagements": [], **case.get("campaign", {})}]
        VALIDATOR.validate(whole)


@pytest.mark.parametrize("fits", [
    document(shoeSize=46),
    document(settings={"caps": None}),
    document(settings={"caps": {"newSessions": None, "eventsPerSession": None}}),
    document(settings={"proactive": {"maxDisplaysPerSession": None}}, skills=None),
    engagement(displayInstances=[{"anything": True}], weight=0.5, note="kept"),
    profile(type="visitor", **{"is": "new"}, exclude=None),
    behavior(type="cartProducts", sku="b1"),
    behavior(type="viewedProduct", name=[], sku="b1"),
    profile(type="marketingSource", channel=[1], affiliate=[]),
    alert(below=None, engagementId=None, webhook="https://hooks.example/a"),
    alert(id=7, when="acceptRateBelow", below=0.05, minExposures=200, webhook="http://127.0.0.1:8080/hook"),
])
def test_what_the_server_takes_fits(fits):
    VALIDATOR.validate(fits)


@pytest.mark.parametrize("broken", [
    {},
    {"accountId": "no spaces"},
    document(currency="euro"),
    document(appInstallations=[{"name": "no id"}]),
    document(skills=[{"id": "3"}]),
    profile(type="marketingSource", channel=[], affiliate=[]),
    document(goals=[{"id": 1}]),
    document(settings={"controlGroup": {"percentage": 25.1}}),
    document(settings={"crossSessionPeriodDays": 2}),
    document(settings={"priorityShares": {"high": 0, "medium": 0, "low": 0}}),
    document(settings={"apiTokenSha256": ["abc"]}),
    alert(id=""),
    alert(when="rain"),
    alert(when="acceptRateBelow"),
    alert(when="acceptRateBelow", below=None),
    alert(below=0),
    alert(minutes=0),
    alert(webhook="http://hooks.example/"),
    alert(webhook="http://127.0.0.1.example/"),
    document(settings={"caps": {"newSessions": {"burst": 0}}}),
    document(campaigns=[{"id": 1}]),
    document(campaigns=[{"id": 1, "engagements": [], "controlGroup": {"percentage": 101}}]),
    document(schedules=[{"id": 1, "shifts": [{"from": "9:00", "to": "17:00"}]}]),
    document(schedules=[{"id": 1, "shifts": [{"from": "24:00", "to": "24:00"}]}]),
    document(specialOccasions=[{"id": 1, "from": "2026-12-24T00:00:00Z"}]),
    document(onsiteLocations=[{"id": 1, "include": [{"url": {"contains": "a", "exact": "b"}}]}]),
    document(onsiteLocations=[{"id": 1, "include": [{"section": "a", "tel": "1"}]}]),
    engagement(type="balloon"),
    engagement(weight=0),
    engagement(zone="top"),
    profile(type="mood"),
    profile(type="cartValue"),
    profile(type="referral"),
    profile(type="geo"),
    profile(type="platform", **{"in": []}),
    behavior(type="flow", mode="abandoned", steps=[{"location": 1}]),
    behavior(type="flow", mode="abandoned", steps=[{"location": 1, "required": False}] * 2),
    behavior(type="cartValue", change="emptied", **{"from": 1}),
    behavior(type="visitorError", ordinal=0),
    behavior(type="serviceActivity", topic="t"),
])
def test_what_the_server_refuses_does_not_fit(broken):
    assert not VALIDATOR.is_valid(broken)
