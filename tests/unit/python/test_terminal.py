"""The terminal view in a pseudo terminal: what it writes, which keys it heeds, and that it puts everything back."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from support import LIMIT, QUEUE_PRODUCER, Case, Program, unique

from shmlab import viewer_terminal
from shmlab.viewer import Key

ROWS, COLUMNS = 30, 100
CELL = re.compile(r"\x1b\[38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m\u2580")


class Keys(Case):
    def test_escape_alone_counts_and_arrows_do_not(self) -> None:
        for typed, keys in (
            (b"\x1b", [Key.QUIT]),
            (b"q", [Key.QUIT]),
            (b" ", [Key.PAUSE]),
            (b"x \x1b", [Key.PAUSE, Key.QUIT]),
            (b"\x1b[A", []),
            (b"\x1bOq", []),
            (b"", []),
        ):
            self.assertEqual(viewer_terminal._parse_keys(typed), keys, typed)


class Terminal(Case):
    def setUp(self) -> None:
        self.prefix = unique()
        self.addCleanup(self.sweep)
        self.main, self.side = pty.openpty()
        self.addCleanup(os.close, self.main)
        self.addCleanup(os.close, self.side)
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        self.before = termios.tcgetattr(self.side)
        self.seen = ""

    def sweep(self) -> None:
        for name in os.listdir("/dev/shm"):
            if self.prefix in name:
                os.unlink(f"/dev/shm/{name}")

    def consumer(self, *arguments: str) -> Program:
        options = {"stdin": self.side, "stdout": self.side, "stderr": self.side}
        arguments = ("--prefix", self.prefix, "--view", "terminal", "--timeout", "60", *arguments)
        return self.reader("lab6_yolo_queue/consumer.py", *arguments, start_new_session=True, **options)

    def producer(self, *arguments: str) -> Program:
        return self.start([str(QUEUE_PRODUCER), "--prefix", self.prefix, *arguments], stdin=subprocess.PIPE)

    def read_until(self, pattern: str) -> None:
        """Read what is written until it matches."""
        end = time.monotonic() + LIMIT
        while not re.search(pattern, self.seen):
            self.assertLess(time.monotonic(), end, f"{pattern!r} was never written")
            if select.select([self.main], [], [], 1)[0]:
                self.seen += os.read(self.main, 65536).decode("utf-8", errors="replace")

    def finish(self, process: Program, status: int) -> None:
        """Wait for its end while its terminal is read; everything must be as before."""
        self.read_until(r"\x1b\[\?1049l")
        end = time.monotonic() + LIMIT
        while process.poll() is None:
            self.assertLess(time.monotonic(), end)
            if select.select([self.main], [], [], 0.05)[0]:
                self.seen += os.read(self.main, 65536).decode("utf-8", errors="replace")
        while select.select([self.main], [], [], 0)[0]:
            self.seen += os.read(self.main, 65536).decode("utf-8", errors="replace")
        self.assertEqual(process.returncode, status, self.seen[-500:])
        self.assertEqual(termios.tcgetattr(self.side), self.before)
        self.assertEqual(self.seen.count("\x1b[?1049h"), 1)
        self.assertEqual(self.seen.count("\x1b[?1049l"), 1)
        self.assertLess(self.seen.rindex("\x1b[?25l"), self.seen.rindex("\x1b[?25h"))

    def test_shows_frames_and_speaks_afterwards(self) -> None:
        self.producer("--frames", "6", "--detections", "3")
        self.finish(self.consumer(), 0)
        view, after = self.seen.split("\x1b[?1049l")
        self.assertIn("frame 6   ", view)
        self.assertIn("3 detections", view)
        self.assertIn("ESC ends, SPACE pauses", view)
        self.assertRegex(view, r"m(circle|class 0) 0\.50")
        # 100 x 30 cells less one row: 58 x 58 pixels, 29 rows; rows that did not change are not written again.
        self.assertGreaterEqual(len(CELL.findall(view)), 58 * 29)
        # The background at the top left of the producer's scene, RGB.
        self.assertIn(("60", "110", "90"), {cell[:3] for cell in CELL.findall(view)})
        self.assertIn("6 frames (1 to 6), 18 detections", after)
        self.assertNotIn("consumer.py", view)

    def test_escape_ends(self) -> None:
        self.producer("--frames", "3", "--hold", "--still")
        process = self.consumer()
        self.read_until("frame 3   ")
        os.write(self.main, b"\x1b")
        self.finish(process, 0)

    def test_space_pauses(self) -> None:
        self.producer("--frames", "3", "--hold", "--still")
        process = self.consumer()
        self.read_until("frame 3   ")
        os.write(self.main, b" ")
        self.read_until("paused")
        os.write(self.main, b"q")
        self.finish(process, 0)

    def test_signals_restore_the_terminal(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                self.prefix = unique()
                self.seen = ""
                producer = self.producer("--frames", "2", "--hold", "--still")
                process = self.consumer()
                self.read_until("frame 2   ")
                process.send_signal(number)
                self.finish(process, 1)
                producer.stdin.close()
                producer.wait()

    def test_errors_restore_the_terminal(self) -> None:
        process = self.consumer("--timeout", "0.2")
        self.finish(process, 1)
        self.assertIn("no producer came", self.seen.split("\x1b[?1049l")[1])

    def test_another_size(self) -> None:
        self.producer("--frames", "400", "--fps", "60", "--still")
        process = self.consumer()
        self.read_until("frame 2   ")
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("4H", 20, 41, 0, 0))
        self.seen = self.seen[: self.seen.index("\x1b[2J") + 4]
        self.read_until(r"\x1b\[2J(.|\n)*\x1b\[2J")
        os.write(self.main, b"q")
        self.finish(process, 0)

    def test_no_terminal(self) -> None:
        run = self.run_reader("lab6_yolo_queue/consumer.py", "--prefix", self.prefix, "--view", "terminal")
        self.assertEqual(run.returncode, 1)
        self.assertIn("standard output is no terminal", run.stderr)


if __name__ == "__main__":
    unittest.main()
