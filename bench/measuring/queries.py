"""How long funneld takes for a question over many facts, of a view that bench/view_fixture has written once."""

import time

from harness import Funneld, Monitord, wait_until
from measuring import processes
from measuring.fixtures import fixture
from measuring.generator import RowFailed
from measuring.rounds import Told, median

MILLIONS = (1,)
MANY_MILLIONS = 10  # with --full
GIB_A_MILLION = 0.5
VIEW = 5  # kFactsVersion: a fixture of another one would be put aside
QUESTIONS = {
    "all": {},
    "by campaign": {"by": "campaign"},
    "by engagement": {"by": "engagement"},
    "days by campaign": {"by": "campaign", "window": "day"},
    "by app, device, language": {"by": "app,device,language"},
}


def measure_queries(bench, name):
    sizes = (0.02,) if bench.options.quick else MILLIONS + ((MANY_MILLIONS,) if bench.options.full else ())
    notes, more = [], {}
    for millions in sizes:
        folder = fixture(f"view-{VIEW}-of-{millions:g}-million", GIB_A_MILLION * millions, "view_fixture",
                         bench.accounts / "shop50.json", millions)
        seconds, peak = _ask(bench, bench.directory / name / f"{millions:g}", folder)
        bytes_each = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / (millions * 1e6)
        told = ", ".join(f"{question} {took:.2f}" for question, took in seconds.items())
        notes += [f"{millions:g} million facts, {bytes_each:.0f} bytes each, peak {peak:.0f} MiB; seconds: {told}"]
        more[f"{millions:g}"] = {"seconds": seconds, "peak_mib": peak, "bytes_a_fact": bytes_each}
    return Told(notes, more)


def _ask(bench, directory, folder):
    # It reads no log here: the view's own position is all that it has to tell.
    nobody = Monitord(directory / "nobody")
    funneld = Funneld(directory / "funneld", monitord=nobody, settings={"data": {"dir": str(folder)}})
    funneld.launch()
    try:
        wait_until(lambda: _answers(funneld), "funneld answers")
        processes.reset_peak(funneld)
        took = {question: [] for question in QUESTIONS}
        for _ in range(bench.options.rounds):
            for question, query in QUESTIONS.items():
                begin = time.monotonic()
                rows = funneld.funnel("shop50", **query)["rows"]
                took[question].append(time.monotonic() - begin)
                if not rows:
                    raise RowFailed(f"no rows for {question}")
        return {question: median(times) for question, times in took.items()}, processes.peak_mib(funneld)
    finally:
        funneld.close()


def _answers(funneld):
    try:
        return funneld.get("/api/accounts")
    except OSError:
        return False
