"""compose.yaml's Kafka without an engine: the broker with exactly the file's settings in a network of its own, as a container
has it, read from inside by the name that the parts use and from the host by the published port."""

import os
import socket
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness import Monitord, Visitor, wait_until
from harness.broker import SCRIPT
from harness.compose import load_compose
from harness.part import ROOT
from harness.stack import ACCOUNTS

KAFKA, MONITORD = (load_compose()["services"][name] for name in ("kafka", "monitord"))
GATEWAY, ADDRESS = "172.30.84.1", "172.30.84.2"
PUBLISHED, PORT, TARGET = KAFKA["ports"][0].split(":")
INSIDE_NAME = MONITORD["environment"]["MONITOR_KAFKA_BOOTSTRAP_SERVERS"]


def isolated(*command):
    """With a network and mounts of its own."""
    return ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "--mount", *map(str, command)]


def python(function, *arguments):
    """A command that calls a function of this file."""
    return [sys.executable, "-c", f"import sys; from e2e.compose_kafka_test import *; {function}(*sys.argv[1:])", *map(str, arguments)]


def run(*command, check=True):
    return subprocess.run([str(word) for word in command], check=check, cwd=ROOT / "tests").returncode


def read_events(brokers, state, output, within=()):
    with open(output, "w") as file:
        subprocess.run([*within, sys.executable, ROOT / "docs" / "examples" / "read_events.py", "--brokers", brokers,
                        "--state", state], check=True, stdout=file)


class Forward(socketserver.BaseRequestHandler):
    """What an engine does for a published port."""

    def handle(self):
        with socket.create_connection((ADDRESS, int(TARGET))) as target:
            back = threading.Thread(target=self.copy, args=(target, self.request))
            back.start()
            self.copy(self.request, target)
            back.join()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def relay_one_request(directory):
    """In the container's network: a monitord that knows the broker as compose.yaml's does."""
    monitord = Monitord(directory, accounts=ACCOUNTS, kafka=INSIDE_NAME)
    try:
        monitord.start()
        assert Visitor(monitord.port, None).engage().recorded
        wait_until(lambda: monitord.position()["relayed"] == monitord.position()["last"], "all is relayed")
        monitord.stop()
    finally:
        monitord.close()


def on_the_host(directory):
    """In a network that stands for the machine's, beside it the container's."""
    directory = Path(directory)
    container = subprocess.Popen(isolated("sleep", "infinity"))
    inside = ["nsenter", f"--net=/proc/{container.pid}/ns/net", f"--mount=/proc/{container.pid}/ns/mnt",
              "env", f"--chdir={ROOT / 'tests'}"]
    forward = socketserver.ThreadingTCPServer((PUBLISHED, int(PORT)), Forward, bind_and_activate=False)
    forward.daemon_threads = True
    try:
        wait_until(lambda: os.readlink(f"/proc/{container.pid}/ns/mnt") != os.readlink("/proc/self/ns/mnt"), "it is isolated")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "outside", "type", "veth", "peer", "name", "inside", "netns", container.pid)
        run("ip", "address", "add", f"{GATEWAY}/24", "dev", "outside")
        run("ip", "link", "set", "outside", "up")
        run(*inside, "ip", "link", "set", "lo", "up")
        run(*inside, "ip", "address", "add", f"{ADDRESS}/24", "dev", "inside")
        run(*inside, "ip", "link", "set", "inside", "up")
        run(*inside, "mount", "--bind", directory / "hosts", "/etc/hosts")
        run(*inside, "mount", "-t", "tmpfs", "tmpfs", "/var/lib")  # for what the image has below /var/lib/kafka
        run(*inside, "mkdir", "/var/lib/kafka")
        forward.server_bind()
        forward.server_activate()
        threading.Thread(target=forward.serve_forever, daemon=True).start()

        healthy = KAFKA["healthcheck"]["test"][1:]
        assert run(*inside, *healthy, check=False) != 0
        run(*inside, SCRIPT, "start", directory / "broker", INSIDE_NAME.split(":")[1], directory / "server.properties")
        assert run(*inside, *healthy, check=False) == 0
        run(*inside, *python("relay_one_request", directory / "monitord"))
        read_events(f"localhost:{PORT}", directory / "outside.sqlite", directory / "outside")
        read_events(INSIDE_NAME, directory / "inside.sqlite", directory / "inside", inside)
    finally:
        run(SCRIPT, "stop", directory / "broker")
        container.kill()


@pytest.mark.kafka
def test_the_broker_is_read_from_the_host_and_from_inside(tmp_path):
    if subprocess.run(isolated("true"), capture_output=True).returncode != 0:
        pytest.skip("no network of its own can be made here")
    run(SCRIPT, "fetch")  # out here, where there is a way to a registry
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost\n{ADDRESS} kafka\n")
    settings = {name: value for name, value in KAFKA["environment"].items() if name.startswith("KAFKA_")}
    (tmp_path / "server.properties").write_text("".join(
        f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={value}\n" for name, value in settings.items()))
    subprocess.run(isolated(*python("on_the_host", tmp_path)), check=True, cwd=ROOT / "tests")
    outside, inside = (tmp_path / "outside").read_text(), (tmp_path / "inside").read_text()
    assert '"type": "session-created"' in outside
    assert sorted(outside.splitlines()) == sorted(inside.splitlines())
