#!/usr/bin/env python3
"""The control groups that cap the memory of boxes: made, met, removed, whoever grades and however that ends.

    test_memory.py --grader build/bin/grader [--linux linux.uml]

It needs root, and control groups of version 2 with a controller for memory. Where this machine has them otherwise, it
runs in a Linux of its own: user-mode Linux (Debian: user-mode-linux), which is a program like any other, and sees this
machine's files. Status 77: neither is here.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, List

ROOT = Path(__file__).resolve().parents[2]
TOP = Path("/sys/fs/cgroup")
HALLS = "shmlab-grader.*"
LAB = "lab3_handshake"
GRADER = ROOT / "build" / "bin" / "grader"
ORDINARY = 61343  # any user but root and the grader's spare one
SKIPPED = 77
CAP = 1 << 30  # bytes: room_limits in box.c
SLACK = 64 << 20  # of the grader and the compilers, which are in the same group as the boxes
MACHINE = "2048M"
RUNAWAY = 1200  # seconds
GOOD = "The control groups are as they should be."


class Memory(unittest.TestCase):
    """Each test has a group, given to root or to a user."""

    def setUp(self) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="shmlab-memory-"))
        self.work.chmod(0o1777)
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.group = TOP / f"shmlab-memory-{os.getpid()}"
        control = TOP / "cgroup.subtree_control"
        for each in {"memory", "pids"} - set(control.read_text().split()):
            control.write_text(f"+{each}")
            self.addCleanup(control.write_text, f"-{each}")
        self.group.mkdir()
        self.addCleanup(self.group.rmdir)

    def give(self, user: int) -> None:
        """As systemd does with Delegate=yes: cgroups(7), "Cgroups delegation"."""
        for path in (self.group, self.group / "cgroup.procs", self.group / "cgroup.subtree_control"):
            os.chown(path, user, user)

    def start(self, user: int, *arguments: str) -> "subprocess.Popen[str]":
        """The grader, in the group."""

        def settle() -> None:
            (self.group / "cgroup.procs").write_text("0")
            if user != 0:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)

        return subprocess.Popen([str(GRADER), *arguments], preexec_fn=settle, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={**os.environ, "TMPDIR": str(self.work), "SHMLAB_TIME_SCALE": "20"})

    def run_grader(self, user: int, *arguments: str) -> str:
        """To its end."""
        grader = self.start(user, *arguments)
        return grader.communicate(timeout=RUNAWAY)[0]

    def assert_nothing_left(self) -> None:
        """Neither groups nor controllers nor files."""
        self.assertEqual(list(self.group.glob(HALLS)), [])
        self.assertEqual((self.group / "cgroup.subtree_control").read_text().strip(), "")
        self.assertEqual((self.group / "cgroup.procs").read_text(), "")
        self.assertEqual(list(self.work.glob(HALLS)), [])

    def events(self) -> int:
        """How often all of a room have been killed."""
        lines = (self.group / "memory.events").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("oom_group_kill "))

    def hog(self) -> str:
        """A submission that takes all there is."""
        lab = self.work / "tree" / LAB
        lab.mkdir(parents=True)
        hostile = ROOT / "tests" / "hostile" / "samples"
        (lab / "writer.c").write_text((hostile / "prelude.h").read_text() + (hostile / "malloc_hog.c").read_text())
        return str(self.work / "tree")

    def test_doctor(self) -> None:
        """It tells, and leaves nothing behind."""
        for user in (0, ORDINARY):
            self.give(user)
            self.assertIn("capped   memory", self.run_grader(user, "doctor"))
            self.assert_nothing_left()
        self.give(0)
        self.assertRegex(self.run_grader(ORDINARY, "doctor"), "watched  memory, .*not ours to divide: systemd-run")

    def test_cap(self) -> None:
        """The kernel ends a room that wants too much, before it has it."""
        tree = self.hog()
        for user in (0, ORDINARY):
            self.give(user)
            before = self.events()
            output = self.run_grader(user, "check", "lab3", "--dir", tree, "--check", "bytes")
            self.assertRegex(output, r"ok +0/0 +builds")
            self.assertRegex(output, r"FAIL +0/8 +bytes")
            self.assertGreater(self.events(), before, output)
            self.assertLess(int((self.group / "memory.peak").read_text()), CAP + SLACK)
            self.assert_nothing_left()

    def test_killed(self) -> None:
        """What a killed grader leaves the next one removes, and nothing that somebody holds."""
        with subprocess.Popen(["sleep", "infinity"]) as other:
            self.addCleanup(other.kill)
            (self.group / "cgroup.procs").write_text(str(other.pid))  # so that root takes the top of the tree
            held = TOP / "shmlab-grader.held"
            held.mkdir()
            lock = os.open(held, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = set(TOP.glob(HALLS))
            grader = self.start(0, "check", "lab3", "--dir", str(ROOT / "solutions"))
            end = time.monotonic() + RUNAWAY
            while not (left := {room.parents[1] for room in TOP.glob(HALLS + "/box.*/room")} - before) and time.monotonic() < end and grader.poll() is None:
                time.sleep(0.01)
            grader.kill()
            grader.communicate()
            self.assertEqual(len(left), 1)
            while "populated 1" in (min(left) / "cgroup.events").read_text() and time.monotonic() < end:
                time.sleep(0.01)  # its boxes die with it, one after the other
            self.assertIn("capped", self.run_grader(0, "doctor"))
            self.assertEqual(set(TOP.glob(HALLS)), before)
            os.close(lock)
            self.assertIn("capped", self.run_grader(0, "doctor"))
            self.assertFalse(held.exists())
            other.kill()


def groups_here() -> bool:
    """Can this machine's groups be used?"""
    controllers = TOP / "cgroup.controllers"
    return os.geteuid() == 0 and controllers.exists() and "memory" in controllers.read_text().split()


def boot() -> None:
    """Process 1 of a new machine: mount what every program expects, test, and switch off."""
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/tmp", LANG="C.UTF-8")
    for kind, place in (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/tmp"), ("cgroup2", str(TOP))):
        subprocess.run(["mount", "-t", kind, kind, place], check=True)
    os.makedirs("/dev/shm", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/dev/shm"], check=True)
    os.chmod("/dev/shm", 0o1777)
    if unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result.wasSuccessful():
        print(GOOD)
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).reboot(0x4321FEDC)  # RB_POWER_OFF, reboot(2)


def boot_machine(program: str) -> int:
    """Run this file as process 1 of user-mode Linux. Its memory is a file in /dev/shm without a name."""
    if not str(ROOT).startswith("/tmp/") and not str(GRADER).startswith("/tmp/"):
        with tempfile.TemporaryDirectory(prefix="shmlab-memory-") as home:
            command: List[str] = [program, "rootfstype=hostfs", "rootflags=/", "ro", f"mem={MACHINE}", "quiet", "con=null",
                                  "con0=null,fd:1", f"init={sys.executable}", "--", __file__, "--boot", "--grader", str(GRADER)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace", timeout=RUNAWAY, check=False,
                                  env={**os.environ, "HOME": home, "TMPDIR": "/dev/shm"})
        print(done.stdout)
        return 0 if GOOD in done.stdout else 1
    print("skipped: the new machine has a /tmp of its own, and does not see this one")
    return SKIPPED


def main() -> Any:
    """Here, there, or not at all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", default=str(GRADER))
    parser.add_argument("--linux", default=shutil.which("linux.uml") or "", help="user-mode Linux")
    parser.add_argument("--boot", action="store_true", help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()  # user-mode Linux adds words of its own
    if rest and not arguments.boot:
        parser.error(f"what is {rest[0]}?")
    globals()["GRADER"] = Path(arguments.grader).resolve()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if arguments.boot:
        return boot()
    if groups_here():
        return unittest.main(argv=sys.argv[:1])
    if arguments.linux:
        return boot_machine(arguments.linux)
    print("skipped: control groups of version 2 with memory, or user-mode Linux (Debian: user-mode-linux), are needed")
    return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
