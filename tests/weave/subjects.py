#!/usr/bin/env python3
"""Runs weave on its subjects and prints a table: program, verdict, schedules, seconds.

A subject is a file programs/correct/*.c, programs/wrong/*.c, or a variant of one in programs/litmus/*.c. The comment at
its top says what must come out:

    expect: pass | KIND CAUSE        alternatives are separated by " | "
    weak: pass | KIND CAUSE          with --weak, if it is something else
    variant: NAME: MACRO ... => pass | KIND CAUSE / ...
                                     one of several programs in a file: what is defined, what comes out, and with --weak
    run: ROLE -- ROLE                one process each, the role is its first argument
    options: ...                     further options of weave
    lines: WORD ...                  what all processes together print, a line each, in any order

A report of a race, of waiting or of misuse must name at least one line marked MISTAKE, if there is one. Exit status: 0 all
as expected, 1 not, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Optional

PROGRAMS = Path(__file__).resolve().parent / "programs"
BUILDS = {
    "gcc-O0": ("gcc", "-O0"),
    "gcc-O2": ("gcc", "-O2"),
    "clang-O0": ("clang", "-O0"),
    "clang-O2": ("clang", "-O2"),
}
LIMIT_SECONDS = 120  # of one subject: only stops runaways
DURATION = re.compile(r'[0-9.]+ s\b|"seconds": ?[0-9.]+')
UNPRUNED_RUNS = 4000  # a subject with more schedules than that is not compared


@dataclass
class Subject:
    """A program and what must be found in it."""

    path: Path
    variant: str
    macros: list[str]
    expected: list[str]
    expected_weak: list[str]
    roles: list[str]
    options: list[str]
    lines: list[str]
    marked: set[int]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}" + (f":{self.variant}" if self.variant else "")


@dataclass
class Result:
    """What came out for one build of a subject."""

    subject: Subject
    build: str
    found: str = ""
    schedules: int = 0
    seconds: float = 0.0
    complete: bool = False
    problems: list[str] = field(default_factory=list)
    text: str = ""
    compared: bool = False


def alternatives(text: str) -> list[str]:
    """What may come out, of "A | B"."""
    return [e.strip() for e in text.split("|")]


def subjects_read(path: Path) -> list[Subject]:
    """The subjects described by the comment at the top of a file: one, or one for each variant."""
    text = path.read_text(encoding="utf-8")
    header, body = text[: text.index("*/")], text[text.index("*/") :]

    def entry(name: str) -> str:
        match = re.search(rf"^ \* {name}: (.*)$", header, re.MULTILINE)
        return match.group(1).strip() if match else ""

    before = header.count("\n")
    marked = {before + i for i, line in enumerate(body.split("\n"), start=1) if "MISTAKE" in line and ";" in line}
    if header.count("variant: ") != header.count("\n * variant: "):
        sys.exit(f"{path}: a variant is not alone in its line")
    variants = re.findall(r"^ \* variant: (\w+): (.*) => ([^/\n]*)(?:/ (.*))?$", header, re.MULTILINE)
    return [
        Subject(
            path=path,
            variant=name,
            macros=[f"-D{macro}" for macro in macros.split() if macro != "-"],
            expected=alternatives(expected),
            expected_weak=alternatives(weak or expected),
            roles=[role.strip() for role in entry("run").split("--")],
            options=shlex.split(entry("options")),
            lines=entry("lines").split(),
            marked=marked,
        )
        for name, macros, expected, weak in variants or [("", "", entry("expect"), entry("weak"))]
    ]


def places(report: Dict[str, Any]) -> set[int]:
    """All lines of the program that the report names."""
    lines: set[int] = set()
    for finding in report["findings"]:
        for side in finding["sides"]:
            lines.update(p["line"] for p in [side, *side.get("callers", [])] if p.get("line"))
    lines.update(event["line"] for event in report["trace"] if event.get("story") and event.get("line"))
    return lines


def judge(result: Result, weak: bool, status: int, report: Dict[str, Any]) -> None:
    """Compare a report with what was expected."""
    subject = result.subject
    result.schedules, result.complete = report["schedules"], report["complete"]
    findings = report["findings"]
    result.found = f"{findings[0]['kind']} {findings[0]['cause']}" if findings else "pass"
    expected = subject.expected_weak if weak else subject.expected
    if result.found not in expected:
        result.problems.append(f"expected {' or '.join(expected)}")
    if result.found == "pass" and not result.complete:
        result.problems.append("not every schedule was run")
    if (status == 1) != bool(findings):
        result.problems.append(f"exit status {status}")
    local = bool(findings) and findings[0]["kind"] in ("race", "misuse", "deadlock", "stuck", "crash")
    if local and subject.marked and not subject.marked & places(report):
        result.problems.append(f"no line marked MISTAKE is named (of {sorted(subject.marked)})")
    if findings and not report["schedule"]:
        result.problems.append("no schedule to replay")


def replay_differs(weave: str, options: list[str], command: list[str], report: Dict[str, Any], folder: Path) -> Optional[str]:
    """Run the schedule of a failure again: the findings must be the same."""
    again = folder / "replay.json"
    subprocess.run(
        [weave, "--quiet", "--json", str(again), *options, "--replay", report["schedule"], *command],
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    second = json.loads(again.read_text(encoding="utf-8"))
    if [f["cause"] for f in second["findings"]] != [f["cause"] for f in report["findings"]]:
        return "the replay finds something else"
    if [e["text"] for e in second["trace"]] != [e["text"] for e in report["trace"]]:
        return "the replay takes other steps"
    return None


def unpruned_differs(
    weave: str, options: list[str], command: list[str], report: Dict[str, Any], folder: Path, result: Result
) -> Optional[str]:
    """Run all schedules, equivalent ones too: verdict and cause must be the same."""
    path = folder / "unpruned.json"
    subprocess.run(
        [weave, "--quiet", "--json", str(path), "--no-prune", "--runs", str(UNPRUNED_RUNS), *options, *command],
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    every = json.loads(path.read_text(encoding="utf-8"))
    if every["verdict"] == "passed-incomplete":
        return None
    result.compared = True
    if every["verdict"] != report["verdict"]:
        return f"without pruning it is {every['verdict']}"
    if [(f["kind"], f["cause"]) for f in every["findings"][:1]] != [(f["kind"], f["cause"]) for f in report["findings"][:1]]:
        return f"without pruning it is {every['findings'][0]['cause']}"
    return None


def weave_run(weave: str, options: list[str], command: list[str], report: Path) -> tuple[int, str]:
    """Run weave: its exit status and what it prints; its JSON is in `report`, if it wrote any."""
    run = subprocess.run(
        [weave, "--json", str(report), *options, *command],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def twice_differs(
    weave: str, options: list[str], command: list[str], text: str, report: Path, folder: Path
) -> Optional[str]:
    """Run everything again: what is printed and the JSON must be the same to the byte, but for how long it took."""
    again = folder / "again.json"
    _, text_again = weave_run(weave, options, command, again)
    pairs = ((text, text_again), (report.read_text(encoding="utf-8"), again.read_text(encoding="utf-8")))
    for first, second in pairs:
        for one, other in itertools.zip_longest(*(DURATION.sub("", t).split("\n") for t in (first, second))):
            if one != other:
                return f"the second time it says {other!r} instead of {one!r}"
    return None


def subject_run(
    weave: str, subject: Subject, build: str, unpruned: bool, weak: Optional[str], twice: bool = False
) -> Result:
    """Compile one subject in one way, run weave on it, judge what it says."""
    result = Result(subject, build)
    compiler, level = BUILDS[build]
    with tempfile.TemporaryDirectory(prefix="weave-subject-") as name:
        folder = Path(name)
        binary = folder / subject.path.stem
        compiled = subprocess.run(
            [weave, "cc", f"--compiler={compiler}", level, "-Wall", "-Wextra", *subject.macros, str(subject.path), "-o", str(binary)],
            capture_output=True,
            text=True,
            check=False,
        )
        if compiled.returncode != 0 or "warning" in compiled.stderr:
            result.problems.append("does not compile cleanly")
            result.text = compiled.stderr
            return result
        options = list(subject.options)
        if weak:
            options = [option for option in options if option != "--tso"] + [f"--weak={weak}"]
        if subject.lines:
            (folder / "lines").write_text("\n".join(subject.lines) + "\n", encoding="utf-8")
            options += ["--expect-lines", str(folder / "lines")]
        command = [word for role in subject.roles for word in ("--", str(binary), role)]
        report = folder / "report.json"
        start = time.monotonic()
        try:
            status, result.text = weave_run(weave, options, command, report)
        except subprocess.TimeoutExpired:
            result.problems.append(f"not done in {LIMIT_SECONDS} s")
            return result
        result.seconds = time.monotonic() - start
        if not report.exists() or report.stat().st_size == 0:
            said = result.text.strip().splitlines()[-1:]
            result.problems.append(f"no report, exit status {status}: {''.join(said)}")
            return result
        parsed = json.loads(report.read_text(encoding="utf-8"))
        judge(result, weak is not None, status, parsed)
        if parsed["findings"]:
            differs = replay_differs(weave, options, command, parsed, folder)
            if differs:
                result.problems.append(differs)
        if unpruned:
            differs = unpruned_differs(weave, options, command, parsed, folder, result)
            if differs:
                result.problems.append(differs)
        if twice:
            differs = twice_differs(weave, options, command, result.text, report, folder)
            if differs:
                result.problems.append(differs)
    return result


def table_line(result: Result) -> str:
    """One line of the table."""
    mark = "ok  " if not result.problems else "BAD "
    line = f"{mark}{result.subject.name:40} {result.build:9} {result.found:28} {result.schedules:7} {result.seconds:7.2f}"
    return line + ("  " + "; ".join(result.problems) if result.problems else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weave", default="build/bin/weave", help="the program to test (build/bin/weave)")
    parser.add_argument("--build", action="append", choices=list(BUILDS), help="only this build (may be repeated)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--verbose", action="store_true", help="print the reports of unexpected results")
    parser.add_argument("--without", action="append", default=[], help="leave this subject out (may be repeated)")
    parser.add_argument("--weak", metavar="N", help="with weak memory, N old values in a run")
    parser.add_argument("--unpruned", action="store_true", help="also run each without pruning: it must change nothing")
    parser.add_argument("--twice", type=int, default=0, metavar="N", help="run each N-th again: every byte must be the same")
    parser.add_argument("only", nargs="*", help="only subjects whose name contains one of these")
    arguments = parser.parse_args()
    if arguments.twice < 0:
        parser.error(f"--twice {arguments.twice}: 1 means each subject, 2 every second one; leave it out for none")
    paths = sorted(path for folder in ("correct", "wrong", "litmus") for path in PROGRAMS.glob(f"{folder}/*.c"))
    subjects = [subject for path in paths for subject in subjects_read(path)]
    subjects = [s for s in subjects if s.name not in arguments.without]
    if arguments.only:
        subjects = [s for s in subjects if any(word in s.name for word in arguments.only)]
    builds = arguments.build or list(BUILDS)
    print(f"    {'program':40} {'build':9} {'verdict':28} {'schedules':>7} {'seconds':>7}")
    chosen = range(0, len(subjects), arguments.twice) if arguments.twice else range(0)
    start, bad, done, compared = time.monotonic(), 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = [
            pool.submit(
                subject_run, arguments.weave, subject, build, arguments.unpruned, arguments.weak, number in chosen
            )
            for number, subject in enumerate(subjects)
            for build in builds
        ]
        for job in jobs:
            result = job.result()
            done += 1
            bad += bool(result.problems)
            compared += result.compared
            print(table_line(result), flush=True)
            if result.problems and arguments.verbose:
                print(result.text)
    print(f"{done - bad} of {done} as expected, {time.monotonic() - start:.1f} s")
    if arguments.unpruned:
        print(f"{compared} of them also with every schedule (the others have more than {UNPRUNED_RUNS})")
    return 0 if bad == 0 and done > 0 and (compared > 0 or not arguments.unpruned) else 1


if __name__ == "__main__":
    sys.exit(main())
