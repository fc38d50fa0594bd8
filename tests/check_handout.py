#!/usr/bin/env python3
"""Unpack a fresh handout, build it, let it judge a starter and a solution, and see that it holds nothing secret."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[1]
SECRET = ("solutions/", "mutants/", "_instructor", "instructors/", "selfcheck", "grader/", "tests/hostile/", "starters.py")


def run(command: List[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run to the end; output is shown only when somebody asks for it."""
    return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def need(condition: bool, sentence: str) -> None:
    """End with status 1 when something does not hold."""
    if not condition:
        print(f"check_handout.py: {sentence}")
        sys.exit(1)


def points(tree: Path, number: int) -> int:
    """What `make labN` gives there."""
    done = run(["make", f"lab{number}"], tree)
    need(done.returncode in (0, 1, 2), done.stdout)
    verdict = next((tree / "build" / "results").glob(f"lab{number}_*/verdict.json"), None)
    need(verdict is not None, done.stdout)
    assert verdict is not None
    found: Dict[str, Any] = json.loads(verdict.read_text(encoding="utf-8"))
    return int(found["points"])


def solution_copy(tree: Path, lab: str) -> None:
    """Put the reference solution where a student's files are."""
    for path in (ROOT / "solutions" / lab).iterdir():
        if path.is_file():
            shutil.copy(path, tree / "labs" / lab)


def main() -> int:
    """All of it, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="shmlab-handout-") as name:
        scratch = Path(name)
        packed = run([sys.executable, str(ROOT / "tools" / "handout.py"), str(scratch / "new" / "handout.tar.gz")], scratch)
        need(packed.returncode == 0, packed.stdout)
        with tarfile.open(scratch / "new" / "handout.tar.gz") as archive:
            for entry in archive.getnames():
                need(not any(word in entry for word in SECRET), f"the archive holds {entry}")
            archive.extractall(scratch)
        tree = scratch / "shmlab"
        for page in tree.glob("labs/*/README.md"):
            need("slides" not in page.read_text(encoding="utf-8"), f"{page.relative_to(tree)} leads to slides, which are not there")
        for page in tree.rglob("*.md"):
            for target in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
                need("://" in target or (page.parent / target).exists(), f"{page.relative_to(tree)} leads to {target}, which is not there")
        asked = run(["make", "--dry-run", "models"], tree)
        need(asked.returncode == 0, "there is no `make models`, which the programs advise")
        for missing in ("demo", "check", "slides", "bench", "selfcheck"):
            asked = run(["make", "--dry-run", missing], tree)
            need("No rule to make target" in asked.stdout, f"`make {missing}` is there, and what it runs is not")
        need(points(tree, 1) == 0, "the starter of lab 1 earns points")
        solution_copy(tree, "lab1_layout")
        need(points(tree, 1) == 100, "the solution of lab 1 does not get all points")
        solution_copy(tree, "lab3_handshake")
        need(points(tree, 3) == 100, "the solution of lab 3, which is explored by weave, does not get all points")
        reset = run(["make", "reset1", "YES=1"], tree)
        need(reset.returncode == 0, reset.stdout)
        need(points(tree, 1) == 0, "make reset1 does not bring the starter back")
        need(len(list((tree / "labs" / ".backup").iterdir())) == 1, "make reset1 keeps no backup")
    print("the handout builds and judges by itself")
    return 0


if __name__ == "__main__":
    sys.exit(main())
