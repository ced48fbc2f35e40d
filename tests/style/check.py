#!/usr/bin/env python3
"""The rules of the house that a program can check. Prints each offence; exit 1 if there is one.

    tests/style/check.py [FOLDER]              the tracked files of this checkout, or of FOLDER
    tests/style/check.py --lines [FOLDER]      how many lines of *.cpp and *.h, by folder
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

LINES = "--lines" in sys.argv
FOLDERS = [argument for argument in sys.argv[1:] if argument != "--lines"]
ROOT = Path(FOLDERS[0] if FOLDERS else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

MAX_LINES = 400
CODE = {".cpp", ".h", ".py", ".js"}
# File -> its own limit: a site loads the browser client as one file.
LONGER = {"deploy/www/client/monitor.js": 600}

# Vendor header -> the files that own it. Tests and benches may name what they compare with.
OWNERS = {
    r"rapidjson/": {"domain/values/json.cpp"},
    r"re2/": {"domain/values/text_match.cpp"},
    r"date/": {"domain/values/time_zone.cpp"},
    r"pistache/": {"server/http_server.cpp"},
    r"spdlog/": {"server/log.cpp"},
    r"toml\+\+/": {"server/settings.cpp", "api/tokens/token_table.cpp"},
    r"prometheus/": {"server/metrics.cpp"},
    r"curl/": {"domain/values/url.cpp", "server/http_client.cpp"},
    r"idn2": {"domain/values/url.cpp"},
    r"maxminddb": {"api/visits/geo.cpp"},
    r"sodium": {"domain/values/hash.cpp", "eventstore/random.cpp", "eventstore/keys/visitor_keys.cpp", "server/bearer_token.cpp",
                "consumers/alerts/webhook_key.cpp"},
    r"rocksdb/": {"eventstore/log/database.h", "eventstore/log/database.cpp", "eventstore/backup/backup_folder.cpp",
                  "consumers/view/view_database.h",
                  "consumers/view/view_database.cpp", "consumers/view/view_state.h", "consumers/view/view_asking.cpp"},
    r"CLI/": {"server/command_line.cpp", "ctl/command_line.cpp", "ctl/account_commands.cpp", "ctl/backup_commands.cpp",
              "ctl/demo_command.cpp", "ctl/export_command.cpp", "ctl/funnel_commands.cpp",
              "ctl/log_commands.cpp", "ctl/privacy_commands.cpp", "ctl/store_commands.cpp",
              "ctl/token_command.cpp"},
    r"zstd": {"ctl/export_folder.cpp"},
    r"librdkafka/|kafka/handles": {"kafka/"},
}
# Folder -> folders it stands on; it may include from those, and from what they stand on. A folder of sources that is not
# named here is an offence.
STANDS_ON = {
    "domain/values": [],
    "domain/events": ["domain/values"],
    "domain/account": ["domain/events"],
    "domain/deciding": ["domain/account"],
    "domain/funnel": ["domain/events"],
    "server": ["domain/values"],
    "server/metrics": ["server"],
    "kafka": [],
    "eventstore": ["domain/events"],
    "eventstore/log": ["eventstore"],
    "eventstore/backup": ["eventstore/log", "kafka"],
    "eventstore/keys": ["eventstore/log"],
    "eventstore/relay": ["eventstore/log", "kafka", "domain/account"],
    "eventstore/replay": ["eventstore/keys", "domain/deciding"],
    "eventstore/retention": ["eventstore/log"],
    "api/requests": ["domain/deciding"],
    "api/visits": ["domain/deciding", "eventstore/keys"],
    "api/accounts": ["domain/account", "eventstore/keys", "server"],
    "api/inbound": ["api/requests", "api/visits", "api/accounts", "kafka"],
    "api/public": ["api/requests", "api/visits", "api/accounts", "server/metrics"],
    "api/tokens": ["server"],
    "api/console": ["server"],
    "api/admin": ["api/requests", "api/visits", "api/accounts", "api/tokens", "api/console", "eventstore/replay",
                  "eventstore/backup"],
    "api": ["api/admin", "api/public", "api/inbound", "eventstore/relay", "eventstore/retention"],
    "consumers/view": ["domain/funnel", "server"],
    "consumers/readers": ["consumers/view", "kafka"],
    "consumers/generations": ["consumers/readers"],
    "consumers/format": ["consumers/view"],
    "consumers/funnel_topic": ["consumers/generations", "consumers/format"],
    "consumers/alerts": ["consumers/peers", "domain/account"],
    "consumers/peers": ["consumers/generations"],
    "consumers/page": ["server"],
    "consumers/query": ["consumers/alerts", "consumers/format", "consumers/page", "server/metrics"],
    "consumers": ["consumers/query", "consumers/funnel_topic"],
    "ctl": ["eventstore/replay", "eventstore/backup", "api/tokens"],
}
TOP_FOLDERS = {folder.split("/")[0] for folder in STANDS_ON}
NO_SOURCES = {"bench", "tests"}  # folders of *.cpp that go into no program
MAX_FILES = 40                   # in one folder of sources
# Where the top folders of sources are listed by hand -> how one is written there, alone or among alternatives.
LISTED_IN = {
    "Dockerfile": "^COPY (FOLDER) \\1$",
    ".dockerignore": "^!FOLDER$",
    ".clang-tidy": r"^HeaderFilterRegex: '.*/\(FOLDER\)/",
    "test": r"\$root/\(FOLDER\)/",
}
FORBIDDEN_NAMES = re.compile(r"\b(class|struct)\s+\w*(Manager|Helper|Util|Utils|Impl|Base)\b")
# As a whole word in quotes the last one is ISO's code for "no currency".
UNFINISHED = re.compile(r"\b(TODO|FIXME)\b|(?<![\"'`])\bXXX\b|\bXXX\b(?![\"'`])")
SLEEPS = re.compile(r"sleep_for|usleep\(|time\.sleep\(")
# A wait between two looks at a condition with a deadline is no sleep; say so on its line.
SLEEP_EXCUSE = "polls with a deadline"


def tracked():
    try:
        names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit("style: git is needed, and a checkout")
    except subprocess.CalledProcessError as error:
        sys.exit(f"style: git does not list the checkout's files: {error.stderr.strip()}")
    return [Path(name) for name in names.splitlines() if (ROOT / name).is_file()]


def stands_on(folder):
    """The folder, and all that it stands on."""
    return {folder}.union(*(stands_on(below) for below in STANDS_ON[folder]))


def check(path, text):
    name = path.as_posix()
    top = name.split("/")[0]
    home = path.parent.as_posix()
    lines = text.splitlines()
    most = LONGER.get(name, MAX_LINES)
    if path.suffix in CODE and len(lines) > most:
        yield 0, f"has {len(lines)} lines; one duty each, {most} at most"
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#include\s*[<"]([^>"]+)[>"]', line)
        if include and top in TOP_FOLDERS and home in STANDS_ON:
            header = include.group(1)
            for vendor, owners in OWNERS.items():
                if re.match(vendor, header) and not name.startswith(tuple(owners)):
                    yield number, f"{header} belongs in {', '.join(sorted(owners))}"
            folder = header.rpartition("/")[0]
            if folder in STANDS_ON and folder not in stands_on(home):
                yield number, f"{home} must not know {header}"
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


# Folders of sources: each is known here, not too full, and named wherever they are listed.
def check_folders(paths):
    files = {}
    for path in paths:
        if path.suffix in {".cpp", ".h"} and path.parts[0] not in NO_SOURCES:
            files.setdefault(path.parent.as_posix(), []).append(path)
    for folder, sources in sorted(files.items()):
        if folder not in STANDS_ON:
            yield folder, "a folder of sources that STANDS_ON (tests/style/check.py) does not know"
        if len(sources) > MAX_FILES:
            yield folder, f"has {len(sources)} files; {MAX_FILES} at most"
    for folder in sorted(STANDS_ON.keys() - files.keys()):
        yield folder, "is known to tests/style/check.py, but has no sources"
    tops = sorted({folder.split("/")[0] for folder in files})
    for name, pattern in LISTED_IN.items():
        text = (ROOT / name).read_text()
        for top in tops:
            listed = re.search(pattern.replace("FOLDER", rf"(?:\w+\|)*{top}(?:\|\w+)*"), text, re.MULTILINE)
            if not listed:
                yield name, f"does not name the folder {top} ({pattern})"


def print_lines():
    """Lines of *.cpp and *.h, by folder of sources."""
    lines = {}
    for path in tracked():
        if path.suffix in {".cpp", ".h"} and path.parts[0] not in NO_SOURCES:
            folder = path.parent.as_posix()
            lines[folder] = lines.get(folder, 0) + len((ROOT / path).read_text().splitlines())
    for folder in sorted(lines):
        print(f"{lines[folder]:6} {folder}")
    print(f"{sum(lines.values()):6} in all")


def main():
    if LINES:
        print_lines()
        return 0
    offences = 0
    for name, message in check_folders(tracked()):
        print(f"{name}: {message}")
        offences += 1
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
