#!/usr/bin/env python3
"""Plays the Monitor API for one client, and tells what the client does wrong (docs/clients.md).

    client_conformance.py [--port N] [--calm] [--scale X] [--certificate FILE --key FILE] [-- COMMAND ...]

It listens on loopback and prints its address. With a COMMAND that is started with MONITOR_URL in its environment and the
judgement comes when it ends; without, at Ctrl-C. Any account and app installation will do. Play one visitor who sees two
pages at least, reports something, is shown the offer and clicks it.

Unless --calm it also ails, once each: the first request is answered 202 (loading), the third 503, the fifth is recorded and
its answer cut, the seventh starts a new session. --scale multiplies the pauses that a client must keep (3, 10, 30, 90 s)
for clients whose pauses can be set. Exit code 1 if there was a fault. Python's standard library only.
"""

import argparse
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

PAUSES_S = (3, 10, 30, 90)
EARLY = 0.9  # a pause may be this part of the documented one: clocks differ
MAX_BODY = 65536
PATH = re.compile(r"/api/account/([A-Za-z0-9_]{1,20})/app/([^/]+)/(engagement|report)$")
IMPRESSIONS = ("impDisplay", "impAccept", "impExpanded", "impTimeout", "impClose")
REQUIRED = {  # attribute -> (path of the object that holds them, what it must have)
    "cart": ("", ("total", "numItems")), "purchase": ("", ()), "prodView": ("", ()), "ctmrinfo": ("info", ()),
    "mrktInfo": ("info", ()), "personal": ("personal", ()), "lead": ("lead", ()), "service": ("service", ()),
    "error": ("error", ()), "searchInfo": ("", ()),
}


class Refused(Exception):
    """Answered with this status and internal code; what is wrong is the message."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


class Judge:
    """What the server knows of its one client, and what it found. One request at a time."""

    def __init__(self, calm=False, scale=1.0):
        self.calm, self.scale = calm, scale
        self.lock = threading.Lock()
        self.findings = []
        self.seen = 0                # requests that were understood
        self.vid = self.sid = None   # as answered last
        self.pages = set()
        self.offers = {}             # context -> (campaign, engagement)
        self.owed = None             # (method, resource, body, time, attempt): must come again
        self.refused = set()         # (resource, body) that were answered 4xx
        self.kinds = set()

    def found(self, text):
        if text not in self.findings:
            self.findings.append(text)
            print(f"wrong: {text}", flush=True)

    def serve(self, method, target, headers, data):
        """(status, document), or None: cut the connection."""
        with self.lock:
            try:
                return self.judge(method, target, headers, data)
            except Refused as refused:
                self.found(f"{method} {target.partition('?')[0]}: {refused} ({refused.status}/{refused.code})")
                return refused.status, {"time": int(time.time() * 1000), "message": str(refused), "internalCode": refused.code}

    def judge(self, method, target, headers, data):
        url = urllib.parse.urlsplit(target)
        match = PATH.match(urllib.parse.unquote(url.path))
        if not match:
            raise Refused(404, 5, f"path: {url.path} is none of a client's two")
        resource = match[3]
        if method not in (("POST",) if resource == "engagement" else ("PUT", "POST")):
            raise Refused(405, 5, f"method: {resource} is a {'POST' if resource == 'engagement' else 'PUT'}")
        query = dict(reversed(urllib.parse.parse_qsl(url.query)))
        body = self.body(query, headers, data)
        self.repeated(method, resource, body)
        self.identified(resource, query, body)
        if resource == "report" or body.get("engagementAttributes"):
            self.attributes(resource, body)
        self.seen += 1
        self.kinds.add(resource)
        return self.answer(match[1], method, resource, query, body)

    def body(self, query, headers, data):
        if query.get("v") not in ("1", "1.0", "1.00", "1.1"):
            raise Refused(400, 33, "v: 1.0 or 1.1 is expected in the query")
        if headers.get("Content-Encoding", "identity") != "identity":
            raise Refused(400, 5, "Content-Encoding: bodies are not compressed")
        if len(data) > MAX_BODY:
            raise Refused(413, 5, f"body: larger than {MAX_BODY} bytes")
        try:
            body = json.loads(data.decode() or "{}")
        except ValueError as error:
            raise Refused(400, 5, f"body: no JSON in UTF-8: {error}") from None
        if not isinstance(body, dict):
            raise Refused(400, 5, "body: an object is expected")
        points = body.get("entryPoints") or []
        for point in points.split(",") if isinstance(points, str) else points:
            if "://" not in point:
                self.found(f"entryPoints: {point!r} has no scheme; a section is sec://{point}, a page its whole address")
        return body

    def repeated(self, method, resource, body):
        """Judges whether a request that had no good answer comes again as it should."""
        text = json.dumps(body, sort_keys=True)
        if (resource, text) in self.refused:
            self.found(f"{resource}: sent again what was refused with 4xx, unchanged: it will be refused again")
        if not self.owed:
            return
        owed_method, owed_resource, owed_text, since, attempt = self.owed
        if (owed_method, owed_resource, owed_text) != (method, resource, text):
            self.found(f"{owed_resource}: had no good answer and did not come again unchanged before the next request; its "
                       "body and its pageId are what a repeat is known by")
            self.owed = None
            return
        pause, waited = PAUSES_S[attempt] * self.scale, time.monotonic() - since
        if waited < EARLY * pause:
            self.found(f"{resource}: came again after {waited:.2f} s; the pause before repetition {attempt + 1} is {pause:g} s")

    def identified(self, resource, query, body):
        vid, sid = query.get("vid"), query.get("sid")
        for name, value, code, longest in (("vid", vid, 37, 64), ("sid", sid, 39, 128)):
            if value is not None and not re.fullmatch(r"[A-Za-z0-9_.-]{1,%d}" % longest, value):
                raise Refused(404, code, f"{name}: malformed")
        if sid and not vid:
            self.found("sid: sent without vid; the pair names a session, so this makes a new visitor")
        if self.vid and vid != self.vid:
            self.found(f"vid: {self.vid} was answered, {vid} came; keep it and send it always")
        if self.sid and sid != self.sid:
            self.found(f"sid: {self.sid} was answered last, {sid} came; each answer names the session to go on "
                       "with, so wait for the first before the second request")
        known = body.get("consumerId") or any(one.get("sub") for one in body.get("identities") or [])
        if resource == "report" and not vid and not known:
            raise Refused(400, 5, "consumerId: a report names the visitor: vid, consumerId or an identity")
        if query.get("obh", "").lower() == "true" and not (body.get("clientProperties") or {}).get("ipAddress"):
            self.found("obh: on behalf of a visitor, and clientProperties.ipAddress does not say whose address it is")
        for index, one in enumerate(body.get("identities") or []):
            if one.get("acr") not in ("0", "loa1") or not one.get("sub"):
                raise Refused(400, 5, f"identities[{index}]: acr (0 or loa1) and sub are required")

    def attributes(self, resource, body):
        given = body.get("engagementAttributes")
        if not isinstance(given, list) or not given:
            raise Refused(400, 5, "engagementAttributes: a report has one at least")
        for index, one in enumerate(given):
            path = f"engagementAttributes[{index}]"
            kind = one.get("type") if isinstance(one, dict) else None
            if kind in IMPRESSIONS:
                self.impression(resource, path, one)
            elif kind not in REQUIRED:
                raise Refused(400, 5, f"{path}.type: {kind!r} is no attribute; all of the request is refused")
            else:
                holder, required = REQUIRED[kind]
                inner = one.get(holder) if holder else one
                if not isinstance(inner, dict):
                    raise Refused(400, 5, f"{path}.{holder}: an object is expected")
                for name in required:
                    if inner.get(name) in (None, ""):
                        raise Refused(400, 5, f"{path}.{name}: is required")
            self.kinds.add(kind)
        page = body.get("pageId")
        if resource == "report" and page is not None and self.pages and str(page) not in self.pages:
            self.found(f"pageId: {page} is no page that was answered; a report belongs to the page it happened on")

    def impression(self, resource, path, one):
        if resource == "engagement":
            raise Refused(400, 5, f"{path}: impressions go into reports")
        contexts = [each.get("id") for each in one.get("eContext") or [] if each and each.get("type") == "engagementContext"]
        offered = (one.get("campaign"), one.get("engId"))
        if None in offered:
            raise Refused(400, 5, f"{path}: campaign and engId are required")
        if not contexts:
            self.found(f"{path}.eContext: says not which showing is meant; send the offer's contextId")
        elif self.offers.get(str(contexts[0])) != tuple(map(int, offered)):
            raise Refused(400, 5, f"{path}: campaign, engId and context name no offer of this session")
        if one.get("revision") is None:
            self.found(f"{path}.revision: missing; send the offer's engagementRevision")

    def answer(self, account, method, resource, query, body):
        attempt = self.owed[4] + 1 if self.owed else 0
        owed = (method, resource, json.dumps(body, sort_keys=True), time.monotonic(), attempt)
        self.owed = None
        if not self.calm and self.seen in (1, 3):
            self.owed = owed
            if self.seen == 1:
                self.vid = query.get("vid") or os.urandom(16).hex()
                return 202, {"time": int(time.time() * 1000), "internalCode": 38, "visitorId": self.vid,
                             "message": f"Loading account: {account}, vid: {self.vid}"}
            return 503, {"time": int(time.time() * 1000), "internalCode": 18, "message": "Too many requests at once"}
        status = 200
        if not self.sid or (not self.calm and self.seen == 7):
            self.sid, status = os.urandom(16).hex(), 201
            self.offers.clear()
        self.vid = self.vid or query.get("vid") or os.urandom(16).hex()
        page = str(body.get("pageId") or (next(iter(self.pages), None) if resource == "report" else None) or time.time_ns() % 10**10)
        self.pages.add(page)
        document = {"sessionId": self.sid, "visitorId": self.vid, "pageId": page}
        if resource == "engagement":
            context = str(len(self.offers) + 1)
            self.offers[context] = (41, 4101)
            document["engagementDetails"] = [{"campaignId": 41, "engagementId": 4101, "engagementRevision": 7,
                                              "contextId": context, "windowId": "77", "language": "en-US", "status": "expose"}]
        if not self.calm and self.seen == 5:
            self.owed = owed
            return None
        return status, document

    def close(self):
        if self.owed:
            self.found(f"{self.owed[1]}: had no good answer (5xx, 202, or a cut connection) and never came again")
        if not self.seen:
            self.found("nothing: no request was understood")
        for kind, what in (("engagement", "asked for engagements"), ("report", "reported anything"),
                           ("impDisplay", "reported that the offer was seen"), ("impAccept", "reported a click")):
            if kind not in self.kinds:
                print(f"not tried: the client never {what}")


def handler_of(judge):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            method = self.command
            if method == "POST" and self.headers.get("X-HTTP-Method-Override", "").upper() == "PUT":
                method = "PUT"
            answer = judge.serve(method, self.path, self.headers, data)
            if answer is None:
                # Half an answer: after none at all, browsers ask once more by themselves.
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(b'{"sessionId":')
                self.close_connection = True
                return
            self.reply(answer[0], json.dumps(answer[1]).encode())
            if 400 <= answer[0] < 500:
                judge.refused.add((self.path.partition("?")[0].rpartition("/")[2], canonical(data)))

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def do_OPTIONS(self):
            self.reply(204, b"")

        def reply(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS")
            self.send_header("Access-Control-Allow-Headers", "Content-Type, X-HTTP-Method-Override, X-Request-Id, traceparent")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def canonical(data):
    try:
        return json.dumps(json.loads(data), sort_keys=True)
    except ValueError:
        return ""


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("command", nargs="*")
    options = parser.parse_args(arguments)
    judge = Judge(options.calm, options.scale)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler_of(judge))
    server.daemon_threads = True
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http{'s' if options.certificate else ''}://127.0.0.1:{server.server_address[1]}"
    print(f"listening: {url}", flush=True)
    code = 0
    try:
        if options.command:
            code = subprocess.run(options.command, env={**os.environ, "MONITOR_URL": url}, check=False).returncode
        else:
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    judge.close()
    if code:
        print(f"the client ended with {code}")
    print(f"{judge.seen} requests, {len(judge.findings)} faults")
    return 1 if judge.findings or code else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
