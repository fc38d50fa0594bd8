"""The command `lab` as a student meets it: what a signal leaves, and what it says of sources that do not compile."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LAB = os.environ.get("LAB", str(ROOT / "build" / "bin" / "lab"))
RUNAWAY = 200  # seconds


class LabTest(unittest.TestCase):
    """Each test has a tree with the solution of lab 1, to be edited, and a folder for results."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="shmlab-test-lab-")
        self.addCleanup(scratch.cleanup)
        self.tree = Path(scratch.name) / "tree"
        self.results = Path(scratch.name) / "results"
        self.results.mkdir()
        (Path(scratch.name) / "common").symlink_to(ROOT / "common")
        shutil.copytree(ROOT / "solutions" / "lab1_layout", self.tree / "lab1_layout",
                        ignore=shutil.ignore_patterns("__pycache__"))

    def edit(self, name: str, before: str, after: str) -> None:
        """Replace a text that occurs once in a file of the tree."""
        path = self.tree / "lab1_layout" / name
        text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count(before), 1, before)
        path.write_text(text.replace(before, after), encoding="utf-8")

    def command(self, *words: str) -> "list[str]":
        """lab WORDS on the tree."""
        return [LAB, *words, "--tree", str(self.tree), "--results", str(self.results)]

    def check(self, name: str) -> str:
        """What one check says."""
        run = subprocess.run(self.command("check", "1", "--check", name), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             text=True, timeout=RUNAWAY, check=False)
        return " ".join(run.stdout.split())  # however the lines are broken


class InterruptTest(LabTest):
    """A signal ends a run; what an earlier one found out stays."""

    def interrupted(self, command: str, number: int) -> None:
        """Let one check run forever, send the signal, look at what is left."""
        self.edit("layout.c", "    table_print();\n", "    table_print();\n    for (;;)\n        getchar();\n")
        former = self.results / "verdict.json"
        former.write_text('{"points": 100}\n', encoding="utf-8")
        with subprocess.Popen(self.command(command, "1", "--plain"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as lab:
            assert lab.stdout is not None
            self.assertIn("builds", lab.stdout.readline())  # the next one never ends by itself
            lab.send_signal(number)
            output, errors = lab.communicate(timeout=RUNAWAY)
        self.assertEqual(lab.returncode, 128 + number, output + errors)
        self.assertIn("interrupted, the former verdict is kept", errors)
        self.assertNotIn(" points", output)
        self.assertNotIn("TIME", output)
        self.assertNotIn("Watching", output)
        self.assertEqual(former.read_text(encoding="utf-8"), '{"points": 100}\n')
        self.assertEqual([path.name for path in self.results.glob("verdict.json*")], ["verdict.json"])

    def test_ctrl_c_keeps_the_verdict(self) -> None:
        """make lab1, Ctrl-C."""
        self.interrupted("check", signal.SIGINT)

    def test_termination_keeps_the_verdict(self) -> None:
        """make lab1, kill."""
        self.interrupted("check", signal.SIGTERM)

    def test_closed_terminal_keeps_the_verdict(self) -> None:
        """make lab1, and the window is closed."""
        self.interrupted("check", signal.SIGHUP)

    def test_nobody_reads(self) -> None:
        """lab check 1 | head -1: it ends, and its folder for what exists during the run only is gone."""
        self.edit("layout.c", "    table_print();\n", "    table_print();\n    for (;;)\n        getchar();\n")
        with tempfile.TemporaryDirectory(prefix="shmlab-test-lab-") as room:
            with subprocess.Popen(["stdbuf", "-oL", *self.command("watch", "1", "--plain")], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  env=dict(os.environ, TMPDIR=room, ASAN_OPTIONS="verify_asan_link_order=0")) as lab:
                assert lab.stdout is not None
                self.assertNotEqual(lab.stdout.readline(), "")
                lab.stdout.close()
                self.assertNotEqual(lab.wait(timeout=RUNAWAY), 0)
            self.assertEqual(os.listdir(room), [])

    def test_watch_keeps_the_verdict(self) -> None:
        """make watch1, Ctrl-C."""
        self.interrupted("watch", signal.SIGINT)


class MessageTest(LabTest):
    """Which of a compiler's messages a student is shown, and where it points."""

    def test_assert_in_a_header(self) -> None:
        """The first line is "In file included from ...layout.c:11:", which is no message."""
        self.edit("shared_data.h", "    uint8_t padding2[6];\n", "")
        said = self.check("builds")
        self.assertRegex(said, r"shared_data\.h:\d+:\d+: error: static.assert(ion)? failed")
        self.assertRegex(said, r"First: builds, \S+/lab1_layout/shared_data\.h:\d+")

    def test_syntax_in_a_header(self) -> None:
        """A semicolon is missing."""
        self.edit("shared_data.h", "    uint8_t padding2[6];\n", "    uint8_t padding2[6]\n")
        said = self.check("builds")
        self.assertRegex(said, r"shared_data\.h:\d+:\d+: error: expected .* (\d+ \| +)?\S.*;? (\| +)?~*\^")

    def test_error_behind_a_warning(self) -> None:
        """What keeps the program from being built comes first."""
        self.edit("layout.c", "int main(int argc", "static void never_called(void)\n{\n    int unused;\n}\n\nint main(int argc")
        self.edit("layout.c", "    table_print();\n", "    table_print()\n")
        said = self.check("builds")
        self.assertRegex(said, r"layout\.c:\d+:\d+: error: expected ")
        self.assertNotIn("warning:", said)  # the first error, and nothing else

    def test_linker(self) -> None:
        """It names no line, but a function."""
        self.edit("layout.c", "    table_print();\n", "    extern void nobody_defines(void);\n    nobody_defines();\n"
                  "    table_print();\n")
        self.assertIn("found the linker failed: undefined reference to `nobody_defines'", self.check("builds"))


class ScreenTest(LabTest):
    """What a terminal shows."""

    def on_a_terminal(self, columns: int, *words: str, kind: str = "xterm") -> "list[str]":
        """The lines of a command on a terminal of 24 rows, without those that were written over."""
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        with subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=its, stderr=its,
                              env=dict(environment, TERM=kind)) as lab:
            os.close(its)
            text = b""
            with open(ours, "rb", buffering=0) as printed, contextlib.suppress(OSError):  # EIO: nobody holds the other end
                while part := printed.read(4096):
                    text += part
            lab.wait(timeout=RUNAWAY)
        return re.sub(r"[^\n]*\r\x1b\[K", "", text.decode().replace("\r\n", "\n")).splitlines()

    def fits(self, columns: int, lines: "list[str]") -> None:
        """No line is broken by the terminal."""
        for line in lines:
            self.assertLessEqual(len(re.sub(r"\x1b\[\d+m", "", line)), columns, line)

    def test_one_mistake_fits(self) -> None:
        """80 columns and 24 rows: a heading, what is wrong, the points, what to do first."""
        self.edit("layout.c", "    table_print();\n", "    table_print()\n")
        for columns in (60, 80, 120):
            with self.subTest(columns):
                lines = self.on_a_terminal(columns, "check", "1")
                self.fits(columns, lines)
                if columns >= 80:
                    self.assertLess(len(lines), 24, "\n".join(lines))
                self.assertIn("Lab 1: memory layout", lines[0])
                said = "\n".join(lines)
                self.assertIn("\x1b[31m", said)
                self.assertIn("make lab1 CHECK=builds", said)
                self.assertRegex(said, r"\[#*\.+\]  \S*\d+ of 100 points")

    def test_solved(self) -> None:
        """What passed is one line."""
        lines = self.on_a_terminal(80, "check", "1", kind="dumb")
        self.assertEqual([line for line in lines if line.startswith("  ")], [f"  ok    100/100  {self.count()} checks"])
        self.assertNotIn("\x1b", "".join(lines))

    def count(self) -> int:
        """Checks of lab 1."""
        listed = subprocess.run([LAB, "list", "1"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return len(listed.splitlines())

    def test_verbose(self) -> None:
        """All of them, and a part of the lab says that it is one."""
        said = self.on_a_terminal(80, "check", "1", "--check", "warnings", "--verbose")
        self.assertTrue(any("builds: " in line for line in said))
        self.assertTrue(any(re.search(r"of the \d+ points.* of these 3 checks", re.sub(r"\x1b\[\d+m", "", line)) for line in said), said)

    def test_narrow(self) -> None:
        """Hints and progress know the width, too."""
        (self.results / "verdict.json").write_text('{"checks": [], "points": 57, "fingerprint": "0"}\n', encoding="utf-8")
        for columns in (40, 60, 79, 90):
            with self.subTest(columns):
                self.fits(columns, self.on_a_terminal(columns, "progress"))
                self.fits(columns, self.on_a_terminal(columns, "hint", "1", "--check", "predictions"))
        self.fits(60, self.on_a_terminal(60, "doctor"))


class DoctorTest(LabTest):
    """What a run left that was killed."""

    def test_names_that_a_check_drew(self) -> None:
        """No documented name, but of a process that is gone."""
        with subprocess.Popen(["true"]) as gone:
            gone.wait()
        left = Path(f"/dev/shm/shmlab_{gone.pid}_0")
        left.write_bytes(b"x")
        try:
            run = subprocess.run([LAB, "doctor"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUNAWAY,
                                 check=False)
        finally:
            left.unlink()
        self.assertIn(f"{left} is left of a run that was killed", run.stdout)
        self.assertIn("preloading a library", run.stdout)
        self.assertIn("weave", run.stdout)


class HintTest(LabTest):
    """Hints follow the last run, and say so when files were edited since."""

    def hint(self) -> "subprocess.CompletedProcess[str]":
        """lab hint 1."""
        return subprocess.run(self.command("hint", "1"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=RUNAWAY, check=False)

    def test_without_a_verdict(self) -> None:
        """The next step is a command that can be typed."""
        run = self.hint()
        self.assertEqual(run.returncode, 1)
        self.assertIn("make lab1", run.stderr)

    def test_old_verdict_and_last_hint(self) -> None:
        """Three hints, and files that are not those of the verdict."""
        (self.results / "verdict.json").write_text(
            '{"checks": [{"name": "predictions", "outcome": "failed"}], "fingerprint": "0"}\n', encoding="utf-8")
        said = [self.hint().stdout for _ in range(3)]
        for each in said:
            self.assertIn("Files were edited since the last verdict", each)
            self.assertIn("predictions: ", each)
        self.assertIn("(1 of 3)", said[0])
        self.assertNotIn("last hint", said[1])
        self.assertIn("That was the last hint.", said[2])

    def whole(self, check: str) -> None:
        """The last verdict on the whole lab, given on other files, has one check that failed."""
        (self.results / "verdict.json").write_text(
            f'{{"checks": [{{"name": "{check}", "outcome": "failed"}}], "fingerprint": "0"}}\n', encoding="utf-8")

    def test_failure_of_the_last_run(self) -> None:
        """make lab1, an edit, make lab1 CHECK=warnings: what fails now is what a hint is wanted on."""
        self.whole("predictions")
        self.edit("layout.c", "    table_print();\n", "    table_print()\n")
        self.check("warnings")  # it needs "builds"
        said = self.hint().stdout
        self.assertTrue(said.startswith("builds: "), said)
        self.assertNotIn("Files were edited", said)
        self.edit("layout.c", "    table_print()\n", "    table_print(); // fixed\n")
        said = self.hint().stdout
        self.assertIn("Files were edited since the last verdict on warnings: make lab1 CHECK=warnings looks again", said)
        self.assertIn("builds: ", said)

    def test_last_run_found_nothing(self) -> None:
        """Then the whole lab has its turn again, but for what has passed since."""
        self.whole("predictions")
        self.check("builds")
        said = self.hint().stdout
        self.assertIn("Files were edited since the last verdict on the whole lab: make lab1 looks again", said)
        self.assertIn("predictions: ", said)
        self.whole("builds")
        self.assertIn("no check has failed", self.hint().stdout)

    def test_interrupted_run(self) -> None:
        """It has said nothing about what it did not come to: the one before it counts."""
        self.check("builds")
        before = (self.results / "latest.json").read_text(encoding="utf-8")
        self.edit("layout.c", "    table_print();\n", "    table_print();\n    for (;;)\n        getchar();\n")
        with subprocess.Popen(self.command("check", "1", "--check", "predictions", "--plain"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as lab:
            assert lab.stdout is not None
            self.assertIn("builds", lab.stdout.readline())
            lab.send_signal(signal.SIGINT)
            lab.communicate(timeout=RUNAWAY)
        self.assertEqual((self.results / "latest.json").read_text(encoding="utf-8"), before)


if __name__ == "__main__":
    unittest.main()
