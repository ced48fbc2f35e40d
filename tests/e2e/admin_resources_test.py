"""What the admin API tells of accounts and people, and how both end, over the whole system."""

import json

from harness import Stack, wait_until
from harness.part import ROOT

ACCOUNT = "/admin/accounts/e2e"
DOCUMENT = json.loads((ROOT / "tests" / "e2e" / "accounts" / "e2e.json").read_text())
ANN = {"iss": "https://id.example", "sub": "ann"}


def listed(monitord):
    return monitord.admin("GET", f"{ACCOUNT}/revisions")[1]["revisions"]


def test_documents_are_judged_put_and_found_again(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    monitord = stack.monitord
    first, = listed(monitord)
    assert first["by"] == "file:e2e.json"
    changed = {**DOCUMENT, "name": "changed", "campaigns": []}
    before = monitord.position()
    status, judged = monitord.admin("POST", f"{ACCOUNT}/validate", changed)
    assert (status, list(judged)) == (200, ["revision"])
    status, refused = monitord.admin("POST", f"{ACCOUNT}/validate", {**changed, "timeZone": "Mars"})
    assert status == 400 and refused["errors"][0]["path"] == "timeZone"
    question = {"appInstallationId": "web", "request": {}}
    in_force = monitord.admin("POST", f"{ACCOUNT}/explain", question)[1]
    assert in_force["engagements"]
    status, other = monitord.admin("POST", f"{ACCOUNT}/explain", {**question, "document": changed})
    assert status == 200 and other["engagements"] == [] and other["revision"] != in_force["revision"]
    status, refused = monitord.admin("POST", f"{ACCOUNT}/explain", {**question, "document": {**changed, "currency": "?"}})
    assert status == 400 and refused["errors"][0]["path"] == "currency"
    assert monitord.position() == before

    assert monitord.admin("PUT", ACCOUNT, changed) == (200, judged)
    newest, oldest = listed(monitord)
    assert (newest["revision"], newest["by"], oldest) == (judged["revision"], "admin", first)
    assert monitord.admin("GET", f"{ACCOUNT}/revisions/{oldest['revision']}") == (200, DOCUMENT)
    assert monitord.admin("GET", f"{ACCOUNT}/revisions/{newest['revision']}") == (200, changed)
    assert monitord.admin("GET", f"{ACCOUNT}/revisions/0000000000000000")[1]["internalCode"] == 12


def test_a_person_is_found_and_erased_and_it_is_recorded_who_did_so(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    monitord = stack.monitord
    phone, laptop, other = (stack.visitor() for _ in range(3))
    for visitor, acr in ((phone, "loa1"), (laptop, "0")):
        assert visitor.engage(identities=[{**ANN, "acr": acr}]).recorded
    assert other.engage(identities=[{"sub": "ann", "acr": "loa1"}]).recorded
    session, = monitord.admin("GET", f"{ACCOUNT}/visitors/{phone.vid}")[1]["sessions"]
    assert session["sessionId"] == phone.sid and session["live"] is True
    both = {"visitors": sorted([phone.vid, laptop.vid])}
    assert monitord.admin("POST", f"{ACCOUNT}/identities/find", ANN) == (200, both)
    assert monitord.admin("POST", f"{ACCOUNT}/identities/erase", ANN) == (200, both)
    assert monitord.admin("POST", f"{ACCOUNT}/identities/find", ANN) == (200, {"visitors": []})
    assert monitord.admin("POST", f"{ACCOUNT}/identities/find", {"sub": "ann"}) == (200, {"visitors": [other.vid]})
    assert monitord.admin("GET", f"{ACCOUNT}/visitors/{phone.vid}")[0] == 404

    actions = monitord.admin("GET", "/admin/audit?limit=5")[1]["actions"]
    assert [action["action"] for action in actions] == [
        "find-identity", "find-identity", "erase-identity", "find-identity", "show-visitor"]
    assert {(action["by"], action["outcome"], action["accountId"]) for action in actions} == {("admin", "done", "e2e")}
    assert "id.example" not in json.dumps(actions)
    last = monitord.position()
    stack.funneld.wait_for(last["origin"], last["last"])  # which knows the type, and counts nothing of it
    assert stack.funneld.get("/readyz")["status"] == "ready"


def test_an_account_ends_for_good(tmp_path, closing):
    stack = closing(Stack(tmp_path)).start()
    monitord = stack.monitord
    visitor = stack.visitor()
    assert visitor.engage().recorded
    assert monitord.admin("DELETE", ACCOUNT)[0] == 400
    assert monitord.admin("DELETE", f"{ACCOUNT}?confirm=other")[0] == 400
    assert monitord.admin("DELETE", f"{ACCOUNT}?confirm=e2e") == (200, {})
    assert monitord.admin("GET", ACCOUNT)[1]["internalCode"] == 6
    assert visitor.engage().status == 404

    monitord.kill9()  # in the middle of it, perhaps
    monitord.start()
    assert monitord.admin("GET", ACCOUNT)[0] == 404  # though its file is still there
    wait_until(lambda: [event for event in monitord.log() if event["type"] == "monitor.visitor-erased"], "it is erased")
    assert monitord.admin("PUT", ACCOUNT, DOCUMENT)[0] == 201
    assert monitord.admin("GET", f"{ACCOUNT}/visitors/{visitor.vid}")[1]["internalCode"] == 12
    assert visitor.engage().status == 201
    types = [event["type"] for event in monitord.log() if event["subject"] == "account/e2e"]
    assert types.count("monitor.account-removed") == 1
