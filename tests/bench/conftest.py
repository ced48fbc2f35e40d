"""The benchmarks' own modules are found as bench/run finds them."""

import sys

from harness.part import ROOT

sys.path.insert(0, str(ROOT / "bench"))
