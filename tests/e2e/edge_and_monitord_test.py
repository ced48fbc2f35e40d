"""What the edge lets through, monitord reads: none of it is refused inside, where the contract's headers are missing."""

import http.client
import json
import socket

import pytest

from harness import Edge, Monitord
from harness.http2 import Http2Client
from harness.stack import ACCOUNTS

TARGET = "/api/account/e2e/app/web/engagement?v=1.1"
TARGET_BYTES, HEADERS_BYTES = 8 << 10, 32 << 10
# As Huffman codes them: five bits, eight, and fifteen, which is longer than before.
CHARACTERS = "aX{"


@pytest.fixture(scope="module")
def monitord(tmp_path_factory):
    monitord = Monitord(tmp_path_factory.mktemp("monitord"), ACCOUNTS)
    try:
        yield monitord.start()
    finally:
        monitord.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory, monitord):
    edge = Edge(tmp_path_factory.mktemp("edge"), monitord.port)
    try:
        yield edge.start()
    finally:
        edge.close()


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
    assert_every_header(headers)
    return status, json.loads(data)


def assert_every_header(headers):
    for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options", "X-Request-Id", "Access-Control-Allow-Origin",
                 "Access-Control-Expose-Headers"):
        assert len(headers.get_all(name) or []) == 1, f"{name} of {headers.items()}"


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 66_000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
])
def test_what_monitord_itself_can_not_read_has_every_header_too(monitord, request_bytes, status):
    with socket.create_connection(("127.0.0.1", monitord.port), timeout=20) as connection:
        connection.sendall(request_bytes)
        reply = http.client.HTTPResponse(connection)
        reply.begin()
        assert reply.status == status
        assert_every_header(reply.headers)
        assert json.loads(reply.read())["internalCode"] == (18 if status >= 500 else 5)


@pytest.mark.parametrize("name", ["User-Agent", "Authorization", "X-HTTP-Method-Override", "X-Request-Id", "traceparent"])
def test_control_characters_in_a_header_do_no_harm(edge, version, name):
    for value in ("a\x01b", "\x1b[31mred", "a\x7f", "a\tb"):
        status, _ = ask(edge, version, TARGET, {name: value})
        assert status == 201


@pytest.mark.parametrize("character", CHARACTERS)
def test_the_longest_target_and_cookies_are_read(edge, version, character):
    target = f"{TARGET}&x=".ljust(TARGET_BYTES, "a")
    cookies = character * (HEADERS_BYTES - 300)  # and what every request has
    for headers in ({"Cookie": cookies}, {f"X-{n}": cookies[n::8] for n in range(8)}):
        assert ask(edge, version, target, headers)[0] == 201


@pytest.mark.parametrize("name", ["User-Agent", "Authorization", "tracestate"])
def test_the_longest_header_that_goes_in_is_read(edge, version, name):
    status, _ = ask(edge, version, TARGET, {name: "X" * HEADERS_BYTES})
    assert status == 201


def test_as_many_long_headers_as_pass_are_read(edge, version):
    names = ("User-Agent", "Authorization", "X-HTTP-Method-Override", "traceparent")
    status, _ = ask(edge, version, TARGET, dict.fromkeys(names, "X" * (HEADERS_BYTES // 4)))
    assert status == 201


def test_what_is_longer_is_refused_in_the_contracts_form(edge, version):
    for target, headers, status in [(f"{TARGET}&x=".ljust(TARGET_BYTES + 1, "a"), {}, 414),
                                    (TARGET, {"Cookie": "a" * 64_000}, 431), (TARGET, {"Cookie": "X" * 45_000}, 431)]:
        got, document = ask(edge, version, target, headers)
        assert got == status
        assert set(document) == {"time", "message", "internalCode"} and document["internalCode"] == 5


def test_floods_are_cut(edge, version):
    """By HTTP/2 the connection; by HTTP/1.1 the request is refused, and the connection closed."""
    try:
        status, _ = ask(edge, version, TARGET, {f"X-Flood-{n}": "X" * 4_000 for n in range(250)})
        assert status == 431
    except OSError:
        pass


def test_pipelined_requests_with_many_cookies_are_taken_one_by_one(edge):
    one = b"POST " + TARGET.encode() + b" HTTP/1.1\r\nHost: a\r\nCookie: " + b"c" * 12_000 + b"\r\nContent-Length: 2\r\n"
    with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as plain:
        with edge.tls_context().wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall((one + b"\r\n{}") * 19 + one + b"Connection: close\r\n\r\n{}")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 201 ") == 20
