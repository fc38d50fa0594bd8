#!/usr/bin/env python3
"""A class whose marks are known beforehand, and what happens when it is graded.

    class.py make DIR --students 200              write the submissions, and DIR.json: the points of each
    class.py test --students 20 [--grader G]      grade such a class twice, the second time killed again and again, and
                                                  compare both with each other and with what is known
    class.py measure --students 20                the same class with and without walls: what the walls cost

Kinds of submissions: reference solutions, starters, mutants (whose points stand in their golden files), as folders,
zip and tar archives, whole projects, single labs; edited tests; code that does not compile; hostile programs; links;
broken archives; and nothing at all. The same arguments make the same class.
"""

from __future__ import annotations

import argparse
import ctypes
import filecmp
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

import selfcheck  # noqa: E402

SAMPLES = ROOT / "tests" / "hostile" / "samples"
QUICK_SAMPLES = ("abort_into_zero", "constructor_exit", "kill_everybody", "perfect_report", "read_hidden_files",
                 "stdout_flood")
FULL = 100
SKIPPED = 77
LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something that must hold does not."""


class Lab(NamedTuple):
    """A lab and its wrong solutions with the points that they earn."""

    number: int
    name: str
    mutants: Dict[str, int]
    beside: int  # points for what is handed in with it: lab 2 is built from lab 1's files


def lines_of(path: Path) -> List[str]:
    """Its lines but for the marks of what slides show, which starters lack."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if "slide:" not in line]


def handed_in(lab: str, file: str) -> bool:
    """Is that one of the lab's own files, and not one that came finished: of those the grader takes the project's?"""
    given, solved = (ROOT / tree / lab / file for tree in ("labs", "solutions"))
    return not file.startswith("../") and not (given.exists() and lines_of(given) == lines_of(solved))


def labs_of(numbers: List[int]) -> List[Lab]:
    """The labs of those numbers."""
    found = []
    for folder in sorted((ROOT / "solutions").glob("lab*")):
        number = int(folder.name[3])
        if number in numbers and (ROOT / "tests" / "mutants" / folder.name).is_dir():
            mutants = {}
            for golden in sorted((ROOT / "tests" / "mutants" / folder.name).glob("*.golden")):
                points = re.search(r"^ *(\d+) of 100 points", golden.read_text(encoding="utf-8"), re.M)
                edits = selfcheck.mutant_read(golden.with_suffix(".mutant")).edits
                if points is not None and all(handed_in(folder.name, edit.file) for edit in edits):
                    mutants[golden.stem] = int(points.group(1))
            found.append(Lab(number, folder.name, mutants, FULL if number == 2 and 1 in numbers else 0))
    return found


# ---- Kinds: each writes a submission and tells its points ----


def put(target: Path, tree: str, lab: Lab) -> Path:
    """A copy of a lab's folder of the solutions or the starters."""
    if lab.number == 2 and tree == "solutions":
        shutil.copytree(ROOT / tree / "lab1_layout", target / "lab1_layout",
                        ignore=shutil.ignore_patterns("__pycache__"))
    return Path(shutil.copytree(ROOT / tree / lab.name, target / lab.name,
                                ignore=shutil.ignore_patterns("__pycache__", "README.md", "windows")))


def solution(target: Path, lab: Lab, _: random.Random) -> int:
    """The reference."""
    put(target, "solutions", lab)
    return FULL + lab.beside


def starter(target: Path, lab: Lab, _: random.Random) -> int:
    """Handed in as it was handed out."""
    put(target, "labs", lab)
    return 0


def mutant(target: Path, lab: Lab, chance: random.Random) -> int:
    """A typical mistake."""
    name = chance.choice(sorted(lab.mutants))
    folder = put(target, "solutions", lab)
    selfcheck.mutant_apply(selfcheck.mutant_read(ROOT / "tests" / "mutants" / lab.name / f"{name}.mutant"), folder)
    return lab.mutants[name] + lab.beside


def zipped(target: Path, lab: Lab, chance: random.Random) -> int:
    """A zip archive of a mutant, in a folder of its own as most systems make it."""
    points = mutant(target / target.name, lab, chance)
    with zipfile.ZipFile(f"{target}.zip", "w") as archive:
        for path in sorted(target.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(target))
    shutil.rmtree(target)
    return points


def tarred(target: Path, lab: Lab, chance: random.Random) -> int:
    """A compressed tar archive of a solution."""
    points = solution(target, lab, chance)
    with tarfile.open(f"{target}.tar.gz", "w:gz") as archive:
        archive.add(target, ".")
    shutil.rmtree(target)
    return points


def project(target: Path, lab: Lab, _: random.Random) -> int:
    """The whole project, with tests that were made easier."""
    put(target / "labs", "solutions", lab)
    (target / "tests" / "checks").mkdir(parents=True)
    (target / "tests" / "checks" / f"{lab.name}.c").write_text("/* everything is right */\n")
    (target / "Makefile").write_text("lab1 lab2 lab3 lab4:\n\t@echo 100 of 100 points\n")
    return FULL + lab.beside


def uncompilable(target: Path, lab: Lab, _: random.Random) -> int:
    """A line in each file that is no C, and no Python."""
    folder = put(target, "solutions", lab)
    for path in folder.iterdir():
        path.write_text(path.read_text(encoding="utf-8") + "\nthis is no program\n", encoding="utf-8")
    return lab.beside


def hostile(target: Path, _: Lab, chance: random.Random) -> int:
    """A program that is after something else than points: as lab 3."""
    folder = target / "lab3_handshake"
    folder.mkdir(parents=True)
    text = (SAMPLES / "prelude.h").read_text() + (SAMPLES / f"{chance.choice(QUICK_SAMPLES)}.c").read_text()
    (folder / "writer.c").write_text(text, encoding="utf-8")
    return 0


def linked(target: Path, lab: Lab, _: random.Random) -> int:
    """Links in place of files."""
    folder = target / lab.name
    folder.mkdir(parents=True)
    for path in (ROOT / "solutions" / lab.name).iterdir():
        if path.suffix in (".c", ".h", ".py"):
            (folder / path.name).symlink_to(path)
    return 0


def broken(target: Path, lab: Lab, _: random.Random) -> int:
    """An archive that ends in the middle."""
    solution(target, lab, random.Random(0))
    with tarfile.open(f"{target}.tar.gz", "w:gz") as archive:
        archive.add(target, ".")
    shutil.rmtree(target)
    whole = Path(f"{target}.tar.gz").read_bytes()
    Path(f"{target}.tar.gz").write_bytes(whole[: len(whole) // 2])
    return 0


def empty(target: Path, _: Lab, __: random.Random) -> int:
    """Nothing."""
    target.mkdir()
    (target / "essay.txt").write_text("Here is my homework.\n")
    return 0


KINDS: List[Callable[[Path, Lab, random.Random], int]] = [
    solution, mutant, mutant, starter, zipped, tarred, mutant, project, uncompilable, hostile, linked, broken, empty]


def make(folder: Path, students: int, labs: List[Lab], seed: int) -> Dict[str, int]:
    """Write the class; the points of each."""
    chance = random.Random(seed)
    known = {}
    folder.mkdir(parents=True)
    hostile_possible = any(lab.number == 3 for lab in labs)
    for number in range(students):
        kind = KINDS[number % len(KINDS)]
        if kind is hostile and not hostile_possible:
            kind = starter
        name = f"student{number:03}_{kind.__name__}"
        known[name] = kind(folder / name, chance.choice(labs), chance)
    return known


# ---- Grading ----


def grade(arguments: argparse.Namespace, folder: Path, out: Path, *more: str) -> "subprocess.Popen[str]":
    """Start the grader."""
    command = [arguments.grader, "grade", str(folder), "--out", str(out), "--labs", arguments.labs, "-j", "2", *more]
    environment = {**os.environ, "TMPDIR": str(folder.parent / "tmp")}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=environment)


def grade_whole(arguments: argparse.Namespace, folder: Path, out: Path, *more: str) -> float:
    """Grade to the end; how long that took."""
    began = time.monotonic()
    grader = grade(arguments, folder, out, *more)
    output = grader.communicate()[0]
    if grader.returncode != 0:
        raise Failure(f"grader: status {grader.returncode}\n{output[-2000:]}")
    return time.monotonic() - began


def orphans_gone() -> None:
    """Those who were the killed grader's are ours now, and end."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
        except ChildProcessError:
            return
    raise Failure("processes of a killed grader are still alive")


def grade_killed(arguments: argparse.Namespace, folder: Path, out: Path, whole: float) -> int:
    """Grade, kill it at random moments, and again, until it comes to its end. How often it was killed."""
    chance = random.Random(arguments.seed)
    for kills in range(arguments.kills + 1):
        grader = grade(arguments, folder, out)
        if kills == arguments.kills:
            output = grader.communicate()[0]
            orphans_gone()
            if grader.returncode != 0:
                raise Failure(f"grader: status {grader.returncode}\n{output[-2000:]}")
            return kills
        try:
            grader.communicate(timeout=chance.uniform(0.02, whole / (arguments.kills + 1)))
        except subprocess.TimeoutExpired:
            grader.send_signal(signal.SIGKILL)
            grader.communicate()
        orphans_gone()
    return 0


def same(one: Path, other: Path) -> None:
    """The marks of two runs are the same bytes."""
    names = [sorted(path.name for path in (each / "submissions").iterdir()) for each in (one, other)]
    if names[0] != names[1]:
        raise Failure(f"other submissions: {set(names[0]) ^ set(names[1])}")
    for path in [Path("class.json")] + [Path("submissions") / name / "result.json" for name in names[0]]:
        if not filecmp.cmp(one / path, other / path, shallow=False):
            difference = subprocess.run(["diff", "-u", str(one / path), str(other / path)], stdout=subprocess.PIPE, text=True,
                                        check=False)
            raise Failure(f"{path} differs:\n{difference.stdout[:3000]}")


def as_known(out: Path, known: Dict[str, int]) -> None:
    """Every mark is the one that was known beforehand."""
    for name, points in known.items():
        result = json.loads((out / "submissions" / name / "result.json").read_text(encoding="utf-8"))
        if result["points"] != points or result["state"] not in ("graded", "refused"):
            wrong = [(lab["lab"], check["name"], check["outcome"], check.get("found")) for lab in result["labs"]
                     for check in lab["checks"] if check["outcome"] not in ("passed", "skipped")]
            raise Failure(f"{name}: {result['points']} points ({result['state']}), not {points}: {wrong}")


def test(arguments: argparse.Namespace, work: Path) -> None:
    """Twice, the second time with kills."""
    known = make(work / "class", arguments.students, labs_of(arguments.numbers), arguments.seed)
    (work / "tmp").mkdir()
    whole = grade_whole(arguments, work / "class", work / "one")
    as_known(work / "one", known)
    kills = grade_killed(arguments, work / "class", work / "two", whole)
    same(work / "one", work / "two")
    if os.listdir(work / "tmp"):
        raise Failure(f"left behind: {os.listdir(work / 'tmp')}")
    print(f"{len(known)} submissions of {len({name.split('_')[1] for name in known})} kinds: marks as known; the same bytes "
          f"after {kills} kills; {len(known) / whole * 60:.0f} submissions a minute")


def measure(arguments: argparse.Namespace, work: Path) -> None:
    """With walls and without, one after the other, so that both meet the same machine."""
    labs = labs_of(arguments.numbers)
    chance = random.Random(arguments.seed)
    for number in range(arguments.students):
        (solution if number % 2 == 0 else mutant)(work / "class" / f"student{number:03}", chance.choice(labs), chance)
    (work / "tmp").mkdir()
    took, used = {}, {}
    for name in ("none", "full"):
        before = os.times()
        took[name] = grade_whole(arguments, work / "class", work / name, "--isolation", name)
        after = os.times()
        used[name] = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{arguments.students} submissions: {took['none']:.1f} s without walls, {took['full']:.1f} s with: "
          f"{took['full'] / took['none']:.2f} times (processor time {used['none']:.1f} s and {used['full']:.1f} s: "
          f"{used['full'] / used['none']:.2f} times); {arguments.students / took['full'] * 60:.0f} submissions a minute")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("make", "test", "measure"))
    parser.add_argument("folder", nargs="?", type=Path, help="of `make`: is made")
    parser.add_argument("--grader", default=str(ROOT / "build" / "bin" / "grader"))
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--labs", default="1-4", help="as `grader grade` takes it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=6)
    arguments = parser.parse_args()
    arguments.numbers = []
    for part in arguments.labs.split(","):
        first, _, last = part.partition("-")
        arguments.numbers += range(int(first), int(last or first) + 1)
    if arguments.command == "make":
        if arguments.folder is None:
            parser.error("make: where to?")
        known = make(arguments.folder, arguments.students, labs_of(arguments.numbers), arguments.seed)
        Path(f"{arguments.folder}.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        return 0
    if subprocess.run([arguments.grader, "doctor"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        print("skipped: this machine offers no full isolation: see `grader doctor`")
        return SKIPPED
    LIBC.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become ours, and are seen
    work = Path(tempfile.mkdtemp(prefix="shmlab-class-"))
    work.chmod(0o755)  # for the user that root becomes
    try:
        (test if arguments.command == "test" else measure)(arguments, work)
        return 0
    except Failure as failure:
        print(f"class.py: {failure}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
