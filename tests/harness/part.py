"""One real process of the system: started, waited for, stopped, killed."""

import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("MONITOR_BIN", ROOT / "build" / "bin"))
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


class PartFailed(Exception):
    """A part could not start or ended by itself; the message has the end of its log."""


given_ports = set()
# The test runner's workers share the machine: each has ports of its own.
WORKERS = 8
worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS


def free_port():
    """A free loopback port outside the range that outgoing connections take, so that it stays free over a restart.

    None is given twice: what asks for several at once, to bind them later, needs them to differ.
    """
    for _ in range(200):
        port = random.SystemRandom().randrange(15000, 30000, WORKERS) + worker
        if port in given_ports:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                given_ports.add(port)
                return port
            except OSError:
                continue
    raise PartFailed("no free port found")


def wait_until(condition, what, timeout_s=30.0, pause_s=0.02):
    """Returns the condition's first true value; AssertionError at the deadline."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(pause_s)  # polls with a deadline


class Part:
    """Subclasses say how the process is called and when it is ready."""

    name = "part"

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = None

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    @property
    def log_path(self):
        return self.directory / f"{self.name}.log"

    def log_tail(self, lines=30):
        if not self.log_path.exists():
            return ""
        return "".join(self.log_path.read_text(errors="replace").splitlines(True)[-lines:])

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def launch(self):
        """Starts the process without waiting for it."""
        assert not self.running, f"{self.name} is running already"
        with open(self.log_path, "a") as log:
            # Its own process group: kill9 takes nginx's workers too, and a Ctrl-C at the tests' terminal comes to us only.
            self.process = subprocess.Popen([str(word) for word in self.command()], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True, env=self.environment())
        return self

    def environment(self):
        return dict(os.environ)

    def wait_ready(self, timeout_s=READY_TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        while not self.is_ready():
            if not self.running:
                raise PartFailed(f"{self.name} ended with {self.process.poll()} while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise PartFailed(f"{self.name} was not ready within {timeout_s} s:\n{self.log_tail()}")
            time.sleep(0.02)  # polls with a deadline
        return self

    def start(self):
        return self.launch().wait_ready()

    def signal_group(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def kill9(self):
        """As a power cut for this process; its folder stays."""
        assert self.running, f"{self.name} has ended by itself:\n{self.log_tail()}"
        self.signal_group(signal.SIGKILL)
        self.process.wait()
        return self

    def stop(self):
        """SIGTERM; returns the exit code. SIGKILL and PartFailed at the deadline."""
        if not self.running:
            return self.process.poll() if self.process else None
        self.process.terminate()
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.signal_group(signal.SIGKILL)
            self.process.wait()
            raise PartFailed(f"{self.name} did not stop within {STOP_TIMEOUT_S} s:\n{self.log_tail()}") from None
        self.signal_group(signal.SIGKILL)  # whoever of its group is left
        return code

    def close(self):
        """Whatever its state, it is gone afterwards."""
        if self.process:
            self.signal_group(signal.SIGKILL)
            self.process.wait()
