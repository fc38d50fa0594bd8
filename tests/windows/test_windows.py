#!/usr/bin/env python3
"""The Windows programs of labs 1 and 6, run as whole programs under Wine, and what they share with those of Linux.

    test_windows.py FOLDER          FOLDER has the .exe files: the build tree of cmake/mingw-w64.cmake

By request, with these in the environment:

    SHMLAB_WINDOWS_PYTHON=FOLDER    Python's reader and consumer, run by FOLDER/python.exe with FOLDER/Lib: a CPython for
                                    Windows, such as MinGW makes of its sources; once before a release
    SHMLAB_WINDOWS_KILLS=25         so many consumers killed at random

All tests use one Wine session with a prefix of a few links in a temporary folder; nothing of it is left. Status 77 where Wine
is not installed.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, ClassVar, Dict, List, Optional

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "solutions" / "lab1_layout"), str(ROOT / "common" / "python")]
sys.dont_write_bytecode = True

import shared_data  # noqa: E402

PROGRAMS = Path()
RUNAWAY = 300  # seconds
SKIPPED = 77
PYTHON = os.environ.get("SHMLAB_WINDOWS_PYTHON", "")
SCRIPTS = {"reader.py": "lab1_layout", "consumer.py": "lab6_yolo_queue"}
WITH_PYTHON = unittest.skipUnless(PYTHON, "by request: SHMLAB_WINDOWS_PYTHON")
KILLS = int(os.environ.get("SHMLAB_WINDOWS_KILLS", "0"))
DIED = 3  # status of `dies`, and of what TerminateProcess ends so


def windows_path(path: Path) -> str:
    """As Wine's programs name a file of ours."""
    return f"Z:{path}".replace("/", "\\")


def dlls() -> Optional[Path]:
    """The folder of Wine's own libraries."""
    found = sorted(Path("/usr/lib").glob("*/wine/x86_64-windows"))
    return found[0] if found else None


class Windows(unittest.TestCase):
    """Programs of one Wine session."""

    scratch: ClassVar["tempfile.TemporaryDirectory[str]"]
    environment: ClassVar[Dict[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        """Make a prefix, and start the session."""
        cls.scratch = tempfile.TemporaryDirectory(prefix="shmlab-wine-")
        prefix = Path(cls.scratch.name)
        (prefix / "dosdevices").mkdir()
        (prefix / "drive_c" / "windows").mkdir(parents=True)
        (prefix / "dosdevices" / "c:").symlink_to("../drive_c")
        (prefix / "dosdevices" / "z:").symlink_to("/")
        (prefix / "drive_c" / "windows" / "system32").symlink_to(str(dlls()))  # Wine would copy 690 MB instead
        (prefix / ".update-timestamp").write_text("disable\n", encoding="ascii")
        # Debian's Wine leaves a folder in TMPDIR for each prefix.
        cls.environment = {**os.environ, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "TMPDIR": str(prefix)}
        cls.environment.pop("DISPLAY", None)
        subprocess.run(["wineserver", "-p"], env=cls.environment, check=True)  # it stays until -k
        # The first program starts Wine's services, which keep its standard output: none that somebody waits for.
        subprocess.run(["wine", str(PROGRAMS / "wire_formats.exe")], env=cls.environment, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls) -> None:
        """End the session, and everything that is left in it."""
        subprocess.run(["wineserver", "-k"], env=cls.environment, check=False)
        subprocess.run(["wineserver", "-w"], env=cls.environment, check=False)
        cls.scratch.cleanup()

    def start(self, name: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a program; it is ended with the test at the latest. On a busy machine a peer may take long to start."""
        if name in ("producer", "consumer", "consumer.py") and "--timeout" not in arguments:
            arguments += ("--timeout", str(RUNAWAY))
        command = [str(PROGRAMS / f"{name}.exe")]
        environment = self.environment
        if name in SCRIPTS:  # -S: the site module asks a registry that this prefix has not
            folder = Path(PYTHON).resolve()
            script = ROOT / "solutions" / SCRIPTS[name] / "windows" / name
            command = [str(folder / "python.exe"), "-S", "-B", "-u", windows_path(script)]
            environment = {**environment, "PYTHONHOME": windows_path(folder), "PYTHONPATH": windows_path(folder / "Lib")}
        program = subprocess.Popen(["wine", *command, *arguments], env=environment, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(self.put_away, program)
        return program

    @staticmethod
    def put_away(program: "subprocess.Popen[str]") -> None:
        """Kill it if it runs, close its pipes."""
        if program.poll() is None:
            program.kill()
        program.wait()
        for pipe in (program.stdin, program.stdout):
            if pipe is not None:
                pipe.close()

    def expect(self, program: "subprocess.Popen[str]", pattern: str) -> str:
        """Wait for a line; what was printed up to it."""
        seen: List[str] = []
        assert program.stdout is not None
        for line in program.stdout:
            seen.append(line)
            if re.search(pattern, line):
                return "".join(seen)
        raise self.failureException(f"no {pattern!r} in {''.join(seen)}")

    def end(self, program: "subprocess.Popen[str]", status: int) -> str:
        """Wait for its end; what it printed since it was looked at."""
        assert program.stdout is not None
        rest = program.stdout.read()  # communicate() would miss what expect() has read ahead
        # Wine kills what has ended already, where its host takes more than a second to see it off.
        self.assertIn(program.wait(timeout=RUNAWAY), (status, -signal.SIGKILL), rest)
        return rest

    def frames(self, text: str) -> List[int]:
        """The frames that a consumer took."""
        return [int(number) for number in re.findall(r"^consumer: frame (\d+):", text, re.M)]

    # ---- the bytes ----
    def test_each_wire_format_is_as_on_linux(self) -> None:
        found = json.loads(self.end(self.start("wire_formats"), 0))
        self.assertEqual(found, json.loads((ROOT / "common/python/shmlab/wire_formats.json").read_text(encoding="utf-8")))

    def test_lab1s_python_reads_what_the_windows_writer_wrote(self) -> None:
        writer = self.start("writer", "--name", "Local\\T1")
        self.expect(writer, "press Enter")
        copy = Path(self.scratch.name) / "copy.bin"
        self.end(self.start("peek", "Local\\T1", "1024", windows_path(copy)), 0)
        data: Any = shared_data.SharedData.from_buffer_copy(copy.read_bytes())
        self.assertEqual((data.counter, list(data.data_array)), (42, list(range(10, 101, 10))))
        self.assertTrue(data.data_ready)
        self.assertEqual(set(copy.read_bytes()[636:]), {0})
        self.assertIn("data_array   10 20 30", self.end(self.start("reader", "--name", "Local\\T1"), 0))
        writer.send_signal(signal.SIGINT)
        self.assertIn("Ctrl-C", self.end(writer, 0))

    # ---- lab 1 ----
    def test_the_reader_may_come_first(self) -> None:
        self.assertIn("ERROR_FILE_NOT_FOUND", self.end(self.start("reader", "--name", "Local\\T2"), 1))
        reader = self.start("reader", "--name", "Local\\T2", "--wait", str(RUNAWAY))
        writer = self.start("writer", "--name", "Local\\T2")
        self.assertIn("counter      42", self.end(reader, 0))
        self.assertIn("writer: done", writer.communicate("\n", timeout=RUNAWAY)[0])  # Enter
        self.assertEqual(writer.returncode, 0)

    def test_a_killed_writer_leaves_nothing_and_a_second_one_is_refused(self) -> None:
        writer = self.start("writer", "--name", "Local\\T3")
        self.expect(writer, "press Enter")
        self.assertIn("another writer", self.end(self.start("writer", "--name", "Local\\T3", "--hold", "0"), 1))
        writer.kill()
        writer.wait()
        self.end(self.start("reader", "--name", "Local\\T3"), 1)
        self.end(self.start("writer", "--name", "Local\\T3", "--hold", "0"), 0)

    def test_wrong_usage_is_2(self) -> None:
        for name in ("writer", "reader", "producer", "consumer"):
            self.assertIn("usage", self.end(self.start(name, "--no-such-option"), 2))
        for name, option, value in (("writer", "--hold", "-1"), ("reader", "--wait", "nan"), ("producer", "--seed", "1.5"),
                                    ("consumer", "--frames", "many"), ("consumer", "--timeout", "")):
            self.assertIn(f"{option} wants a", self.end(self.start(name, option, value), 2))

    # ---- lab 6 ----
    def stream(self, first: str, second: str) -> str:
        """Forty frames, started in this order; what both print."""
        common = ("--prefix", "T4", "--frames", "40")
        one = self.start(first, *common, *(["--quiet"] if first not in SCRIPTS else []))
        self.expect(one, "is open|waiting")
        two = self.start(second, *common, *(["--quiet"] if second not in SCRIPTS else []))
        return self.end(one, 0) + self.end(two, 0)

    def test_either_side_may_come_first(self) -> None:
        for order in (("producer", "consumer"), ("consumer", "producer")):
            with self.subTest(first=order[0]):
                self.assertIn("40 frames (1 to 40), 120 detections, 0 gaps", self.stream(*order))

    def test_a_producer_that_dies_with_mutex(self) -> None:
        producer = self.start("dies", "producer", "T5", "7")
        self.expect(producer, "is open")
        text = self.end(self.start("consumer", "--prefix", "T5"), 1)
        self.assertIn("the producer died", text)
        self.assertEqual(self.frames(text), list(range(1, 8)))
        self.end(producer, DIED)

    def test_a_consumer_that_dies_loses_no_frame(self) -> None:
        for how, following in (("consumer", 8), ("reader", 7)):  # with MUTEX, the index moved on; with a slot in its hand
            with self.subTest(how):
                prefix = f"T6{how}"
                producer = self.start("producer", "--prefix", prefix, "--quiet", "--wait", "--frames", "40")
                self.expect(producer, "is open")
                self.end(self.start("dies", how, prefix, "7"), DIED)
                self.assertIn(f"({following} to 40)", self.end(self.start("consumer", "--prefix", prefix, "--quiet"), 0))
                self.end(producer, 0)

    def take_over(self, prefix: str, *command: str) -> None:
        """A consumer comes after the death of one that had a frame in its hand, of which the producer does not know yet."""
        producer = self.start("dies", "slow", prefix, "12")
        self.expect(producer, "busy")
        self.end(self.start("dies", "reader", prefix, "1"), DIED)
        consumer = self.start(*command, "--prefix", prefix)
        self.expect(consumer, "until the producer knows")
        assert producer.stdin is not None
        producer.stdin.write("\n")
        producer.stdin.flush()
        self.assertRegex(self.end(consumer, 0), r"consumer: 12 frames.*, 0 gaps")
        self.end(producer, 0)

    def test_a_consumer_waits_until_the_producer_knows(self) -> None:
        self.take_over("T9", "consumer")

    def endless(self, prefix: str) -> "subprocess.Popen[str]":
        """A producer that goes on when consumers go, until Ctrl-C: however fast they are, there is a frame for each."""
        producer = self.start("producer", "--prefix", prefix, "--quiet", "--wait")
        self.expect(producer, "is open")
        return producer

    @unittest.skipUnless(KILLS, "by request: SHMLAB_WINDOWS_KILLS=25")
    def test_consumers_killed_at_random_lose_no_frame(self) -> None:
        producer = self.endless("TA")
        seen: List[int] = []
        for number in range(KILLS):
            consumer = self.start("consumer", "--prefix", "TA")
            text = self.expect(consumer, "frame ") if number % 4 != 0 else ""  # some while they start
            time.sleep(random.uniform(0, 0.2))  # the instant is what is drawn
            consumer.kill()
            assert consumer.stdout is not None
            seen += self.frames(text + consumer.stdout.read())
            consumer.wait()
        seen += self.frames(self.end(self.start("consumer", "--prefix", "TA", "--frames", "20"), 0))
        self.assertEqual(sorted(set(seen)), list(range(1, seen[-1] + 1)))
        producer.send_signal(signal.SIGINT)
        self.end(producer, 1)
        print(f"{KILLS} kills, {len(set(seen))} frames, {len(seen) - len(set(seen))} of them seen again", file=sys.stderr)

    def test_consumers_killed_at_any_frame_lose_none(self) -> None:
        producer = self.endless("T7")
        last = 0
        for killed_after in (1, 2, 3, 5, 8, None):
            consumer = self.start("consumer", "--prefix", "T7", *([] if killed_after else ["--frames", "20"]))
            text = ""
            assert consumer.stdout is not None
            for line in consumer.stdout:
                text += line
                if len(self.frames(text)) == killed_after:
                    consumer.kill()  # TerminateProcess, as far as the others can tell; what it prints until then counts
            consumer.wait()
            frames = self.frames(text)
            self.assertIn(frames[:1], ([last], [last + 1]), text)  # the frame in a dead one's hand is seen again
            self.assertEqual(frames, list(range(frames[0], frames[0] + len(frames))))
            last = frames[-1]
        self.assertEqual(len(frames), 20)
        producer.send_signal(signal.SIGINT)
        self.assertIn("Ctrl-C", self.end(producer, 1))

    def test_one_of_each_and_ctrl_c_in_full_flow(self) -> None:
        producer = self.start("producer", "--prefix", "T8", "--quiet")
        self.expect(producer, "is open")
        consumer = self.start("consumer", "--prefix", "T8")
        self.expect(consumer, "frame 3")
        for second in [self.start(name, "--prefix", "T8", "--frames", "1") for name in ("producer", "consumer")]:
            self.assertIn("is taken", self.end(second, 1))
        consumer.send_signal(signal.SIGINT)
        self.assertIn("Ctrl-C", self.end(consumer, 1))
        self.assertIn("the consumer has gone", self.end(producer, 1))


    # ---- Python ----
    @WITH_PYTHON
    def test_python_reads_lab_1(self) -> None:
        self.assertIn("start the writer first", self.end(self.start("reader.py", "--name", "Local\\TB"), 1))
        writer = self.start("writer", "--name", "Local\\TB")
        self.expect(writer, "press Enter")
        text = self.end(self.start("reader.py", "--name", "Local\\TB"), 0)
        self.assertIn("counter      42\n", text)
        self.assertIn("data_array   10 20 30 40 50 60 70 80 90 100\n", text)
        writer.send_signal(signal.SIGINT)
        self.end(writer, 0)

    @WITH_PYTHON
    def test_python_consumes_in_either_order(self) -> None:
        for order in (("producer", "consumer.py"), ("consumer.py", "producer")):
            with self.subTest(first=order[0]):
                self.assertIn("40 frames, 120 detections, 0 gaps", self.stream(*order))

    @WITH_PYTHON
    def test_python_and_deaths(self) -> None:
        producer = self.start("dies", "producer", "TC", "7")
        self.expect(producer, "is open")
        text = self.end(self.start("consumer.py", "--prefix", "TC"), 1)
        self.assertIn("the producer died\nconsumer: 7 frames", text)
        self.end(producer, DIED)
        self.take_over("TD", "consumer.py")

    @WITH_PYTHON
    def test_python_keeps_to_one_consumer_and_sees_ctrl_c(self) -> None:
        producer = self.endless("TE")
        consumer = self.start("consumer", "--prefix", "TE")
        self.expect(consumer, "frame 3")
        self.assertIn("is taken", self.end(self.start("consumer.py", "--prefix", "TE"), 1))
        producer.send_signal(signal.SIGINT)
        self.end(producer, 1)
        self.end(consumer, 0)
        waiting = self.start("consumer.py", "--prefix", "TE")
        self.expect(waiting, "waiting for a producer")
        waiting.send_signal(signal.SIGINT)
        self.assertIn("Ctrl-C", self.end(waiting, 1))


def main() -> int:
    """Run the tests, or say why not."""
    global PROGRAMS
    PROGRAMS = Path(sys.argv.pop(1)).resolve()
    if shutil.which("wine") is None or dlls() is None:
        print("skipped: no Wine: tools/install-packages --windows")
        return SKIPPED
    return 0 if unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
