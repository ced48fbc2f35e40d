"""How long monitord takes until it is ready, over logs of several sizes that bench/log_fixture has written once."""

import time

from harness import Monitord
from measuring import processes
from measuring.fixtures import fixture
from measuring.rounds import Told, median

SIZES_GIB = (0.1, 1)
LARGE_GIB = 10  # with --full


def measure_start(bench, name):
    sizes = (0.01,) if bench.options.quick else SIZES_GIB + ((LARGE_GIB,) if bench.options.full else ())
    folders = {"no log": bench.directory / name / "empty"}
    folders |= {f"{size:g} GiB": fixture(f"log-of-{size:g}-gib", size, "log_fixture", size) for size in sizes}
    told = {size: [] for size in folders}
    for _ in range(bench.options.rounds):
        for size, folder in folders.items():
            told[size].append(_start(bench.directory / name / "node", folder, bench.accounts))
    seconds = {size: median([one[0] for one in starts]) for size, starts in told.items()}
    memory = {size: median([one[1] for one in starts]) for size, starts in told.items()}
    notes = [f"{size}: ready after {seconds[size]:.2f} s, {memory[size]:.0f} MiB" for size in folders]
    largest = list(folders)[-1]
    notes.append(f"{seconds[largest] - seconds['no log']:.2f} s more with {largest} than with no log")
    return Told(notes, {"seconds": seconds, "resident_mib": memory})


def _start(directory, data, accounts):
    """(seconds until it was ready, its memory then)"""
    node = Monitord(directory, accounts=accounts, settings={"data": {"dir": str(data)}})
    begin = time.monotonic()
    try:
        node.start()
        return time.monotonic() - begin, processes.resident_mib(node)
    finally:
        node.stop()
