"""The table, the file of results, and the lines of bench/history.md."""

import json
import os
from dataclasses import asdict
from datetime import datetime, timezone

from harness.part import ROOT
from measuring.rounds import Result

RESULTS = ROOT / "build" / "bench-results"
HISTORY = ROOT / "bench" / "history.md"
HEAD = f"{'':16}{'requests/s':>11}{'ratio':>7}{'(own)':>7}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>8}{'peak MiB':>10}{'load':>7}"


def row_line(name, result, load):
    return (f"{name:16}{result.requests_per_s:11.0f}{result.ratio:7.2f}{result.ratio_listener:7.2f}{result.p50_ms:9.2f}"
            f"{result.p99_ms:9.2f}{result.cpu_us:8.1f}{result.peak_mib:10.0f}{load:7.2f}")


class Report:
    """What is told as it comes, and kept as JSON after every row, so that a run that is cut short leaves what it has."""

    def __init__(self, machine, options):
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.path = options.json or RESULTS / (datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S") + ".json")
        self.kept = {"machine": machine, "options": {"rounds": options.rounds, "seconds": options.seconds,
                                                     "connections": options.connections, "quick": options.quick},
                     "load_average_before": os.getloadavg()[0], "ceilings": {}, "rows": {}, "failed": {}}

    def ceilings(self, lines, numbers):
        self.kept["ceilings"] = numbers
        self._say("", *lines, "", HEAD)
        self._write()

    def row(self, name, result):
        load = os.getloadavg()[0]
        self.kept["rows"][name] = {**asdict(result), "load_average": load}
        self._say(row_line(name, result, load) if isinstance(result, Result) else name, *(f"    {note}" for note in result.notes))
        self._write()

    def failed(self, name, why):
        self.kept["failed"][name] = why
        self._say(f"{name:16} FAILED: {why}")
        self._write()

    def _write(self):
        self.path.write_text(json.dumps(self.kept, indent=1) + "\n")

    @staticmethod
    def _say(*lines):
        for line in lines:
            print(line, flush=True)


def history_entry(kept, note):
    """The few lines that a kept run gets."""
    machine, rows = kept["machine"], kept["rows"]
    ceilings = kept["ceilings"]
    changed = "+" if machine["changed"] else ""
    told = " · ".join(f"{name} {row['requests_per_s'] / 1000:.1f} k/s {row['ratio']:.2f} {row['cpu_us']:.0f} µs"
                      for name, row in rows.items() if "ratio" in row)
    lines = [f"## {machine['begun']}, {machine['commit']}{changed}: {note}", "",
             f"{machine['cores']} × {machine['cpu']}, {machine['memory_mib'] / 1024:.0f} GiB, {machine['system']}, "
             f"load {kept['load_average_before']:.2f}; empty {ceilings['empty_per_s'] / 1000:.1f} k/s, "
             f"listener {ceilings['listener_per_s'] / 1000:.1f} k/s.",
             told + "." + (f" Failed: {', '.join(kept['failed'])}." if kept["failed"] else "")]
    if "half-load" in rows:
        row = rows["half-load"]
        lines.append(f"Half load: p99 {row['p99_ms']:.2f} ms, {row['more']['of_bound']:.2f} of its bound.")
    if "large-requests" in rows:
        grown = rows["large-requests"]["more"]["grown"]
        ratios = ", ".join(f"{kind} {value:.1f}" for kind, value in grown.items())
        lines.append(f"300th ÷ first of the large requests: {ratios}.")
    return "\n".join(lines) + "\n"


def keep(kept, note):
    with open(HISTORY, "a") as file:
        file.write("\n" + history_entry(kept, note))
