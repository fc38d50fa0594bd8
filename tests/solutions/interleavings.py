#!/usr/bin/env python3
"""Lab 6's queue under every interleaving, further than its check has the time for: two unforced switches, and a death of
either side at any of its steps.

    interleavings.py WEAVE
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOLUTION = ROOT / "solutions" / "lab6_yolo_queue"
COMMON = ROOT / "common"
SOURCES = [HERE / "queue_side.c", SOLUTION / "queue.c", *(COMMON / "src" / f"{each}.c" for each in ("presence", "stop", "error"))]
INCLUDES = [COMMON / "include", SOLUTION]
SECONDS = 1200  # only stops runaways
CASES = {
    "two unforced switches": ["--bound", "2"],
    "the producer dies": ["--bound", "1", "--kill", "1", "--expect-exit", "2:any"],
    "the consumer dies": ["--bound", "1", "--kill", "2", "--expect-exit", "1:any"],
}


def main() -> int:
    """Compile, run, and tell."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    weave = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="shmlab-test-") as folder:
        program, report = str(Path(folder) / "queue_side"), str(Path(folder) / "report.json")
        subprocess.run([weave, "cc", "-g", "-O1", *(f"-I{each}" for each in INCLUDES), *SOURCES, "-o", program], check=True)
        wrong = 0
        for name, options in CASES.items():
            print(f"{name}:", flush=True)
            command = [weave, "--time-limit", str(SECONDS), "--json", report, "--struct", "yolo_queue", *options,
                       "--", program, "produce", "--", program, "consume"]
            status = subprocess.run(command, check=False).returncode
            wrong += status != 0 or not json.loads(Path(report).read_text(encoding="utf-8"))["complete"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
