"""The readers of labs 1 to 5, against segments that are written here byte by byte."""

from __future__ import annotations

import ctypes
import fcntl
import importlib.util
import os
import signal
import socket
import struct
import subprocess
import unittest
import unittest.mock
from typing import Any, List, Optional, Tuple

from support import IPC_RMID, SOLUTIONS, Case, Program, finish, libc, unique

from shmlab import png, sysv_shm
from shmlab.picture import Picture


def shared_data(ready: int = 1, message: bytes = b"one\ntwo\nthree\nprocess 77") -> bytes:
    """The 1024 bytes of labs 1 and 2."""
    raw = bytearray(1024)
    struct.pack_into("<i", raw, 0, 77)
    raw[4 : 4 + len(message)] = message
    raw[504] = ready
    struct.pack_into("<i", raw, 508, 42)
    struct.pack_into("<d", raw, 512, 23.5)
    struct.pack_into("<3f", raw, 520, 10.5, 20.3, 30.8)
    raw[532:537] = b"alice"
    struct.pack_into("<q", raw, 588, 1700000000123)
    struct.pack_into("<10i", raw, 596, *range(10, 101, 10))
    return bytes(raw)


class Usage(Case):
    programs = (
        "lab1_layout/reader.py",
        "lab2_sysv/reader.py",
        "lab3_handshake/reader.py",
        "lab4_semaphores/consumer.py",
        "lab5_snapshot/reader.py",
        "lab6_yolo_queue/consumer.py",
    )

    def test_help(self) -> None:
        for program in self.programs:
            with self.subTest(program):
                run = self.run_reader(program, "--help")
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertIn("usage:", run.stdout)

    def test_wrong_usage(self) -> None:
        for program in self.programs:
            with self.subTest(program):
                run = self.run_reader(program, "--nope")
                self.assertEqual((run.returncode, run.stdout), (2, ""))
                self.assertIn("usage:", run.stderr)

    def test_values_out_of_range(self) -> None:
        for program, option, value in (
            ("lab1_layout/reader.py", "--name", "a/b"),
            ("lab2_sysv/reader.py", "--key", "0"),
            ("lab2_sysv/reader.py", "--key", "x"),
            ("lab2_sysv/reader.py", "--key", "1_000"),
            ("lab2_sysv/reader.py", "--key", "0x100000000"),
            ("lab3_handshake/reader.py", "--key-id", "256"),
            ("lab3_handshake/reader.py", "--timeout", "nan"),
            ("lab4_semaphores/consumer.py", "--items", "0"),
            ("lab4_semaphores/consumer.py", "--prefix", ""),
            ("lab6_yolo_queue/consumer.py", "--view", "hologram"),
            ("lab6_yolo_queue/consumer.py", "--prefix", "a/b"),
        ):
            with self.subTest(program=program, option=option):
                self.assertEqual(self.run_reader(program, option, value).returncode, 2)


class Fields(Case):
    def check(self, output: str) -> None:
        for line in (
            "process_id   77",
            "message      one\n             two\n             three\n             process 77",
            "counter      42",
            "temperature  23.5",
            "coordinates  10.5 20.3 30.8",
            "user_name    alice",
            "timestamp    1700000000123 (2023-11-1",
            "data_array   10 20 30 40 50 60 70 80 90 100\n",
        ):
            self.assertIn(line, output)


class Lab1(Fields):
    def test_prints_every_field(self) -> None:
        name = unique()
        self.shm(name, 1024, shared_data())
        run = self.run_reader("lab1_layout/reader.py", "--name", name)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.check(run.stdout)
        self.assertTrue(os.path.exists(f"/dev/shm/{name}"))  # the reader removes nothing

    def test_refusals(self) -> None:
        small, empty = unique(), unique()
        self.shm(small, 1023, shared_data()[:1023])
        self.shm(empty, 1024, shared_data(ready=0))
        for name, expected in (
            (small, "has 1023 bytes, 1024 are needed"),
            (empty, "is not filled"),
            (unique(), "ENOENT (No such file or directory): start the writer first"),
        ):
            run = self.run_reader("lab1_layout/reader.py", "--name", name)
            self.assertEqual((run.returncode, run.stdout), (1, ""))
            self.assertTrue(run.stderr.startswith("reader.py: "), run.stderr)
            self.assertIn(expected, run.stderr)

    def test_message_without_end_and_with_escapes(self) -> None:
        name = unique()
        self.shm(name, 1024, shared_data(message=b"\x1b[2J".ljust(500, b"x")))
        run = self.run_reader("lab1_layout/reader.py", "--name", name)
        self.assertEqual(run.returncode, 0)
        self.assertNotIn("\x1b", run.stdout)
        self.assertIn("xxx (no NUL at its end!)", run.stdout)


class Lines(Case):
    """Programs that share a terminal do not print into each other's lines."""

    def writes(self, lab: str, *arguments: str) -> List[bytes]:
        """What each single write of a reader contained; standard output and errors are one stream."""
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # a write is a packet
        with ours, its, unittest.mock.patch.dict(os.environ, PYTHONUNBUFFERED="1"):
            reader = self.reader(lab, *arguments, stdout=its, stderr=its)
            its.close()
            packets = list(iter(lambda: ours.recv(1 << 16), b""))
        reader.wait()
        self.assertGreater(len(packets), 0)
        return packets

    def test_one_write_a_line(self) -> None:
        name = unique()
        self.shm(name, 1024, shared_data())
        key = str(0x53000000 | os.getpid() & 0xFFFFFF)
        _, address = self.segment(1024, int(key))
        ctypes.memmove(address, shared_data(), 1024)
        for lab, arguments in (
            ("lab1_layout/reader.py", ("--name", name)),
            ("lab1_layout/reader.py", ("--name", unique())),  # an error
            ("lab2_sysv/reader.py", ("--key", key)),
            ("lab3_handshake/reader.py", ("--key-path", str(self.folder()), "--timeout", "0")),
            ("lab4_semaphores/consumer.py", ("--prefix", unique(), "--timeout", "0")),
            ("lab6_yolo_queue/consumer.py", ("--prefix", unique(), "--timeout", "0", "--view", "none")),
        ):
            with self.subTest(lab):
                for packet in self.writes(lab, *arguments):
                    self.assertTrue(packet.endswith(b"\n"), packet)


class Lab2(Fields):
    def test_prints_every_field_and_the_facts(self) -> None:
        key = 0x53000000 + os.getpid()
        identity, address = self.segment(1024, key)
        ctypes.memmove(address, shared_data(), 1024)
        run = self.run_reader("lab2_sysv/reader.py", "--key", str(key))
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.check(run.stdout)
        facts = f"id {identity}, 1024 bytes, mode 0600, created by process {os.getpid()}, attached 2 times"
        self.assertIn(facts, run.stdout)

    def test_refusals(self) -> None:
        key = 0x53000000 + os.getpid()
        run = self.run_reader("lab2_sysv/reader.py", "--key", hex(key))
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"shmget(key {key}): ENOENT (No such file or directory): start the writer", run.stderr)
        self.segment(1000, key)
        run = self.run_reader("lab2_sysv/reader.py", "--key", hex(key))
        self.assertEqual(run.returncode, 1)
        self.assertIn("has 1000 bytes, 1024 are needed", run.stderr)


class Lab3(Case):
    """The writer is this process, or a child of it; an aligned one-byte load or store of ctypes is atomic on x86-64."""

    writer = """
import ctypes, os, signal, sys, time
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
key, messages, fate = (int(each) for each in sys.argv[1:])
identity = libc.shmget(key, 108, 0o3600)
address = libc.shmat(identity, None, 0)
ready = ctypes.c_uint8.from_address(address + 104)
print(identity, flush=True)
for number in range(1, messages + 1):
    ctypes.c_int32.from_address(address).value = number
    text = b"Message #%d from Writer Process (PID: %d)" % (number, os.getpid())
    ctypes.memmove(address + 4, text.ljust(100, b"\\0"), 100)
    ready.value = 1
    if number == messages and fate:
        break
    while ready.value:
        time.sleep(0.0005)
if fate == 9:
    os.kill(os.getpid(), signal.SIGKILL)
libc.shmctl(identity, 0, None)
"""

    def setUp(self) -> None:
        self.path = self.folder() / "key"
        self.path.write_bytes(b"")
        self.key = libc.ftok(str(self.path).encode(), 7)
        self.addCleanup(self.remove)

    def remove(self) -> None:
        identity = libc.shmget(self.key, 0, 0)
        if identity != -1:
            libc.shmctl(identity, IPC_RMID, None)

    def start_writer(self, messages: int, fate: int = 0) -> Program:
        return self.start(["-c", self.writer, str(self.key), str(messages), str(fate)], stderr=None)

    def start_reader(self, *arguments: str) -> Program:
        options = ["--key-path", str(self.path), "--key-id", "7", *arguments]
        return self.reader("lab3_handshake/reader.py", *options, "--timeout", "60")

    def expected(self, writer: Program, messages: int) -> List[str]:
        return [
            f"reader.py: received #{n}: Message #{n} from Writer Process (PID: {writer.pid})"
            for n in range(1, messages + 1)
        ]

    def received(self, run: "subprocess.CompletedProcess[str]") -> List[str]:
        return [line for line in run.stdout.splitlines() if "received" in line]

    def test_writer_first(self) -> None:
        writer = self.start_writer(5)
        writer.stdout.readline()
        run = finish(self.start_reader())
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(self.received(run), self.expected(writer, 5))

    def test_reader_first(self) -> None:
        reader = self.start_reader("--messages", "20")
        self.assertIn("waiting for a writer", reader.stdout.readline())
        writer = self.start_writer(20)
        run = finish(reader)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(self.received(run), self.expected(writer, 20))

    def test_last_message_of_a_writer_that_is_gone(self) -> None:
        # fate 1: the writer sets ready, removes the segment and ends without waiting.
        reader = self.start_reader("--messages", "3")
        reader.stdout.readline()
        writer = self.start_writer(3, 1)
        run = finish(reader)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(self.received(run), self.expected(writer, 3))

    def test_message_that_comes_while_the_writer_goes(self) -> None:
        """The writer fills the box between our look at the flag and our look at the writer, and is gone by then."""
        spec = importlib.util.spec_from_file_location("lab3_reader", SOLUTIONS / "lab3_handshake" / "reader.py")
        assert spec is not None and spec.loader is not None
        reader: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(reader)
        identity, address = self.segment(108)

        class Going(reader.Box):  # type: ignore[misc]
            def writer_gone(self) -> bool:
                struct.pack_into("<i100sB", (ctypes.c_char * 108).from_address(address), 0, 7, b"the last", 1)
                return True

        with sysv_shm.Segment(identity, writable=True) as segment:
            self.assertEqual(Going(segment).receive(60), (7, "the last"))
        self.assertEqual(ctypes.c_uint8.from_address(address + 104).value, 0)

    def test_writer_that_dies(self) -> None:
        reader = self.start_reader("--messages", "9")
        reader.stdout.readline()
        writer = self.start_writer(4, 9)
        run = finish(reader)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(self.received(run), self.expected(writer, 4))
        self.assertIn("the writer is gone before message #5", run.stderr)

    def test_stale_segment_is_not_read(self) -> None:
        dead = self.start_writer(1, 9)
        identity = int(dead.stdout.readline())
        dead.wait()
        reader = self.start_reader("--messages", "2")
        self.assertIn("waiting for a writer", reader.stdout.readline())
        libc.shmctl(identity, IPC_RMID, None)
        writer = self.start_writer(2)
        run = finish(reader)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(self.received(run), self.expected(writer, 2))

    def test_stopped(self) -> None:
        reader = self.start_reader()
        reader.stdout.readline()
        reader.send_signal(signal.SIGTERM)
        run = finish(reader)
        self.assertEqual(run.returncode, 1)
        self.assertIn("SIGTERM", run.stderr)

    def test_nobody_comes(self) -> None:
        run = self.run_reader("lab3_handshake/reader.py", "--key-path", str(self.path), "--timeout", "0.05")
        self.assertEqual(run.returncode, 1)
        self.assertIn("no writer came within 0.05 s", run.stderr)
        run = self.run_reader("lab3_handshake/reader.py", "--key-path", str(self.path) + "x")
        self.assertEqual(run.returncode, 1)
        self.assertIn("ENOENT", run.stderr)


class Lab4(Case):
    """The producer is this process."""

    def setUp(self) -> None:
        self.prefix = unique()

    def make(self, capacity: int = 4, version: int = 1, element: int = 64, size: Optional[int] = None, magic: int = 0x46554253) -> int:
        """A buffer with this process as its user; returns the descriptor that carries the presence."""
        size = 32 + 64 * capacity if size is None else size
        self.memory = self.shm(f"{self.prefix}_buffer", size)
        self.empty = self.semaphore(f"{self.prefix}_empty", capacity)
        self.full = self.semaphore(f"{self.prefix}_full", 0)
        self.mutex = self.semaphore(f"{self.prefix}_mutex", 1)
        struct.pack_into("<8I", self.memory, 0, magic, version, element, capacity, 0, 0, 0, 0)
        self.capacity = capacity
        fd = os.open(f"/dev/shm/{self.prefix}_buffer", os.O_RDWR)
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("@hhqqi0q", fcntl.F_RDLCK, 0, 0, 1, 0))
        return fd

    def put(self, sequence: int) -> None:
        """One item, waiting for room with the C library (which lets other threads run)."""
        libc.sem_wait(ctypes.c_void_p(self.empty))
        libc.sem_wait(ctypes.c_void_p(self.mutex))
        (tail,) = struct.unpack_from("<I", self.memory, 20)
        text = b"item %d of producer 3" % sequence
        struct.pack_into("<ii56s", self.memory, 32 + 64 * tail, 3, sequence, text)
        (count,) = struct.unpack_from("<I", self.memory, 24)
        struct.pack_into("<II", self.memory, 20, (tail + 1) % self.capacity, count + 1)
        libc.sem_post(self.mutex)
        libc.sem_post(self.full)

    def left(self) -> List[str]:
        return sorted(name for name in os.listdir("/dev/shm") if self.prefix in name)

    def consumer(self, *arguments: str) -> Program:
        return self.reader("lab4_semaphores/consumer.py", "--prefix", self.prefix, "--timeout", "60", *arguments)

    def test_two_consumers_lose_and_double_nothing(self) -> None:
        fd = self.make()
        consumers = [self.consumer("--items", "20") for _ in range(2)]
        for sequence in range(1, 41):
            self.put(sequence)
        runs = [finish(each) for each in consumers]
        got = [line for run in runs for line in run.stdout.splitlines() if "got" in line]
        self.assertEqual(sorted(got), sorted(f"consumer.py: got item {n} of producer 3" for n in range(1, 41)))
        self.assertEqual([(run.returncode, run.stderr) for run in runs], [(0, "")] * 2)
        self.assertEqual((self.value(self.empty), self.value(self.full), self.value(self.mutex)), (4, 0, 1))
        self.assertEqual(struct.unpack_from("<3I", self.memory, 16), (0, 0, 0))
        self.assertEqual(len(self.left()), 4)  # we are still there
        os.close(fd)

    def test_last_one_out_removes_the_objects(self) -> None:
        fd = self.make()
        reader = self.consumer("--items", "3")
        for sequence in range(1, 4):
            self.put(sequence)
            if sequence == 2:
                # It has attached by now, or never will: item 1 or 2 being taken proves it.
                while self.value(self.full) == 2:
                    pass
                os.close(fd)
        self.assertEqual(finish(reader).returncode, 0)
        self.assertEqual(self.left(), [])

    def test_waits_for_a_user(self) -> None:
        reader = self.consumer("--items", "1")
        self.assertIn("waiting for a producer", reader.stdout.readline())
        fd = self.make()
        self.put(1)
        self.assertEqual(finish(reader).returncode, 0)
        os.close(fd)

    def test_stale_buffer_is_not_joined(self) -> None:
        os.close(self.make())
        run = finish(self.reader("lab4_semaphores/consumer.py", "--prefix", self.prefix, "--timeout", "0.1"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("no producer came within 0.1 s", run.stderr)
        self.assertEqual(len(self.left()), 4)

    def test_nothing_comes(self) -> None:
        fd = self.make()
        run = finish(self.reader("lab4_semaphores/consumer.py", "--prefix", self.prefix, "--timeout", "0.1"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("nothing came for 0.1 s: got 0 of 10 items", run.stderr)
        os.close(fd)

    def test_mutex_of_a_dead_process(self) -> None:
        fd = self.make()
        self.put(1)
        libc.sem_trywait(self.mutex)
        run = finish(self.reader("lab4_semaphores/consumer.py", "--prefix", self.prefix, "--timeout", "0.1"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("was not given back", run.stderr)
        self.assertEqual(self.value(self.full), 1)  # the item is still there for others
        os.close(fd)

    def test_stopped(self) -> None:
        fd = self.make()
        reader = self.consumer()
        self.put(1)
        reader.stdout.readline()
        reader.send_signal(signal.SIGINT)
        run = finish(reader)
        self.assertEqual(run.returncode, 1)
        self.assertIn("SIGINT: got 1 of 10 items", run.stderr)
        os.close(fd)

    def test_headers_that_lie(self) -> None:
        for wrong in (
            {"version": 2},
            {"element": 60},
            {"capacity": 0},
            {"capacity": 1025},
            {"capacity": 4, "size": 32 + 64 * 4 - 1},
            {"capacity": 4, "size": 32 + 64 * 4 + 1},
        ):
            with self.subTest(wrong):
                self.prefix = unique()
                fd = self.make(**wrong)
                run = finish(self.consumer())
                self.assertEqual(run.returncode, 1, run.stdout)
                self.assertIn("choose another --prefix", run.stderr)
                os.close(fd)
                self.assertEqual(len(self.left()), 4)

    def test_damaged_indices(self) -> None:
        for at, value in ((16, 4), (16, 2**32 - 1), (24, 0), (24, 5)):
            with self.subTest(at=at, value=value):
                self.prefix = unique()
                fd = self.make()
                self.put(1)
                struct.pack_into("<I", self.memory, at, value)
                run = finish(self.consumer())
                self.assertEqual(run.returncode, 1)
                self.assertIn("is damaged", run.stderr)
                self.assertEqual(self.value(self.mutex), 1)
                os.close(fd)


class Lab5(Case):
    def setUp(self) -> None:
        self.name = unique()
        self.output = self.folder() / "out.png"

    def fill(self, count: int, *records: Tuple[float, ...]) -> None:
        raw = struct.pack("<i", count) + b"".join(struct.pack("<if4i", *each) for each in records)
        self.shm(self.name, 244, raw)

    def read(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run_reader("lab5_snapshot/reader.py", "--name", self.name, "--output", str(self.output), *arguments)

    def names(self) -> str:
        path = self.output.with_name("names")
        path.write_text("person\n" + "\n" * 15 + "dog\n")
        return str(path)

    def test_prints_and_draws(self) -> None:
        image = self.output.with_name("in.png")
        image.write_bytes(png.encode(Picture.blank(300, 200, (10, 20, 30))))
        self.fill(2, (16, 0.875, 50, 60, 100, 80), (77, 0.5, 0, 0, 10, 10))
        run = self.read("--image", str(image), "--names", self.names())
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stderr, r"^reader.py: class 77 is unknown to .*names: pass the producer's --model or --names\n$")
        self.assertIn("2 detections", run.stdout)
        self.assertIn("dog            0.88  x 50  y 60  width 100  height 80", run.stdout)
        self.assertIn("class 77", run.stdout)
        picture = png.decode(self.output.read_bytes())
        self.assertEqual((picture.width, picture.height), (300, 200))
        self.assertEqual(picture.pixel(100, 100), (10, 20, 30))  # inside the box
        for x, y in ((50, 100), (149, 100), (100, 139), (149, 139)):  # on its edges
            self.assertNotEqual(picture.pixel(x, y), (10, 20, 30), (x, y))

    def test_hostile_values(self) -> None:
        huge = 2**31 - 1
        self.fill(huge, (16, 0.9, 5, 5, huge, huge), (16, float("nan"), 1, 1, 5, 5), (16, 0.9, 1, 1, -5, 5))
        run = self.read()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("1 detection\n", run.stdout)
        self.assertIn("the count is 2147483647", run.stderr)
        self.assertIn("9 records make no sense", run.stderr)
        self.assertEqual(png.decode(self.output.read_bytes()).width, 8192)

    def test_records_without_sense(self) -> None:
        bad = [(16, float("inf"), 1, 2, 3, 4), (16, 0.5, 1, 2, 3, 0), (-1, 0.5, 1, 2, 3, 4), (16, 1.5, 1, 2, 3, 4)]
        self.fill(5, *bad, (16, 0.75, 1, 2, 3, 4))
        run = self.read()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("1 detection\n", run.stdout)
        self.assertIn("4 records make no sense", run.stderr)

    def test_negative_count(self) -> None:
        self.fill(-(2**31), (16, 0.75, 1, 2, 3, 4))
        run = self.read()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("0 detections\n", run.stdout)
        self.assertNotIn("make no sense", run.stderr)

    def test_nothing_detected(self) -> None:
        self.fill(0)
        run = self.read()
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("0 detections", run.stdout)
        self.assertTrue(self.output.exists())

    def test_picture_that_cannot_be_decoded(self) -> None:
        self.fill(0)
        image = self.output.with_name("in.gif")
        image.write_bytes(b"GIF89a, or so")
        run = self.read("--image", str(image))
        self.assertEqual(run.returncode, 0)
        self.assertIn("the boxes are drawn on black", run.stderr)

    def test_refusals(self) -> None:
        run = self.read()
        self.assertEqual(run.returncode, 1)
        self.assertIn("ENOENT (No such file or directory): run the producer first", run.stderr)
        self.shm(self.name, 243)
        self.assertIn("has 243 bytes, 244 are needed", self.read().stderr)

    def test_missing_image_and_folder(self) -> None:
        self.fill(0)
        run = self.read("--image", "/nope.png")
        self.assertEqual((run.returncode, "ENOENT" in run.stderr), (1, True))
        run = self.read("--output", "/nope/x.png")
        self.assertEqual((run.returncode, "ENOENT" in run.stderr), (1, True))


if __name__ == "__main__":
    unittest.main()
