"""Nothing personal is on disk in clear (events.md section 4): what was sent is searched for in every byte that the parts wrote."""

import base64
import http.client
import ipaddress
import json
import secrets

from harness import Stack
from harness.part import ROOT

ACCOUNTS = ROOT / "tests" / "cases" / "accounts"
TOKEN = "s3cret"  # of account `cases`
PEER = "127.77.88.99"  # loopback, and nobody else's
ADDRESSES = [PEER, "203.0.113.77", "2001:db8:1:2:3:4:5:6"]


class Secrets:
    """Texts that occur nowhere by chance, each under the name of the field that carries it."""

    def __init__(self):
        self.by_field = {}

    def __call__(self, field):
        # Dots and dashes are no base64: a ciphertext can not hold it by chance.
        return self.by_field.setdefault(field, f"s.{secrets.token_hex(12)}-{len(self.by_field)}")

    def needles(self):
        for field, text in self.by_field.items():
            yield field, text.encode()
            for shift in range(3):  # in base64, wherever it stands there
                encoded = base64.b64encode(b"\0" * shift + text.encode())
                yield f"{field} in base64", encoded[4:-4]
        for address in ADDRESSES:
            yield f"address {address}", address.encode()
        for address in ADDRESSES[2:]:
            yield f"address {address} in 16 bytes", ipaddress.ip_address(address).packed


def url(secret, field):
    return f"https://shop.test/page?q={secret(field + ' query')}&w=1#{secret(field + ' fragment')}"


def personal_body(secret):
    return {
        "consumerId": secret("consumerId"),
        "identities": [{"iss": secret("iss"), "acr": "loa1", "sub": secret("sub")}, {"acr": "0", "sub": secret("weak sub")}],
        "clientProperties": {"deviceFamily": "DESKTOP", "os": "LINUX", "referrer": url(secret, "referrer"),
                             "ipAddress": ADDRESSES[1]},
        "entryPoints": [url(secret, "https"), "ref://" + url(secret, "ref"), f"app://x?{secret('app query')}",
                        f"sec://Sport#{secret('section fragment')}"],
        "engagementAttributes": [
            {"type": "personal", "own": secret("personal.own"), "personal": {
                "firstname": secret("firstname"), "lastname": secret("lastname"), "company": secret("company"),
                "language": secret("language"), "mine": secret("personal.mine"), "contacts": [
                    {"email": secret("email"), "phone": secret("phone"),
                     "address": {"country": secret("country"), "region": secret("region")}}]}},
            {"type": "ctmrinfo", "info": {name: secret(name) for name in (
                "ctype", "cstatus", "customerId", "socialId", "imei", "userName", "companyBranch", "accountName", "role",
                "storeZipCode", "storeNumber")}},
            {"type": "searchInfo", "keywords": [secret("keyword 1"), secret("keyword 2")]},
            {"type": "error", "error": {"contextId": secret("error.contextId"), "message": secret("error.message"),
                                        "code": secret("error.code")}},
            {"type": "purchase", "total": 5, "orderId": "order.in-clear"},
        ],
    }


class Client:
    """At the edge, from an address of its own."""

    def __init__(self, stack, agent):
        self.connection = http.client.HTTPSConnection("localhost", stack.edge.port, context=stack.edge.tls_context(),
                                                      timeout=30, source_address=(PEER, 0))
        self.agent = agent

    def ask(self, method, target, body=None, **headers):
        self.connection.request(method, target, None if body is None else json.dumps(body),
                                {"User-Agent": self.agent, **headers})
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read())


def send_everything(stack, secret):
    client = Client(stack, secret("userAgent"))
    base = "/api/account/cases/app/web"
    status, first = client.ask("POST", f"{base}/engagement?v=1.1&obh=true", personal_body(secret))
    assert status == 201, first
    ids = f"vid={first['visitorId']}&sid={first['sessionId']}"
    again = personal_body(secret)
    again["clientProperties"]["ipAddress"] = ADDRESSES[2]
    assert client.ask("PUT", f"{base}/report?v=1.1&obh=TRUE&{ids}", again)[0] == 200
    assert client.ask("PUT", f"{base}/report?v=1.1&{ids}", personal_body(secret))[0] == 200
    # Without obh it is the peer's address that begins a session.
    other = personal_body(secret)
    del other["consumerId"], other["identities"]
    assert client.ask("POST", f"{base}/engagement?v=1.1", other)[0] == 201
    events = f"/api/account/cases/monitoring/visitors/{first['visitorId']}/visits/current/events?v=1"
    assert client.ask("PUT", events, again["engagementAttributes"], Authorization=f"Bearer {TOKEN}")[0] == 200
    refuse_some(client, base, ids, secret)
    talk(stack, secret)
    return client, first


def refuse_some(client, base, ids, secret):
    """What is refused may not stay in a log either."""
    broken = personal_body(secret)
    broken["engagementAttributes"].append({"type": "cart"})
    assert client.ask("PUT", f"{base}/report?v=1.1&{ids}", broken)[0] == 400
    broken = {"identities": [{"acr": secret("acr"), "sub": secret("refused sub")}]}
    assert client.ask("POST", f"{base}/engagement?v=1.1", broken)[0] == 400
    assert client.ask("GET", f"/nowhere/{secret('path')}?q={secret('query')}")[0] == 404
    assert client.ask("GET", f"/%zz?q={secret('broken query')}")[0] == 400
    client.connection.close()
    assert client.ask("POST", f"{base}/engagement?v=1.1&vid=!{secret('vid')}", {})[0] == 404


def talk(stack, secret):
    identity = {"iss": secret("iss"), "sub": secret("sub")}
    assert stack.monitord.admin("PUT", "/admin/accounts/cases/conversations/c-1", {"identity": identity})[0] == 200
    assert stack.monitord.admin("DELETE", "/admin/accounts/cases/conversations/c-1")[0] == 200


def find(secret, data, where):
    return [f"{field} in {where}" for field, needle in secret.needles() if needle in data]


def files_below(stack):
    roots = {part.directory for part in stack.parts}
    return [path for root in roots for path in root.rglob("*") if path.is_file()]


def search(stack, secret):
    return [hit for path in files_below(stack) for hit in find(secret, path.read_bytes(), path)]


def assert_search_can_find(stack):
    """Tables may be compressed, write-ahead logs are not: what stays in clear is found there."""
    for part in (stack.monitord, stack.funneld):
        assert any(b"cases" in path.read_bytes() for path in (part.directory / "data").rglob("*.log")), part.name
    assert any(b"order.in-clear" in path.read_bytes() for path in (stack.monitord.directory / "data").rglob("*.log"))


def test_what_is_personal_is_nowhere_in_clear(tmp_path, closing):
    stack = closing(Stack(tmp_path, accounts=ACCOUNTS)).start()
    secret = Secrets()
    client, first = send_everything(stack, secret)

    position = stack.monitord.position()
    stack.funneld.wait_for(position["origin"], position["last"])
    events = stack.monitord.log()
    assert find(secret, json.dumps(events, ensure_ascii=False).encode(), "the admin API's log") == []
    assert_search_can_find(stack)
    assert search(stack, secret) == []

    # It is there, and its holder may see it.
    state = f"/api/account/cases/monitoring/visitors/{first['visitorId']}/visits/current/state?v=1"
    status, document = client.ask("GET", state, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    seen = json.dumps(document)
    for field in ("firstname", "customerId", "keyword 1", "error.message", "https query", "ref fragment", "userAgent"):
        assert secret(field) in seen, field
    assert not any(address in seen for address in ADDRESSES)

    stack.monitord.kill9().start()
    assert search(stack, secret) == []
    assert stack.monitord.log()[:len(events)] == events
    stack.stop()
    assert search(stack, secret) == []
