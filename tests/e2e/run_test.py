"""./run as a user meets it."""

import json
import os
import queue
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import urllib.request

import pytest
from confluent_kafka.admin import AdminClient

from e2e.load import wait_until
from harness import free_port
from harness.part import ROOT


CURL = "try: curl"


def obey_interrupts():
    """A shell starts background jobs deaf to Ctrl-C, and they hand that on; a terminal's job is not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run:
    """A running ./run; its lines as they come."""

    def __init__(self, data, *arguments, port=None, admin_port=None, funnel_port=None, environment=None):
        self.port, self.admin_port, self.funnel_port = port or free_port(), admin_port or free_port(), funnel_port or free_port()
        self.data, self.lines, self.coming = data, [], queue.Queue()
        self.process = subprocess.Popen(
            [ROOT / "run", "--no-install", "--port", str(self.port), "--data", str(data), "--admin-port", str(self.admin_port),
             "--funnel-port", str(self.funnel_port), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            preexec_fn=obey_interrupts, env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.coming.put(line.rstrip("\n"))
        self.coming.put(None)

    def wait_for_line(self, beginning, timeout_s=300):
        """The first line from here on that begins so; None if the output ends before."""
        deadline = time.monotonic() + timeout_s
        while (line := self.coming.get(timeout=max(0.1, deadline - time.monotonic()))) is not None:
            self.lines.append(line)
            if line.startswith(beginning):
                return line
        return None

    def wait_until_ready(self):
        line = self.wait_for_line("ready ")
        assert line == f"ready https://localhost:{self.port}", self.lines
        return self

    def finish(self, timeout_s=60):
        code = self.process.wait(timeout_s)
        self.wait_for_line("\0")
        self.reader.join()
        return code

    def stop(self, number=signal.SIGINT):
        """As Ctrl-C at a terminal: the whole group gets the signal."""
        os.killpg(self.process.pid, number)
        return self.finish()

    def curl_line(self):
        return next(line for line in self.lines if line.startswith(CURL))

    def parts(self):
        """Name to process id of its parts."""
        children = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "pid=,comm="], capture_output=True, text=True)
        named = (line.split() for line in children.stdout.splitlines())
        return {name: int(pid) for pid, name in named if name in ("nginx", "monitord", "funneld")}

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.reader.join()


def counted(run):
    """What its funnel says that it has counted; {} if nothing."""
    with urllib.request.urlopen(f"http://127.0.0.1:{run.funnel_port}/api/position", timeout=20) as answer:
        return json.load(answer)


@pytest.fixture
def start_run():
    runs = []

    def start(*arguments, **ports):
        runs.append(Run(*arguments, **ports))
        return runs[-1]

    yield start
    for one in runs:
        one.close()
        print("\n".join(one.lines))


def paste(line):
    """Runs the printed curl line in a shell, as a user would; (status, body)."""
    command = line.removeprefix("try: ") + " -s -w '\\n%{http_code}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def assert_all_gone(run, parts):
    for name, pid in parts.items():
        assert not os.path.exists(f"/proc/{pid}"), f"{name} is still there"
    for port in (run.port, run.admin_port, run.funnel_port):
        assert not listens(port)


def test_starts_answers_stops_and_starts_again_with_its_data(tmp_path, start_run):
    data = tmp_path / "a folder with blanks"
    first = start_run(data).wait_until_ready()
    curl = first.curl_line()
    assert f"funnel: http://127.0.0.1:{first.funnel_port}/" in first.lines
    status, body = paste(curl)
    assert status == 201 and '"sessionId"' in body
    assert stat.S_IMODE((data / "admin.token").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "tls" / "server.key").stat().st_mode) == 0o600
    certificate = (data / "tls" / "ca.pem").read_bytes()
    parts = first.parts()
    assert set(parts) == {"nginx", "monitord", "funneld"}
    assert first.stop() == 0
    assert_all_gone(first, parts)
    for name in ("monitord", "funneld"):
        assert '"event":"stopped"' in (data / "log" / f"{name}.log").read_text().splitlines()[-1], f"{name} left in order"

    second = start_run(data, port=first.port, admin_port=first.admin_port, funnel_port=first.funnel_port).wait_until_ready()
    assert (data / "tls" / "ca.pem").read_bytes() == certificate
    assert paste(curl)[0] == 201
    assert second.stop(signal.SIGTERM) == 0


def test_two_at_once_do_not_disturb_each_other(tmp_path, start_run):
    one, other = start_run(tmp_path / "one"), start_run(tmp_path / "other")
    one.wait_until_ready()
    other.wait_until_ready()
    assert one.stop() == 0
    assert paste(other.curl_line())[0] == 201
    assert other.stop() == 0


def test_the_same_data_folder_twice_is_refused(tmp_path, start_run):
    start_run(tmp_path).wait_until_ready()
    second = start_run(tmp_path)
    assert second.finish() == 1
    assert second.lines == [f"run: {tmp_path} is in use by another ./run"]


@pytest.mark.parametrize("option", ["--port", "--admin-port", "--funnel-port"])
def test_a_port_in_use_is_one_clear_sentence(tmp_path, start_run, option):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = start_run(tmp_path, **{option[2:].replace("-", "_"): port})
        assert run.finish() == 1
        assert run.lines == [f"run: port {port} is in use; choose another with {option}"]


@pytest.mark.parametrize("arguments, code, sentence", [
    (["--port", "x"], 1, "run: --port x is not a port"),
    (["--port", "08443"], 1, "run: --port 08443 is not a port"),
    (["--kafka", "localhost:"], 1, "run: --kafka wants HOST:PORT"),
    (["--config", "/tmp"], 1, "run: the file /tmp cannot be read"),
    (["--accounts", "/nowhere"], 1, "run: the folder of accounts /nowhere does not exist"),
    (["--trusted-proxy", "10/8"], 1, "run: --trusted-proxy wants a network like 203.0.113.0/24 or 2001:db8::/32, not '10/8'"),
    (["--trusted-proxy"], 2, "run: --trusted-proxy needs a value"),
    (["--bogus"], 2, "run: unknown argument --bogus"),
    (["--config"], 2, "run: --config needs a value"),
])
def test_bad_arguments_are_one_clear_sentence(tmp_path, arguments, code, sentence):
    done = subprocess.run([ROOT / "run", "--no-install", "--data", tmp_path, *arguments], capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr.splitlines()[0] == sentence


@pytest.mark.parametrize("part, arguments", [
    ("monitord", []), ("nginx", []), ("monitord", ["--demo", "100000"])])
def test_a_part_that_dies_takes_the_others_with_it(tmp_path, start_run, part, arguments):
    run = start_run(tmp_path, *arguments).wait_until_ready()
    parts = run.parts()
    os.kill(parts[part], signal.SIGKILL)
    assert run.finish() == 1
    name = "edge" if part == "nginx" else part
    assert any(line.startswith(f"run: {name} has ended by itself; see ") for line in run.lines), run.lines
    wait_until(lambda: not any(map(listens, (run.port, run.admin_port, run.funnel_port))), "the ports are free again")


def test_a_part_that_dies_in_the_moment_in_which_all_is_ready_is_noticed(tmp_path, start_run):
    run = start_run(tmp_path)
    assert run.wait_for_line("try: ")
    run.process.send_signal(signal.SIGSTOP)
    os.kill(run.parts()["nginx"], signal.SIGKILL)
    run.process.send_signal(signal.SIGCONT)
    assert run.finish() == 1
    assert any(line.startswith("run: edge has ended by itself; see ") for line in run.lines), run.lines


def test_a_funneld_that_dies_is_started_again_and_visitors_do_not_notice(tmp_path, start_run):
    run = start_run(tmp_path).wait_until_ready()
    before = run.parts()
    for pause_s in (1, 2):
        os.kill(run.parts()["funneld"], signal.SIGKILL)
        told = run.wait_for_line("funneld has ended by itself")
        assert told == f"funneld has ended by itself and is started again in {pause_s} s; see {tmp_path}/log/funneld.log"
        assert paste(run.curl_line())[0] == 201
        wait_until(lambda: listens(run.funnel_port), "there is a funneld again")
    assert {**run.parts(), "funneld": 0} == {**before, "funneld": 0}
    os.kill(run.parts()["funneld"], signal.SIGKILL)
    assert run.wait_for_line("funneld has ended by itself")
    parts = run.parts()
    assert run.stop() == 0
    assert_all_gone(run, parts)
    assert "stopping" in run.lines and not any(line.startswith("run: ") for line in run.lines)
    begins = (tmp_path / "log" / "funneld.log").read_text().count('"event":"listening"')
    assert begins == 3, "its log has all that was said since ./run began"


def program(path, script):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_funnel_that_can_not_count_holds_up_no_visitor_and_is_told(tmp_path, start_run):
    first = start_run(tmp_path / "data").wait_until_ready()
    assert paste(first.curl_line())[0] == 201
    wait_until(lambda: counted(first), "the request is counted")
    assert first.stop() == 0
    shutil.rmtree(tmp_path / "data" / "monitord")  # another log: what the view has counted is not in it
    second = start_run(tmp_path / "data").wait_until_ready()
    assert any(line.startswith("the funnel does not count: ") and "view" in line for line in second.lines)
    assert paste(second.curl_line())[0] == 201
    assert second.stop() == 0


def test_a_node_that_serves_nobody_is_one_clear_sentence(tmp_path, start_run):
    config = tmp_path / "monitord.toml"
    config.write_text("[data]\nmin_free_mb = 2000000000\n")
    one = start_run(tmp_path / "data", "--config", str(config))
    assert one.finish() == 1
    assert any(line.startswith("run: monitord serves nobody: ") and "2000000000 are wanted" in line for line in one.lines)


def test_ctrl_c_while_something_is_made_in_front_is_no_failure(tmp_path, start_run):
    reached = tmp_path / "reached"
    # No process of its own says so: one that ends well while the signal comes makes bash go on as if there had been none.
    openssl = program(tmp_path / "bin" / "openssl", f": > '{reached}'; exec tail -f /dev/null")
    run = start_run(tmp_path / "data", environment={"PATH": f"{openssl.parent}:{os.environ['PATH']}"})
    wait_until(reached.exists, "the certificate is being made", timeout_s=300)
    assert run.stop() == 0
    assert not any(line.startswith("run: ") for line in run.lines), run.lines


def test_stops_soon_while_nginx_is_not_yet_up(tmp_path, start_run):
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    go_on = tmp_path / "go-on"
    slow = program(tmp_path / "bin" / "nginx",
                   f"[[ $1 == -v ]] || until [[ -e '{go_on}' ]]; do read -t 0.1 <> <(:) || :; done; exec {nginx} \"$@\"")
    run = start_run(tmp_path / "data", environment={"MONITOR_NGINX": str(slow)})
    assert run.wait_for_line("starting the edge")
    run.process.send_signal(signal.SIGTERM)
    assert run.wait_for_line("stopping")
    go_on.touch()
    assert run.finish() == 0
    assert not any("does not stop" in line for line in run.lines), run.lines


def test_a_proxy_or_a_broker_of_the_environment_is_not_asked(tmp_path, start_run):
    nobody = f"127.0.0.1:{free_port()}"
    run = start_run(tmp_path, "--demo", "1", environment={
        "http_proxy": f"http://{nobody}", "https_proxy": f"http://{nobody}", "MONITOR_KAFKA_BOOTSTRAP_SERVERS": nobody})
    run.wait_until_ready()
    assert run.wait_for_line("demo: ").endswith(" 0 errors")
    assert run.stop() == 0


def test_the_line_to_paste_fits_the_accounts_that_there_are(tmp_path, start_run):
    accounts = tmp_path / "accounts of mine"
    accounts.mkdir()
    (accounts / "shop.json").write_text(
        '{"accountId": "acme",\n "appInstallations": [\n  {"name": "the shop", "id": "shop-1"},\n  {"id": "other"}],\n "campaigns": []}')
    (accounts / "broken.json").write_text("{")
    run = start_run(tmp_path / "data", "--accounts", str(accounts), "--demo", "1").wait_until_ready()
    assert "/api/account/acme/app/shop-1/engagement" in run.curl_line()
    assert paste(run.curl_line())[0] == 201
    assert f"documents in {accounts} were refused; see {tmp_path}/data/log/monitord.log" in run.lines
    assert run.wait_for_line("demo: ").endswith(" 0 errors")
    assert run.stop() == 0


def test_an_empty_folder_of_accounts_is_told(tmp_path, start_run):
    (tmp_path / "accounts").mkdir()
    run = start_run(tmp_path / "data", "--accounts", str(tmp_path / "accounts")).wait_until_ready()
    assert f"there is no account with an app installation yet; put a document into {tmp_path}/accounts" in run.lines
    assert run.stop() == 0


def test_behind_a_proxy_all_of_our_own_speaks_as_it_does(tmp_path, start_run):
    run = start_run(tmp_path, "--proxy-protocol", "--trusted-proxy", "127.0.0.0/8", "--demo", "1").wait_until_ready()
    assert paste(run.curl_line())[0] == 201
    assert run.wait_for_line("demo: ").endswith(" 0 errors")
    connection = ["-sS", "--cacert", tmp_path / "tls" / "ca.pem", f"https://localhost:{run.port}/openapi.json"]
    assert subprocess.run(["curl", *connection], capture_output=True).returncode != 0
    assert run.stop() == 0


def test_a_run_that_only_others_may_connect_to_is_ready_all_the_same(tmp_path, start_run):
    start_run(tmp_path, "--proxy-protocol", "--trusted-proxy", "10.0.0.0/8").wait_until_ready()


def test_kill_9_of_run_itself_leaves_nothing_behind(tmp_path, start_run):
    run = start_run(tmp_path).wait_until_ready()
    run.process.kill()
    run.process.wait()
    wait_until(lambda: not any(map(listens, (run.port, run.admin_port, run.funnel_port))), "the ports are free again")


def test_no_part_is_reachable_from_outside(tmp_path, start_run):
    """Every listening socket of the parts is on loopback."""
    run = start_run(tmp_path).wait_until_ready()
    pids = set(run.parts().values())
    table = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout
    ours = [line.split()[3] for line in table.splitlines() if any(f"pid={pid}," in line for pid in pids)]
    assert len(ours) >= 4
    assert all(address.startswith(("127.0.0.1:", "[::1]:")) for address in ours), ours


@pytest.mark.kafka
def test_a_kafka_of_its_own_is_started_and_stopped(tmp_path, start_run):
    run = start_run(tmp_path / "data", "--kafka")
    address = run.wait_for_line("kafka: ").split()[1]
    run.wait_until_ready()
    assert paste(run.curl_line())[0] == 201
    wait_until(lambda: counted(run), "the request is counted from the topic")
    kept = set(AdminClient({"bootstrap.servers": address}).list_topics(timeout=20).topics)
    assert "monitor.events" in kept
    assert run.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address.split(":"), timeout=5)
