"""How long monitord takes until it is ready, over logs of several sizes that bench/log_fixture has written once."""

import shutil
import subprocess
import time

from harness import Monitord
from harness.part import BIN, ROOT
from measuring import processes
from measuring.generator import RowFailed
from measuring.rounds import Told, median

FIXTURES = ROOT / ".cache" / "bench"
SIZES_GIB = (0.1, 1)
LARGE_GIB = 10  # with --full


def measure_start(bench, name):
    sizes = (0.01,) if bench.options.quick else SIZES_GIB + ((LARGE_GIB,) if bench.options.full else ())
    folders = {"no log": bench.directory / name / "empty", **{f"{size:g} GiB": _fixture(size) for size in sizes}}
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


def _fixture(gib):
    """The data folder, written if it is not there yet."""
    folder = FIXTURES / f"log-{gib:g}-gib"
    if folder.exists():
        return folder
    FIXTURES.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(FIXTURES).free < 2 * gib * 2**30:
        raise RowFailed(f"there is not twice as much disk as {gib:g} GiB below {FIXTURES}")
    print(f"writing a log of {gib:g} GiB, once, below .cache/bench", flush=True)
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    done = subprocess.run([BIN / "log_fixture", unfinished, f"{gib:g}"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RowFailed(done.stderr.strip())
    return unfinished.rename(folder)


def _start(directory, data, accounts):
    """(seconds until it was ready, its memory then)"""
    node = Monitord(directory, accounts=accounts, settings={"data": {"dir": str(data)}})
    begin = time.monotonic()
    try:
        node.start()
        return time.monotonic() - begin, processes.resident_mib(node)
    finally:
        node.stop()
