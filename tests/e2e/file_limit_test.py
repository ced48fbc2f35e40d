"""Where few files may be open: both servers take what they may have, and say once that it is little."""

import json
from pathlib import Path

import pytest

from harness import Funneld, Monitord

SOFT, HARD = 256, 2048


def limited(part):
    command = part.command
    part.command = lambda: ["prlimit", f"--nofile={SOFT}:{HARD}", *command()]
    return part


@pytest.mark.parametrize("name", ["monitord", "funneld"])
def test_a_server_raises_its_limit_and_says_once_that_it_is_low(tmp_path, closing, name):
    monitord = closing(limited(Monitord(tmp_path / "monitord")).start())
    part = monitord if name == "monitord" else closing(limited(Funneld(tmp_path / "funneld", monitord=monitord)).start())
    limits = Path(f"/proc/{part.process.pid}/limits").read_text().splitlines()
    assert next(line.split()[3] for line in limits if line.startswith("Max open files")) == str(HARD)
    lines = [json.loads(line) for line in part.log_path.read_text().splitlines() if "open_files_low" in line]
    assert [(line["limit"], line["level"]) for line in lines] == [(HARD, "warning")]
    assert lines[0]["wanted"] > HARD
