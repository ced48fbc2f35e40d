"""The seeds and draws written in the vectors are those of the specification, computed by another program."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import draws  # noqa: E402


def test_written_draws_are_those_of_the_specification():
    assert draws.differences() == []


def test_split_mix_64_gives_the_published_sequence():
    """From seed 0; the first outputs as its authors' C program prints them."""
    shares = draws.split_mix_64(0)
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [next(shares) for _ in published] == [(output >> 11) / 2**53 for output in published]
