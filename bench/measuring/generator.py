"""The load generator (bench/load), and what makes its answer a measurement."""

import json
import subprocess

from harness.part import BIN


class RowFailed(Exception):
    """What was measured is not what its row says; the message is one sentence."""


class Generator:
    """Visitors that live on from one command to the next; see bench/load/main.cpp."""

    def __init__(self, port, pages, account, kind, steps, connections, tls=False):
        self.connections = connections
        command = (BIN / "load_generator", port, "tls" if tls else "tcp", connections, account, pages, kind, steps)
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def begin(self, *words):
        try:
            self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended; end() tells why
        return self

    def end(self):
        line = self.process.stdout.readline()
        if not line:
            raise RowFailed(self.process.communicate()[1].strip() or "the load generator ended without a word")
        return json.loads(line)

    def tell(self, *words):
        """The checked result of one command."""
        return checked(self.begin(*words).end(), self.connections)

    def close(self):
        self.process.kill()
        self.process.communicate()


def checked(result, connections):
    """The result, if it is one of connections that were kept alive, and every request was answered as it had to be."""
    if result["opened"] > connections:
        raise RowFailed(f"{result['opened']} connections were opened where {connections} were asked for: "
                        "they are not kept alive, and what would be measured is the cost of connecting")
    if result["errors"]:
        raise RowFailed(f"{result['errors']} requests were not answered 200 or 201")
    if result["lost"]:
        raise RowFailed(f"{result['lost']} live sessions were not known any more")
    return result
