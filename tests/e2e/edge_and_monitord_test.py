"""What the edge lets through, monitord reads: none of it is refused inside, where the contract's headers are missing."""

import http.client
import json

import pytest

from harness import Edge, Monitord
from harness.http2 import Http2Client
from harness.stack import ACCOUNTS

TARGET = "/api/account/e2e/app/web/engagement?v=1.1"
# By HTTP/2 nginx counts the bytes of the compressed field: five bits an a.
LONGEST = {"HTTP/1.1": 8_000, "HTTP/2": 13_000}


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edge-and-monitord")
    monitord = Monitord(folder / "monitord", ACCOUNTS)
    edge = None
    try:
        edge = Edge(folder / "edge", monitord.start().port).start()
        yield edge
    finally:
        if edge:
            edge.close()
        monitord.close()


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
def version(request):
    return request.param


def ask(edge, version, target, headers):
    if version == "HTTP/2":
        client = Http2Client(edge.port, edge.tls_context())
        answer = client.request("POST", target, headers, b"{}")
    else:
        client = http.client.HTTPSConnection("localhost", edge.port, context=edge.tls_context(), timeout=20)
        client.request("POST", target, b"{}", headers)
        reply = client.getresponse()
        answer = reply.status, reply.headers, reply.read()
    client.close()
    status, headers, data = answer
    for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options", "X-Request-Id", "Access-Control-Allow-Origin"):
        assert len(headers.get_all(name) or []) == 1, f"{name} of {headers.items()}"
    return status, json.loads(data)


@pytest.mark.parametrize("name", ["User-Agent", "Authorization", "X-HTTP-Method-Override", "X-Request-Id", "traceparent"])
def test_control_characters_in_a_header_do_no_harm(edge, version, name):
    for value in ("a\x01b", "\x1b[31mred", "a\x7f", "a\tb"):
        status, _ = ask(edge, version, TARGET, {name: value})
        assert status == 201


def test_the_longest_path_is_read(edge, version):
    status, _ = ask(edge, version, f"{TARGET}&x={'a' * LONGEST[version]}", {})
    assert status == 201


@pytest.mark.parametrize("name", ["User-Agent", "Authorization", "tracestate"])
def test_the_longest_header_is_read(edge, version, name):
    status, _ = ask(edge, version, TARGET, {name: "a" * LONGEST[version]})
    assert status == 201


def test_as_many_long_headers_as_pass_are_read(edge, version):
    names = ("User-Agent", "Authorization", "X-HTTP-Method-Override", "traceparent")
    status, _ = ask(edge, version, TARGET, dict.fromkeys(names, "a" * (LONGEST[version] if version == "HTTP/1.1" else 7_700)))
    assert status == 201
