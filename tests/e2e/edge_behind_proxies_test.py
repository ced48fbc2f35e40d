"""Whose address the edge takes for the visitor's, behind a CDN or load balancer (http-api.md section 2)."""

import http.client
import json
import re
import socket
import struct
import subprocess
import threading

import pytest

from harness import Edge, Monitord
from harness.http2 import Http2Client
from harness.part import ROOT
from harness.recorder import Recorder, RecorderHandler

TRUSTED = ["127.0.0.1", "10.0.0.0/8", "2001:db8:aa::/48"]
NETWORKS = [word for network in TRUSTED for word in ("--trusted-proxy", network)]
STRANGER = "127.9.9.9"  # in none of them


def edge_with(*options):
    @pytest.fixture(scope="module")
    def edge(tmp_path_factory, upstream):
        part = Edge(tmp_path_factory.mktemp("edge"), upstream.server_address[1], options=options)
        part.is_ready = lambda: connects(part.port)
        part.start()
        yield part
        part.close()
    return edge


plain_edge = edge_with()
trusting_edge = edge_with(*NETWORKS)
proxy_edge = edge_with("--proxy-protocol")
guarded_edge = edge_with("--proxy-protocol", *NETWORKS)


def connects(port):
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


class Connection(http.client.HTTPSConnection):
    """From `source`, its first bytes `greeting`."""

    def __init__(self, edge, source="127.0.0.1", greeting=b""):
        super().__init__("localhost", edge.port, context=edge.tls_context(), timeout=20, source_address=(source, 0))
        self.greeting = greeting

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock.sendall(self.greeting)
        self.sock = self._context.wrap_socket(self.sock, server_hostname="localhost")


def visitor_seen(edge, upstream, lines=(), source="127.0.0.1", greeting=b""):
    """What reaches monitord as the visitor's address, given these X-Forwarded-For lines; None if it is unknown."""
    upstream.seen.clear()
    connection = Connection(edge, source, greeting)
    connection.putrequest("GET", "/api/x")
    for line in lines:
        connection.putheader("X-Forwarded-For", line)
    connection.endheaders()
    assert connection.getresponse().status == 200
    connection.close()
    return upstream.seen[-1]["headers"].get("X-Forwarded-For")


CHAINS = [
    ([], "127.0.0.1"),
    ([""], "127.0.0.1"),
    (["203.0.113.7"], "203.0.113.7"),
    (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
    (["6.6.6.6,203.0.113.7,10.1.2.3"], "203.0.113.7"),
    (["6.6.6.6, 203.0.113.7", "10.1.2.3"], "203.0.113.7"),
    (["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
    (["203.0.113.7:51234"], "203.0.113.7"),
    (["2001:db8::1"], "2001:db8::1"),
    (["2001:DB8::1"], "2001:DB8::1"),
    (["[2001:db8::1]"], "2001:db8::1"),
    (["[2001:db8::1]:443"], "2001:db8::1"),
    (["::ffff:203.0.113.7"], "203.0.113.7"),
    (["[::ffff:203.0.113.7]"], "203.0.113.7"),
    (["[::FFFF:203.0.113.7]:80"], "203.0.113.7"),
    (["6.6.6.6, 203.0.113.7:80, 10.1.2.3:81, [2001:db8:aa::5], ::ffff:10.0.0.9, ::ffff:a00:9"], "203.0.113.7"),
    ([" 203.0.113.7 ,\t10.0.0.1 , ,"], "203.0.113.7"),
    (["203.0.113.7, " + ", ".join(f"10.0.0.{n}" for n in range(15))], "203.0.113.7"),
    (["10.0.0.1, 10.0.0.2"], "10.0.0.1"),  # nobody else: the farthest
    # A trusted proxy that does not say whom it speaks for: nothing left of that is believed.
    (["unknown"], None),
    (["6.6.6.6, unknown"], None),
    (["6.6.6.6, unknown, 10.0.0.1"], None),
    (["6.6.6.6, _hidden:80"], None),
    (["6.6.6.6, 2001:db8::1]"], None),
    (["6.6.6.6, [2001:db8::1"], None),
    (["6.6.6.6, 203.0.113.7x"], None),
]


@pytest.mark.parametrize("lines, visitor", CHAINS)
def test_the_rightmost_address_that_is_no_trusted_proxy_counts(trusting_edge, upstream, lines, visitor):
    assert visitor_seen(trusting_edge, upstream, lines) == visitor


def test_of_a_chain_without_end_nothing_is_believed_that_only_its_beginning_says(trusting_edge, upstream):
    chain = ", ".join(["6.6.6.6"] + ["10.0.0.1"] * 2_000)
    assert visitor_seen(trusting_edge, upstream, [chain]) == "10.0.0.1"


def test_by_http_2_it_is_the_same(trusting_edge, upstream):
    client = Http2Client(trusting_edge.port, trusting_edge.tls_context())
    client.request("GET", "/api/x", {"X-Forwarded-For": "6.6.6.6, [2001:db8::1], 10.0.0.1"})
    client.close()
    assert upstream.seen[-1]["headers"]["X-Forwarded-For"] == "2001:db8::1"


@pytest.mark.parametrize("forged", ["203.0.113.7", "203.0.113.7, 127.0.0.1", "unknown", "[2001:db8:aa::5]"])
def test_a_forged_header_from_elsewhere_counts_for_nothing(plain_edge, trusting_edge, upstream, forged):
    assert visitor_seen(trusting_edge, upstream, [forged], source=STRANGER) == STRANGER
    assert visitor_seen(plain_edge, upstream, [forged]) == "127.0.0.1"


def proxy_1(text):
    return f"PROXY {text}\r\n".encode()


def proxy_2(address, command=1):
    """`command` 0 is LOCAL: the proxy speaks for itself."""
    version = 6 if ":" in address else 4
    packed = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address)
    body = packed + packed + struct.pack("!HH", 1024, 443)
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, 0x21 if version == 6 else 0x11]) + struct.pack("!H", len(body)) + body)


GREETINGS = [
    (proxy_1("TCP4 203.0.113.7 127.0.0.1 51234 443"), "203.0.113.7"),
    (proxy_1("TCP6 2001:db8::1 ::1 51234 443"), "2001:db8::1"),
    (proxy_2("203.0.113.7"), "203.0.113.7"),
    (proxy_2("2001:db8::1"), "2001:db8::1"),
]


@pytest.mark.parametrize("greeting, visitor", GREETINGS)
def test_proxy_protocol_names_the_visitor_and_a_header_of_his_counts_for_nothing(proxy_edge, guarded_edge, upstream, greeting, visitor):
    for edge in (proxy_edge, guarded_edge):
        assert visitor_seen(edge, upstream, ["6.6.6.6"], greeting=greeting) == visitor


@pytest.mark.parametrize("greeting", [proxy_1("UNKNOWN"), proxy_2("203.0.113.7", command=0)])
def test_a_proxy_that_names_nobody_is_the_visitor_itself(proxy_edge, guarded_edge, upstream, greeting):
    for edge in (proxy_edge, guarded_edge):
        assert visitor_seen(edge, upstream, ["6.6.6.6"], greeting=greeting) == "127.0.0.1"


@pytest.mark.parametrize("lines, visitor", [case for case in CHAINS if case[0] not in ([], [""])])
def test_from_a_trusted_proxy_that_proxy_protocol_names_the_forwarded_chain_goes_on(guarded_edge, upstream, lines, visitor):
    for greeting in (proxy_1("TCP4 10.9.8.7 127.0.0.1 1024 443"), proxy_2("2001:db8:aa::7")):
        assert visitor_seen(guarded_edge, upstream, lines, greeting=greeting) == visitor


def answered(edge, source, greeting=b"", target="/openapi.json"):
    connection = Connection(edge, source, greeting)
    try:
        connection.request("GET", target)
        return bool(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def test_only_trusted_proxies_may_connect_if_any_are_named(proxy_edge, guarded_edge, upstream):
    greeting = proxy_1("TCP4 10.9.8.7 127.0.0.1 1024 443")
    assert answered(guarded_edge, "127.0.0.1", greeting)
    upstream.seen.clear()
    for target in ("/openapi.json", "/api/x", "/nowhere", "/%zz", "/" + "a" * 9_000):
        assert not answered(guarded_edge, STRANGER, greeting, target), target
    assert not upstream.seen
    assert answered(proxy_edge, STRANGER, greeting)


def test_a_connection_that_does_not_begin_with_proxy_protocol_is_cut(proxy_edge, guarded_edge):
    for edge in (proxy_edge, guarded_edge):
        assert not answered(edge, "127.0.0.1")


def test_connections_are_bounded_for_each_visitor_and_not_for_the_proxy(tmp_path, closing):
    class SlowHandler(RecorderHandler):
        arrived, release = threading.Event(), threading.Event()

        def do_GET(self):
            self.arrived.set()
            self.release.wait(20)
            self.answer()

    server = Recorder()
    server.RequestHandlerClass = SlowHandler
    edge = closing(Edge(tmp_path, server.server_address[1], options=[*NETWORKS, "--connections-per-address", "1"]).start())

    def status(visitor, target="/openapi.json"):
        connection = Connection(edge)
        connection.request("GET", target, headers={"X-Forwarded-For": visitor})
        result = connection.getresponse().status
        connection.close()
        return result

    first = threading.Thread(target=status, args=("203.0.113.7", "/api/x"))
    first.start()
    assert SlowHandler.arrived.wait(20)
    assert (status("203.0.113.7:1"), status("203.0.113.8")) == (503, 200)
    SlowHandler.release.set()
    first.join()
    server.shutdown()
    server.server_close()


def test_monitord_decides_by_that_address(tmp_path, closing):
    document = {"accountId": "far", "appInstallations": [{"id": "web"}], "settings": {"controlGroup": {"percentage": 0}},
                "visitorProfiles": [{"id": 1, "conditions": [{"type": "ipRange", "in": ["203.0.113.0/24", "2001:db8::/64"]}]}],
                "campaigns": [{"id": 1, "controlGroup": {"percentage": 0}, "visitorProfiles": [1],
                               "engagements": [{"id": 1, "channel": "content", "type": "embedded"}]}]}
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "far.json").write_text(json.dumps(document))
    monitord = closing(Monitord(tmp_path / "monitord", tmp_path / "accounts").start())
    edge = closing(Edge(tmp_path / "edge", monitord.port, options=NETWORKS).start())

    def offered(chain, source="127.0.0.1"):
        connection = Connection(edge, source)
        connection.request("POST", "/api/account/far/app/web/engagement?v=1.1", b"{}", {"X-Forwarded-For": chain})
        reply = connection.getresponse()
        answer = json.loads(reply.read())
        connection.close()
        assert reply.status == 201, answer
        return "engagementDetails" in answer

    for chain in ("203.0.113.9", "203.0.113.9:80", "[2001:db8::9]", "::ffff:203.0.113.9", "[::ffff:cb00:7109]:80, 10.0.0.1"):
        assert offered(chain), chain
        assert not offered(chain, STRANGER), chain
    for chain in ("198.51.100.1", "203.0.113.9, 198.51.100.1", "203.0.113.9, unknown", "2001:db8:0:1::9"):
        assert not offered(chain), chain


@pytest.mark.parametrize("network", ["", "1.2.3", "256.0.0.1", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8; x", "::1/129", "1::2::3",
                                     "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1:::2", ":1::2", "12345::",
                                     "1:2:3:4:5:6:7:", "example.net", "default", "10.0.0.0/08"])
def test_what_is_no_network_is_one_clear_sentence(tmp_path, network):
    sentence = f"--trusted-proxy wants a network like 203.0.113.0/24 or 2001:db8::/32, not '{network}'\n"
    done = subprocess.run([ROOT / "deploy" / "render-edge", "--trusted-proxy", network], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"render-edge: {sentence}")


def test_nginx_takes_every_network_that_is_one(tmp_path, upstream):
    networks = ["1.2.3.4", "0.0.0.0/0", "::/0", "::1", "fe80::/10", "2001:db8::/32", "1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7::",
                "1:2:3:4:5:6:7::/112", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8/127", "1:2:3:4:5:6::8"]
    edge = Edge(tmp_path, upstream.server_address[1], options=[w for network in networks for w in ("--trusted-proxy", network)])
    done = subprocess.run([edge.command()[0], "-t", *edge.command()[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = {network.replace(":7::", ":7:0") for network in networks}
    assert written <= set(re.findall(r"^    (\S+) 1;$", (tmp_path / "addresses.conf").read_text(), re.MULTILINE))
