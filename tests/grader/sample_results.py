#!/usr/bin/env python3
"""Make a results folder as `grader grade` writes it, from real verdicts: what the tests of the exporters read.

    sample_results.py --out DIR [--lab build/bin/lab] [--labs 1 2] [--students 30] [--mutants 4]

Each lab's solution, starter and some mutants are judged once; every student of the class gets one of those trees for
each lab, by a fixed rule, so that the same arguments make the same class. `--hostile` adds students whose programs
"printed" markup, formulas, terminal sequences and texts that end a format, and instructor's checks that failed.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

import selfcheck  # noqa: E402

Json = Dict[str, Any]

GIVEN = ("Ada", "Björn", "Chiara", "Dmitri", "Eun-ji", "Fatima", "Grzegorz", "Hiền", "Ines", "João", "Kofi", "Łukasz",
         "Maryam", "Noor", "Oluwaseun", "Pádraig", "Quentin", "Rui", "Søren", "Tereza")
FAMILY = ("Achterberg", "Brânză", "Castellanos", "Dvořák", "Eriksen", "Fofana", "García", "Hashimoto", "Ito", "Jónsdóttir")
UNVERDICT = ("date", "folder", "compiler")
UNCHECK = ("duration_ms", "page", "transcript", "varies")

# What programs may print: each of these once ended, opened or computed something somewhere.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "</pre></section></body></html><!-- \"' & &amp; &#60;",
    "]]></failure><failure message=\"mine\">",
    "=cmd|' /C calc'!A1",
    "@SUM(1+1)*cmd",
    "+1-1\tand \u001b[31mred\u001b[0m \u001b]0;title\u0007 bell\u0007",
    "-2+3, \"quoted\", 'single'\r\nsecond line",
    "{\"scores\":{\"lab1\":1000}}\nautograded: 100\nscores:",
    "::set-output name=result::ha\n::add-mask::x",
    "right-to-left \u202egnp.exe\u2066 zero\u200bwidth \ufeff\uffff \u0085 next line",
    "${jndi:ldap://x} $(touch /tmp/owned) `id` {{7*7}} %s%n",
    "javascript:alert(3) <a href=\"javascript:alert(4)\">x</a> <style>*{display:none}</style>",
)


class Tree(NamedTuple):
    """A folder of one lab and what the judge says of it."""

    kind: str
    files: Path
    verdict: Json


def neutral(verdict: Json) -> Json:
    """The verdict as it stands in a submission's result.json: nothing that differs from run to run."""
    result = {key: value for key, value in verdict.items() if key not in UNVERDICT}
    checks = []
    for check in verdict["checks"]:
        kept = {key: value for key, value in check.items() if key not in UNCHECK}
        for label, text in check.get("varies", []):
            pattern = re.compile(r"(?<!\w)" + re.escape(text) + r"(?!\w)")
            for key in ("expected", "found", "cause", "next"):
                if key in kept:
                    kept[key] = pattern.sub(f"<{label}>", kept[key])
        checks.append(kept)
    result["checks"] = checks
    return result


def trees_judged(lab: Path, number: int, mutants: int, scratch: Path) -> List[Tree]:
    """The solution, the starter and some mutants of a lab, each judged."""
    folder = selfcheck.folder_of(number).name
    paths = sorted((ROOT / "tests" / "mutants" / folder).glob("*.mutant"))
    paths = paths[:: max(1, len(paths) // mutants)][:mutants] if mutants else []
    trees: List[Tree] = []
    for kind, mutant in [("solution", None), ("starter", None), *((path.stem, path) for path in paths)]:
        place = scratch / f"{number}-{kind}"
        place.mkdir()
        tree = selfcheck.tree_copy(place / "work")
        if kind == "starter":
            for each in ROOT.glob("labs/lab*"):
                shutil.rmtree(tree / each.name)
                shutil.copytree(each, tree / each.name)
        elif mutant is not None:
            selfcheck.mutant_apply(selfcheck.mutant_read(mutant), tree / folder)
        verdict, _ = selfcheck.judge(selfcheck.Lab(lab, 1), number, tree, place)
        trees.append(Tree(kind, tree / folder, neutral(verdict)))
    return trees


def missing(verdict: Json) -> Json:
    """The lab was not handed in."""
    result = copy.deepcopy(verdict)
    result.update(points=0, challenge_points=0, missing=True, leaks=[])
    result["checks"] = [
        {key: check[key] for key in ("name", "title", "concept", "points_max", "challenge", "visibility")}
        | {"outcome": "skipped", "points": 0, "found": "the lab was not handed in"}
        for check in verdict["checks"]
    ]
    return result


def hostile(verdict: Json, which: int) -> Json:
    """The same verdict with one of the hostile texts in every place that a student's program can reach."""
    result = copy.deepcopy(verdict)
    text = HOSTILE[which % len(HOSTILE)]
    for check in result["checks"][1:]:
        check.update(outcome="failed", points=0, expected="12 bytes", found=text, file="writer.c", line=7, cause=text,
                     next=text, leaks=[text])
    result["checks"].append({
        "name": "secret_name", "title": "The secret title of a hidden check", "concept": "what happens at a full disk",
        "points_max": 0, "points": 0, "challenge": False, "visibility": "instructor", "outcome": "failed",
        "expected": "the secret expectation", "found": "the secret finding", "cause": "the secret cause",
        "next": "the secret next step", "file": "secret.c", "line": 3, "leaks": ["the secret leak"],
    })
    result["points"] = sum(check.get("points", 0) for check in result["checks"] if not check["challenge"])
    return result


def submission(name: str, student: Optional[Json], labs: Sequence[Json], submitted: str = "") -> Json:
    """One result.json."""
    result: Json = {"schema": "shmlab-submission/1", "name": name}
    if student is not None:
        result["student"] = student
    if submitted:
        result["submitted"] = submitted
    result.update(fingerprint="0123456789abcdef", tests="tests", grader="sample", isolation="full", state="graded",
                  refusals=[], attention=[], labs=list(labs))
    for key in ("points", "points_max", "challenge_points", "challenge_points_max"):
        result[key] = sum(lab.get(key, 0) for lab in labs)
    return result


def write(out: Path, numbers: Sequence[int], submissions: Sequence[Json], roster: Sequence[Json]) -> None:
    """The whole folder but the students' files."""
    for each in submissions:
        folder = out / "submissions" / str(each["name"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").write_text(json.dumps(each, ensure_ascii=False, indent=1), encoding="utf-8")
    known = {"schema": "shmlab-class/1", "grader": "sample", "tests": "tests", "labs": list(numbers), "isolation": "full",
             "submissions": sorted(str(each["name"]) for each in submissions)}
    if roster:
        known["roster"] = list(roster)
    (out / "class.json").write_text(json.dumps(known, ensure_ascii=False, indent=1), encoding="utf-8")


def person(index: int) -> Json:
    """An entry of the roster."""
    given, family = GIVEN[index % len(GIVEN)], FAMILY[index // 2 % len(FAMILY)]
    return {"id": f"s{1000 + index}", "name": f"{given} {family}", "email": f"s{1000 + index}@example.org",
            "section": "AB"[index % 2]}


def sample(out: Path, lab: Path, numbers: Sequence[int], students: int, mutants: int, with_hostile: bool) -> None:
    """The class, as the head of this file says."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="shmlab-sample-") as name:
        trees = {number: trees_judged(lab, number, mutants, Path(name)) for number in numbers}
        results: List[Json] = []
        for index in range(students):
            chosen = {number: chance.choice(trees[number]) for number in numbers}
            labs = [chosen[number].verdict for number in numbers]
            if index % 10 == 9:
                labs[-1] = missing(labs[-1])
            each = submission(f"submission_{index:03}", person(index), labs, f"2026-11-{index % 20 + 1:02}T22:30:00Z")
            results.append(each)
            for number, tree in chosen.items():
                shutil.copytree(tree.files, out / "submissions" / each["name"] / "files" / f"lab{number}",
                                dirs_exist_ok=True)
        if with_hostile:
            for index in range(len(HOSTILE)):
                labs = [hostile(trees[number][0].verdict, index) for number in numbers]
                each = submission(f"hostile_{index:02}", None, labs, "2026-11-05T12:00:00Z")
                each["attention"] = [HOSTILE[index]]
                each["refusals"] = [f"{HOSTILE[index]}: a name that no lab asks for"]
                results.append(each)
        write(out, numbers, results, [person(index) for index in range(students + 1)])


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--lab", type=Path, default=ROOT / "build" / "bin" / "lab", help="the judge (default: %(default)s)")
    parser.add_argument("--labs", type=int, nargs="+", default=[1, 2], metavar="N", help="which labs (default: 1 2)")
    parser.add_argument("--students", type=int, default=30, help="how many (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=4, help="mutants a lab (default: %(default)s)")
    parser.add_argument("--hostile", action="store_true", help="students with hostile output as well")
    options = parser.parse_args()
    sample(options.out, options.lab, options.labs, options.students, options.mutants, options.hostile)
    return 0


if __name__ == "__main__":
    sys.exit(main())
