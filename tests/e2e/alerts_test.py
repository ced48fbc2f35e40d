"""Managers' alerts, tripped by traffic: shown by the query API and Prometheus, told to a webhook that checks the signature."""

import base64
import hashlib
import hmac
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import Funneld, Monitord, Visitor, impression, wait_until

KEY = bytes(range(32))


class Receiver(ThreadingHTTPServer):
    """Somebody's webhook: keeps what was signed well, and answers with `status`."""

    name, directory = "receiver", ""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Hook)
        self.calls, self.forged, self.status = [], [], 503
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"

    def close(self):
        self.shutdown()
        self.server_close()

    def log_tail(self):
        return json.dumps(self.calls)


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        right = "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
        well = hmac.compare_digest(self.headers["webhook-signature"], right)
        call = json.loads(body) | {"webhook-id": self.headers["webhook-id"], "sent": self.headers["Content-Type"]}
        (self.server.calls if well else self.server.forged).append(call)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def document(webhook):
    alerts = [{"id": "low", "when": "acceptRateBelow", "campaignId": 41, "below": 0.5, "minExposures": 3, "minutes": 60, "webhook": webhook},
              {"id": "never", "when": "neverEligible", "campaignId": 42, "minutes": 1},
              {"id": "goal", "when": "goalStopped", "campaignId": 41, "minutes": 1, "webhook": webhook}]
    engagement = {"channel": "messaging", "type": "embedded"}
    return {"accountId": "watched", "appInstallations": [{"id": "web"}],
            "settings": {"controlGroup": {"percentage": 0}, "alerts": alerts},
            "campaigns": [{"id": 41, "controlGroup": {"percentage": 0}, "engagements": [{"id": 4101, **engagement}]},
                          {"id": 42, "status": "unpublished", "engagements": [{"id": 4201, **engagement}]}]}


def show(monitord, click):
    visitor = Visitor(monitord.port, None, account="watched")
    offer = visitor.engage().body["engagementDetails"][0]
    kinds = ["impDisplay", "impAccept"] if click else ["impDisplay"]
    for kind in kinds:
        assert visitor.report([impression(kind, offer)]).recorded
    visitor.close()


def test_alerts_fire_are_told_and_resolve(tmp_path, closing):
    receiver = closing(Receiver())
    accounts = tmp_path / "accounts"
    accounts.mkdir()
    (accounts / "watched.json").write_text(json.dumps(document(receiver.url)))
    secret = tmp_path / "webhook.secret"
    secret.write_text(f"whsec_{base64.b64encode(KEY).decode()}\n")
    monitord = closing(Monitord(tmp_path / "monitord", accounts)).start()
    funneld = closing(Funneld(tmp_path / "funneld", monitord=monitord, settings={"alerts": {"secret_file": str(secret)}})).start()

    def firing():
        return {alert["id"] for alert in funneld.get("/api/alerts", account="watched")["alerts"] if alert["firing"]}

    wait_until(lambda: funneld.get("/api/alerts", account="watched")["alerts"][0]["since"], "they are judged")
    assert firing() == set()
    for _ in range(3):
        show(monitord, click=False)
    wait_until(lambda: firing() == {"low", "never"}, "both fire")
    low = funneld.get("/api/alerts", account="watched")["alerts"][0]
    assert (low["campaignId"], low["engagementId"], low["when"], low["value"]) == (41, None, "acceptRateBelow", 0)
    with urllib.request.urlopen(f"{funneld.url}/metrics") as reply:
        metrics = reply.read().decode()
    for alert, value in ("low", 1), ("never", 1), ("goal", 0):
        assert f'funneld_alert_firing{{account="watched",alert="{alert}"}} {value}\n' in metrics

    # The receiver has its troubles, and funneld ends meanwhile: what was not taken is told again, as the same call.
    told = wait_until(lambda: receiver.calls, "the webhook is called")[0]
    assert (told["type"], told["subject"], told["sent"]) == ("monitor.alert.firing", "watched/low",
                                                             "application/cloudevents+json; charset=utf-8")
    assert told["data"]["exposures"] == 3 and told["data"]["acceptedPairs"] == 0 and told["id"] == told["webhook-id"]
    funneld.stop()
    receiver.status = 204
    tries = len(receiver.calls)
    funneld.start()
    wait_until(lambda: len(receiver.calls) > tries, "it is told after the restart")

    for _ in range(3):
        show(monitord, click=True)
    wait_until(lambda: firing() == {"never"}, "it is resolved")
    resolved = wait_until(lambda: [call for call in receiver.calls if call["type"] == "monitor.alert.resolved"], "that is told")
    assert [call["data"]["value"] for call in resolved] == [0.5]
    assert {call["id"] for call in receiver.calls} == {told["id"], resolved[0]["id"]}
    assert not receiver.forged


def test_alerts_of_nobody_are_refused(tmp_path, closing):
    monitord = closing(Monitord(tmp_path / "monitord")).start()
    status, answer = monitord.admin("PUT", "/admin/accounts/watched", document("http://hooks.example/"))
    assert status == 400
    assert [error["path"] for error in answer["errors"]] == ["settings.alerts[0].webhook", "settings.alerts[2].webhook"]
