"""The programs' command lines: exit codes, and one clear sentence for whoever mistyped."""

import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.parse

import pytest

from harness import Monitord, Stack, Visitor, free_port
from harness.part import BIN, ROOT


def call(*command, **environment):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [
    [], ["position", "extra"], ["log", "tail", "--limit", "-1"], ["demo", "--visitors", "-1"], ["demo", "--seed", "-1"],
    ["demo", "--rate", "0"], ["log", "tail", "--from", "x"], ["account", "explain", "demo", "--at", "yesterday"],
    ["account", "what-if", "demo", "/dev/null", "--from", "1"], ["account", "what-if", "demo", "/dev/null", "--to", "x"]])
def test_monitorctl_tells_wrong_usage_by_its_exit_code(arguments):
    code, out, error = call(BIN / "monitorctl", "--admin", f"http://127.0.0.1:{free_port()}", *arguments)
    assert (code, out) == (2, "") and len(error.splitlines()) == 2, error


def test_every_command_of_a_running_node_prints_json_for_programs(tmp_path):
    sample = ROOT / "deploy" / "accounts" / "demo.json"
    with Stack(tmp_path, accounts=sample.parent) as stack:
        visitor = stack.visitor(account="demo")
        assert visitor.engage().status == 201
        node = ["--admin", stack.monitord.admin_url, "--token-file", stack.monitord.token_file, "--json"]
        for command in (["position"], ["log", "tail", "--limit", "1"], ["session", "events", "demo", visitor.vid, visitor.sid],
                        ["account", "list"], ["account", "show", "demo"], ["account", "validate", sample],
                        ["account", "put", sample], ["account", "diff", "demo", sample], ["account", "explain", "demo"],
                        ["account", "what-if", "demo", sample],
                        ["demo", "--url", stack.edge.url, "--cacert", stack.edge.authority, "--visitors", "2",
                         "--funnel", f"http://127.0.0.1:{stack.funneld.port}"], ["drain"]):
            code, out, error = call(BIN / "monitorctl", *node, *command)
            assert (code, error) == (0, ""), command
            json.loads(out)


class GrowingLog(http.server.BaseHTTPRequestHandler):
    """A node whose log has three events when it is first asked and one more with each answer, which never has more than one."""

    seen = []

    def do_GET(self):
        path, query = urllib.parse.urlsplit(self.path).path, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.seen.append(path)
        body = {"origin": "00000001.1", "first": "1", "last": "3"}
        body["origins"] = [dict(body)]
        if path == "/admin/log":
            origin, seq = query["from"].split(":")
            body = {"type": "monitor.session-closed", "time": "2026-11-24T08:42:30.123Z", "subject": "session/demo/v/s",
                    "origin": origin, "seq": seq, "data": {}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode() + b"\n")

    def log_message(self, *_):
        pass


def test_log_tail_ends_where_the_log_ended_when_it_began():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), GrowingLog) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, out, error = call(BIN / "monitorctl", "--json", "--admin", f"http://127.0.0.1:{server.server_address[1]}", "log", "tail",
                                MONITOR_ADMIN_TOKEN="any")
        server.shutdown()
    assert (code, error, [json.loads(line)["seq"] for line in out.splitlines()]) == (0, "", ["1", "2", "3"])
    assert GrowingLog.seen == ["/admin/position"] + 3 * ["/admin/log"]


@pytest.mark.parametrize("program", ["monitord", "funneld"])
def test_a_server_refuses_what_it_cannot_use_in_one_sentence(tmp_path, program):
    rest = {"MONITOR_DATA_DIR": str(tmp_path / "data"), "MONITOR_SOURCE_ADMIN_TOKEN_FILE": "/nowhere"}
    assert call(BIN / program, "--config", tmp_path, **rest) == (1, "", f"{program}: {tmp_path}: is a folder, not a file\n")
    assert call(BIN / program, **rest, MONITOR_LOG_LEVEL="loud") == (
        1, "", f"{program}: MONITOR_LOG_LEVEL must be one of debug, info, warning, error\n")
    assert call(BIN / program, **{**rest, "MONITOR_DATA_DIR": "/proc/none"}) == (
        1, "", f"{program}: data folder /proc/none: No such file or directory\n")


def test_a_node_does_not_start_without_the_master_key_of_its_data(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()
    assert monitord.stop() == 0
    key, kept = tmp_path / "data" / "master.key", tmp_path / "kept.key"
    key.rename(kept)
    replay = [BIN / "monitorctl", "replay", "--verify", "--data", tmp_path / "data"]
    sentence = f"the master key {key} is missing, but there is data that needs it; put it back\n"
    assert call(*monitord.command()) == (1, "", f"monitord: {sentence}")
    assert call(*replay) == (1, "", f"monitorctl: {sentence}")
    assert not key.exists()

    key.touch(mode=0o600)
    key.write_text("ab" * 32)
    sentence = f"the master key {key} is another one than the data was written with; put that one back\n"
    assert call(*monitord.command()) == (1, "", f"monitord: {sentence}")
    assert call(*replay) == (1, "", f"monitorctl: {sentence}")

    kept.rename(key)
    assert call(*replay)[0] == 0
    monitord.start()


def test_a_stopped_nodes_log_goes_on_in_a_new_epoch(tmp_path, closing):
    monitord = closing(Monitord(tmp_path)).start()
    before = monitord.position()
    repair = [BIN / "monitorctl", "log", "repair", "--new-epoch", "--data", tmp_path / "data"]
    code, out, error = call(*repair)
    assert (code, out) == (1, "") and "is using it" in error
    assert monitord.stop() == 0
    node = before["origin"].split(".")[0]
    assert call(*repair, "--json") == (0, json.dumps({"origin": f"{node}.2"}, separators=(",", ":")) + "\n", "")
    assert call(*repair[:-1], tmp_path / "nowhere")[0] == 1 and not (tmp_path / "nowhere").exists()
    assert call(*repair[:3], *repair[4:])[0] == 2, "what to repair must be said"
    assert call(BIN / "monitorctl", "verify", "--data", tmp_path / "data")[0] == 0

    monitord.start()
    code, out, error = call(BIN / "monitorctl", "--json", "--admin", monitord.admin_url, "log", "tail",
                            "--from", f"{before['origin']}:1", MONITOR_ADMIN_TOKEN=monitord.token)
    assert (code, len(out.splitlines()), error) == (0, int(before["last"]), ""), "it ends, though the epoch is empty"
    assert Visitor(monitord.port, None, account="demo").engage().status == 201
    after = monitord.position()
    assert (after["origin"], after["first"]) == (f"{node}.2", "1")
    assert [(one["origin"], one["last"]) for one in after["origins"]] == [
        (before["origin"], before["last"]), (after["origin"], after["last"])]


@pytest.mark.parametrize("sentence, command", [
    ("read_events: confluent-kafka is needed", [sys.executable, "-S", ROOT / "docs" / "examples" / "read_events.py", "--brokers", "any:1"]),
    ("to_parquet: duckdb is needed", [sys.executable, "-S", ROOT / "docs" / "examples" / "to_parquet.py", "in", "out"]),
    ("run.py: [Errno 2] No such file or directory", [ROOT / "tests" / "cases" / "run.py", "--url", "http://any", "--token", "/nowhere"]),
    ("run.py: [Errno 111] Connection refused",
     [ROOT / "tests" / "cases" / "run.py", "--url", "http://any", "--admin", "http://127.0.0.1:1", "--token", "/dev/null"]),
])
def test_a_command_of_the_documents_that_lacks_something_says_so_in_one_sentence(sentence, command):
    code, out, error = call(*command)
    assert (code, out, len(error.splitlines())) == (1, "", 1)
    assert error.startswith(sentence)


def test_a_missing_folder_of_accounts_is_told(tmp_path, closing):
    closing(Monitord(tmp_path, accounts=tmp_path / "nowhere")).start()
    told = [json.loads(line) for line in (tmp_path / "monitord.log").read_text().splitlines()]
    assert [line["reason"] for line in told if line["event"] == "accounts_folder_unreadable"] == ["No such file or directory"]


def test_render_edge_without_nginx_says_so(tmp_path):
    code, out, error = call(ROOT / "deploy" / "render-edge", "--dir", tmp_path, "--listen", "127.0.0.1:1", "--upstream",
                            "127.0.0.1:2", "--certificate", "a", "--key", "b", "--nginx", "/nowhere/nginx")
    assert (code, error) == (1, "render-edge: /nowhere/nginx is no nginx; name the program with --nginx\n")


def reference():
    """What docs/settings.md holds behind its introduction."""
    return "\n".join(call(BIN / program, "config", "reference")[1] for program in ("monitord", "funneld"))


def test_the_reference_of_settings_is_what_the_programs_print():
    text = (ROOT / "docs" / "settings.md").read_text()
    assert text.endswith(reference()), "docs/settings.md: put behind its introduction what `monitord config reference` prints, " \
                                       "an empty line, and what `funneld config reference` prints"


@pytest.mark.parametrize("program", ["monitord", "funneld"])
def test_settings_are_checked_without_a_start(tmp_path, program):
    path = tmp_path / "settings.toml"
    path.write_text('[source]\nadmin_token_file = "token"\n' if program == "funneld" else "")
    assert call(BIN / program, "config", "check", "--config", path) == (0, "the settings are right\n", "")
    assert list(tmp_path.iterdir()) == [path]  # nothing is made
    path.write_text("[kafka]\ntopic_prefix = \"a b\"\n" + path.read_text())
    code, out, error = call(BIN / program, "config", "check", "--config", path)
    assert (code, out) == (1, "") and error.startswith(f"{program}: kafka.topic_prefix: ")
    code, out, error = call(BIN / program, "config", "check", "--config", tmp_path / "none.toml")
    assert (code, out) == (1, "") and "none.toml" in error
