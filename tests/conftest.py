"""What every Python test may use."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import Stack  # noqa: E402
from harness.recorder import Recorder  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the long form of tests that have one")
    parser.addoption("--seed", type=int, default=None, help="seed of everything random")


@pytest.fixture
def long(request):
    return request.config.getoption("--long")


@pytest.fixture
def seed(request):
    """Shown with a failure, so that it can be repeated by ./test --seed N."""
    import random

    chosen = request.config.getoption("--seed")
    chosen = random.SystemRandom().randrange(2**31) if chosen is None else chosen
    print(f"seed {chosen}")
    return chosen


@pytest.fixture(scope="module")
def upstream():
    """What the edge hands on to, in monitord's place: keeps what arrives."""
    server = Recorder()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def closing():
    """Parts and stacks handed to it are gone after the test, whatever happens; their logs are shown if it fails."""
    things = []

    def keep(thing):
        things.append(thing)
        return thing

    yield keep
    for thing in reversed(things):
        for part in reversed(thing.parts if isinstance(thing, Stack) else [thing]):
            print(f"--- {part.name} {part.directory}\n{part.log_tail()}")
            part.close()
