"""A row's rounds: the load, both ceilings beside it, what the server took for it, and the medians of all."""

import statistics
from dataclasses import dataclass, field

from measuring import processes, shop
from measuring.generator import Generator


@dataclass
class Result:
    """Medians of a row's rounds."""
    requests_per_s: float
    ratio: float           # to Pistache's empty handler
    ratio_listener: float  # to monitord's own listener with an empty handler
    p50_ms: float
    p99_ms: float
    cpu_us: float          # of the servers for each request
    peak_mib: float        # of monitord, the largest of all rounds
    notes: list[str] = field(default_factory=list)
    more: dict = field(default_factory=dict)


@dataclass
class Told:
    """A row that is no load of requests."""
    notes: list[str]
    more: dict


class Bench:
    """What all rows share: options, folders, and the two ceilings, which run all the time."""

    def __init__(self, directory, options, empty, listener, accounts):
        self.directory, self.options, self.accounts = directory, options, accounts
        self.empty, self.listener = empty, listener
        self.pages = directory / "pages"
        self.pages.write_text("".join(line + "\n" for line in shop.pages()))

    def generator(self, port, account="shop50", kind="engagement", steps=10, tls=False):
        return Generator(port, self.pages, account, kind, steps, self.options.connections, tls)

    def visitors(self, count):
        return max(count // (100 if self.options.quick else 1), self.options.connections)

    def ceiling(self, server, kind="engagement", tls=False):
        """Requests a second of a server that does nothing, asked the same as the row."""
        generator = self.generator(server.port, kind=kind, tls=tls)
        try:
            generator.tell("make", 1000)
            return rate(generator.tell("visit", self.options.seconds / 2))
        finally:
            generator.close()

    def ceilings(self, kind="engagement"):
        """Of Pistache's empty handler, and of monitord's own listener."""
        return self.ceiling(self.empty, kind), self.ceiling(self.listener, kind)


def rate(measured):
    return measured["requests"] / measured["seconds"]


def median(values):
    return statistics.median(values)


def offers_told(made):
    return f"{made['offers'] / max(made['engagements'], 1):.1f} offers on a page"


def measured_round(parts, server, ceilings, ask):
    """What the load says, with what it cost these parts and the ceilings beside it."""
    processes.reset_peak(server)
    cpu = processes.cpu_seconds(parts)
    measured = ask()
    cpu = processes.cpu_seconds(parts) - cpu
    return {"empty": ceilings[0], "listener": ceilings[1], "rate": rate(measured), "p50": measured["waits_us"]["p50"] / 1000,
            "p99": measured["waits_us"]["p99"] / 1000, "cpu_us": cpu * 1e6 / max(measured["waits_us"]["count"], 1),
            "peak": processes.peak_mib(server), "load": measured}


def medians(rounds):
    of = {key: median([one[key] for one in rounds]) for key in ("empty", "listener", "rate", "p50", "p99", "cpu_us")}
    return Result(of["rate"], of["rate"] / of["empty"], of["rate"] / of["listener"], of["p50"], of["p99"], of["cpu_us"],
                  max(one["peak"] for one in rounds),
                  more={"empty_per_s": of["empty"], "listener_per_s": of["listener"], "rounds": rounds})
