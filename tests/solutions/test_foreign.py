"""A client in another language against our programs: written from docs/wire-formats.md alone; either side may start first.

    test_foreign.py cpp|rs

SOLUTIONS in the environment: the folder of the built programs. Skipped where there is no compiler for that language.
"""
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar, List, Sequence, Union

HERE = Path(__file__).resolve().parent
BUILT = Path(os.environ["SOLUTIONS"])
SCRIPTS = HERE.parents[1] / "solutions"
LIMIT = 120  # seconds; only stops runaways
NO_COMPILER = 77
COMPILERS = {  # by the ending of the client's file
    "cpp": ["c++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror"],
    "rs": ["rustc", "--edition", "2021", "-O"],
}
language = "cpp"
numbers = itertools.count(1)


class Foreign(unittest.TestCase):
    """Each lab that it knows, in both directions."""

    client: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.mkdtemp(prefix="shmlab-foreign-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.client = f"{folder}/foreign_client"
        source = HERE / f"foreign_client.{language}"
        subprocess.run([*COMPILERS[language], "-o", cls.client, str(source)], check=True)

    def setUp(self) -> None:
        self.name = f"shmlabforeign{os.getpid()}n{next(numbers)}"
        self.addCleanup(self.sweep)

    def left(self) -> List[str]:
        return [name for name in os.listdir("/dev/shm") if self.name in name]

    def sweep(self) -> None:
        """What a test that failed left."""
        for name in self.left():
            os.unlink(f"/dev/shm/{name}")

    def start(self, *command: "str | Path") -> "subprocess.Popen[str]":
        process = subprocess.Popen([str(each) for each in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)  # type: ignore[union-attr]
        return process

    def end(self, process: "subprocess.Popen[str]", typed: str = "") -> str:
        said = process.communicate(typed, timeout=LIMIT)[0]
        self.assertEqual(process.returncode, 0, said)
        return said

    def meet(self, first: Sequence[Union[str, Path]], second: Sequence[Union[str, Path]]) -> List[str]:
        """What both say, each of them started first once; nothing stays behind."""
        said = []
        for commands in ((first, second), (second, first)):
            ones = [self.start(*each) for each in commands]
            ends = [self.end(each) for each in ones]
            said.append("".join(ends))
            self.assertEqual(self.left(), [])
        return said

    def test_lab1(self) -> None:
        writer = self.start(BUILT / "lab1_layout/writer", "--name", f"/{self.name}")
        read = self.start(self.client, "read", "lab1", f"/{self.name}")  # waits for the writer
        self.assertIn("[10, 20, 30, 40, 50, 60, 70, 80, 90, 100]", self.end(read))
        self.end(writer, "\n")
        writer = self.start(self.client, "write", "lab1", f"/{self.name}")
        self.assertEqual(writer.stdout.readline(), "written\n")  # type: ignore[union-attr]
        refused = self.start(BUILT / "lab1_layout/writer", "--name", f"/{self.name}")
        self.assertIn("another writer holds it", refused.communicate(timeout=LIMIT)[0])
        said = self.end(self.start(sys.executable, SCRIPTS / "lab1_layout/reader.py", "--name", f"/{self.name}"))
        self.assertIn("Grüße aus ", said)
        self.assertIn("data_array   9 8 7 6 5 4 3 2 1 0", said)
        self.end(writer)
        self.assertEqual(self.left(), [])

    def test_lab3(self) -> None:
        with tempfile.NamedTemporaryFile() as key:  # a file of our own, and so a key of our own
            ours = ["--key-path", key.name]
            for said in self.meet([self.client, "read", "lab3", key.name], [BUILT / "lab3_handshake/writer", *ours]):
                self.assertIn("5 Message #5 from Writer Process", said)
            for said in self.meet([self.client, "write", "lab3", key.name], [BUILT / "lab3_handshake/reader", *ours]):
                self.assertIn("foreign 5", said)

    def test_lab4(self) -> None:
        ours = ["--prefix", self.name, "--items", "30"]
        for said in self.meet([self.client, "read", "lab4", self.name, "30"], [BUILT / "lab4_semaphores/producer", *ours]):
            self.assertIn("1 30 item 30 of producer 1", said)
        for said in self.meet([self.client, "write", "lab4", self.name, "30"], [BUILT / "lab4_semaphores/consumer", *ours]):
            self.assertIn("foreign 30", said)

    def test_lab6(self) -> None:
        ours = ["--prefix", self.name, "--detector", "truth", "--frames", "12"]
        for said in self.meet([self.client, "read", "lab6", self.name, "12"], [BUILT / "lab6_yolo_queue/producer", *ours]):
            self.assertIn("12 640 3 true", said)
        view: List[Union[str, Path]] = [sys.executable, SCRIPTS / "lab6_yolo_queue/consumer.py", "--prefix", self.name, "--view", "none"]
        for said in self.meet([self.client, "write", "lab6", self.name, "12"], view):
            self.assertIn("12 frames (1 to 12), 12 detections", said)
            self.assertIn("       3  star", said)


if __name__ == "__main__":
    language = sys.argv.pop(1)
    if shutil.which(COMPILERS[language][0]) is None:
        print(f"skipped: there is no {COMPILERS[language][0]}")
        sys.exit(NO_COMPILER)
    unittest.main()
