"""What is too large to be made by requests, written once through the servers' own writers (bench/*_fixture) and kept."""

import shutil
import subprocess

from harness.part import BIN, ROOT
from measuring.generator import RowFailed

FOLDER = ROOT / ".cache" / "bench"


def fixture(name, gib, program, *arguments):
    """The data folder of that name; if it is not there yet, what `program FOLDER ARGUMENTS` writes into it, some `gib` large."""
    folder = FOLDER / name
    if folder.exists():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(FOLDER).free < 2 * gib * 2**30:
        raise RowFailed(f"there is not twice as much disk as {gib:g} GiB below {FOLDER}")
    print(f"writing .cache/bench/{name}, once", flush=True)
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    done = subprocess.run([str(word) for word in (BIN / program, unfinished, *arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RowFailed(done.stderr.strip())
    return unfinished.rename(folder)
