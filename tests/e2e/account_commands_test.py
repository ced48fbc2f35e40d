"""monitorctl account, as a campaign manager uses it."""

import json
import subprocess
import urllib.request

from harness import Monitord
from harness.part import BIN, ROOT

SAMPLE = ROOT / "deploy" / "accounts" / "demo.json"


def monitorctl(monitord, *command):
    """(exit code, lines of standard output)"""
    run = subprocess.run([BIN / "monitorctl", "--admin", monitord.admin_url, "--token-file", monitord.token_file, *command],
                         capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout.splitlines()


def test_diff_shows_what_changed_and_nothing_else(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()
    changed = json.loads(SAMPLE.read_text())
    assert changed["settings"]["caps"]["newSessionsPerAddress"] is None  # unchanged, though null
    changed["campaigns"][0]["engagements"][0]["weight"] = 2
    changed["settings"]["caps"]["newSessions"] = None
    changed["campaigns"][1]["specialOccasionIds"] = [61]
    changed["campaigns"][2]["engagements"].pop(1)
    changed["campaigns"].append({"id": 99, "name": "New one", "engagements": []})
    changed["visitorProfiles"][0]["conditions"].insert(0, {"type": "visitor", "is": "new"})
    changed["visitorProfiles"][3]["conditions"][0]["ctype"] = ["gold", "silver"]
    changed["schedules"][0]["shifts"][1]["to"] = "17:00"
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(changed))
    assert monitorctl(monitord, "account", "diff", "demo", SAMPLE)[1] == ["no difference"]
    assert sorted(monitorctl(monitord, "account", "diff", "demo", file)[1]) == [
        'campaign 41 "Sales: message us", engagement 4101 "Button on every page": weight: not set -> 2',
        'campaign 42 "Help: chat with support": specialOccasionIds: removed 60',
        'campaign 43 "Rescue the cart", engagement 4302 "Invitation, with a discount": removed',
        'campaign 99 "New one": added',
        'schedule 50 "Support hours", shift 2: to: "16:00" -> "17:00"',
        'settings.caps.newSessions: {"perSecond":2000,"burst":10000} -> null',
        'visitor profile 20 "Everybody but our own office", condition 1: added {"type":"visitor","is":"new"}',
        'visitor profile 23 "Premium customers", condition 1: ctype: added "silver"; removed "premium"']
    programs = json.loads(monitorctl(monitord, "account", "diff", "demo", file, "--json")[1][0])
    assert {"path": "campaigns[id 41].engagements[id 4101].weight", "before": None, "after": 2} in programs


def test_every_command_that_takes_a_document_lists_all_of_its_errors(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({"accountId": "demo", "timeZone": "Mars/Base", "campaigns": [{"id": 1}]}))
    for command in (["validate"], ["put"], ["what-if", "demo"], ["explain", "demo", "--document"]):
        code, lines = monitorctl(monitord, "account", *command, file)
        assert code == 1
        assert [line.split(": ")[1] for line in lines[:2]] == ["timeZone", "campaigns[0].engagements"], command


def test_revisions_are_listed_and_shown_and_an_account_is_removed(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps({**json.loads(SAMPLE.read_text()), "name": "changed"}))
    assert monitorctl(monitord, "account", "put", changed)[0] == 0
    newest, oldest = (line.split() for line in monitorctl(monitord, "account", "revisions", "demo")[1])
    assert newest[-1] == "admin" and oldest[-1] == "file:demo.json"
    assert monitorctl(monitord, "account", "show", "demo", "--revision", oldest[0])[1] == SAMPLE.read_text().splitlines()
    assert monitorctl(monitord, "account", "show", "demo", "--revision", "none")[0] == 1
    assert monitorctl(monitord, "account", "remove", "demo")[0] == 2
    assert monitorctl(monitord, "account", "remove", "demo", "--confirm", "other")[0] == 1
    assert monitorctl(monitord, "account", "remove", "demo", "--confirm", "demo")[0] == 0
    assert monitorctl(monitord, "account", "list")[1] == []
    code, lines = monitorctl(monitord, "audit", "--limit", "2")
    assert code == 0 and [line.split(": ")[1].split()[0] for line in lines] == ["remove-account", "show-revision"]


def test_a_person_is_found_and_erased(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()
    body = json.dumps({"identities": [{"acr": "loa1", "sub": "ann"}]}).encode()
    url = f"http://127.0.0.1:{monitord.port}/api/account/demo/app/web/engagement?v=1.0&vid=phone"
    urllib.request.urlopen(urllib.request.Request(url, data=body)).close()
    assert json.loads(monitorctl(monitord, "visitor", "show", "demo", "phone")[1][0])["visitorId"] == "phone"
    assert monitorctl(monitord, "identity", "find", "demo", "--sub", "ann") == (0, ["phone"])
    assert monitorctl(monitord, "identity", "erase", "demo", "--sub", "ann", "--json") == (0, ['{"visitors":["phone"]}'])
    assert monitorctl(monitord, "identity", "find", "demo", "--sub", "ann") == (0, [])
    assert monitorctl(monitord, "visitor", "show", "demo", "phone")[0] == 1
    assert monitorctl(monitord, "visitor", "erase", "demo", "phone")[0] == 1
