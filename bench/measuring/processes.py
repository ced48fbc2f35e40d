"""What a server costs, as the kernel counts it: CPU and memory of a part and of all that it started, from /proc."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """The fields after the process's name, which may hold anything: the first is the state."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def members(part):
    """The ids of the part's process group: nginx's workers, too."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and int(_stat(entry)[2]) == part.process.pid:
                found.append(int(entry))
        except OSError:
            continue  # it has ended meanwhile
    return found


def cpu_seconds(parts):
    """User and system time so far of these parts together."""
    stats = [_stat(pid) for part in parts for pid in members(part)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / _TICKS_PER_SECOND


def _status_mib(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def reset_peak(part):
    """From now on peak_mib tells of what follows."""
    Path(f"/proc/{part.process.pid}/clear_refs").write_text("5")


def peak_mib(part):
    return _status_mib(part.process.pid, "VmHWM")


def resident_mib(part):
    return _status_mib(part.process.pid, "VmRSS")
