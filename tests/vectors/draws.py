#!/usr/bin/env python3
"""Recomputes seeds and draws of the decision vectors from campaigns.md section 4, without any of our C++.

    tests/vectors/draws.py [FILE…]      default: decisions/*.json; prints each difference; exit 1 if there is one
"""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
MASK = 2**64 - 1


def field_hash(*fields):
    """First 8 bytes, big-endian, of SHA-256 over the fields, each followed by NUL."""
    digest = hashlib.sha256(b"".join(str(field).encode() + b"\0" for field in fields)).digest()
    return int.from_bytes(digest[:8], "big")


def split_mix_64(seed):
    """Steele, Lea, Flood 2014: a share in [0, 1) from the upper 53 bits of each draw."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        mixed = seed
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((mixed ^ (mixed >> 31)) >> 11) / 2**53


def drawn(among, share):
    """The first name whose running sum of shares is greater than the share of all of them."""
    point = share * sum(among.values())
    reached = 0.0
    for name, part in among.items():
        reached += part
        if reached > point:
            return name
    return list(among)[-1]


def compact(document):
    """The document's bytes: no spaces, members in the order written (README.md)."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def check(path):
    vector = json.loads(path.read_text())
    document = vector["document"]
    count = 0
    for number, step in enumerate(vector["steps"], 1):
        document = step.get("document", document)
        expected = step.get("expect", {})
        if "seed" not in expected:
            continue
        count += 1
        revision = hashlib.sha256(compact(document)).hexdigest()[:16]
        seed = field_hash(document["accountId"], step.get("visitor", "v1"), expected["session"],
                          expected["earlierActivities"], revision)
        facts = [("revision", revision, expected["revision"]), ("seed", f"{seed:016x}", expected["seed"])]
        shares = split_mix_64(seed)
        for choice in expected["choices"]:
            share = next(shares)
            facts.append(("share", share, choice["share"]))
            facts.append(("drawn", drawn(choice["among"], share), choice["drawn"]))
        for name, computed, written in facts:
            if computed != written:
                yield f"{path.name}: step {number}: {name} is {computed!r}, the file says {written!r}"
    if count == 0 and path.stem == "draws":
        yield f"{path.name}: has no draws"


def differences(paths=None):
    paths = paths or sorted((HERE / "decisions").glob("*.json"))
    return [difference for path in paths for difference in check(Path(path))]


if __name__ == "__main__":
    found = differences(sys.argv[1:])
    print("\n".join(found) or "all draws are those of the specification")
    sys.exit(bool(found))
