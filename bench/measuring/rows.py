"""The rows: what each measures, and how. bench/run has them as its table of contents."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from measuring import processes, shop
from measuring.caps import measure_caps
from measuring.generator import Generator
from measuring.queries import measure_queries
from measuring.rounds import Bench, Result, Told, measured_round, median, medians, offers_told, rate
from measuring.servers import start_edge, start_monitord
from measuring.starting import measure_start
from measuring.stream import measure_stream

MAKING_PER_SECOND = 8000  # visitors' requests before a row is measured, for the estimate of its time
THOUSAND, CROWD, MILLION = 1000, 100_000, 1_000_000


@dataclass(frozen=True)
class Load:
    """A row of visitors in a closed loop."""
    published: int             # engagements of the account
    kind: str = "engagement"   # see bench/load/main.cpp
    steps: int = 10            # requests of a session; with "mixed" pages
    visitors: int = THOUSAND
    command: str = "visit"
    each: int = 0              # requests of each visitor before it begins; 0: from 1 to `steps`
    cold: bool = False         # the server is started anew before each round
    edge: bool = False         # by TLS through the edge

    def minutes(self, seconds, rounds):
        made = self.visitors * (self.each or (self.steps + 1) / 2) * (2 if self.kind == "mixed" else 1)
        return (made / MAKING_PER_SECOND + rounds * (2.2 * seconds + (2 if self.cold else 0)) + 5) / 60


def measure_load(bench, load, name):
    directory = bench.directory / name
    server = start_monitord(directory / "monitord", bench.accounts)
    parts, others, generator = [server], [], None
    try:
        if load.edge:
            parts.append(start_edge(directory / "edge", server))
            others.append(start_edge(directory / "empty-edge", bench.empty))
        generator = bench.generator(parts[-1].port, f"shop{load.published}", load.kind, load.steps, load.edge)
        before_mib = processes.resident_mib(server)
        count = bench.visitors(load.visitors)
        made = generator.tell("make", count, load.each)
        grown_mib = processes.resident_mib(server) - before_mib
        rounds, beside = [], []
        for _ in range(bench.options.rounds):
            ceilings = bench.ceilings(load.kind)
            beside += [bench.ceiling(other, load.kind, tls=True) for other in others]
            if load.cold:
                server.stop()
                server.start()
            rounds.append(measured_round(parts, server, ceilings, lambda: generator.tell(load.command, bench.options.seconds)))
    finally:
        if generator:
            generator.close()
        for part in parts + others:
            part.close()
    result = medians(rounds)
    result.notes = [f"{count} live visitors, {offers_told(made)}"]
    result.more |= {"visitors": count, "grown_mib": grown_mib, "made_per_s": rate(made)}
    if beside:
        ratio = result.requests_per_s / median(beside)
        result.notes.append(f"{ratio:.2f} of the edge before the empty handler ({median(beside):.0f}/s)")
        result.more |= {"edge_ceiling_per_s": median(beside), "edge_ratio": ratio}
    return result


def measure_half_load(bench, name):
    """Requests come at fixed times, half as many as the server can answer; what one waits counts from when it was due."""
    server = start_monitord(bench.directory / name / "monitord", bench.accounts)
    generator = bench.generator(server.port)
    seconds = bench.options.seconds
    try:
        made = generator.tell("make", bench.visitors(CROWD))
        rounds, full = [], []
        for _ in range(bench.options.rounds):
            ceilings = bench.ceilings()
            full.append(rate(generator.tell("visit", seconds / 2)))
            half = median(full) / 2
            rounds.append(measured_round([server], server, ceilings,
                                         lambda: generator.tell("visit", seconds, half, bench.directory)))
    finally:
        generator.close()
        server.close()
    result = medians(rounds)
    waits, raw = ({key: median([one["load"][of][key] / 1000 for one in rounds]) for key in ("p50", "p99", "p999")}
                  for of in ("waits_us", "raw_us"))
    bound = max(3 * raw["p99"], 8 * raw["p50"])
    result.notes = [
        f"half of {median(full):.0f}/s, {bench.visitors(CROWD)} live visitors, {offers_told(made)}",
        f"p50 {waits['p50']:.2f}, p99 {waits['p99']:.2f}, p99.9 {waits['p999']:.2f} ms; append + fdatasync in the seconds between: "
        f"p50 {raw['p50']:.2f}, p99 {raw['p99']:.2f}, p99.9 {raw['p999']:.2f} ms",
        f"p99 is {waits['p99'] / bound:.2f} of the larger of 3 × p99 and 8 × p50 of these"]
    result.more |= {"saturation_per_s": median(full), "waits_ms": waits, "raw_ms": raw, "of_bound": waits["p99"] / bound}
    return result


FIRST, AROUND = 20, 300  # medians of the first twenty requests, and of the twenty around the 300th


def measure_large_requests(bench, name):
    """Of each kind one visitor, whose every report brings as much as the contract allows, one after the other."""
    server = start_monitord(bench.directory / name / "monitord", bench.accounts)
    notes, first, last, grown, all_waits = [], {}, {}, {}, []
    processes.reset_peak(server)
    cpu, begin = processes.cpu_seconds([server]), time.monotonic()
    try:
        for kind in shop.DEAREST:
            path = bench.directory / f"series-{kind}"
            path.write_text("".join(body + "\n" for body in shop.series(kind)))
            generator = Generator(server.port, bench.pages, "shop50", "engagement", 10, connections=1)
            try:
                waits = generator.tell("series", path)["waits_ms"]
            finally:
                generator.close()
            all_waits += waits
            first[kind], last[kind] = median(waits[:FIRST]), median(waits[AROUND - FIRST // 2:AROUND + FIRST // 2])
            grown[kind] = last[kind] / first[kind]
            notes.append(f"{kind}: first {FIRST} {first[kind]:.2f} ms, around the {AROUND}th {last[kind]:.2f} ms, "
                         f"ratio {grown[kind]:.2f}")
        seconds, cpu = time.monotonic() - begin, processes.cpu_seconds([server]) - cpu
        peak = processes.peak_mib(server)
    finally:
        server.close()
    all_waits.sort()
    worst = max(grown, key=grown.get)
    empty, listener = bench.ceilings()
    requests_per_s = len(all_waits) / seconds
    return Result(requests_per_s, requests_per_s / empty, requests_per_s / listener, median(all_waits),
                  all_waits[len(all_waits) * 99 // 100], cpu * 1e6 / len(all_waits), peak,
                  notes + [f"the steepest: {worst}, {grown[worst]:.2f}; aim: 2"],
                  {"first_ms": first, "last_ms": last, "grown": grown})


def measure_million(bench, name):
    """A thousand and a million visitors, each six requests old: what a live session weighs, and what the crowd costs."""
    few = measure_load(bench, Load(50, visitors=THOUSAND, each=6), f"{name}-few")
    many = measure_load(bench, Load(50, visitors=MILLION, each=6), name)
    more = many.more["visitors"] - few.more["visitors"]
    weight = (many.more["grown_mib"] - few.more["grown_mib"]) * 1024 / more
    many.notes.append(f"{many.requests_per_s / few.requests_per_s:.2f} of the requests/s with {few.more['visitors']} "
                      f"({few.requests_per_s:.0f}/s); {weight:.2f} KiB of memory a live session")
    many.more |= {"kib_a_session": weight, "few_per_s": few.requests_per_s}
    return many


@dataclass(frozen=True)
class Row:
    name: str
    measure: Callable[[Bench, str], Result | Told]
    minutes: Callable[[float, int], float]  # some, from seconds and rounds
    only_full: bool = False                 # left out unless it is named, or by --full
    needs: str = ""                         # packages besides (a group of deploy/packages)


def _of(name, load, only_full=False):
    return Row(name, lambda bench, row: measure_load(bench, load, row), load.minutes, only_full)


_CROWD = Load(50, visitors=CROWD)

# The order in which they are measured.
ROWS = [
    _of("report", Load(1, kind="report", steps=50)),
    _of("engagement-1", Load(1, steps=3)),
    _of("engagement-50", Load(50)),
    _of("engagement-200", Load(200)),
    _of("long-sessions", Load(50, steps=50)),
    _of("mixed", Load(50, kind="mixed")),
    _of("new-sessions", Load(50, visitors=64, command="new")),
    _of("edge", Load(50, edge=True)),
    Row("large-requests", measure_large_requests, lambda seconds, rounds: 3),
    _of("crowd", _CROWD),
    _of("cold", Load(50, visitors=CROWD, command="once", cold=True)),
    Row("half-load", measure_half_load, lambda seconds, rounds: _CROWD.minutes(seconds, 2 * rounds)),
    _of("mixed-crowd", Load(50, kind="mixed", visitors=CROWD), only_full=True),
    Row("caps", measure_caps, lambda seconds, rounds: 2.5 * rounds * seconds / 60, only_full=True),
    Row("start", measure_start, lambda seconds, rounds: 10 + rounds * 0.2, only_full=True),
    Row("queries", measure_queries, lambda seconds, rounds: 15 + rounds * 0.6, only_full=True),
    Row("stream", measure_stream, lambda seconds, rounds: (5 * seconds + rounds * 25 + 20) / 60, only_full=True, needs="kafka"),
    Row("million", measure_million, lambda seconds, rounds: 3 + MILLION * 6 / MAKING_PER_SECOND / 60, only_full=True),
]
