"""monitorctl log export: everything once, whole files, going on after whatever ended it."""

import hashlib
import http.server
import json
import signal
import subprocess
import threading
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from harness import Monitord, Visitor
from harness.part import BIN

PERSONAL = [{"type": "personal", "personal": {"firstname": "Annabelle-Lee"}}]


@pytest.fixture
def node(tmp_path, closing):
    return closing(Monitord(tmp_path / "node")).start()


def visit(node, calls=1, **body):
    visitor = Visitor(node.port, None, account="demo")
    for _ in range(calls):
        assert visitor.engage(**body).recorded
    visitor.close()
    return visitor


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text())


def exported(folder):
    """The events of the parts that the manifest names, which are as it says."""
    events = []
    for part in manifest_of(folder)["parts"]:
        data = (folder / part["name"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (part["sha256"], part["bytes"])
        mine = [json.loads(line) for line in data.splitlines()]
        places = [f"{event['origin']}:{event['seq']}" for event in mine]
        assert (len(mine), places[0], places[-1]) == (part["events"], part["first"], part["last"])
        events += mine
    assert manifest_of(folder)["events"] == len(events)
    return events


def test_a_running_and_a_stopped_nodes_export_say_the_same_and_go_on(node, tmp_path):
    visit(node, 5)
    running, stopped = tmp_path / "a" / "running", tmp_path / "stopped"
    code, out, error = node.ctl("--json", "log", "export", "--out", running)
    position = node.position()
    assert (code, error, json.loads(out)) == (0, "", {
        "events": int(position["last"]), "parts": 1, "begin": f"{position['origin']}:1",
        "next": f"{position['origin']}:{int(position['last']) + 1}", "complete": True})
    assert exported(running) == node.log()
    visit(node, 2)
    assert node.ctl("log", "export", "--out", running)[0] == 0
    assert len(manifest_of(running)["parts"]) == 2 and exported(running) == node.log()
    code, out, error = node.ctl("log", "export", "--out", running, "--zstd")
    assert (code, out) == (1, "") and "other options" in error
    assert {path.stat().st_mode & 0o777 for path in running.iterdir()} == {0o600}

    everything = node.log()
    assert node.stop() == 0
    assert node.ctl("log", "export", "--out", stopped, "--data", node.data)[0] == 0
    assert exported(stopped) == everything
    part = stopped / "events-000001.jsonl"
    part.write_bytes(part.read_bytes()[:-1])
    code, out, error = node.ctl("log", "export", "--out", stopped, "--data", node.data)
    assert (code, out) == (1, "") and f"{part.name} is damaged" in error


def test_an_export_of_one_account_and_of_a_time(node, tmp_path):
    visit(node, 2)
    everything = node.log()
    begin, end = everything[2]["time"], everything[-1]["time"]
    code, _, error = node.ctl("log", "export", "--out", tmp_path / "some", "--account", "demo", "--from", begin, "--to", end)
    assert code == 0, error
    assert exported(tmp_path / "some") == [event for event in everything if begin <= event["time"] < end]
    assert node.ctl("log", "export", "--out", tmp_path / "none", "--account", "nobody")[0] == 0
    assert exported(tmp_path / "none") == []
    for words in (["--from", "yesterday"], ["--from", "2", "--to", "1"], ["--decrypt"], ["--part-mb", "0"]):
        code, out, error = node.ctl("log", "export", "--out", tmp_path / "wrong", *words)
        assert (code, out) == (2, "") and error and not (tmp_path / "wrong").exists()


class SlowNode(http.server.BaseHTTPRequestHandler):
    """Stands before a node: gives few events at once, and from `stops_at` requests for them on nothing until it is let go."""

    def do_GET(self):
        path, query = urllib.parse.urlsplit(self.path).path, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        if path == "/admin/log":
            self.server.asked += 1
            if self.server.asked == self.server.stops_at:
                self.server.is_stuck.set()
                self.server.let_go.wait(60)
                return
            query["limit"] = "7"
        request = urllib.request.Request(f"{self.server.node.admin_url}{path}?{urllib.parse.urlencode(query)}",
                                         headers={"Authorization": self.headers["Authorization"]})
        with urllib.request.urlopen(request, timeout=60) as reply:
            body = reply.read()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_export_that_was_ended_in_its_midst_goes_on(node, tmp_path, how):
    # A visitor of a control group is shown nothing: one event a call, else three.
    visit(node, 120, engagementAttributes=10 * [{"type": "service", "service": {"topic": "t" * 4_000}}])
    out = tmp_path / "out"
    words = ["log", "export", "--out", out, "--part-mb", "1"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowNode) as server:
        server.node, server.asked, server.stops_at = node, 0, 12
        server.is_stuck, server.let_go = threading.Event(), threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        export = subprocess.Popen([*map(str, [BIN / "monitorctl", "--admin", f"http://127.0.0.1:{server.server_address[1]}",
                                              "--token-file", node.token_file, *words])], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        try:
            assert server.is_stuck.wait(60)
            export.send_signal(how)
            _, error = export.communicate(timeout=60)
        finally:
            export.kill()
            export.wait()
            server.let_go.set()
            server.shutdown()
    so_far, everything = exported(out), node.log()
    assert 0 < len(so_far) < len(everything) and so_far == everything[:len(so_far)]
    assert not manifest_of(out)["complete"]
    if how == signal.SIGINT:
        assert (export.returncode, len(so_far)) == (1, 77) and f"goes on at {manifest_of(out)['next']}" in error
    code, _, error = node.ctl(*words)
    assert (code, error) == (0, "")
    assert exported(out) == everything and manifest_of(out)["complete"]
    assert {Path(part["name"]).name for part in manifest_of(out)["parts"]} | {"manifest.json"} == {
        path.name for path in out.iterdir()}


def test_a_decrypted_export_opens_all_but_what_is_of_erased_visitors(node, tmp_path):
    kept, erased = visit(node, engagementAttributes=PERSONAL), visit(node, engagementAttributes=PERSONAL)
    visit(node)
    assert node.admin("DELETE", f"/admin/accounts/demo/visitors/{erased.vid}")[0] == 200
    sealed = node.log()
    assert node.stop() == 0
    code, out, error = node.ctl("log", "export", "--out", tmp_path / "clear", "--data", node.data, "--decrypt")
    assert (code, error) == (0, "") and f"erased, stays sealed: demo/{erased.vid}\n" in out and kept.vid not in out
    assert manifest_of(tmp_path / "clear")["sealed"] == [f"demo/{erased.vid}"]
    events = exported(tmp_path / "clear")
    for stored, clear in zip(sealed, events, strict=True):
        assert {**stored, "data": None} == {**clear, "data": None}
        if clear["data"].get("visitorId") == erased.vid:
            assert clear["data"] == stored["data"]
        else:
            assert '"enc"' not in json.dumps(clear["data"])
    assert [event["data"]["engagementAttributes"] for event in events
            if event["type"] == "monitor.activity-reported" and event["data"]["visitorId"] == kept.vid] == [PERSONAL]
    (Path(node.data) / "master.key").unlink()
    code, out, error = node.ctl("log", "export", "--out", tmp_path / "keyless", "--data", node.data, "--decrypt")
    assert (code, out, len(error.splitlines())) == (1, "", 1) and "master key" in error
