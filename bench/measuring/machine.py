"""What a number is worth nothing without: the machine, its versions, and what was measured."""

import os
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from harness.edge import nginx_program
from harness.part import ROOT

PACKAGES = ("libpistache*", "librocksdb[0-9]*", "librdkafka1", "rapidjson-dev")


def _said(*command):
    """The first line that the command says; "" if there is no such program."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=ROOT, timeout=60)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]


def _field(path, name):
    found = re.search(rf"^{name}[ \t]*[:=][ \t]*\"?([^\"\n]*)", Path(path).read_text(), re.MULTILINE)
    return found.group(1).strip() if found else "?"


def _packages():
    done = _said("dpkg-query", "-W", "-f", "${Package} ${Version},", *PACKAGES)
    return {name: version for name, _, version in (pair.partition(" ") for pair in done.rstrip(",").split(",")) if version}


def describe(directory):
    """`directory`: where the servers keep their data, so that its file system counts."""
    return {
        "begun": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _said("git", "rev-parse", "--short", "HEAD") or "?",
        "changed": bool(_said("git", "status", "--porcelain", "--untracked-files=no")),
        "cpu": _field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_mib": int(_field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": os.uname().release,
        "system": _field("/etc/os-release", "PRETTY_NAME"),
        "file_system": _said("stat", "-f", "-c", "%T", directory),
        # What CMakeLists.txt takes if nobody says otherwise is not in the cache.
        "build": _field(ROOT / "build" / "CMakeCache.txt", "CMAKE_BUILD_TYPE:STRING") or "RelWithDebInfo",
        "versions": {"g++": _said("g++", "-dumpfullversion"), "nginx": _said(nginx_program(), "-v").rpartition("/")[2],
                     **_packages()},
    }


def as_lines(machine):
    changed = " with changes that are not committed" if machine["changed"] else ""
    yield f"{machine['begun']}, commit {machine['commit']}{changed}, build {machine['build']}"
    yield (f"{machine['cores']} × {machine['cpu']}, {machine['memory_mib'] / 1024:.1f} GiB, {machine['system']}, "
           f"kernel {machine['kernel']}, data on {machine['file_system']}")
    yield ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
