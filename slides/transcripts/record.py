#!/usr/bin/env python3
"""Record what the programs on the slides print, or check that they still print it.

    record.py --build build [NAME...]           run the recordings, write slides/transcripts/NAME.txt
    record.py --build build --check [NAME...]   run them and compare: the words must be the same, numbers may differ

A recording is a shell script beside this file (NAME.sh). It runs in a folder that looks like the root of the tree, in
namespaces of its own (unshare(1)), so that every name and key is free and nothing is left behind. A line that begins with
"say " is shown as it is typed, with a "$" before it, and then run. ROOT is the repository; terminals.bash helps with
programs that run at the same time.

The name of the user and the place of the tree are replaced; all else is as it was printed.
"""

from __future__ import annotations

import argparse
import difflib
import getpass
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LINKS = ("solutions", "slides", "common", "tests")
TIME_LIMIT = 600  # seconds; stops runaways only
FIRST_PROCESS = 4200  # process ids begin here, not at 2

PRELUDE = r"""set -u
say() { printf '$ %s\n' "$1"; eval "$1" 2>&1; return 0; }
"""


def run(script: Path, build: Path) -> str:
    """What the recording prints."""
    with tempfile.TemporaryDirectory(prefix="shmlab-record-") as scratch:
        for link in LINKS:
            os.symlink(ROOT / link, Path(scratch, link))
        os.symlink(build.resolve(), Path(scratch, "build"))
        lines = script.read_text(encoding="utf-8").splitlines()
        shown = ["say " + shlex.quote(line[4:]) if line.startswith("say ") else line for line in lines]
        Path(scratch, "script").write_text("\n".join([PRELUDE, *shown, ""]), encoding="utf-8")
        inside = (
            "mount -t tmpfs none /dev/shm && "
            f"(echo {FIRST_PROCESS} >/proc/sys/kernel/ns_last_pid) 2>/dev/null; "
            "exec bash script"
        )
        namespaces = ["--ipc", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            namespaces.insert(0, "--map-root-user")
        done = subprocess.run(
            ["unshare", *namespaces, "bash", "-c", inside],
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT,
            check=False,
            text=True,
            env={**os.environ, "ROOT": str(ROOT), "BUILD": str(build.resolve()), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        if done.returncode != 0:
            sys.exit(f"record.py: {script.name}: exit status {done.returncode}: {done.stdout}")
    return tidy(done.stdout)


def tidy(text: str) -> str:
    """Without what belongs to this machine."""
    text = text.replace(f"{ROOT}/", "")
    for user in {getpass.getuser(), "root"}:
        text = re.sub(rf"\b{re.escape(user)}\b( *)", lambda m: "student" + " " * max(len(m[1][:1]), len(m[0]) - 7), text)
    return "".join(line.rstrip() + "\n" for line in text.strip("\n").split("\n"))


def shape(text: str) -> "list[str]":
    """The words: numbers, and the spaces that make room for them, do not count."""
    return [re.sub(r"\s+", " ", re.sub(r"\b(0x)?[0-9a-f]*[0-9][0-9a-f]*\b", "#", line)).strip() for line in text.split("\n")]


def main() -> int:
    """Record or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build tree (default: build)")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("names", nargs="*", metavar="NAME", help="recordings (default: all)")
    arguments = parser.parse_args()
    if not (arguments.build / "slides" / "demos").is_dir():
        sys.exit(f"record.py: {arguments.build}: no build tree: build the project first, or pass --build")
    scripts = [HERE / f"{name}.sh" for name in arguments.names] or sorted(HERE.glob("*.sh"))
    failed = 0
    for script in scripts:
        text, target = run(script, arguments.build), script.with_suffix(".txt")
        if not arguments.check:
            target.write_text(text, encoding="utf-8")
            continue
        recorded = target.read_text(encoding="utf-8")
        if shape(recorded) != shape(text):
            failed += 1
            print(f"{target.name} is out of date; run record.py {script.stem}")
            sys.stdout.writelines(difflib.unified_diff(recorded.splitlines(True), text.splitlines(True), "recorded", "now"))
    if arguments.check:
        print(f"{len(scripts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
