"""What our programs meet and did not make: folders and objects of others under their names, producers that fail at once, Ctrl-C
before they have begun.

SOLUTIONS in the environment: the folder of the built programs.
"""
import ctypes
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Callable, Dict, List, Optional

SCRIPTS = Path(__file__).resolve().parents[2] / "solutions"
BUILT = Path(os.environ["SOLUTIONS"])
LIMIT = 120  # seconds; only stops runaways
QUEUE_SIZE = 6168112
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
CONSUMERS: Dict[str, List[List[str]]] = {  # by what comes after the prefix in the object's name
    "buffer": [[str(BUILT / "lab4_semaphores/consumer")], [sys.executable, str(SCRIPTS / "lab4_semaphores/consumer.py")]],
    "QUEUE_SHM": [[str(BUILT / "lab6_yolo_queue/consumer")],
                  [sys.executable, str(SCRIPTS / "lab6_yolo_queue/consumer.py"), "--view", "none"]],
}
PROGRAMS = ("lab1_layout/reader.py", "lab2_sysv/reader.py", "lab3_handshake/reader.py", "lab3_handshake/pong.py",
            "lab4_semaphores/consumer.py", "lab5_snapshot/reader.py", "lab6_yolo_queue/consumer.py")
# Sends SIGINT, as Ctrl-C does, when the next module is looked for once shmlab.program is there.
INTERRUPTED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if "shmlab.program" in sys.modules and hasattr(sys.modules["shmlab.program"], "run"):
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
        return None
sys.meta_path.insert(0, Finder())
"""
numbers = itertools.count(1)
libc = ctypes.CDLL(None)


def as_anybody() -> None:
    """Root without its way past the access bits: between fork and exec."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


class Strangers(unittest.TestCase):
    """Each with the consumers of labs 4 and 6, in C and Python."""

    def setUp(self) -> None:
        self.prefix = f"shmlabstrange{os.getpid()}n{next(numbers)}"
        self.addCleanup(self.sweep)

    def sweep(self) -> None:
        """What a test that failed left."""
        for name in os.listdir("/dev/shm"):
            path = Path("/dev/shm") / name
            if self.prefix in name and path.is_dir():
                path.rmdir()
            elif self.prefix in name:
                path.unlink()

    def path(self, ending: str) -> Path:
        return Path(f"/dev/shm/{self.prefix}_{ending}")

    def refused(self, command: List[str], before: Optional[Callable[[], None]] = None) -> str:
        """It fails with a sentence."""
        done = subprocess.run([*command, "--prefix", self.prefix, "--timeout", "0"], preexec_fn=before,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertNotIn("Traceback", done.stdout)
        return done.stdout

    def test_folder_of_that_name(self) -> None:
        for ending, commands in CONSUMERS.items():
            self.path(ending).mkdir()
            for command in commands:
                with self.subTest(command):
                    said = self.refused(command)
                    self.assertIn("choose another --prefix", said)
                    self.assertNotIn("another user", said)

    def test_object_of_another_user(self) -> None:
        for ending, commands in CONSUMERS.items():
            self.path(ending).touch()
            self.path(ending).chmod(0)
            for command in commands:
                with self.subTest(command):
                    self.assertIn("it belongs to another user: ask for --mode 0666, or", self.refused(command, as_anybody))

    def test_object_of_another_size_makes_room(self) -> None:
        for command in CONSUMERS["QUEUE_SHM"]:
            with self.subTest(command):
                self.path("QUEUE_SHM").write_bytes(b"left behind")
                self.assertIn(f"has 11 bytes, not {QUEUE_SIZE}: it belongs to another program", self.refused(command))
                consumer = subprocess.Popen([*command, "--prefix", self.prefix], stdout=subprocess.PIPE, text=True)
                self.addCleanup(consumer.wait)
                self.addCleanup(consumer.kill)
                self.assertIn("waiting for a producer", consumer.stdout.readline())  # type: ignore[union-attr]
                producer = BUILT / "lab6_yolo_queue/producer"
                subprocess.run([producer, "--prefix", self.prefix, "--detector", "truth", "--frames", "3", "--quiet"],
                               stdout=subprocess.DEVNULL, check=True)
                said = consumer.communicate(timeout=LIMIT)[0]
                self.assertIn("3 frames (1 to 3)", said)
                self.assertEqual(consumer.returncode, 0)

    def test_stopped_while_it_replaces_what_a_killed_producer_left(self) -> None:
        """It removes the old buffer's name; whatever stops it then, the old semaphores do not stay."""
        producer = [str(BUILT / "lab4_semaphores/producer"), "--prefix", self.prefix]
        killed = subprocess.Popen(producer, stdout=subprocess.PIPE)
        self.assertIn(b"put item 1", killed.stdout.readline())  # type: ignore[union-attr]
        killed.kill()
        killed.communicate()
        reading, writing = os.pipe()  # full, so that it waits where it says that it replaces the buffer
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, bytes(65536))
        except BlockingIOError:
            os.set_blocking(writing, True)
        stopped = subprocess.Popen(producer, stdout=writing, stderr=subprocess.DEVNULL)
        os.close(writing)
        caught = re.compile(r"SigCgt:\s*([0-9a-f]+)")
        while not int(caught.findall(Path(f"/proc/{stopped.pid}/status").read_text())[0], 16) >> (signal.SIGTERM - 1) & 1:
            pass
        stopped.send_signal(signal.SIGTERM)
        with open(reading, "rb") as said:
            said.read()
        self.assertEqual(stopped.wait(timeout=LIMIT), 1)
        self.assertEqual([name for name in os.listdir("/dev/shm") if self.prefix in name], [])

    def test_producer_that_gives_nothing(self) -> None:
        """It made a queue that is whole, put nothing in, and removed it: no success, whoever started first."""
        for command in CONSUMERS["QUEUE_SHM"]:
            with self.subTest(command):
                for name, value in (("EMPTY", 5), ("FULL", 0), ("MUTEX", 1)):
                    libc.sem_open(f"/{self.prefix}_{name}".encode(), os.O_CREAT | os.O_EXCL, 0o600, value)
                with open(self.path("QUEUE_SHM"), "wb") as queue:
                    queue.truncate(QUEUE_SIZE)
                    consumer = subprocess.Popen([*command, "--prefix", self.prefix], stdout=subprocess.PIPE, text=True)
                    self.addCleanup(consumer.wait)
                    self.addCleanup(consumer.kill)
                    maps = Path(f"/proc/{consumer.pid}/maps")
                    while str(self.path("QUEUE_SHM")) not in maps.read_text():
                        self.assertIsNone(consumer.poll())
                for name in ("EMPTY", "FULL", "MUTEX"):
                    libc.sem_unlink(f"/{self.prefix}_{name}".encode())
                self.path("QUEUE_SHM").unlink()
                said = consumer.communicate(timeout=LIMIT)[0]
                self.assertIn("the producer has ended", said)
                self.assertIn("0 frames", said)
                self.assertEqual(consumer.returncode, 1)

    def test_interrupt_while_importing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "usercustomize.py").write_text("")
            (Path(folder) / "sitecustomize.py").write_text(INTERRUPTED)
            for program in PROGRAMS:
                with self.subTest(program):
                    done = subprocess.run([sys.executable, SCRIPTS / program], env={**os.environ, "PYTHONPATH": folder},
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False)
                    self.assertEqual((done.returncode, done.stdout), (-signal.SIGINT, ""))


if __name__ == "__main__":
    unittest.main()
