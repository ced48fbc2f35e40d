#!/usr/bin/env python3
"""The rules of the house that a program can check. Prints each offence; exit 1 if there is one.

    tests/style/check.py [FOLDER]      the tracked files of this checkout
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

MAX_LINES = 500
CODE = {".cpp", ".h", ".py", ".js"}

# Vendor header -> the files that own it. Tests and benches may name what they compare with.
OWNERS = {
    r"rapidjson/": {"domain/json.cpp"},
    r"re2/": {"domain/text_match.cpp"},
    r"date/": {"domain/time_zone.cpp"},
    r"pistache/": {"api/server/http_server.cpp"},
    r"spdlog/": {"api/server/log.cpp"},
    r"toml\+\+/": {"api/server/settings.cpp"},
    r"prometheus/": {"api/server/metrics.cpp"},
    r"maxminddb": {"api/geo.cpp"},
    r"sodium": {"domain/hash.cpp", "eventstore/visitor_keys.cpp", "api/bearer_token.cpp"},
    r"rocksdb/": {"eventstore/database.h", "eventstore/database.cpp", "consumers/view_database.h",
                  "consumers/view_database.cpp", "consumers/view_store.cpp"},
    r"curl/": {"consumers/log_reader.cpp", "ctl/http_client.cpp"},
    r"CLI/": {"api/server/settings.cpp", "ctl/main.cpp", "ctl/account_commands.cpp", "ctl/demo_command.cpp",
              "ctl/log_commands.cpp", "ctl/store_commands.cpp"},
    r"librdkafka/": {"eventstore/kafka_producer.cpp", "eventstore/kafka_table.cpp", "api/inbound_topic.cpp",
                       "consumers/kafka_handles.h"},
}
# Folder -> folders it may include from.
MAY_KNOW = {
    "domain": {"domain"},
    "eventstore": {"domain", "eventstore"},
    "api": {"domain", "eventstore", "api"},
    "consumers": {"domain", "consumers", "api/server"},
    "ctl": {"domain", "eventstore", "ctl"},
}
FORBIDDEN_NAMES = re.compile(r"\b(class|struct)\s+\w*(Manager|Helper|Util|Utils|Impl|Base)\b")
# As a whole word in quotes the last one is ISO's code for "no currency".
UNFINISHED = re.compile(r"\b(TODO|FIXME)\b|(?<![\"'`])\bXXX\b|\bXXX\b(?![\"'`])")
SLEEPS = re.compile(r"sleep_for|usleep\(|time\.sleep\(")
# A wait between two looks at a condition with a deadline is no sleep; say so on its line.
SLEEP_EXCUSE = "polls with a deadline"


def tracked():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in names.splitlines() if (ROOT / name).is_file()]


def check(path, text):
    name = path.as_posix()
    top = name.split("/")[0]
    lines = text.splitlines()
    if path.suffix in CODE and len(lines) > MAX_LINES:
        yield 0, f"has {len(lines)} lines; one duty each, {MAX_LINES} at most"
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#include\s*[<"]([^>"]+)[>"]', line)
        if include and top in MAY_KNOW:
            header = include.group(1)
            for vendor, owners in OWNERS.items():
                if re.match(vendor, header) and name not in owners:
                    yield number, f"{header} belongs in {', '.join(sorted(owners))}"
            folder = header.split("/")[0]
            if folder in MAY_KNOW and not any(header.startswith(known + "/") for known in MAY_KNOW[top]):
                yield number, f"{top} must not know {header}"
        if path.suffix in {".cpp", ".h"} and FORBIDDEN_NAMES.search(line):
            yield number, "a name that says nothing (Manager, Helper, Util, Impl, Base)"
        if path.suffix in CODE | {".md", ".sh", ".yaml"} and name != "tests/style/check.py" and UNFINISHED.search(line):
            yield number, "unfinished"
        if top == "tests" and name != "tests/style/check.py" and SLEEPS.search(line) and SLEEP_EXCUSE not in line:
            yield number, "a sleep; wait for a position or a condition with a deadline"


# A fault to be planted (tests/mutants/run) needs its line: told here at once, there after hours.
def check_mutants(text):
    for mutant in tomllib.loads(text)["mutant"]:
        file = ROOT / mutant["file"]
        times = file.read_text().count(mutant["old"]) if file.is_file() else 0
        if times != 1:
            yield 0, f"\"{mutant['name']}\": its text stands {times} times in {mutant['file']}, not once"


def main():
    offences = 0
    for path in tracked():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        mutants = path.suffix == ".toml" and path.parent.as_posix() == "tests/mutants"
        for number, message in check_mutants(text) if mutants else check(path, text):
            print(f"{path}:{number}: {message}" if number else f"{path}: {message}")
            offences += 1
    print(f"style: {offences} offence(s)" if offences else "style: clean")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
