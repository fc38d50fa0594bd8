#!/usr/bin/env python3
"""Ten million hand-overs through every channel of `handover`, built by gcc and clang at -O2 and -O3.

    handover_builds.py [--count N] [--json FILE]

Each build has a folder of its own, which is removed afterwards. Exit status: 0 no message was lost, torn or doubled.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[2]
COMPILERS = ("gcc", "clang")
LEVELS = ("-O2", "-O3")


def build(folder: Path, compiler: str, level: str) -> Path:
    """Build handover; returns the program."""
    configure = [
        *("cmake", "-S", str(ROOT), "-B", str(folder), f"-DCMAKE_C_COMPILER={compiler}"),
        *("-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_C_FLAGS={level}"),
    ]
    for command in (configure, ["cmake", "--build", str(folder), "--target", "handover", "-j2"]):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            sys.exit(f"handover_builds: {' '.join(command[:2])} with {compiler} {level} failed:\n{made.stderr}")
    return folder / "bin" / "handover"


def run(program: Path, folder: Path, count: int) -> "Dict[str, Any]":
    """Run it and return its JSON; ends the script when a message was lost, torn or doubled."""
    result = folder / "handover.json"
    with subprocess.Popen([str(program), "--count", str(count), "--json", str(result)]) as running:
        try:
            status = running.wait()
        except BaseException:
            running.terminate()  # not kill: it has objects to remove
            raise
    if status != 0:
        sys.exit(f"handover_builds: handover ended with status {status}: see above")
    report: "Dict[str, Any]" = json.loads(result.read_text())
    return report


def main() -> int:
    """All builds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000_000, metavar="N", help="messages (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results there")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is open is cleaned up
    builds: "List[Dict[str, Any]]" = []
    for compiler in COMPILERS:
        if shutil.which(compiler) is None:
            print(f"{compiler}: skipped, not installed (Debian: {compiler})", flush=True)
            continue
        for level in LEVELS:
            print(f"{compiler} {level}", flush=True)
            with tempfile.TemporaryDirectory(prefix="shmlab-handover-") as name:
                builds.append(run(build(Path(name), compiler, level), Path(name), arguments.count))
    if arguments.json is not None:
        command = f"handover_builds.py --count {arguments.count}"
        text = json.dumps({"format": "shmlab-handover-builds/1", "command": command, "builds": builds}, indent=1)
        arguments.json.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
