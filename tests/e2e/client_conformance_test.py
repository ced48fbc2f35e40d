"""docs/examples/client_conformance.py: a client that does it right passes, each wrong habit is told."""

import json
import subprocess
import sys

import pytest

from harness.part import ROOT

SCRIPT = ROOT / "docs" / "examples" / "client_conformance.py"

# A visit as docs/clients.md says it; HABITS names what this client does wrong.
CLIENT = r'''
import http.client, json, os, threading, time, urllib.parse
HABITS = set(os.environ.get("HABITS", "").split())
host = urllib.parse.urlsplit(os.environ["MONITOR_URL"]).netloc
ids, pauses = {}, [0.03, 0.1, 0.3, 0.9]

def call(method, resource, body):
    for pause in pauses + [None]:
        query = {"v": "1.1", **({} if "forgets" in HABITS else ids)}
        connection = http.client.HTTPConnection(host, timeout=10)
        try:
            connection.request(method, "/api/account/demo/app/web/" + resource + "?" + urllib.parse.urlencode(query), json.dumps(body))
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        except (OSError, http.client.HTTPException):
            reply = None
        if reply is not None:
            if "visitorId" in answer: ids["vid"] = answer["visitorId"]
            if reply.status in (200, 201):
                ids["sid"] = answer["sessionId"]
                return answer
            if reply.status < 500 and reply.status not in (202, 408):
                if "stubborn" not in HABITS: return None
        if pause is None or "gives-up" in HABITS: return None
        if "changes" in HABITS: body = {**body, "pageId": str(time.time_ns())[-10:]}
        if "hurries" not in HABITS: threading.Event().wait(pause)

def impression(kind, offer):
    return {"type": kind, "campaign": offer["campaignId"], "engId": offer["engagementId"], "revision": offer["engagementRevision"],
            "eContext": [{"type": "engagementContext", "id": offer["contextId"]}]}

for page in ("1000000001", "1000000002", "1000000003"):
    point = "shop" if "bare" in HABITS else "sec://shop"
    answer = call("POST", "engagement", {"pageId": page, "entryPoints": [point]})
    if not answer: continue
    attributes = [{"type": "cart", "total": 1, **({} if "half" in HABITS else {"numItems": 1})}]
    call("PUT", "report", {"pageId": "7" if "lost-page" in HABITS else page, "engagementAttributes": attributes})
    for offer in answer["engagementDetails"]:
        if page == "1000000003": continue  # a new session has begun meanwhile
        if "invents" in HABITS: offer["contextId"] = "99"
        for kind in ("impDisplay", "impAccept"):
            call("PUT", "report", {"pageId": page, "engagementAttributes": [impression(kind, offer)]})
'''


def judged(tmp_path, habits="", *options):
    client = tmp_path / "client.py"
    client.write_text(CLIENT)
    ran = subprocess.run([sys.executable, SCRIPT, "--scale", "0.01", *options, "--", sys.executable, client], text=True,
                         capture_output=True, timeout=60, env={"HABITS": habits, "PATH": "/usr/bin:/bin"})
    return ran.returncode, ran.stdout


def test_a_client_that_does_it_right_passes(tmp_path):
    for options in ((), ("--calm",)):
        code, said = judged(tmp_path, "", *options)
        assert code == 0 and " 0 faults" in said and "not tried" not in said, said


@pytest.mark.parametrize("habit, told", [
    ("forgets", "vid: "),
    ("hurries", "the pause before repetition 1 is 0.03 s"),
    ("gives-up", "did not come again unchanged"),
    ("changes", "did not come again unchanged"),
    ("bare", "'shop' has no scheme"),
    ("half", "engagementAttributes[0].numItems: is required (400/5)"),
    ("half stubborn", "sent again what was refused"),
    ("lost-page", "pageId: 7 is no page"),
    ("invents", "name no offer of this session"),
])
def test_a_wrong_habit_is_told(tmp_path, habit, told):
    code, said = judged(tmp_path, habit)
    assert code == 1 and told in said, said


def test_a_client_that_never_comes_is_told(tmp_path):
    ran = subprocess.run([sys.executable, SCRIPT, "--", "true"], text=True, capture_output=True, timeout=60)
    assert ran.returncode == 1 and "no request was understood" in ran.stdout
