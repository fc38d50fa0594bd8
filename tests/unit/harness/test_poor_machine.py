"""Machines that refuse what some machines refuse: no right solution fails there, and no wrong one passes.

What is refused is emulated by the program `refuse`. By default each lab is judged by a few checks that want what is
refused; with SHMLAB_POOR=all the six labs are judged whole, and all is built again in a folder "a b ü".
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("BUILD", str(ROOT / "build")))
REFUSE = os.environ.get("REFUSE", str(BUILD / "tests" / "unit" / "harness" / "refuse"))
WHOLE = os.environ.get("SHMLAB_POOR") == "all"
RUNAWAY = 900  # seconds
ODD = "a b \u00fc"  # part of a path as students have them

EVERYTHING = "namespaces,mounts,ptrace,personality,layout"
# Refusals, and with each the checks of right solutions: of each lab those that want what is refused. No name: the lab.
REFERENCES: List[Tuple[str, List[Tuple[int, str]]]] = [
    ("namespaces", [(3, "race")]),
    ("mounts", [(4, "race")]),
    ("ptrace", [(1, "sanitizers"), (4, "put_order")]),
    ("listing", [(2, "creates"), (3, "creates")]),
    (EVERYTHING, [(5, "sanitizers"), (6, "spsc_order")]),
]
ROOT_REFERENCES: List[Tuple[str, List[Tuple[int, str]]]] = [
    ("shm=64k", [(6, "objects")]),
    ("noexec", [(2, "builds")]),
    ("full", [(1, "builds")]),
]
# Refusals, lab, a wrong solution, and the check that catches it where nothing is refused.
MUTANTS = [
    (EVERYTHING, 1, "strcpy", "long_name"),
    (EVERYTHING, 2, "reader_writable", "read_only"),
    (EVERYTHING, 2, "silent", "errors_writer"),
    ("listing", 2, "removed_at_once", "creates"),
    ("namespaces", 3, "flag_between", "race"),
    ("mounts", 3, "fence_behind", "race"),
    ("ptrace", 4, "posts_full_first", "put_order"),
    ("mounts", 4, "put_without_mutex", "race"),
    ("personality,ptrace", 5, "one_record_too_many", "sanitizers"),
    (EVERYTHING, 6, "spsc_relaxed_store", "spsc_order"),
    ("layout", 6, "spsc_relaxed_load", "spsc_order"),
    (EVERYTHING, 6, "record_relaxed_store", "record_order"),
    ("namespaces", 6, "fanout_cursor_relaxed", "fanout_order"),
]
GOOD = ("passed", "unjudged", "hidden")


def selfcheck() -> ModuleType:
    """tests/selfcheck.py, which knows how to apply a mutant."""
    if "selfcheck" in sys.modules:
        return sys.modules["selfcheck"]
    sys.path.insert(0, str(ROOT / "tests"))
    spec = importlib.util.spec_from_file_location("selfcheck", ROOT / "tests" / "selfcheck.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["selfcheck"] = module
    spec.loader.exec_module(module)
    return module


class PoorMachineTest(unittest.TestCase):
    """Each test has trees in a folder with blanks and an umlaut, and a machine that refuses something."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="shmlab-poor-", dir="/var/tmp")  # /tmp is covered by some
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / ODD
        self.folder.mkdir()
        self.lab = str(BUILD / "bin" / "lab")

    def outcomes(self, refusals: str, number: int, tree: Path, check: str) -> "Dict[str, str]":
        """Names of the checks that ran, and what they came to."""
        verdict = self.folder / "verdict.json"
        environment = dict(os.environ)
        if "noexec" not in refusals and "full" not in refusals:
            environment["TMPDIR"] = str(self.folder)
        else:
            environment.pop("TMPDIR", None)
        command = [REFUSE, refusals, self.lab, "check", str(number), "--tree", str(tree), "--results",
                   str(self.folder / "results"), "--json", str(verdict), "--check", check]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUNAWAY, check=False,
                             env=environment)
        self.assertIn(run.returncode, (0, 1), run.stdout + run.stderr)
        loaded: "Dict[str, Any]" = json.loads(verdict.read_text(encoding="utf-8"))
        self.last = run.stdout + run.stderr
        return {each["name"]: each["outcome"] for each in loaded["checks"]}

    def references(self, table: "List[Tuple[str, List[Tuple[int, str]]]]") -> None:
        """No right solution fails, nor loses a check to another one that is not judged."""
        tree = selfcheck().tree_copy(self.folder / "right")
        for refusals, checks in table:
            whole = [(number, "") for number in range(1, 7)]
            for number, check in whole if WHOLE else checks:
                with self.subTest(refusals=refusals, lab=number, check=check):
                    outcomes = self.outcomes(refusals, number, tree, check)
                    self.assertEqual({name: outcome for name, outcome in outcomes.items() if outcome not in GOOD}, {},
                                     self.last)

    def test_references(self) -> None:
        """Without a privilege: what a filter can refuse."""
        self.references(REFERENCES)

    @unittest.skipUnless(os.geteuid() == 0, "mounts for a command only want root")
    def test_references_of_root(self) -> None:
        """Small or closed /dev/shm, /tmp that is full or may hold no programs: said, and not judged."""
        self.references(ROOT_REFERENCES)

    def test_mutants(self) -> None:
        """No wrong solution passes the check that is there for it."""
        module = selfcheck()
        for refusals, number, name, check in MUTANTS:
            with self.subTest(refusals=refusals, mutant=name):
                tree = module.tree_copy(self.folder / name)
                path = next(iter((ROOT / "tests" / "mutants").glob(f"lab{number}_*/{name}.mutant")))
                module.mutant_apply(module.mutant_read(path), tree / path.parent.name)
                outcomes = self.outcomes(refusals, number, tree, "" if WHOLE else check)
                self.assertIn(outcomes[check], ("failed", "unjudged", "timeout", "skipped"), self.last)
                if outcomes[check] == "skipped":  # something that it needs has been caught
                    self.assertIn("failed", outcomes.values(), self.last)

    def test_weave_in_an_odd_folder(self) -> None:
        """The library that weave preloads has blanks in its path."""
        source = self.folder / "two.c"
        source.write_text("#include <fcntl.h>\n#include <sys/mman.h>\n#include <unistd.h>\nint main(void)\n{\n"
                          "    int fd = shm_open(\"/two\", O_CREAT | O_RDWR, 0600);\n"
                          "    if (fd == -1 || ftruncate(fd, 4) == -1)\n        return 1;\n"
                          "    int *number = mmap(0, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);\n"
                          "    ++*number;\n    return 0;\n}\n", encoding="utf-8")
        if not (BUILD / "bin" / "weave").exists():
            self.skipTest("weave is not built here")
        (self.folder / "build").mkdir()
        shutil.copytree(BUILD / "bin", self.folder / "build" / "bin", ignore=lambda folder, names:
                        [name for name in names if name != "weave"])
        shutil.copytree(BUILD / "lib", self.folder / "build" / "lib", ignore=lambda folder, names:
                        [name for name in names if "weave" not in name])
        weave = str(self.folder / "build" / "bin" / "weave")
        program = str(self.folder / "two")
        subprocess.run([weave, "cc", str(source), "-o", program], check=True, timeout=RUNAWAY)
        run = subprocess.run([weave, "--", program, "--", program], capture_output=True, text=True, timeout=RUNAWAY, check=False)
        if "cannot make a sandbox" in run.stderr:
            self.skipTest(run.stderr)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)  # it found the race
        self.assertIn("two.c", run.stdout)

    @unittest.skipUnless(WHOLE, "builds the project once more; SHMLAB_POOR=all asks for it")
    def test_checkout_in_an_odd_folder(self) -> None:
        """git clone into "a b ü", make, make lab2: full marks."""
        checkout = self.folder / "shmlab"
        shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", "build*", "__pycache__"))
        build = checkout / "build"
        subprocess.run(["cmake", "-S", str(checkout), "-B", str(build)], check=True, stdout=subprocess.DEVNULL, timeout=RUNAWAY)
        subprocess.run(["cmake", "--build", str(build), "--target", "lab", "weave", "-j2"], check=True,
                       stdout=subprocess.DEVNULL, timeout=RUNAWAY)
        for number in range(1, 7):
            run = subprocess.run([str(build / "bin" / "lab"), "check", str(number), "--tree", str(checkout / "solutions")],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUNAWAY, check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
