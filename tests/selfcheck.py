#!/usr/bin/env python3
"""Check the checks: what is right gets full marks, what is missing gets none, and each known mistake is caught by name.

    selfcheck.py [--lab build/bin/lab] [N...]     labs N (default: all that have checks)
    selfcheck.py 2 --mutant no_excl               one mutant, its whole verdict shown
    selfcheck.py 2 --design perror                one other right solution
    selfcheck.py --quick                          most mutants with one of the checks that catch them: `make check`
    selfcheck.py --update                         write the golden files; look at the difference before committing
    selfcheck.py --repeat 200 --only solution     each check again and again: its outcome must stay the same
    selfcheck.py 6 --quick --shard 2/5            a fifth of it
    selfcheck.py --remembered                     not again what was judged before and has not changed: see stamps.py

For each lab: the reference solution gets all points, the starter made from it gets none, every file
tests/designs/labN_name/NAME.design, another right solution, gets all points as well, and every file
tests/mutants/labN_name/NAME.mutant, a wrong solution, is caught by exactly the checks that its head names. NAME.golden
beside it is what a student would read, so that a message that changes is a change that somebody looks at.

A mutant:

    The mistake in a sentence or two, as a student would make it.

    caught by: refuses leaks perhaps: signals
    file: writer.c
    <<<<<<<
    the text as it is in the solution, once; whole lines or a part of one
    =======
    what is there instead
    >>>>>>>

A design is the same without the line "caught by:". With --quick, designs that change different places are judged
together, in one copy.

What is named after "perhaps:" finds it by chance only; its words are not compared.

With --quick, WHOLE mutants of a lab or some more are judged in full; of the others the first check that their head names,
with those that it needs, and has to say what the golden file says. With --quick --repeat N none
is judged in full but those that only `leaks` catches.

Further replacements follow, each with its "file:" line where the file changes. Files of other labs: "../lab1_layout/...".
"""

from __future__ import annotations

import argparse
import difflib
import functools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import stamps  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "tests" / "mutants"
DESIGNS = ROOT / "tests" / "designs"
CAUGHT = ("failed", "timeout", "error")
LEAST = 12  # mutants a lab
WHOLE = 3  # of them in full with --quick
RUNAWAY = 900  # seconds, of one run


class Replacement(NamedTuple):
    """One edit of a mutant."""

    file: str
    before: str
    after: str


class Mutant(NamedTuple):
    """A wrong solution; a right one when nothing is to catch it."""

    name: str
    mistake: str
    caught_by: List[str]  # with --quick the first is run
    perhaps: Set[str]  # what else may find it, by chance: a process that goes at a bad moment, say
    edits: List[Replacement]


class Failure(Exception):
    """Something that must hold does not."""


def edits_read(path: Path, rest: str) -> List[Replacement]:
    """The replacements that follow the head of a mutant or of a design."""
    edits: List[Replacement] = []
    file: Optional[str] = None
    pattern = re.compile(r"file: *(\S+)\n|<<<<<<<\n(.*?)=======\n(.*?)>>>>>>>\n", re.S)
    at = 0
    for found in pattern.finditer(rest):
        if rest[at : found.start()].strip():
            raise Failure(f"{path}: what is this? {rest[at:found.start()].strip()!r}")
        at = found.end()
        if found.group(1):
            file = found.group(1)
        elif file is None:
            raise Failure(f"{path}: a replacement without \"file: ...\"")
        else:
            edits.append(Replacement(file, found.group(2)[:-1], found.group(3)[:-1]))  # without the last newline
    if rest[at:].strip() or not edits:
        raise Failure(f"{path}: what is this? {rest[at:].strip()!r}")
    return edits


def mutant_read(path: Path) -> Mutant:
    """Parse a mutant's file."""
    head, _, rest = path.read_text(encoding="utf-8").partition("\ncaught by:")
    if not rest:
        raise Failure(f"{path}: no line \"caught by: ...\"")
    names, _, rest = rest.partition("\n")
    sure, _, chance = names.partition("perhaps:")
    return Mutant(path.stem, head.strip(), sure.split(), set(chance.split()), edits_read(path, rest))


def design_read(path: Path) -> Mutant:
    """Parse the file of another right solution."""
    head, file, rest = path.read_text(encoding="utf-8").partition("\nfile:")
    return Mutant(path.stem, head.strip(), [], set(), edits_read(path, file.strip() + rest))


def tree_copy(to: Path) -> Path:
    """The solutions in a tree that can be edited: TO/tree/labN_name, beside the common files."""
    to.mkdir(parents=True)
    (to / "common").symlink_to(ROOT / "common")
    shutil.copytree(ROOT / "solutions", to / "tree", ignore=shutil.ignore_patterns("__pycache__"))
    return to / "tree"


def edit_apply(text: str, edit: Replacement) -> Tuple[str, int]:
    """The text after the edit, and how often the words that are to be replaced are there: they must be once.

    Where they are not there as they are written, the white space between them does not count, so that another formatter or
    another width leaves mutants and designs alone.
    """
    count = text.count(edit.before)
    if count > 0:
        return text.replace(edit.before, edit.after), count
    tokens = re.findall(r"\w+|[^\w\s]", edit.before.replace("\\\n", " "))
    blank = r"(?:\s|\\\n)"
    pattern = "".join(
        re.escape(token) + (blank + ("+" if re.match(r"\w", token) and re.match(r"\w", after) else "*") if after else "")
        for token, after in zip(tokens, tokens[1:] + [""])
    )
    return re.subn(pattern, lambda found: edit.after.strip(), text)


def mutant_apply(mutant: Mutant, folder: Path) -> None:
    """Edit the copy; every text that is to be replaced must be there exactly once."""
    for edit in mutant.edits:
        path = folder / edit.file
        text, count = edit_apply(path.read_text(encoding="utf-8"), edit)
        if count != 1:
            raise Failure(f"{mutant.name}: {edit.file} has this text {count} times, not once:\n{edit.before}")
        path.write_text(text, encoding="utf-8")


class Lab(NamedTuple):
    """The program `lab`, and how often it runs each check."""

    program: Path
    repeat: int


def judge(lab: Lab, number: int, tree: Path, scratch: Path, check: str = "") -> Tuple[Dict[str, Any], str]:
    """Let the tree be judged, by one check only if it is named. Returns the verdict and what a person would read."""
    results = scratch / "results"
    verdict = scratch / "verdict.json"
    command = [str(lab.program), "check", str(number), "--tree", str(tree), "--results", str(results), "--json", str(verdict),
               "--plain", "--check", check, "--repeat", str(lab.repeat)]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=lab.repeat * RUNAWAY,
                         check=False)
    if run.returncode not in (0, 1) or not verdict.exists():
        raise Failure(f"{' '.join(command)}: status {run.returncode}\n{run.stdout}{run.stderr}")
    loaded: Dict[str, Any] = json.loads(verdict.read_text(encoding="utf-8"))
    for each in loaded["checks"]:
        if each.get("runs_passed", 0) not in (0, each.get("runs", 0)):
            raise Failure(f"{each['name']} has passed in {each['runs_passed']} of {each['runs']} runs\n{run.stdout}")
    return loaded, run.stdout + run.stderr


def caught(verdict: Dict[str, Any]) -> Set[str]:
    """Names of the checks that found something."""
    return {check["name"] for check in verdict["checks"] if check["outcome"] in CAUGHT}


def failures_only(text: str) -> str:
    """Of what a person reads: the checks that found something, and the sum."""
    kept: List[str] = []
    inside = False
    for line in text.splitlines():
        if re.match(r"  \S", line) or not line.startswith(" "):
            inside = re.match(r"  (FAIL|TIME|ERROR)", line) is not None or " points" in line[:20]
        if inside:
            kept.append(line.rstrip())
    return "\n".join(kept) + "\n"


def full_marks(verdict: Dict[str, Any], text: str, what: str) -> None:
    """All points, challenges included, and nothing skipped."""
    wrong = [check["name"] for check in verdict["checks"] if check["outcome"] != "passed"]
    if wrong or verdict["points"] != 100 or verdict["points_max"] != 100:
        raise Failure(f"{what} has {verdict['points']} points; not passed: {', '.join(wrong)}\n{text}")


def check_solution(lab: Lab, number: int, scratch: Path) -> None:
    """The reference solution gets everything."""
    full_marks(*judge(lab, number, ROOT / "solutions", scratch), "the solution")


def check_designs(lab: Lab, number: int, designs: List[Mutant], scratch: Path) -> None:
    """Solutions that are right in another way get everything, all of these in one copy."""
    tree = tree_copy(scratch / "design")
    for design in designs:
        mutant_apply(design, next(tree.glob(f"lab{number}_*")))
    full_marks(*judge(lab, number, tree, scratch), ", ".join(design.name for design in designs))


def designs_together(number: int, paths: List[Path]) -> List[List[Mutant]]:
    """Put designs that change different places of the solution together: as few copies as the order of names gives."""
    folder = next((ROOT / "solutions").glob(f"lab{number}_*"))
    groups: List[Tuple[List[Mutant], Dict[str, str]]] = []
    for path in paths:
        design = design_read(path)
        for members, texts in groups + [([], {})]:
            after = dict(texts)
            for edit in design.edits:
                solution = (folder / edit.file).read_text(encoding="utf-8")
                now = after.get(edit.file, solution)
                now, count = edit_apply(now, edit)
                if count != 1 and members:
                    break
                after[edit.file] = now
            else:
                members.append(design)
                if len(members) == 1:
                    groups.append((members, after))
                else:
                    texts.update(after)
                break
    return [members for members, _ in groups]


def check_starter(lab: Lab, number: int, scratch: Path) -> None:
    """No points for what is not there, no warning, no crash, no leak."""
    (scratch / "common").symlink_to(ROOT / "common")
    subprocess.run([sys.executable, str(ROOT / "tools" / "starters.py"), "--into", str(scratch / "labs")], check=True)
    verdict, text = judge(lab, number, scratch / "labs", scratch)
    if verdict["points"] != 0 or verdict["challenge_points"] != 0:
        raise Failure(f"the starter earns {verdict['points']} points\n{text}")
    broken = [check["name"] for check in verdict["checks"] if check["outcome"] in ("error", "timeout")]
    if broken or "builds" in caught(verdict) or verdict["leaks"]:
        raise Failure(f"the starter does not build, leaves something behind, or breaks a check: {broken}\n{text}")
    compiled = (scratch / "results" / "builds.txt").read_text(encoding="utf-8")
    if "warning:" in compiled:
        raise Failure(f"the starter compiles with warnings\n{compiled}")
    for check in verdict["checks"]:
        if check.get("ended") == "signal":
            raise Failure(f"the starter crashes: {check['name']}: {check['found']}")


def check_pages(lab: Lab, number: int, verdict: Dict[str, Any], tree: Path, scratch: Path) -> None:
    """Each failure that can be repeated has its page, and `lab replay --html` makes one from the programs as they are."""
    replayed = [check for check in verdict["checks"] if "replay" in check]
    pages = [Path(check["page"]) for check in replayed]
    if replayed:
        subprocess.run([str(lab.program), "replay", str(number), "--html", "--tree", str(tree), "--results",
                        str(scratch / "results")], stdin=subprocess.DEVNULL, capture_output=True, timeout=RUNAWAY, check=False)
        pages.append(scratch / "results" / "replay.html")
    for page in pages:
        if not page.exists() or '"events"' not in page.read_text(encoding="utf-8"):
            raise Failure(f"{page} is no page of the steps that failed")


def check_mutant(lab: Lab, number: int, path: Path, scratch: Path, update: bool) -> str:
    """Caught by exactly the checks that its head names, in the words of the golden file. Returns those words."""
    mutant = mutant_read(path)
    tree = tree_copy(scratch / "mutant")
    mutant_apply(mutant, tree / path.parent.name)
    verdict, text = judge(lab, number, tree, scratch)
    check_pages(lab, number, verdict, tree, scratch)
    found = caught(verdict)
    if found - mutant.perhaps != set(mutant.caught_by):
        raise Failure(f"{mutant.name} is caught by {sorted(found)}, not by {sorted(mutant.caught_by)}\n{text}")
    words = failures_only(text)
    if mutant.perhaps:  # what is sure of it
        words = "\n".join(block_of(name, words) for name in case_names(lab, number) if name in mutant.caught_by) + "\n"
    golden = path.with_suffix(".golden")
    before = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if update:
        golden.write_text(words, encoding="utf-8")
    elif words != before:
        difference = "\n".join(difflib.unified_diff(before.splitlines(), words.splitlines(), golden.name, "now", lineterm=""))
        raise Failure(f"{mutant.name}: the message has changed; look at it, then selfcheck.py --update\n{difference}")
    return words


def block_of(name: str, text: str) -> str:
    """Of what failures_only gives: the lines about one check."""
    found = re.search(rf"^  \w+ +\S+ +{re.escape(name)}: .*(?:\n   .*)*", text, re.M)
    return found.group() if found else ""


def check_mutant_quickly(lab: Lab, number: int, path: Path, name: str, scratch: Path) -> None:
    """Caught by this check, in the words of the golden file, and by none of those that it needs but as the head says."""
    mutant = mutant_read(path)
    tree = tree_copy(scratch / "mutant")
    mutant_apply(mutant, tree / path.parent.name)
    verdict, text = judge(lab, number, tree, scratch, name)
    found = caught(verdict)
    if name not in found or not found - mutant.perhaps <= set(mutant.caught_by):
        raise Failure(f"{mutant.name} is caught by {sorted(found)}, not by {name}\n{text}")
    before = block_of(name, path.with_suffix(".golden").read_text(encoding="utf-8"))
    words = block_of(name, failures_only(text))
    if not words or words != before:
        difference = "\n".join(difflib.unified_diff(before.splitlines(), words.splitlines(), "golden", "now", lineterm=""))
        raise Failure(f"{mutant.name}: {name} says something else; look at it, then selfcheck.py --update\n{difference}")


def quick_check(lab: Lab, number: int, index: int, paths: List[Path]) -> str:
    """The one check that a mutant is judged by when it has to be quick; "" when it is judged in full."""
    if lab.repeat == 1 and index % -(-len(paths) // WHOLE) == 0:
        return ""
    names = mutant_read(paths[index]).caught_by
    return "" if names[0] == "leaks" else names[0]  # which needs all the others


@functools.lru_cache(maxsize=None)
def case_names(lab: Lab, number: int) -> Tuple[str, ...]:
    """The lab's checks, in the order of its table."""
    listed = subprocess.run([str(lab.program), "list", str(number)], stdout=subprocess.PIPE, text=True, check=True).stdout
    return tuple(found.group(1) for found in re.finditer(r"^(\w+) +\S", listed, re.M))


class Task(NamedTuple):
    """One thing that must hold."""

    name: str
    check: Callable[[Path], None]  # in a scratch folder of its own; raises what is wrong
    inputs: Sequence[Path]  # what it depends on, beside what all tasks of the lab do
    whole: bool = False  # by every check of the lab, which takes longer


def processor_seconds() -> float:
    """What all that was started and has ended has used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Report:
    """Counts, and says what failed."""

    def __init__(self, scratch: Path, known: Optional[stamps.Stamps]) -> None:
        self.scratch = scratch
        self.good = 0
        self.bad = 0
        self.remembered = 0
        self.stamps = known

    def run(self, number: int, task: Task) -> None:
        """Do it, unless it was done before and nothing has changed since."""
        stamp = self.stamps.of(number, task.name, task.inputs, "whole" if task.whole else "quick") if self.stamps else None
        if stamp is not None and stamp.fits():
            self.remembered += 1
            self.good += 1
            return
        scratch = self.scratch / "task"  # of the same name each time: then a compiler's cache knows what has not changed
        scratch.mkdir()
        begun, used = time.monotonic(), processor_seconds()
        try:
            task.check(scratch)
        except (Failure, subprocess.SubprocessError) as error:
            self.bad += 1
            print(f"FAIL lab {number}: {task.name}: {error}", flush=True)
            return
        finally:
            shutil.rmtree(scratch)
        if stamp is not None:
            stamp.leave()
        self.good += 1
        print(f"ok   lab {number}: {task.name} ({time.monotonic() - begun:.1f} s, {processor_seconds() - used:.1f} s of processor)", flush=True)


def numbers_known(lab: Lab) -> List[int]:
    """The labs that have checks and solutions."""
    text = subprocess.run([str(lab.program), "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [int(line.split()[0]) for line in text.splitlines() if re.match(r"\d+ lab", line)]


def folder_of(number: int) -> Path:
    """tests/mutants/labN_name."""
    return MUTANTS / next((ROOT / "solutions").glob(f"lab{number}_*")).name


def design_tasks(lab: Lab, number: int, name: Optional[str], quick: bool) -> Iterator[Task]:
    """Judge the right solutions of a lab, with QUICK several at once."""
    folder = DESIGNS / folder_of(number).name
    paths = sorted(folder.glob(f"{name or '*'}.design"))
    if name and not paths:
        raise Failure(f"lab {number} has no design {name}")
    for group in designs_together(number, paths) if quick else [[design_read(path)] for path in paths]:

        def judged(scratch: Path, group: List[Mutant] = group) -> None:
            try:
                check_designs(lab, number, group, scratch / "all")
            except Failure:
                for each in group if len(group) > 1 else []:  # which of them is it?
                    check_designs(lab, number, [each], scratch / each.name)
                raise

        yield Task(f"design {' '.join(each.name for each in group)}", judged,
                   [folder / f"{each.name}.design" for each in group], True)


def mutant_tasks(lab: Lab, number: int, options: argparse.Namespace) -> Iterator[Task]:
    """Judge the wrong ones."""
    paths = sorted(folder_of(number).glob(f"{options.mutant or '*'}.mutant"))
    if options.mutant and not paths:
        raise Failure(f"lab {number} has no mutant {options.mutant}")
    if not options.mutant and len(paths) < LEAST:
        raise Failure(f"lab {number}: {len(paths)} mutants, {LEAST} are wanted")
    for index, path in enumerate(paths):
        name = quick_check(lab, number, index, paths) if options.quick else ""

        def judged(scratch: Path, path: Path = path, name: str = name) -> None:
            if name:
                check_mutant_quickly(lab, number, path, name, scratch)
                return
            words = check_mutant(lab, number, path, scratch, options.update)
            if options.mutant:
                print(words)

        yield Task(f"mutant {path.stem}{' by ' + name if name else ''}", judged, [path, path.with_suffix(".golden")], not name)


def tasks_of(lab: Lab, number: int, options: argparse.Namespace) -> List[Task]:
    """What is to be done for a lab; with --shard a part of it, as many long tasks as in every other part."""
    parts = [options.only] if options.only else ["solution", "starter", "designs", "mutants"]
    if options.mutant or options.design:
        parts = ["mutants"] if options.mutant else ["designs"]
    tasks: List[Task] = []
    if "solution" in parts:
        tasks.append(Task("solution", lambda scratch: check_solution(lab, number, scratch), [], True))
    if "starter" in parts:
        tasks.append(Task("starter", lambda scratch: check_starter(lab, number, scratch), [], True))
    if "designs" in parts:
        tasks += design_tasks(lab, number, options.design, options.quick)
    if "mutants" in parts:
        tasks += mutant_tasks(lab, number, options)
    which, shards = options.shard
    return sorted(tasks, key=lambda task: not task.whole)[which - 1 :: shards]


def shard_parse(text: str) -> Tuple[int, int]:
    """ "2/5": the second of five parts."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found.group(1)) <= int(found.group(2)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part like 2/5")
    return int(found.group(1)), int(found.group(2))


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", type=int, metavar="N", help="numbers of labs")
    parser.add_argument("--lab", type=Path, default=ROOT / "build" / "bin" / "lab", help="the program (default: %(default)s)")
    parser.add_argument("--mutant", metavar="NAME", help="this mutant only, and show its verdict")
    parser.add_argument("--design", metavar="NAME", help="this right solution only")
    parser.add_argument("--only", choices=("solution", "starter", "designs", "mutants"), help="only that part")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="run each check that often")
    parser.add_argument("--quick", action="store_true", help="most mutants with one check only")
    parser.add_argument("--update", action="store_true", help="write the golden files")
    parser.add_argument("--shard", type=shard_parse, default=(1, 1), metavar="I/N", help="of N parts the part I, from 1")
    parser.add_argument("--remembered", action="store_true", help="leave out what was judged before, when nothing has changed since")
    options = parser.parse_args()
    lab = Lab(options.lab, options.repeat)
    build = options.lab.resolve().parents[1]
    ours = os.access(build, os.W_OK)  # else somebody else has built it, and nothing is remembered there
    judged_once = ours and lab.repeat == 1 and not (options.update or options.mutant or options.design)
    with tempfile.TemporaryDirectory(prefix="shmlab-selfcheck-") as scratch:
        stamps.compiler_remember((build / "selfcheck" if ours else Path(scratch)) / "ccache")
        report = Report(Path(scratch), stamps.Stamps(build, options.remembered) if judged_once else None)
        for number in options.labs or numbers_known(lab):
            try:
                tasks = tasks_of(lab, number, options)
            except Failure as error:
                print(f"selfcheck.py: {error}", file=sys.stderr)
                return 2
            for task in tasks:
                report.run(number, task)
    remembered = f", {report.remembered} of them remembered" if report.remembered else ""
    print(f"{report.good} passed{remembered}, {report.bad} failed")
    return 1 if report.bad else 0


if __name__ == "__main__":
    sys.exit(main())
