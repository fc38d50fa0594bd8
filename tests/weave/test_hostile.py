#!/usr/bin/env python3
"""Broken and hostile programs under weave: each run ends within its limit, says what happened, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from weave_cases import LIMIT_SECONDS, MARK, WEAVE, WeaveCase, marked_processes, new_mark

# What misbehaves (see programs/hostile/hostile.c): exit status, the first cause, words that must be printed.
CASES = {
    "none": (0, None, "passed"),
    "crash": (1, "crash", "/* here */"),
    "overflow": (1, "crash", "in overflow()"),
    "abort": (1, "crash", "signal 6"),
    "loop": (1, "endless-loop", "in loop()"),
    "leave": (1, "exit-status", "ended with status 3"),
    "kill-parent": (3, None, "has died (signal 9)"),
    "kill-all": (3, None, "has died (signal 9)"),
    "kill-peer": (1, "crash", "signal 9"),
    "stop": (3, None, " (1) sleeps in"),
    "orphan": (1, "endless-loop", "computes"),
    "trample-zero": (1, "tampered", "weave's own memory"),
    "trample-ones": (1, "tampered", "weave's own memory"),
    "flood": (1, "too-much-output", "prints without end"),
    "close": (0, None, "passed"),
    "bomb": (3, None, "not judged: more than 16 processes at once at hostile.c:"),
}
TIME_LIMIT = "60"
RUNNING = 4  # weave itself, the explorer, two servers


class Hostile(WeaveCase):
    def command(self, how: str) -> list[str]:
        binary = self.compiled("hostile/hostile")
        return ["--time-limit", TIME_LIMIT, "--hang", "0.2", "--", binary, how, "--", binary, "peer"]

    def test_each_is_reported_as_what_it_is(self) -> None:
        for how, (status, cause, words) in CASES.items():
            with self.subTest(how):
                mark = new_mark()
                before = set(Path("/dev/shm").iterdir())
                report = self.report(*self.command(how), environment={MARK: mark})
                self.assertEqual(report["status"], status, report["text"])
                self.assertIn(words, report["text"])
                self.assertEqual(report["verdict"], {0: "passed", 1: "failed", 3: "unable"}[status])
                if cause is not None:
                    self.assertEqual(self.causes(report)[0], cause, report["text"])
                else:
                    self.assertEqual(report["findings"], [])
                self.assertEqual(marked_processes(mark), [])
                new = {path.name for path in set(Path("/dev/shm").iterdir()) - before}
                self.assertFalse({name for name in new if "subject" in name}, new)

    def forged(self, *how: str) -> str:
        """The first cause in the verdict, through a descriptor, on a sealed race whose programs forge it in that way."""
        binary = self.compiled("hostile/forger")
        command = [binary, *how]
        with tempfile.TemporaryFile() as file:
            run = subprocess.run(
                [WEAVE, "--sealed", "--json", f"fd:{file.fileno()}", "--", *command, "--", *command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                pass_fds=[file.fileno()],
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
            file.seek(0)
            report = json.loads(file.read().decode())
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertEqual(report["verdict"], "failed", run.stdout)
        return self.causes(report)[0]

    def test_a_verdict_cannot_be_forged(self) -> None:
        self.assertEqual(self.forged(), "no-lock")
        self.assertEqual(self.forged("descriptors"), "no-lock")
        self.assertEqual(self.forged("records"), "tampered")

    def test_sealed_programs_write_nowhere(self) -> None:
        file, folder = self.folder / "forged.json", self.folder / "forged"
        self.assertEqual(self.forged("file", str(file)), "no-lock")
        self.assertEqual(self.forged("folder", str(folder)), "no-lock")
        self.assertFalse(file.exists() or folder.exists())

    def test_sealed_programs_make_no_user_namespaces(self) -> None:
        binary = self.compiled("hostile/forger")
        self.assertEqual(self.weave("--sealed", "--", binary, "namespace").returncode, 0)
        self.assertEqual(self.weave("--", binary, "namespace").returncode, 1)

    def test_the_report_is_opened_first(self) -> None:
        binary, folder = self.compiled("hostile/forger"), self.folder / "later.json"
        report = self.folder / "first.json"
        report.write_text("what was there before, and is longer than nothing at all\n" * 1000)
        self.assertEqual(self.weave("--json", str(report), "--", binary, "file", str(report)).returncode, 0)
        self.assertEqual(json.loads(report.read_text())["programs"][0]["command"][1], "file")
        self.assertEqual(self.weave("--json", "fd:999", "--", binary).returncode, 2)
        self.assertEqual(self.weave("--json", str(folder / "x"), "--", binary).returncode, 2)

    def assert_signal_ends_everything(self, number: int) -> None:
        mark = new_mark()
        with subprocess.Popen(
            [WEAVE, "--hang", "100", *self.command("loop")[4:]],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, MARK: mark},
        ) as weave:
            end = time.monotonic() + LIMIT_SECONDS
            while len(marked_processes(mark)) <= RUNNING and time.monotonic() < end:
                time.sleep(0.01)
            self.assertGreater(len(marked_processes(mark)), RUNNING)
            weave.send_signal(number)
            weave.wait(LIMIT_SECONDS)
        while marked_processes(mark) and time.monotonic() < end:  # the kernel ends them one after another
            time.sleep(0.01)
        self.assertEqual(marked_processes(mark), [])

    def test_ctrl_c_ends_everything(self) -> None:
        self.assert_signal_ends_everything(signal.SIGINT)

    def test_terminate_ends_everything(self) -> None:
        self.assert_signal_ends_everything(signal.SIGTERM)

    def test_kill_ends_everything(self) -> None:
        self.assert_signal_ends_everything(signal.SIGKILL)

    def test_what_is_not_modelled_is_not_judged(self) -> None:
        binary = self.compiled("hostile/unmodelled")
        for call in ("mq_notify", "sigqueue", "kill"):
            with self.subTest(call):
                report = self.report("--", binary, call, "--", binary, "nothing")
                self.assertEqual((report["status"], report["verdict"]), (3, "unable"), report["text"])
                self.assertIn(f"not judged: uses {call} at unmodelled.c:", report["text"])
                self.assertIn(f"uses {call}", report["error"])
        self.assertEqual(self.weave("--", binary, "present", "--", binary, "nothing").returncode, 0)

    def test_what_cannot_run_is_said(self) -> None:
        run = self.weave("--", "/nonexistent/program", "--", "/bin/true")
        self.assertEqual(run.returncode, 2, run.stdout)
        self.assertIn("/nonexistent/program", run.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
