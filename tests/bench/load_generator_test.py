"""The load generator, and that nothing is taken for a measurement that is none."""

import json
import socketserver
import threading
from types import SimpleNamespace

import pytest

from measuring import shop
from measuring.generator import Generator, RowFailed
from measuring.rounds import Bench
from measuring.rows import Load, measure_half_load, measure_load
from measuring.servers import EmptyHandler, EmptyListener, write_accounts

ANSWER = {"sessionId": "s-1", "visitorId": "v-1", "pageId": "1",
          "engagementDetails": [{"campaignId": 4, "engagementId": 41, "engagementRevision": 7, "contextId": "2"}]}


class OddServer(socketserver.ThreadingTCPServer):
    """Answers everything alike; keeps the requests' first lines and bodies."""

    daemon_threads = True

    def __init__(self, status=200, closes=False, stall_s=0.0):
        self.status, self.closes, self.stall_s = status, closes, stall_s
        self.targets, self.bodies = [], []
        super().__init__(("127.0.0.1", 0), OddHandler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class OddHandler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            headers = dict(one.decode().strip().lower().split(": ") for one in iter(self.rfile.readline, b"\r\n"))
            assert headers["connection"] == "keep-alive"
            self.server.targets.append(line.decode().rsplit(" ", 1)[0])
            self.server.bodies.append(json.loads(self.rfile.read(int(headers["content-length"]))))
            if len(self.server.targets) == 1 and self.server.stall_s:
                threading.Event().wait(self.server.stall_s)
            body = json.dumps(ANSWER, separators=(",", ":")).encode()
            self.wfile.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (self.server.status, len(body), body))
            if self.server.closes:
                return


@pytest.fixture
def pages(tmp_path):
    path = tmp_path / "pages"
    path.write_text("".join(line + "\n" for line in shop.pages()))
    return path


@pytest.fixture
def started(pages):
    """Starts a generator, or an odd server with one."""
    things = []

    def start(port, kind="engagement", steps=3, connections=2):
        things.append(Generator(port, pages, "shop50", kind, steps, connections))
        return things[-1]

    def start_odd(kind="engagement", steps=3, connections=2, **oddities):
        server = OddServer(**oddities)
        things.append(server)
        return server, start(server.port, kind, steps, connections)

    yield SimpleNamespace(generator=start, odd=start_odd)
    for thing in reversed(things):
        if isinstance(thing, Generator):
            thing.close()
        else:
            thing.shutdown()
            thing.server_close()


def test_connections_are_kept_alive(tmp_path, closing, started):
    for server in (closing(EmptyHandler(tmp_path / "handler")), closing(EmptyListener(tmp_path / "listener"))):
        generator = started.generator(server.start().port, connections=8)
        assert generator.tell("make", 50)["opened"] == 8
        measured = generator.tell("visit", 0.2)
        assert measured["opened"] == 8 and measured["requests"] > 8


def test_a_server_that_closes_connections_is_no_measurement(started):
    _, generator = started.odd(closes=True)
    with pytest.raises(RowFailed, match="2 were asked for: they are not kept alive"):
        generator.tell("make", 20)


def test_refused_requests_are_no_measurement(started):
    _, generator = started.odd(status=503)
    with pytest.raises(RowFailed, match="20 requests were not answered 200 or 201"):
        generator.tell("make", 20, 1)


def test_forgotten_sessions_are_no_measurement(started):
    _, generator = started.odd(status=201)
    with pytest.raises(RowFailed, match="20 live sessions were not known any more"):
        generator.tell("make", 20, 2)


def test_nobody_there_is_one_sentence(started):
    server, generator = started.odd()
    server.shutdown()
    server.server_close()
    with pytest.raises(RowFailed, match=f"^load_generator: nobody answers at port {server.port}$"):
        generator.tell("make", 1)


def test_ids_come_from_the_answers_and_a_session_ends_after_its_steps(started):
    server, generator = started.odd(steps=2, connections=1)
    generator.tell("make", 1, 2)
    path = "POST /api/account/shop50/app/web/engagement?v=1.1"
    assert server.targets == [path, f"{path}&vid=v-1&sid=s-1"]
    generator.tell("once", 5)
    assert server.targets[2:] == [f"{path}&vid=v-1"]


def test_a_mixed_page_is_an_engagement_and_the_display_of_its_offer(started):
    server, generator = started.odd(kind="mixed", connections=1)
    assert generator.tell("make", 1, 2)["requests"] == 4
    assert [target[:4] for target in server.targets] == ["POST", "PUT ", "POST", "PUT "]
    assert server.bodies[1]["pageId"] == "1"
    assert server.bodies[1]["engagementAttributes"][-1] == {
        "type": "impDisplay", "campaign": 4, "engId": 41, "revision": 7, "eContext": [{"type": "engagementContext", "id": "2"}]}


def test_reports_follow_one_engagement_and_click(started):
    server, generator = started.odd(kind="report", connections=1)
    generator.tell("make", 1, 3)
    assert [target[:4] for target in server.targets] == ["POST", "PUT ", "PUT "]
    assert [one["type"] for one in server.bodies[2]["engagementAttributes"]] == ["cart", "impAccept"]


def test_each_visitor_once(started):
    server, generator = started.odd(connections=4)
    generator.tell("make", 30, 1)
    assert generator.tell("once", 60)["waits_us"]["count"] == 30
    assert len(server.targets) == 60


def test_an_open_loop_asks_as_often_as_it_was_told_and_leaves_every_other_second_to_the_disk(tmp_path, started):
    _, generator = started.odd(connections=4)
    generator.tell("make", 30, 1)
    measured = generator.tell("visit", 1, 200, tmp_path)
    assert measured["waits_us"]["count"] == 200 and measured["seconds"] == 1
    assert measured["raw_us"]["count"] > 0
    assert not (tmp_path / "raw").exists()


def test_waiting_counts_from_when_a_request_was_due(started):
    """While the only connection is stalled for 0.8 s, most requests of the second fall due: more than half wait 0.3 s and more,
    where a client that only asks when it was answered would see one slow request."""
    _, generator = started.odd(connections=1, stall_s=0.8)
    generator.begin("new", 1, 100)
    measured = generator.end()
    assert measured["waits_us"]["count"] == 100 and measured["waits_us"]["p50"] >= 300_000


def test_a_series_is_one_visitor_and_its_bodies_as_they_are(tmp_path, started):
    server, generator = started.odd(connections=1)
    path = tmp_path / "series"
    path.write_text('{"a":1}\n{"a":2}\n')
    assert len(generator.tell("series", path)["waits_ms"]) == 2
    assert server.bodies[1:] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("line", ["dance 1", "visit", "visit 0", "make many"])
def test_a_command_that_is_not_understood_is_told(line, started):
    _, generator = started.odd()
    with pytest.raises(RowFailed, match=f"^load_generator: not understood: {line}$"):
        generator.tell(line)


def test_rows_run(tmp_path, closing):
    """Against the real servers, much too short to measure anything."""
    options = SimpleNamespace(seconds=1, rounds=1, connections=4, quick=True)
    parts = [closing(part.start()) for part in (EmptyHandler(tmp_path / "empty"), EmptyListener(tmp_path / "listener"))]
    bench = Bench(tmp_path, options, *parts, write_accounts(tmp_path / "accounts"))
    cold = measure_load(bench, Load(50, kind="mixed", command="once", cold=True), "cold")
    assert cold.ratio > 0 and cold.cpu_us >= 0 and cold.peak_mib > 0
    half = measure_half_load(bench, "half-load")
    assert half.more["raw_ms"]["p50"] > 0 and half.more["of_bound"] > 0
