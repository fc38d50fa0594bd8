"""What the tests of grading have in common: a class in a folder, and the grader on it. See test_grade.py, test_intake.py."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parents[2]
LAB = "lab1_layout"
SKIPPED = 77
ORDINARY = 61343  # any user but root and the grader's spare one


def become_ordinary() -> None:
    """In a child of root: nobody in particular."""
    os.setgroups([])
    os.setgid(ORDINARY)
    os.setuid(ORDINARY)


class GraderCase(unittest.TestCase):
    """Each test has a class of its own."""

    grader = str(ROOT / "build" / "bin" / "grader")

    def setUp(self) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="shmlab-grader-test-"))
        self.work.chmod(0o755)  # for the user that root becomes
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.students = self.work / "class"
        self.students.mkdir()
        self.temporary = self.work / "tmp"
        self.temporary.mkdir()
        self.environment = {**os.environ, "TMPDIR": str(self.temporary), "TZ": "UTC"}

    def start(self, *arguments: str, ordinary: bool = False) -> "subprocess.Popen[str]":
        """The grader, running."""
        if ordinary:
            self.temporary.chmod(0o1777)
        return subprocess.Popen([self.grader, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding="utf-8", env=self.environment,
                                preexec_fn=become_ordinary if ordinary else None)

    def run_grader(self, *arguments: str, status: int = 0, ordinary: bool = False) -> str:
        """The grader to its end; what it printed."""
        grader = self.start(*arguments, ordinary=ordinary)
        output = grader.communicate()[0]
        self.assertEqual(grader.returncode, status, output)
        self.assertEqual(os.listdir(self.temporary), [])
        return output


def main(doc: Optional[str]) -> None:
    """The tests of the script that runs; 77 where there are no walls."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", default=GraderCase.grader)
    arguments, rest = parser.parse_known_args()
    GraderCase.grader = str(Path(arguments.grader).resolve())
    if subprocess.run([GraderCase.grader, "doctor"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        print("skipped: this machine offers no full isolation: see `grader doctor`")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])
