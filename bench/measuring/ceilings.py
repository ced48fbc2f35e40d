"""The two ceilings alone, with wrk beside our own load generator: both have to see the same server."""

import os
import shutil
import subprocess
from pathlib import Path

from measuring.generator import RowFailed
from measuring.rounds import median


def measure_ceilings(bench):
    """What there is to print, and the numbers."""
    rounds = [(*bench.ceilings(), _wrk(bench)) for _ in range(bench.options.rounds)]
    empty, listener, by_wrk = (median(one) if None not in one else None for one in zip(*rounds))
    lines = [f"Pistache's empty handler {empty:.0f}/s; monitord's own listener with an empty handler {listener:.0f}/s, "
             f"{listener / empty:.2f} of it",
             f"wrk sees the first at {by_wrk:.0f}/s ({by_wrk / empty:.2f} of our generator)" if by_wrk else
             "wrk is not there, so nobody else looks at the first"]
    return lines, {"empty_per_s": empty, "listener_per_s": listener, "wrk_empty_per_s": by_wrk}


def _wrk(bench):
    """Requests a second; None without wrk."""
    if not shutil.which("wrk"):
        return None
    body = next(iter(bench.pages.read_text().splitlines())).partition("\t")[0]
    script = bench.directory / "post.lua"
    script.write_text(f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\nwrk.headers["Connection"] = "keep-alive"\n'
                      'wrk.headers["Content-Type"] = "application/json"\n')
    seconds = max(1, round(bench.options.seconds / 2))
    before = _accepted()
    done = subprocess.run(["wrk", "-t1", f"-c{bench.options.connections}", f"-d{seconds}s", "-s", script,
                           f"http://127.0.0.1:{bench.empty.port}/api/account/shop50/app/web/engagement?v=1.1"],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    accepted = _accepted() - before
    told = next((line.split()[-1] for line in done.stdout.splitlines() if line.startswith("Requests/sec")), None)
    if told is None:
        raise RowFailed(f"wrk failed: {done.stdout}{done.stderr}")
    # wrk does not say how often it connected. The kernel counts for the whole machine, so others get their share.
    if accepted > 2 * bench.options.connections + 100 * seconds:
        raise RowFailed(f"{accepted} connections were accepted on this machine while wrk asked with {bench.options.connections}: "
                        "they are not kept alive")
    return float(told)


def _accepted():
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])
