"""The edge by itself, in front of an upstream that records what reaches it."""

import gzip
import http.client
import json
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import Edge, free_port
from harness.recorder import Recorder, RecorderHandler

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"


@pytest.fixture(scope="module")
def edge(tmp_path_factory, upstream):
    part = Edge(tmp_path_factory.mktemp("edge"), upstream.server_address[1]).start()
    yield part
    part.close()


def ask(edge, method, target, body=None, headers=None):
    connection = http.client.HTTPSConnection("localhost", edge.port, context=edge.tls_context(), timeout=20)
    connection.request(method, target, body=body, headers=headers or {})
    reply = connection.getresponse()
    data = reply.read()
    connection.close()
    return reply, data


def send_raw(edge, data):
    """All that the edge answers to these bytes until it closes."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as plain:
        with edge.tls_context().wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(data)
            answer = b""
            while part := connection.recv(65536):
                answer += part
    return answer


def assert_error_form(headers, data, code):
    document = json.loads(data)
    assert set(document) == {"time", "message", "internalCode"}
    assert document["internalCode"] == code
    assert isinstance(document["time"], int) and 1.6e12 < document["time"] < 1e13
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Expose-Headers"] == "X-Request-Id, Retry-After"
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


def test_only_the_headers_that_are_read_go_in(edge, upstream):
    upstream.seen.clear()
    ask(edge, "POST", "/api/x?v=1%2E0&a=%41", b"{}",
        {"Content-Type": "text/plain", "Accept": "image/png", "Accept-Encoding": "gzip", "Cookie": "a=b", "Expect": "",
         "X-Forwarded-For": "198.51.100.7", "Authorization": "Bearer t", "User-Agent": "browser",
         "X-HTTP-Method-Override": "PUT", "traceparent": "00-1-2-01"})
    seen = upstream.seen[-1]
    assert seen["target"] == "/api/x?v=1%2E0&a=%41"
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    request_id = headers.pop("x-request-id")
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    assert headers == {"host": f"localhost:{edge.port}", "connection": "keep-alive", "content-type": "application/json",
                       "content-length": "2", "x-forwarded-for": "127.0.0.1", "authorization": "Bearer t",
                       "user-agent": "browser", "x-http-method-override": "PUT", "traceparent": "00-1-2-01"}


@pytest.mark.parametrize("given", ["abc", "!" + "~" * 127])
def test_a_good_request_id_is_kept(edge, given):
    reply, _ = ask(edge, "GET", "/api/x", headers={"X-Request-Id": given})
    assert reply.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "~" * 129, "ü"])
def test_a_bad_request_id_is_replaced(edge, given):
    reply, _ = ask(edge, "GET", "/api/x", headers={"X-Request-Id": given})
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["X-Request-Id"])


def test_a_chunked_body_arrives_with_its_length(edge, upstream):
    upstream.seen.clear()
    answer = send_raw(edge, b"POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                            b"3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert upstream.seen[-1]["body"] == b'{"a":1}'
    assert upstream.seen[-1]["headers"]["Content-Length"] == "7"


def test_expect_is_answered_here(edge, upstream):
    answer = send_raw(edge, b"POST /api/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                            b"Connection: close\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
    assert "Expect" not in upstream.seen[-1]["headers"]


def test_pipelined_requests_are_taken_one_by_one(edge):
    one = b"GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = send_raw(edge, one * 9 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 ") == 10


@pytest.mark.parametrize("method", ["BREW", "PROPFIND", "TRACE", "CONNECT"])
def test_unknown_methods_reach_monitord_as_one_it_knows_and_refuses(edge, upstream, method):
    upstream.seen.clear()
    ask(edge, method, "/api/x?y=%41")
    assert [(seen["method"], seen["target"]) for seen in upstream.seen] == [("PATCH", "/api/x?y=%41")]


def test_the_largest_body_passes_and_one_byte_more_does_not(edge, upstream):
    reply, _ = ask(edge, "POST", "/api/x", b"a" * 65536)
    assert reply.status == 200 and len(upstream.seen[-1]["body"]) == 65536
    reply, data = ask(edge, "POST", "/api/x", b"a" * 65537)
    assert reply.status == 413
    assert_error_form(reply.headers, data, 5)


def test_a_body_over_the_limit_by_http_2_is_413(edge):
    reply = subprocess.run(["curl", "-sS", "--http2", "-i", "--cacert", edge.authority, "--data-binary", "a" * 65537,
                            f"{edge.url}/api/x"], capture_output=True, text=True).stdout
    head, _, data = reply.partition("\n\n")
    first, *lines = head.splitlines()
    assert first.split()[:2] == ["HTTP/2", "413"]
    assert_error_form({name.title(): value for name, value in (line.split(": ", 1) for line in lines)}, data, 5)


def test_a_chunked_body_over_the_limit_is_413(edge):
    chunk = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
    answer = send_raw(edge, b"POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 3)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"internalCode":5}' in answer


@pytest.mark.parametrize("request_bytes, status", [
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET /" + b"a" * 99999 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"TRACE /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 44000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"a" * 9000 + b"\r\n") * 5 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 99999 + b"\r\n\r\n", 431),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    (b"TRACE /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (b"OPTIONS /client/monitor.js HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (b"OPTIONS /tag/tag.js?site=1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (b"TRACE /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413),
    (b"GET /openapi.json HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n\r\n", 412),
])
def test_what_the_edge_refuses_has_the_contracts_form(edge, request_bytes, status):
    head, _, data = send_raw(edge, request_bytes.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first.split()[1] == str(status)
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines), "a header is there twice"
    assert_error_form(headers, data, 18 if status >= 500 else 5)
    assert headers.get("Allow") == ("GET, HEAD" if status == 405 else None)


def test_plain_http_is_refused_in_the_same_form(edge):
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    connection.request("GET", "/api/x")
    reply = connection.getresponse()
    assert reply.status == 400
    assert_error_form(reply.headers, reply.read(), 5)


def test_no_upstream_is_502_and_unknown(tmp_path, closing):
    edge = closing(Edge(tmp_path, free_port()).start())
    for method in ("POST", "TRACE"):
        reply, data = ask(edge, method, "/api/x", b"{}")
        assert reply.status == 502
        assert_error_form(reply.headers, data, 18)
        assert "unknown whether" in json.loads(data)["message"]


def test_too_many_at_once_from_one_address_is_503_with_a_pause(tmp_path, closing):
    class Slow(Recorder):
        arrived, release = threading.Event(), threading.Event()

    class SlowHandler(RecorderHandler):
        def answer(self):
            self.server.arrived.set()
            self.server.release.wait(20)
            super().answer()
        do_GET = answer

    server = Slow()
    server.RequestHandlerClass = SlowHandler
    edge = closing(Edge(tmp_path, server.server_address[1], options=["--connections-per-address", "1"]).start())
    first = threading.Thread(target=ask, args=(edge, "GET", "/api/x"))
    first.start()
    assert server.arrived.wait(20), "the first request has taken the only place"
    reply, data = ask(edge, "HEAD", "/openapi.json")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
    server.release.set()
    first.join()
    server.shutdown()
    server.server_close()


def test_the_tag_is_served_where_the_originals_sites_look_for_it(edge):
    tag = (ROOT / "deploy" / "www" / "client" / "lptag.js").read_bytes()
    for target in ("/tag/tag.js", "/tag/tag.js?site=12345678", "/client/lptag.js"):
        reply, data = ask(edge, "GET", target)
        assert (reply.status, reply.headers["Content-Type"], reply.headers["Cache-Control"]) == \
            (200, "application/javascript", "max-age=300, stale-while-revalidate=3600")
        assert reply.headers["Access-Control-Allow-Origin"] == "*" and data == tag
    reply, _ = ask(edge, "GET", "/client/lptag.d.ts")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/plain")
    reply, data = ask(edge, "POST", "/tag/tag.js", b"{}")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_the_browser_clients_are_small():
    together = sum(len(gzip.compress((ROOT / "deploy" / "www" / "client" / name).read_bytes(), mtime=0))
                   for name in ("monitor.js", "lptag.js"))
    assert together <= 12 * 1024


def test_the_document_the_schemas_and_the_browser_client_are_served(edge):
    reply, data = ask(edge, "GET", "/openapi.json")
    assert (reply.status, reply.headers["Content-Type"], reply.headers["Cache-Control"]) == (200, "application/json", "no-store")
    assert json.loads(data)["openapi"].startswith("3.1")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    reply, _ = ask(edge, "GET", "/client/monitor.js")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/javascript")
    for schema in sorted(SCHEMAS.rglob("*.json")):
        reply, data = ask(edge, "GET", f"/schemas/{schema.relative_to(SCHEMAS)}")
        assert (reply.status, reply.headers["Content-Type"], data) == (200, "application/json", schema.read_bytes())
    reply, data = ask(edge, "GET", "/client/")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html")
    reply, _ = ask(edge, "GET", "/openapi.json", headers={"Range": "bytes=99999999-"})
    assert reply.status == 200
    for target, status in [("/client/none.js", 404), ("/schemas/", 404), ("/schemas/events", 404), ("/schemas/events/", 404),
                           ("/client/../../../etc/passwd", 400)]:
        reply, data = ask(edge, "GET", target)
        assert reply.status == status and b"root:" not in data
        assert_error_form(reply.headers, data, 5)
    reply, data = ask(edge, "POST", "/openapi.json", b"{}")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert_error_form(reply.headers, data, 5)


@pytest.mark.faults
def test_silent_and_slow_clients_are_cut_within_ten_seconds(edge):
    """Nothing sent, half a handshake, half a header, a header byte by byte, half a body."""
    def plain():
        return socket.create_connection(("127.0.0.1", edge.port), timeout=15)

    def secure():
        return edge.tls_context().wrap_socket(plain(), server_hostname="localhost")

    silent, half_handshake, half_header, dripping, half_body = plain(), plain(), secure(), secure(), secure()
    half_handshake.sendall(b"\x16\x03\x01")
    half_header.sendall(b"GET / HT")
    half_body.sendall(b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
    stop = threading.Event()

    def drip():
        try:
            for byte in b"GET / HTTP/1.1\r\nHost: " + b"a" * 100:
                dripping.sendall(bytes([byte]))
                if stop.wait(0.5):
                    return
        except OSError:
            pass

    def cut(connection):
        try:
            while connection.recv(65536):
                pass
        except (ConnectionError, OSError) as error:
            assert not isinstance(error, TimeoutError), "not cut within 15 s"
        connection.close()

    dripper = threading.Thread(target=drip)
    dripper.start()
    begin = time.monotonic()
    for connection in (silent, half_handshake, half_header, half_body, dripping):
        cut(connection)
    assert time.monotonic() - begin < 12
    stop.set()
    dripper.join()


def test_nothing_of_a_request_is_in_the_logs(edge):
    ask(edge, "GET", "/api/secret-path?vid=secret-visitor", headers={"User-Agent": "secret-agent"})
    send_raw(edge, b"GET /%zz?secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    text = "".join(path.read_text() for path in edge.directory.glob("*.log"))
    assert "secret" not in text and "client: " not in text


def test_both_http_versions_are_spoken(edge):
    for protocol in ("h2", "http/1.1"):
        context = edge.tls_context()
        context.set_alpn_protocols([protocol])
        with socket.create_connection(("127.0.0.1", edge.port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                assert connection.selected_alpn_protocol() == protocol
