#!/usr/bin/env python3
"""The command line of `grader grade` and `grader check`: what is taken, kept, forgotten, told.

    test_grade.py --grader build/bin/grader
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

sys.dont_write_bytecode = True

from grader_case import LAB, ROOT, GraderCase, become_ordinary, main  # noqa: E402


def hand_in(folder: Path, tree: str = "solutions", lab: str = LAB, exist: bool = False) -> Path:
    """A lab's files."""
    return Path(shutil.copytree(ROOT / tree / lab, folder, ignore=shutil.ignore_patterns("__pycache__", "*.txt", "*.md", "windows"),
                                dirs_exist_ok=exist))


LITTLE = 10  # points of what little_in hands in: most checks fail at once, so it is graded in a second


def little_in(folder: Path) -> Path:
    """The starter, and lab 1's predictions."""
    hand_in(folder, "labs")
    shutil.copy(ROOT / "solutions" / LAB / "layout.c", folder)
    return folder


class Grade(GraderCase):
    """What is taken, kept, forgotten, told."""

    def grade(self, *arguments: str, status: int = 0) -> str:
        """Lab 1 of the class."""
        return self.run_grader("grade", str(self.students), "--labs", "1", *arguments, status=status)

    def result(self, name: str, file: str = "result.json") -> Dict[str, Any]:
        """A submission's result."""
        path = self.work / "class-results" / "submissions" / name / file
        loaded: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return loaded

    def outcomes(self, name: str) -> List[str]:
        """Of all checks of the one lab."""
        return [check["outcome"] for check in self.result(name)["labs"][0]["checks"]]

    def test_usage(self) -> None:
        """Wrong usage ends with 2 and says what is wrong; help with 0."""
        wrongs: List[List[str]] = [
            ["grade"], ["nothing"], [], ["grade", "x", "--labs", "99"], ["grade", "x", "--shard", "3/2"],
            ["grade", "x", "--isolation", "half"], ["check", "lab9", "--dir", "x"], ["merge"]]
        for wrong in wrongs:
            self.run_grader(*wrong, status=2)
        for command in ("grade", "check", "merge", "doctor"):
            self.assertIn("Usage:", self.run_grader(command, "--help"))
        self.assertIn("grade", self.run_grader("--help"))

    def test_no_class(self) -> None:
        """A folder that is not there, or is empty, is an error that says so."""
        self.assertIn("no submission in it", self.grade(status=1))
        self.students.rmdir()
        self.assertIn("ENOENT", self.grade(status=1))

    def test_shapes(self) -> None:
        """Flat folders, whole trees, archives; names that meet."""
        little_in(self.students / "flat")
        little_in(self.students / "tree" / "project" / "labs" / LAB)
        hand_in(self.students / "meets" / LAB, "labs")
        with zipfile.ZipFile(self.students / "meets.zip", "w") as archive:
            archive.write(ROOT / "solutions" / LAB / "layout.c", "homework/layout.c")
        (self.students / "notes.txt").write_text("not a submission\n")
        output = self.grade()
        self.assertIn("notes.txt: no folder, no archive", output)
        points = {name: self.result(name)["points"] for name in ("flat", "tree", "meets", "meets.zip")}
        self.assertEqual(points, {"flat": LITTLE, "tree": LITTLE, "meets": 0, "meets.zip": LITTLE})
        taken = self.work / "class-results" / "submissions" / "flat" / "files" / "lab1"
        self.assertEqual((taken / "layout.c").read_bytes(), (ROOT / "solutions" / LAB / "layout.c").read_bytes())
        self.assertFalse((taken / "writer.c").exists(), "what no lab asks for is not kept")

    def test_archive_that_takes_over(self) -> None:
        """Whoever reads archives can do nothing else, and a crash of it costs its own archive only."""
        library = self.work / "possessed.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(Path(__file__).with_name("possessed.c"))], check=True)
        with zipfile.ZipFile(self.students / "takes_over.zip", "w") as archive:
            archive.write(ROOT / "solutions" / LAB / "layout.c", f"{LAB}/layout.c")
        for isolation in ("full", "none"):
            self.environment["LD_PRELOAD"] = str(library)
            self.grade("--isolation", isolation)
            del self.environment["LD_PRELOAD"]
            self.assertEqual(self.result("takes_over")["refusals"],
                             ["the archive is damaged, or of no kind that is known: refused as a whole"])
        self.grade()
        self.assertEqual(self.result("takes_over")["refusals"], [])

    def test_unreadable_folders(self) -> None:
        """Where the grader is started need not be readable; what is handed in must be, or that is what is said."""
        tree, here = hand_in(self.work / "tree" / LAB).parent, self.work / "here"
        here.mkdir()
        self.addCleanup(here.chmod, 0o700)
        (self.temporary).chmod(0o1777)

        def settle() -> None:
            os.chdir(here)
            here.chmod(0)
            if os.geteuid() == 0:
                become_ordinary()

        def check() -> "subprocess.CompletedProcess[str]":
            here.chmod(0o700)
            return subprocess.run([self.grader, "check", "lab1", "--dir", str(tree), "--check", "builds"], preexec_fn=settle,
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment, check=False)

        done = check()
        self.assertEqual(done.returncode, 0, done.stdout)
        tree.chmod(0o311)
        done = check()
        tree.chmod(0o755)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("the folder cannot be read (", done.stdout)
        self.assertNotIn("archive", done.stdout)

    def test_nobody_listens(self) -> None:
        """A reader that goes away is no reason to leave anything behind."""
        reading, writing = os.pipe()
        os.close(reading)
        command = [self.grader, "check", "lab1", "--dir", str(ROOT / "solutions"), "--check", "builds"]
        done = subprocess.run(command, stdout=writing, stderr=writing, env=self.environment, check=False)
        os.close(writing)
        self.assertEqual(done.returncode, 1)  # a verdict that could not be written
        self.assertEqual(os.listdir(self.temporary), [])

    def test_roster(self) -> None:
        """Who is who, who is nobody, and who handed in nothing."""
        for name in ("1234", "ada", "stranger"):
            hand_in(self.students / name / LAB, "labs")
        roster = self.work / "roster.csv"
        roster.write_text('\ufeffName,ID,Email\r\n"Lovelace, ""Ada""",77,ada@example.org\r\nBob,1234,\r\nCarl,99,c@x.org\r\n')
        output = self.grade("--roster", str(roster))
        self.assertEqual(self.result("ada")["student"], {"id": "77", "name": 'Lovelace, "Ada"', "email": "ada@example.org"})
        self.assertEqual(self.result("1234")["student"]["name"], "Bob")
        self.assertNotIn("student", self.result("stranger"))
        self.assertIn("nobody in the roster", self.result("stranger")["attention"][0])
        self.assertRegex(output, r"handed in nothing|nothing handed in:\n  99  Carl")

    def test_kept_and_forgotten(self) -> None:
        """A second run grades what is new or changed, and what it is told to."""
        for name in ("one", "two"):
            hand_in(self.students / name / LAB, "labs")
        self.grade()
        kept = self.result("one")
        self.grade()
        self.assertEqual(self.result("one"), kept)
        self.assertEqual(self.result("one", "run.json")["labs"], {}, "nothing was judged again")
        self.grade("--regrade", "one")
        self.assertNotEqual(self.result("one", "run.json")["labs"], {})
        self.assertEqual(self.result("two", "run.json")["labs"], {})
        self.grade("--regrade", "lab1")
        self.assertNotEqual(self.result("two", "run.json")["labs"], {})
        self.grade("--regrade", "failed")
        self.assertEqual(self.result("two", "run.json")["labs"], {}, "a wrong answer is no failed check")
        shutil.rmtree(self.students / "two")
        little_in(self.students / "two" / LAB)
        self.grade()
        self.assertEqual(self.result("two")["points"], LITTLE)
        self.assertEqual(self.result("one", "run.json")["labs"], {})

    def test_labs_and_attempts(self) -> None:
        """Labs that are not asked for stay, every attempt is kept, and which one counts is told."""
        little_in(self.students / "one" / LAB)
        hand_in(self.students / "one" / "lab2_sysv", "labs", "lab2_sysv")

        def points() -> List[Tuple[int, int]]:
            return [(lab["number"], lab["points"]) for lab in self.result("one")["labs"]]

        self.grade()
        self.assertEqual(points(), [(1, LITTLE)])
        shutil.rmtree(self.students / "one" / LAB)
        self.run_grader("grade", str(self.students), "--labs", "2")
        self.assertEqual([number for number, _ in points()], [1, 2])
        self.assertEqual(points()[0], (1, LITTLE), "nobody asked for lab 1")
        self.grade()
        self.assertEqual(points()[0], (1, LITTLE), "it was handed in earlier")
        self.assertEqual(json.loads((self.work / "class-results" / "class.json").read_text())["labs"], [1, 2])
        hand_in(self.students / "one" / LAB, "labs")
        self.grade()
        self.assertEqual(points()[0], (1, 0), "the last one counts")
        attempts = [(each["points"], each["counts"]) for each in self.result("one")["labs"][0]["attempts"]]
        self.assertEqual(sorted(attempts), [(0, True), (LITTLE, False)])
        self.grade("--keep", "best")
        self.assertEqual(points()[0], (1, LITTLE))
        self.assertEqual(self.result("one", "run.json")["labs"], {}, "both were known")
        files = self.work / "class-results" / "submissions" / "one" / "files" / "lab1"
        self.assertEqual((files / "layout.c").read_bytes(), (ROOT / "solutions" / LAB / "layout.c").read_bytes())
        self.grade("--keep", "best")
        self.assertEqual(points()[0], (1, LITTLE))
        self.grade()
        self.assertEqual(points()[0], (1, 0))
        self.assertEqual(self.result("one", "run.json")["labs"], {})

    def test_damaged_result(self) -> None:
        """A result that somebody has damaged is no reason to stumble: it is graded again."""
        hand_in(self.students / "one" / LAB, "labs")
        self.grade()
        path = self.work / "class-results" / "submissions" / "one" / "result.json"
        whole = json.loads(path.read_text(encoding="utf-8"))
        for labs in ([{}], [1, None], {}, [{"lab": 7, "checks": [{}, 3]}], [{**whole["labs"][0], "checks": [{}]}]):
            path.write_text(json.dumps({**whole, "labs": labs, "attention": 5}), encoding="utf-8")
            self.assertNotIn("stumbled", self.grade())
        self.assertEqual(self.result("one")["state"], "graded")

    def test_regrade_of_nothing(self) -> None:
        """What is not there cannot be regraded: that is wrong usage."""
        hand_in(self.students / "one" / LAB, "labs")
        for what in ("nosuch", "lab9", "lab2", ""):
            self.assertIn("there is none", self.grade("--regrade", what, status=2))

    def test_interrupted(self) -> None:
        """Ctrl-C leaves what is known, and a run that completes it."""
        self.interrupted(signal.SIGINT)

    def test_closed_terminal(self) -> None:
        """So does a window that is closed."""
        self.interrupted(signal.SIGHUP)

    def interrupted(self, number: int) -> None:
        """A signal in the middle, and the same command again."""
        hand_in(self.students / "one" / LAB)
        little_in(self.students / "two" / LAB)
        grader = self.start("grade", str(self.students), "--labs", "1")
        path = self.work / "class-results" / "submissions" / "one" / "result.json"
        while not (path.exists() and "passed" in path.read_text(encoding="utf-8")):
            self.assertIsNone(grader.poll(), "it ended before it could be interrupted")
            time.sleep(0.01)
        grader.send_signal(number)
        output = grader.communicate()[0]
        self.assertEqual(grader.returncode, 1, output)
        self.assertIn("goes on where this one stopped", output)
        self.assertEqual(self.result("one")["state"], "partial")
        self.assertEqual(os.listdir(self.temporary), [])
        known = {check["name"] for check in self.result("one")["labs"][0]["checks"] if check["outcome"] == "passed"}
        self.grade()
        self.assertEqual([self.result(name)["points"] for name in ("one", "two")], [100, LITTLE])
        again = set(self.result("one", "run.json")["labs"]["lab1"]["duration_ms"])
        self.assertFalse(known & again, "what was known has not been judged again")

    def test_two_graders(self) -> None:
        """Two do not write to the same results."""
        hand_in(self.students / "one" / LAB, "labs")
        first = self.start("grade", str(self.students), "--labs", "1")
        while not (self.work / "class-results" / "class.json").exists():
            self.assertIsNone(first.poll())
            time.sleep(0.01)
        second = self.start("grade", str(self.students), "--labs", "1")
        output = second.communicate()[0]
        told = first.communicate()[0]
        self.assertEqual(first.returncode, 0, told)
        self.assertEqual(second.returncode, 1, output)
        self.assertIn("another grader writes there", output)

    def test_without_walls(self) -> None:
        """Less isolation is asked for by name, and told everywhere; it is not the same mark."""
        hand_in(self.students / "one" / LAB, "labs")
        self.grade()
        output = self.grade("--isolation", "none")
        self.assertIn("WITHOUT ISOLATION", output)
        self.assertEqual(self.result("one")["isolation"], "none")
        self.assertNotEqual(self.result("one", "run.json")["labs"], {}, "marks behind walls are others")
        self.assertEqual(json.loads((self.work / "class-results" / "class.json").read_text())["isolation"], "none")

    def test_what_fills_a_submission(self) -> None:
        """What is missing is the untouched starter's: whatever somebody tries in labs/ is no part of a mark."""
        solved = self.work / "solved"
        shutil.copytree(ROOT / "labs", solved, symlinks=True)
        hand_in(solved / LAB, exist=True)
        hand_in(self.students / "one" / LAB, "labs")
        (self.students / "one" / LAB / "layout.c").unlink()
        command = f'mount --bind "{solved}" "{ROOT}/labs" && exec "{self.grader}" check lab1 --dir "{self.students}/one" ' \
                  f'--isolation none --json "{self.work}/verdict.json"'
        done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertTrue((self.work / "verdict.json").exists(), done.stdout)
        self.assertEqual(json.loads((self.work / "verdict.json").read_text())["points"], 0, done.stdout)

    def test_what_a_verdict_depends_on(self) -> None:
        """The programs that judge, as they were built: another weave gives another verdict."""
        hand_in(self.students / "one" / LAB, "labs")
        self.grade("--isolation", "none")
        path = self.work / "class-results" / "class.json"
        before = json.loads(path.read_text())["tests"]
        weave = Path(self.grader).with_name("weave")
        other = self.work / "weave"
        shutil.copy(weave, other)
        with other.open("ab") as file:
            file.write(b"another build")
        command = f'mount --bind "{other}" "{weave}" && exec "{self.grader}" grade "{self.students}" --labs 1 --isolation none'
        done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotEqual(json.loads(path.read_text())["tests"], before)
        self.assertNotEqual(self.result("one", "run.json")["labs"], {}, "it has been judged again")

    def test_walls(self) -> None:
        """In the room /tmp holds no end of files no more, and calls that no lab needs are not there."""
        hand_in(self.students / "one" / "lab3_handshake", lab="lab3_handshake")
        (self.students / "one" / "lab3_handshake" / "writer.c").write_text(
            "#include <stdio.h>\n#include <sys/statvfs.h>\n#include <sys/socket.h>\n#include <errno.h>\n#include <unistd.h>\n"
            "long syscall(long number, ...);\n#include <sys/syscall.h>\n"
            "int main(void)\n{\n    struct statvfs at;\n    statvfs(\"/tmp\", &at);\n"
            "    long ring = syscall(SYS_io_uring_setup, 1, 0), ring_error = errno;\n"
            "    int vsock = socket(AF_VSOCK, SOCK_STREAM, 0), vsock_error = errno;\n"
            "    int plain = socket(AF_UNIX, SOCK_SEQPACKET, 0);\n"
            "    fprintf(stderr, \"FOUND %lu %ld %d %d %d %d\\n\", (unsigned long)at.f_files, ring, ring_error == ENOSYS, vsock,\n"
            "            vsock_error == ENOSYS, plain >= 0);\n    return 1;\n}\n")
        self.run_grader("check", "lab3", "--dir", str(self.students / "one"), "--check", "bytes", "--transcripts",
                        str(self.work / "said"), status=1)
        said = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (self.work / "said").rglob("*.txt"))
        self.assertIn("FOUND 16384 -1 1 -1 1 0", said)

    def test_sockets(self) -> None:
        """Where a challenge is about descriptors that are handed over there are UNIX sockets, of that kind and not many."""
        for name, points in (("hand_each", 4), ("hand_takes", 2)):
            said = self.run_grader("check", "lab5", "--dir", str(ROOT / "solutions"), "--check", name)
            self.assertIn(f"challenge {points} of {points}", said)
        lab = self.students / "one" / "lab5_snapshot"
        lab.mkdir(parents=True)
        (lab / "handover.c").write_text(
            (ROOT / "solutions" / "lab5_snapshot" / "handover.c").read_text(encoding="utf-8") + "#include <stdio.h>\n"
            "__attribute__((constructor)) static void many(void)\n{\n"
            "    printf(\"FOUND %d %d\\n\", socket(AF_UNIX, SOCK_STREAM, 0), socket(AF_INET, SOCK_SEQPACKET, 0));\n"
            "    fflush(stdout);\n    while (socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) != -1)\n        continue;\n"
            "    pause();\n}\n", encoding="utf-8")
        verdict = self.work / "verdict.json"
        self.run_grader("check", "lab5", "--dir", str(self.students / "one"), "--check", "hand_sealed", "--json", str(verdict),
                        "--transcripts", str(self.work / "said"))
        said = "".join(path.read_text(encoding="utf-8", errors="replace") for path in (self.work / "said").rglob("*.txt"))
        self.assertIn("FOUND -1 -1", said)
        check = {check["name"]: check for check in json.loads(verdict.read_text())["checks"]}["hand_sealed"]
        self.assertEqual((check["outcome"], check["ended"]), ("failed", "sockets"), check)

    def test_what_is_left_and_told(self) -> None:
        """In a box all that is left is the student's, whatever it is called; what ended the programs is told."""
        lab = hand_in(self.students / "one" / LAB)
        with (lab / "sample.c").open("a", encoding="utf-8") as file:
            file.write("#include <fcntl.h>\n#include <sys/mman.h>\n#include <sys/msg.h>\n#include <sys/shm.h>\n"
                       "#include <unistd.h>\n__attribute__((constructor)) static void leave(void)\n{\n"
                       "    shm_open(\"/leftover\", O_CREAT | O_RDWR, 0600);\n    shmget(0x51ab, 4096, IPC_CREAT | 0600);\n"
                       "    msgget(0x51ac, IPC_CREAT | 0600);\n    close(open(\"note\", O_CREAT | O_WRONLY, 0600));\n    if (fork() == 0)\n        printf(\"beside\"), fflush(stdout), sleep(1000);\n}\n")
        self.grade()
        checks = {check["name"]: check for check in self.result("one")["labs"][0]["checks"]}
        left = "\n".join(checks["leaks"]["found"].splitlines())
        for word in ("POSIX shared memory /leftover", "0x000051ab", "message queue, key 0x000051ac", "file /tmp/note, 0 bytes"):
            self.assertIn(word, left)
        wrong = {name for name, check in checks.items() if check["outcome"] != "passed"}
        self.assertEqual(wrong, {"leaks"})
        self.assertIn("started lived on after it", " ".join(self.result("one")["attention"]))

    def test_check(self) -> None:
        """One lab of one tree: the verdict of `make lab1`."""
        mine, students = self.work / "grader.json", self.work / "lab.json"
        little_in(self.work / "tree" / LAB)
        self.run_grader("check", "lab1", "--dir", str(self.work / "tree"), "--json", str(mine), status=1)
        subprocess.run([Path(self.grader).with_name("lab"), "check", "1", "--tree", str(self.work / "tree"), "--results",
                        str(self.work / "transcripts"), "--json", str(students)], stdout=subprocess.DEVNULL, check=False,
                       env=self.environment)
        verdicts = [[(check["name"], check["outcome"], check["points"]) for check in json.loads(path.read_text())["checks"]]
                    for path in (mine, students)]
        self.assertEqual(verdicts[0], verdicts[1])


class Reference(GraderCase):
    """The whole of what can be handed in."""

    def test_full_marks(self) -> None:
        """Behind the walls the reference solutions of all labs earn all that there is, challenges included."""
        numbers = []
        for lab in sorted((ROOT / "solutions").glob("lab*")):
            hand_in(self.students / "all" / lab.name, lab=lab.name)
            numbers.append(lab.name[3])
        self.run_grader("grade", str(self.students), "--labs", ",".join(numbers), "-j", "2")
        result = json.loads((self.work / "class-results" / "submissions" / "all" / "result.json").read_text(encoding="utf-8"))
        checks = [(lab["lab"], check) for lab in result["labs"] for check in lab["checks"]]
        self.assertEqual([(lab, check["name"], check.get("found")) for lab, check in checks if check["outcome"] != "passed"], [])
        self.assertEqual((result["points"], result["points_max"]), (600, 600))
        extra = [check for _, check in checks if check["challenge"]]
        self.assertEqual((sum(check["points"] for check in extra), sum(check["points_max"] for check in extra)), (110, 110))
        self.assertEqual(result["attention"], [])


if __name__ == "__main__":
    main(__doc__)
