#!/usr/bin/env python3
"""Run the entry scripts of the hooks as Gradescope, GitHub Classroom and Autolab run them.

    test_hooks.py --grader build/bin/grader

Each runs in a system of its own made by bubblewrap, laid out as the site's: this machine's programs, read-only, and the
site's folders. The grader is the one that is built already. There are no boxes inside, as in the containers of most sites.
Twice where it can be done: as an ordinary user, and as root, who grades as another user.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

sys.dont_write_bytecode = True

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / "tools" / "grader" / "hooks"
SOLUTION = ROOT / "solutions" / "lab1_layout"
OF_ITS_OWN = ("proc", "dev", "tmp", "autograder", "lost+found")
RUNAWAY = 300  # seconds

GRADER = Path()


def pack(site: str, target: Path, labs: str = "1") -> None:
    """The archive or folder of a site."""
    subprocess.run([sys.executable, str(HOOKS / "pack.py"), site, str(target), "--labs", labs], stdout=subprocess.DEVNULL,
                   check=True, timeout=RUNAWAY)


def bubble(command: Sequence[object], binds: Dict[str, Path], folder: str, root: bool,
           **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run it in a system of its own: this one, read-only, with an empty /tmp and other folders at the places named."""
    arguments: List[str] = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc"]
    arguments += [] if root else ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    for entry in sorted(Path("/").iterdir()):
        if entry.is_symlink():
            arguments += ["--symlink", os.readlink(entry), str(entry)]
        elif entry.name not in OF_ITS_OWN:
            arguments += ["--ro-bind-try", str(entry), str(entry)]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/tmp", "/dev/shm"):
        arguments += ["--perms", "1777", "--tmpfs", place]
    for tree in (ROOT, GRADER.parents[1]):  # they may be in /tmp
        if tree.is_relative_to("/tmp"):
            arguments += ["--ro-bind", str(tree), str(tree)]
    for target, origin in binds.items():
        arguments += ["--bind", str(origin), target]
    arguments += ["--ro-bind", "/dev/null", str(Path(shutil.which("bwrap") or "").resolve())]
    arguments += ["--clearenv", "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "HOME", "/tmp",
                  "--setenv", "SHMLAB_GRADER", str(GRADER), "--chdir", folder]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    return subprocess.run([*arguments, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=RUNAWAY, check=False)


def obstacle(root: bool) -> str:
    """Why such a system cannot be made here; empty: it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is missing (Debian: bubblewrap)"
    if root and os.getuid() != 0:
        return "not root"
    for program in (GRADER, Path(sys.executable)) if root else ():
        nobody = ["setpriv", "--reuid=nobody", "--clear-groups", "test", "-x", str(program)]
        if subprocess.run(nobody, check=False).returncode != 0:
            return f"as root: the user nobody cannot run {program}"
    with tempfile.TemporaryDirectory() as scratch:
        done = bubble(["true"], {"/mnt": Path(scratch)}, "/", root)
    return "" if done.returncode == 0 else f"bubblewrap makes no system here: {done.stderr.strip()}"


class Hooks(unittest.TestCase):
    """Each site."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.folder.chmod(0o755)

    def each_way(self) -> List[bool]:
        """As a user and as root, as far as it can be done; skipped when neither."""
        obstacles = {root: obstacle(root) for root in (False, True)}
        for reason in filter(None, obstacles.values()):
            print(f"not tried: {reason}", file=sys.stderr)
        ways = [root for root, reason in obstacles.items() if not reason]
        if not ways:
            self.skipTest(obstacles[False])
        return ways

    def gradescope(self, submission: Path, root: bool) -> Dict[str, Any]:
        """results.json of a run in the site's layout."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        for name in ("source", "results"):
            (place / name).mkdir()
        shutil.copytree(submission, place / "submission", symlinks=True)
        pack("gradescope", self.folder / "archive.zip")
        subprocess.run([sys.executable, "-m", "zipfile", "-e", str(self.folder / "archive.zip"), str(place / "source")],
                       check=True)
        with zipfile.ZipFile(self.folder / "archive.zip") as archive:  # the site's unzip keeps the modes
            for entry in archive.infolist():
                (place / "source" / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
        shutil.copy(place / "source" / "run_autograder", place)
        setup = bubble(["source/setup.sh"], {"/autograder": place}, "/autograder", root)
        self.assertEqual(setup.returncode, 0, setup.stdout + setup.stderr)
        done = bubble(["./run_autograder"], {"/autograder": place}, "/autograder", root)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result: Dict[str, Any] = json.loads((place / "results" / "results.json").read_text(encoding="utf-8"))
        return result

    def test_gradescope(self) -> None:
        """The solution has all points, and the report says when there was no box."""
        for root in self.each_way():
            with self.subTest(root=root):
                result = self.gradescope(SOLUTION, root)
                self.assertEqual(sum(test["score"] for test in result["tests"]), 100)
                self.assertIn("Graded with reduced isolation: none", result["output"])

    def test_gradescope_without_a_submission(self) -> None:
        """A result is always there."""
        (self.folder / "empty").mkdir()
        os.symlink("/dev/zero", self.folder / "empty" / "writer.c")
        result = self.gradescope(self.folder / "empty", self.each_way()[0])
        self.assertEqual(sum(test["score"] for test in result["tests"]), 0)
        self.assertGreater(len(result["tests"]), 5)

    def test_gradescope_that_fails(self) -> None:
        """When the grader itself cannot run, the student is told that it is not their fault."""
        way = self.each_way()[0]
        place = self.folder / "site"
        for name in ("source/shmlab/tools/grader/hooks", "results", "submission"):
            (place / name).mkdir(parents=True)
        shutil.copy(HOOKS / "site", place / "source/shmlab/tools/grader/hooks")
        (place / "source" / "labs").write_text("1\n", encoding="utf-8")
        shutil.copy(HOOKS / "gradescope" / "run_autograder", place)
        done = bubble(["./run_autograder"], {"/autograder": place}, "/autograder", way, SHMLAB_GRADER="/bin/false")
        self.assertNotEqual(done.returncode, 0)
        result = json.loads((place / "results" / "results.json").read_text(encoding="utf-8"))
        self.assertIn("not your fault", result["output"])

    def test_classroom(self) -> None:
        """The step's variables are those that the reporter asks for."""
        (self.folder / "submission" / "labs").mkdir(parents=True)
        shutil.copytree(SOLUTION, self.folder / "submission" / "labs" / "lab1_layout")
        for root in self.each_way():
            for name in ("env", "output"):
                (self.folder / name).write_text("", encoding="utf-8")
            done = bubble([HOOKS / "classroom" / "grade", "1", "submission/labs"], {"/mnt": self.folder}, "/mnt", root,
                          GITHUB_ENV="/mnt/env", GITHUB_OUTPUT="/mnt/output")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            output = (self.folder / "output").read_text(encoding="utf-8")
            self.assertRegex(output, r"\Arunners=([a-z0-9]+,)*[a-z0-9]+\n\Z")
            names = output.strip().partition("=")[2].split(",")
            variables = (self.folder / "env").read_text(encoding="utf-8").splitlines()
            self.assertEqual([line.partition("=")[0] for line in variables], [f"{name.upper()}_RESULTS" for name in names])

    def test_workflow_has_the_names_that_count(self) -> None:
        """GitHub Classroom looks for them; the reporter gets what our step gives."""
        text = (HOOKS / "classroom" / "classroom.yml").read_text(encoding="utf-8")
        self.assertIn("\nname: Autograding Tests\n", text)
        self.assertEqual(text[text.index("\njobs:\n"):].splitlines()[2], "  run-autograding-tests:")
        self.assertIn("runners: ${{ steps.grade.outputs.runners }}", text)
        self.assertIn("        id: grade\n", text)

    def test_autolab(self) -> None:
        """`make` in a folder with the three files: the last line holds the scores."""
        pack("autolab", self.folder / "packed")
        for root in self.each_way():
            place = Path(tempfile.mkdtemp(dir=self.folder))
            place.chmod(0o755)
            shutil.copy(self.folder / "packed" / "autograde-Makefile", place / "Makefile")
            shutil.copy(self.folder / "packed" / "autograde.tar", place)
            with tarfile.open(place / "handin.tgz", "w:gz") as archive:
                archive.add(SOLUTION, "lab1_layout")
            done = bubble(["make"], {"/mnt": place}, "/mnt", root)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(json.loads(done.stdout.splitlines()[-1]), {"scores": {"lab1": 100}})

    def test_no_isolation_without_a_word(self) -> None:
        """Where there is no box, nothing is graded unless the hook says that the site's wall is enough."""
        way = self.each_way()[0]
        shutil.copytree(SOLUTION, self.folder / "lab1_layout")
        done = bubble([HOOKS / "site", "grade", "autolab", "1", "."], {"/mnt": self.folder}, "/mnt", way)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no isolation is to be had here", done.stderr)

    def test_boxes_where_there_are_some(self) -> None:
        """On a machine that offers them the same script uses them, and says nothing of reduced isolation."""
        if subprocess.run([str(GRADER), "doctor"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("no boxes here: grader doctor")
        shutil.copytree(SOLUTION, self.folder / "lab1_layout")
        done = subprocess.run([str(HOOKS / "site"), "grade", "autolab", "1", str(self.folder)], stdin=subprocess.DEVNULL,
                              env={**os.environ, "SHMLAB_GRADER": str(GRADER)}, capture_output=True, text=True,
                              timeout=RUNAWAY, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("reduced isolation", done.stdout)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1]), {"scores": {"lab1": 100}})

    def test_archives(self) -> None:
        """The same bytes each time; the scripts at the top can be run; no solution and no answer is in them."""
        first, second = self.folder / "a.zip", self.folder / "b.zip"
        pack("gradescope", first)
        pack("gradescope", second)
        self.assertEqual(first.read_bytes(), second.read_bytes())
        with zipfile.ZipFile(first) as archive:
            names = archive.namelist()
            for name in ("setup.sh", "run_autograder", "shmlab/tools/install-packages", "shmlab/tools/grader/hooks/site"):
                self.assertEqual(archive.getinfo(name).external_attr >> 16 & 0o777, 0o755, name)
            self.assertEqual(archive.read("labs"), b"1\n")
        for name in names:
            self.assertFalse(any(word in name for word in ("solutions/", "mutants/", "instructors/", "data/second")), name)
        hidden = {f"shmlab/tests/checks/{path.name}" for path in (ROOT / "tests" / "checks").glob("*_instructor.c")}
        self.assertLessEqual(hidden, set(names))
        wrong = subprocess.run([sys.executable, str(HOOKS / "pack.py"), "gradescope", str(first), "--labs", "1; rm"],
                               stderr=subprocess.DEVNULL, check=False)
        self.assertEqual(wrong.returncode, 2)


def main() -> None:
    """Take our options, leave the rest to unittest."""
    global GRADER
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", type=Path, required=True)
    options, rest = parser.parse_known_args()
    GRADER = options.grader.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
