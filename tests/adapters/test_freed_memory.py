"""Memory that was freed is the system's again."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import re
from pathlib import Path
import numpy as np
from adapters.freed_memory import return_freed

def held():
    return int(re.search(r"VmRSS:\\s+(\\d+) kB", Path("/proc/self/status").read_text("ascii"))[1]) >> 10

blocks = [np.ones(8_000) for _ in range(3_200)]  # 200 MB, in blocks too small to be mapped one by one
kept = blocks[::40]  # so that the heap does not simply end earlier
full = held()
del blocks
before = held()
return_freed()
print(full, before, held())
"""


def test_what_lies_between_blocks_in_use_goes_back_to_the_system():
    made = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    full, before, behind = (int(each) for each in made.stdout.split())
    assert before > full - 50, "the C library gave it back by itself: nothing is shown"
    assert behind < full - 120
