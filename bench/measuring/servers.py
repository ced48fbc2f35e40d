"""The servers that are measured, each started for its row and gone after it."""

import json
import os

from harness import Edge, Monitord, Part, Visitor, free_port
from harness.part import BIN, ROOT
from measuring import shop

LISTENER_THREADS = max(4, 2 * os.cpu_count())  # monitord's default


class _Ceiling(Part):
    threads = 0

    def __init__(self, directory):
        super().__init__(directory)
        self.port = free_port()

    def command(self):
        return [BIN / self.name, self.port, self.threads]

    def is_ready(self):
        visitor = Visitor(self.port, None)
        answer = visitor.ask("POST", "/", {})
        visitor.close()
        return answer is not None


class EmptyHandler(_Ceiling):
    """Pistache and a handler that does nothing: what the rows' ratio is to."""
    name = "empty_handler"
    threads = os.cpu_count()


class EmptyListener(_Ceiling):
    """monitord's own listener and a handler that does nothing."""
    name = "empty_listener"
    threads = LISTENER_THREADS


def write_accounts(folder):
    """The documents of the shops, beside those of bench/accounts."""
    folder.mkdir(parents=True, exist_ok=True)
    for published in (1, 50, 200):
        (folder / f"shop{published}.json").write_text(json.dumps(shop.account(published)))
    for document in (ROOT / "bench" / "accounts").glob("*.json"):
        (folder / document.name).write_text(document.read_text())
    return folder


def start_edge(directory, upstream):
    return Edge(directory, upstream.port).start()


def start_monitord(directory, accounts):
    return Monitord(directory, accounts=accounts).start()
