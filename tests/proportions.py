#!/usr/bin/env python3
"""What costs how much: the marks of a solution in which one thing is missing, or one mistake is made.

    proportions.py [--lab build/bin/lab] [N...]     labs N (default: all); a table each

First come the lab's TODOs, each left as the starter has it while all others are done, and then all up to and with the
first, the first two ... Then come typical mistakes, the mutants that SLIPS names. Shown are the marks, challenges apart;
what is lost; and what the check is worth that is about it: the first in the lab's table that finds it. A mistake that
costs more than three times its own check is marked, and the program ends with status 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
sys.dont_write_bytecode = True

import selfcheck  # noqa: E402
import stamps  # noqa: E402
import starters  # noqa: E402

SLIPS: Dict[int, List[str]] = {
    1: ["natural", "array_too_long", "asserts_some", "cleared_pointer", "strcpy", "seconds", "mirror_natural", "mirror_unchecked",
        "reader_hasty", "reader_copies_first"],
    2: ["no_excl", "size_of_struct", "mode_open", "shmat_null", "no_remove", "removed_at_once", "any_size", "reader_creates",
        "reader_writable", "reader_hasty"],
    3: ["flag_first", "publishes_relaxed", "clear_first", "writer_never_waits", "never_removed", "reader_creates",
        "reader_ignores_patience", "enoent_is_fatal", "no_terminator", "mode_ignored"],
    4: [],
    5: [],
    6: [],
}
TYPICAL = 10
TIMES = 3


class Row:
    """One line of the table."""

    def __init__(self, what: str, verdict: Dict[str, Any]) -> None:
        self.what = what
        self.marks = int(verdict["points"])
        self.extra = int(verdict["challenge_points"])
        found = [check for check in verdict["checks"] if check["outcome"] in selfcheck.CAUGHT]
        self.check = found[0]["name"] if found else "-"
        self.worth = sum(int(check["points_max"]) for check in found[:1] if not check.get("challenge"))

    def too_dear(self) -> bool:
        """More than its check, three times over; a check that is worth nothing (builds) says nothing."""
        return bool(self.worth > 0 and 100 - self.marks > TIMES * self.worth)

    def text(self) -> str:
        """Without a judgement: of several things that are missing at once."""
        return f"  {self.what:34} {self.marks:5} {100 - self.marks:5} {self.worth:6}  {self.check}"

    def __str__(self) -> str:
        return self.text() + ("  <-- too much" if self.too_dear() else "")


def regions(folder: Path) -> Iterator[Tuple[Path, int]]:
    """The files of a solution, and the TODOs in them."""
    for path in starters.sources(folder):
        for number in re.findall(r"shmlab:cut (\d+)", path.read_text(encoding="utf-8")):
            yield path, int(number)


def keep(text: str, done: List[int]) -> str:
    """The solution's text with these TODOs done: their markers go, and what is in their place in a starter."""
    kept: List[str] = []
    solved = False
    for line in text.splitlines(keepends=True):
        word = re.match(r"\s*(?://|#)\s*shmlab:(\w+) ?(\d*)", line)
        if word and word.group(1) == "cut":
            solved = int(word.group(2) or 0) in done
        if not (solved and word):
            kept.append(line)
        if word and word.group(1) == "end":
            solved = False
    return "".join(kept)


def judge_with(lab: selfcheck.Lab, number: int, done: List[int]) -> Dict[str, Any]:
    """The verdict of a student who has done these TODOs, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="shmlab-proportions-") as name:
        scratch = Path(name)
        tree = selfcheck.tree_copy(scratch / "task")
        folder = next(tree.glob(f"lab{number}_*"))
        for path in list(starters.sources(folder)):
            path.write_text(starters.convert(keep(path.read_text(encoding="utf-8"), done), path).text, encoding="utf-8")
        return selfcheck.judge(lab, number, tree, scratch)[0]


def judge_slip(lab: selfcheck.Lab, number: int, slip: str) -> Dict[str, Any]:
    """The verdict of a mutant."""
    with tempfile.TemporaryDirectory(prefix="shmlab-proportions-") as name:
        scratch = Path(name)
        tree = selfcheck.tree_copy(scratch / "task")
        folder = selfcheck.folder_of(number)
        selfcheck.mutant_apply(selfcheck.mutant_read(folder / f"{slip}.mutant"), tree / folder.name)
        return selfcheck.judge(lab, number, tree, scratch)[0]


def table(lab: selfcheck.Lab, number: int) -> List[Row]:
    """Judge and print, line by line."""
    todos = sorted({todo for _, todo in regions(next((selfcheck.ROOT / "solutions").glob(f"lab{number}_*")))})
    slips = SLIPS[number] or [path.stem for path in sorted(selfcheck.folder_of(number).glob("*.mutant"))][:TYPICAL]
    rows: List[Row] = []
    print(f"lab {number}{'':31} marks  lost  worth  of the check", flush=True)
    for todo in todos:
        rows.append(Row(f"all but TODO {todo}", judge_with(lab, number, [each for each in todos if each != todo])))
        print(rows[-1], flush=True)
    for last in todos[:-1]:
        some = Row(f"TODO {todos[0]} to {last} only", judge_with(lab, number, [each for each in todos if each <= last]))
        print(some.text(), flush=True)
    for slip in slips:
        rows.append(Row(slip, judge_slip(lab, number, slip)))
        print(rows[-1], flush=True)
    return rows


def main() -> int:
    """A table a lab."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", type=int, metavar="N", help="numbers of labs")
    parser.add_argument("--lab", type=Path, default=selfcheck.ROOT / "build" / "bin" / "lab", help="the program (default: %(default)s)")
    options = parser.parse_args()
    lab = selfcheck.Lab(options.lab, 1)
    stamps.compiler_remember(options.lab.resolve().parents[1] / "selfcheck" / "ccache")
    dear = [row for number in options.labs or selfcheck.numbers_known(lab) for row in table(lab, number) if row.too_dear()]
    print(f"{len(dear)} mistakes cost more than {TIMES} times their check" if dear else "nothing costs too much")
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
