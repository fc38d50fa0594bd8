#!/usr/bin/env python3
"""Which lines of our C sources the tests run, by folder.

    make coverage                     everything but the slides, the hostile class and the judged mutants
    make coverage ONLY=harness        the tests of one label, as in make check
    tests/coverage.py --file PATH     after it: that file's lines that nothing ran

Compiles with gcc's counters (--coverage) into BUILD-coverage, runs the tests there and adds up what gcov tells of
them. A process writes its counters when it leaves by exit(3), returns from main, or calls _exit(2) in a program (see
coverage_exit.c). What it cannot see: one that ends by exec(3), a signal, or _exit in a library leaves none, and neither do
those that may not write here, such as rooms of the grader; what weave runs leaves little. A low figure there is no finding;
an unexpected 0 elsewhere is. A test that compares all that a program does may fail here, where programs write counters.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

TOP = Path(__file__).resolve().parent.parent
SOURCES = ("common", "solutions", "tools", "tests/harness", "tests/checks")
LEFT_OUT = r"^(slides|hostile|selfcheck|windows|weave\.(correct|wrong|optimised|litmus|wild))\b"

Lines = Dict[str, Dict[int, int]]  # file, line, how often it ran


def run(command: List[str], **options: object) -> int:
    """Run a command; its exit status."""
    return subprocess.run(command, check=False, **options).returncode  # type: ignore[call-overload, no-any-return]


def build_and_test(build: Path, only: str) -> int:
    """Compile with counters, forget those of an earlier run, test; 0 when there is something to count."""
    build.mkdir(exist_ok=True)
    leave = build / "coverage_exit.o"
    if run(["gcc", "-c", "-o", str(leave), str(TOP / "tests" / "coverage_exit.c")]) != 0:
        return 1
    flags = [
        "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_C_COMPILER=gcc",
        "-DCMAKE_C_FLAGS=--coverage -fprofile-update=atomic",
        "-DCMAKE_CXX_FLAGS=--coverage",
        f"-DCMAKE_EXE_LINKER_FLAGS=-Wl,--wrap=_exit {leave}",
    ]
    jobs = str(os.cpu_count() or 1)
    if run(["cmake", "-S", str(TOP), "-B", str(build), *flags], stdout=subprocess.DEVNULL) != 0:
        return 1
    if run(["cmake", "--build", str(build), "--parallel", jobs]) != 0:
        return 1
    for counters in build.rglob("*.gcda"):
        counters.unlink()
    choice = ["--label-regex", f"^{only}$"] if only else ["--exclude-regex", LEFT_OUT]
    run(["ctest", "--test-dir", str(build), "--parallel", jobs, "--no-tests=error", *choice])
    return 0


def reports(build: Path) -> Iterator[Dict[str, object]]:
    """What gcov tells of each object file that has counters."""
    counters = [str(path) for path in build.rglob("*.gcda")]
    with tempfile.TemporaryDirectory(prefix="shmlab-coverage.") as folder:
        for start in range(0, len(counters), 50):
            some = counters[start : start + 50]
            run(["gcov", "--json-format", "--preserve-paths", "--hash-filenames", *some], cwd=folder, stdout=subprocess.DEVNULL)
        for path in Path(folder).glob("*.gcov.json.gz"):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                yield json.load(file)


def add_up(build: Path) -> Lines:
    """All object files' counts together, of our own sources."""
    lines: Lines = {}
    for report in reports(build):
        folder = Path(str(report["current_working_directory"]))
        files = report["files"]
        assert isinstance(files, list)
        for file in files:
            path = os.path.relpath((folder / file["file"]).resolve(), TOP)
            if path.startswith(SOURCES):
                counts = lines.setdefault(path, {})
                for line in file["lines"]:
                    counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
    return lines


def part_of(path: str) -> str:
    """The row of the table that a file belongs to."""
    parts = Path(path).parts
    return "/".join(parts[: min(len(parts) - 1, 3 if parts[:2] == ("tools", "weave") else 2)])


def table(lines: Lines) -> None:
    """Print a row for each folder."""
    rows: Dict[str, Tuple[int, int]] = {}
    for path, counts in lines.items():
        ran, all_of_them = rows.get(part_of(path), (0, 0))
        rows[part_of(path)] = (ran + sum(count > 0 for count in counts.values()), all_of_them + len(counts))
    for part, (ran, all_of_them) in sorted(rows.items()):
        print(f"{part:<32} {ran:>6} of {all_of_them:>6} lines  {100 * ran // max(all_of_them, 1):>3} %")
    print("No counts come from processes that end by exec or a signal, from rooms of the grader, and few from what weave runs.")


def file_lines(lines: Lines, wanted: str) -> int:
    """Print the lines of a file that nothing ran."""
    path = os.path.relpath(Path(wanted).resolve(), TOP)
    if path not in lines:
        print(f"coverage: no counts of {path}: run make coverage first; it is for C sources in {', '.join(SOURCES)}", file=sys.stderr)
        return 1
    text = (TOP / path).read_text(encoding="utf-8").splitlines()
    for number, count in sorted(lines[path].items()):
        if count == 0:
            print(f"{path}:{number}: {text[number - 1]}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=TOP / "build-coverage", help="its folder (build-coverage)")
    parser.add_argument("--only", default="", help="the tests of this label only")
    parser.add_argument("--file", help="print the lines of this file that nothing ran, and run no test")
    options = parser.parse_args()
    if options.file:
        return file_lines(add_up(options.build), options.file)
    status = build_and_test(options.build, options.only)
    lines = add_up(options.build)
    if not lines:
        print("coverage: no test has left counts", file=sys.stderr)
        return 1
    table(lines)
    return status


if __name__ == "__main__":
    sys.exit(main())
