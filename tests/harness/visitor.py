"""One visitor's client: keeps its ids and one connection to the edge, and knows what it was told."""

import http.client
import itertools
import json
import uuid


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def recorded(self):
        return self.status in (200, 201)

    def __repr__(self):
        return f"Answer({self.status}, {self.body})"


class Visitor:
    """`tls` None: plain HTTP to monitord itself. An answer of None is a cut connection: unknown whether recorded."""

    def __init__(self, port, tls, account="e2e", app="web", timeout_s=30):
        self.port, self.tls, self.timeout_s = port, tls, timeout_s
        self.base = f"/api/account/{account}/app/{app}"
        self.vid = self.sid = None
        self.pages = (f"{uuid.uuid4().hex[:20]}-{n}" for n in itertools.count(1))
        self.connection = None

    def ask(self, method, target, body, headers=None):
        try:
            if self.connection is None:
                self.connection = (
                    http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=self.timeout_s) if self.tls
                    else http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s))
            self.connection.request(method, target, body=json.dumps(body), headers=headers or {})
            reply = self.connection.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        return Answer(reply.status, reply.headers, document)

    def call(self, method, resource, body, headers=None):
        query = "?v=1.1" + (f"&vid={self.vid}" if self.vid else "") + (f"&sid={self.sid}" if self.sid else "")
        answer = self.ask(method, f"{self.base}/{resource}{query}", body, headers)
        if answer and answer.recorded:
            self.vid, self.sid = answer.body["visitorId"], answer.body["sessionId"]
        return answer

    def engage(self, page_id=None, **body):
        return self.call("POST", "engagement", {"pageId": page_id or next(self.pages), **body})

    def report(self, attributes, page_id=None, **body):
        return self.call("PUT", "report",
                         {"pageId": page_id or next(self.pages), "engagementAttributes": attributes, **body})

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def impression(kind, offer):
    """`offer`: an entry of engagementDetails."""
    return {"type": kind, "campaign": offer["campaignId"], "engId": offer["engagementId"],
            "revision": offer["engagementRevision"],
            "eContext": [{"type": "engagementContext", "id": offer["contextId"]}]}
