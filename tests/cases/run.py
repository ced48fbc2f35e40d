#!/usr/bin/env python3
"""Runs the text cases against a server: see README.md. Exit 1 if one fails."""

import argparse
import http.client
import json
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))

from case_file import Names, check, read_cases  # noqa: E402

FOLDER = Path(__file__).parent
TIMEOUT_S = 30


class Server:
    """The public API and, beside it, the admin API."""

    def __init__(self, url, admin_url, token, authority=None, http2=False):
        self.public, self.admin, self.token = urlsplit(url), urlsplit(admin_url), token
        self.tls = None
        if self.public.scheme == "https":
            self.tls = ssl.create_default_context(cafile=authority)
        self.kept = None  # one connection, used again
        self.http2 = http2

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection(self.public.hostname, self.public.port, timeout=TIMEOUT_S, context=self.tls)
        return http.client.HTTPConnection(self.public.hostname, self.public.port, timeout=TIMEOUT_S)

    def send(self, admin, method, target, headers, body):
        """(status, headers, body) of one request; sent as it is, without headers of its own but the needed ones."""
        if self.http2 and not admin:
            return self.send_http2(method, target, headers, body)
        if admin:
            connection = http.client.HTTPConnection(self.admin.hostname, self.admin.port, timeout=TIMEOUT_S)
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        else:
            connection = self.kept = self.kept or self.connect()
            if not self.tls:  # no edge in between: say what it would say
                headers = {"X-Forwarded-For": "127.0.0.1", **headers}
        try:
            connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body or method in ("POST", "PUT"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            connection.close()
            self.kept = None
            raise
        finally:
            if admin:
                connection.close()

    def send_http2(self, method, target, headers, body):
        from harness.http2 import Http2Client  # not needed by whoever runs this file alone

        self.kept = self.kept or Http2Client(self.public.port, self.tls, TIMEOUT_S)
        status, answered, data = self.kept.request(method, target, headers, body)
        return status, answered, data.decode("utf-8", "replace")

    def put_accounts(self, folder=FOLDER / "accounts"):
        for document in sorted(folder.glob("*.json")):
            status, _, body = self.send(True, "PUT", f"/admin/accounts/{document.stem}", {}, document.read_bytes())
            if status not in (200, 201):
                raise SystemExit(f"{document.name} was refused: {body}")


def run_case(server, case):
    """An error text or None."""
    names = Names(case.account, server.public.netloc)
    for step in case.steps:
        headers = {name: names.fill(value) for name, value in step.headers.items()}
        body = names.fill(step.body).encode()
        if "body-hex" in headers:
            body = bytes.fromhex(headers.pop("body-hex"))
        answer = server.send(step.admin, step.method, names.target(step.target), headers, body)
        if error := check(step, names, *answer):
            return f"{case.file}:{step.line}: {case.title}: {error}"
    return None


def case_files():
    return sorted(FOLDER.glob("*.case"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--ca", help="the authority that signed the server's certificate")
    parser.add_argument("--admin", default="http://127.0.0.1:8081")
    parser.add_argument("--token", required=True, help="the file that holds the admin token")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    try:
        server = Server(options.url, options.admin, Path(options.token).read_text().strip(), options.ca)
        server.put_accounts()
        cases = [case for file in options.files or case_files() for case in read_cases(file)]
        errors = [error for case in cases if (error := run_case(server, case))]
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"run.py: {error}")
    print(*errors, sep="\n")
    print(f"{len(cases) - len(errors)} passed, {len(errors)} failed")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
