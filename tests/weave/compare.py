#!/usr/bin/env python3
"""Compares weave with ThreadSanitizer, Helgrind and plain repetition on the subjects, as a Markdown table.

Each subject is one program in several roles. For the other tools all roles run at once as real processes, several times,
with a limit; counted are the runs in which the tool reported anything in any of the processes, and natively the runs that failed,
crashed or hung.

Needs gcc with -fsanitize=thread and valgrind (Debian: libtsan2 valgrind). Exit status 0, or 1 when weave misses one.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from subjects import PROGRAMS, Result, Subject, subject_run, subjects_read

RUN_SECONDS = 12  # of one run of a real program: those that hang are ended then
HELGRIND = ["valgrind", "--tool=helgrind", "--trace-children=yes", "-q", "--log-fd=1"]


def first_line(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[0].strip()


def private(command: list[str]) -> list[str]:
    """In namespaces of its own, so that nothing is left in /dev/shm and runs do not meet."""
    script = 'mount -t tmpfs none /dev/shm && exec "$@"'
    return ["unshare", "--mount", "--ipc", "--pid", "--fork", "--kill-child", "--map-root-user", "sh", "-c", script, "-", *command]


def run_roles(binary: Path, roles: list[str], wrapper: list[str]) -> tuple[bool, str]:
    """One run of all roles at once: whether it went well, and what was printed."""
    script = " ".join(f'"$@" {role} & p{i}=$!;' for i, role in enumerate(roles))
    script += " s=0;" + "".join(f" wait $p{i} || s=1;" for i in range(len(roles))) + " exit $s"
    command = private(["sh", "-c", script, "-", *wrapper, str(binary)])
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False, errors="replace")
    except subprocess.TimeoutExpired as late:
        output = b"".join(part for part in (late.stdout, late.stderr) if part)
        return False, output.decode(errors="replace")
    return run.returncode == 0, run.stdout + run.stderr


def reported(text: str) -> bool:
    """Whether ThreadSanitizer or Helgrind said anything."""
    return "ThreadSanitizer" in text or re.search(r"(?m)^==\d+== ", text) is not None


def compiled(source: Path, folder: Path, name: str, *flags: str) -> Path:
    binary = folder / f"{source.stem}-{name}"
    subprocess.run(["gcc", "-g", *flags, str(source), "-o", str(binary), "-pthread"], check=True, capture_output=True)
    return binary


def compare(subject: Subject, weave: str, times: int, folder: Path) -> tuple[Result, str]:
    """A row of the table."""
    result = subject_run(weave, subject, "gcc-O0", False, None)
    native = compiled(subject.path, folder, "native", "-O2")
    sanitized = compiled(subject.path, folder, "tsan", "-O1", "-fsanitize=thread", "-Wno-tsan")
    plain = compiled(subject.path, folder, "helgrind", "-O1")
    failed = sum(not run_roles(native, subject.roles, [])[0] for _ in range(times))
    tsan = sum(reported(run_roles(sanitized, subject.roles, [])[1]) for _ in range(times))
    grind = sum(reported(run_roles(plain, subject.roles, HELGRIND)[1]) for _ in range(times))
    found = "**missed**" if result.problems else f"`{result.found}`"
    return result, (
        f"| {subject.name} | {found} | {result.schedules} | {result.seconds:.2f} | {failed}/{times} | {tsan}/{times} "
        f"| {grind}/{times} |"
    )


def check_tools(folder: Path) -> None:
    """Both tools must see the race that they are made for, or their silence means nothing."""
    source = PROGRAMS / "compare" / "two_threads.c"
    sanitized = compiled(source, folder, "tsan", "-O1", "-fsanitize=thread")
    if not reported(run_roles(sanitized, [""], [])[1]):
        sys.exit("compare.py: ThreadSanitizer does not report a race of two threads: it cannot run here")
    if not reported(run_roles(compiled(source, folder, "helgrind", "-O1"), [""], HELGRIND)[1]):
        sys.exit("compare.py: Helgrind does not report a race of two threads: it cannot run here")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weave", default="build/bin/weave")
    parser.add_argument("--times", type=int, default=3, help="runs with each of the other tools (3)")
    parser.add_argument("only", nargs="*", help="only subjects whose name contains one of these")
    arguments = parser.parse_args()
    for tool in ("valgrind", "gcc", "unshare"):
        if shutil.which(tool) is None:
            sys.exit(f"compare.py: {tool} is missing")
    paths = sorted([*PROGRAMS.glob("correct/*.c"), *PROGRAMS.glob("wrong/*.c")])
    subjects = [subject for path in paths for subject in subjects_read(path)]
    if arguments.only:
        subjects = [s for s in subjects if any(word in s.name for word in arguments.only)]
    versions = f"{first_line('gcc', '--version')}; {first_line('valgrind', '--version')}; Linux {os.uname().release}"
    with tempfile.TemporaryDirectory(prefix="weave-compare-") as name:
        check_tools(Path(name))
    print(f"{datetime.date.today()}, {versions}: `tests/weave/compare.py --times {arguments.times}`\n")
    print("| program | weave | schedules | seconds | fails by itself | TSan reports | Helgrind reports |")
    print("|-|-|-|-|-|-|-|")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="weave-compare-") as name:
        for subject in subjects:
            result, row = compare(subject, arguments.weave, arguments.times, Path(name))
            missed += bool(result.problems)
            print(row, flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
