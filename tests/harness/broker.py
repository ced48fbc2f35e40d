"""A real single-node Kafka, by tests/kafka/broker."""

import os
import signal
import subprocess

from .part import ROOT, Part, PartFailed, free_port

SCRIPT = ROOT / "tests" / "kafka" / "broker"


class Broker(Part):
    name = "broker"

    def __init__(self, directory, port=None):
        super().__init__(directory)
        self.port = port or free_port()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        path = self.directory / "pid"
        return int(path.read_text()) if path.exists() else None

    def start(self):
        done = subprocess.run([SCRIPT, "start", self.directory, str(self.port)], capture_output=True, text=True)
        if done.returncode != 0:
            raise PartFailed(done.stderr)
        return self

    def kill9(self):
        os.killpg(self.pid, signal.SIGKILL)
        return self

    def pause(self):
        """It keeps its connections, and does nothing."""
        os.killpg(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.killpg(self.pid, signal.SIGCONT)

    def stop(self):
        subprocess.run([SCRIPT, "stop", self.directory], check=True)

    def close(self):
        if self.pid:
            try:
                self.kill9()
            except ProcessLookupError:
                pass
            (self.directory / "pid").unlink()
