"""Lab 6's consumer against a producer that shares no code with it, and against queues that are wrong."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import struct
import subprocess
import unittest
from typing import Any, List

from support import QUEUE_PRODUCER, Case, Program, finish, libc, unique

from shmlab import png

SLOT, SIZE = 1233620, 6168112


class Consumer(Case):
    def setUp(self) -> None:
        self.prefix = unique()
        self.addCleanup(self.sweep)

    def left(self) -> List[str]:
        return sorted(name for name in os.listdir("/dev/shm") if self.prefix in name)

    def sweep(self) -> None:
        """What a producer that was killed left, if a test failed."""
        for name in self.left():
            os.unlink(f"/dev/shm/{name}")

    def producer(self, *arguments: str, **options: Any) -> Program:
        return self.start([str(QUEUE_PRODUCER), "--prefix", self.prefix, *arguments], **options)

    def consumer(self, *arguments: str, **options: Any) -> Program:
        options.setdefault("stdout", subprocess.PIPE)
        arguments = ("--prefix", self.prefix, "--timeout", "60", *arguments)
        if "--view" not in arguments:
            arguments += ("--view", "none")
        return self.reader("lab6_yolo_queue/consumer.py", *arguments, **options)

    def waiting_consumer(self, *arguments: str) -> Program:
        """One that has found nothing yet."""
        consumer = self.consumer(*arguments)
        self.assertIn("waiting for a producer", consumer.stdout.readline())
        return consumer

    def lock_of(self, fd: int, byte: int) -> bytes:
        return fcntl.fcntl(fd, fcntl.F_OFD_GETLK, struct.pack("@hhqqi0q", fcntl.F_WRLCK, 0, byte, 1, 0))

    def claim(self, fd: int, byte: int) -> None:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("@hhqqi0q", fcntl.F_WRLCK, 0, byte, 1, 0))


class Streams(Consumer):
    def test_counts_everything(self) -> None:
        consumer = self.waiting_consumer()
        producer = self.producer("--frames", "33", "--detections", "4", "--still")
        run = finish(consumer)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("consumer.py: 33 frames (1 to 33), 132 detections", run.stdout)
        self.assertIn("the producer has ended", run.stdout)
        self.assertEqual(finish(producer).returncode, 0)
        self.assertEqual(self.left(), [])

    def test_numbers_without_names_stay_numbers(self) -> None:
        """A producer that says no names: none are guessed, and what --model says goes only as far as it knows."""
        consumer = self.waiting_consumer()
        self.producer("--frames", "8", "--detections", "100", "--still")
        run = finish(consumer)
        self.assertIn("class 0\n", run.stdout)
        self.assertNotIn("circle", run.stdout)
        self.assertIn("the producer does not say which names its numbers have: pass its --model or --names", run.stdout)
        consumer = self.waiting_consumer("--model", "shapes")
        self.producer("--frames", "8", "--detections", "100", "--still")
        run = finish(consumer)
        self.assertIn("  circle\n", run.stdout)
        self.assertIn("is unknown to shapes: pass the producer's --model or --names", run.stdout)

    def test_mark_that_no_list_has(self) -> None:
        consumer = self.waiting_consumer("--frames", "8")
        self.producer("--frames", "8", "--detections", "4", "--still", "--mark", "77")
        run = finish(consumer)
        self.assertNotIn("circle", run.stdout)
        self.assertIn("the producer's names are not known here: pass the producer's --names FILE", run.stdout)

    def test_200_detections(self) -> None:
        consumer = self.waiting_consumer()
        self.producer("--frames", "7", "--detections", "200", "--still")
        self.assertIn("7 frames (1 to 7), 1400 detections", finish(consumer).stdout)

    def test_consumers_one_after_the_other(self) -> None:
        first = self.waiting_consumer("--frames", "8")
        self.producer("--frames", "20", "--still")
        run = finish(first)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("8 frames (1 to 8)", run.stdout)
        run = finish(self.consumer())
        self.assertEqual(run.returncode, 0)
        self.assertIn("12 frames (9 to 20)", run.stdout)

    def test_one_producer_after_the_other(self) -> None:
        consumer = self.waiting_consumer("--wait", "--frames", "13")
        # More frames than slots: the producer cannot end before the consumer has come.
        finish(self.producer("--frames", "6", "--still"))
        self.producer("--frames", "7", "--still")
        run = finish(consumer)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("13 frames (1 to 7)", run.stdout)
        self.assertNotIn("gaps", run.stdout)

    def test_fewer_frames_than_asked_for(self) -> None:
        consumer = self.waiting_consumer("--frames", "9")
        self.producer("--frames", "6", "--still")
        self.assertEqual(finish(consumer).returncode, 1)

    def test_second_consumer_is_refused(self) -> None:
        producer = self.producer("--frames", "2", "--hold", "--still", stdin=subprocess.PIPE)
        first = self.consumer("--frames", "1000")
        while self.prefix + "_QUEUE_SHM" not in self.left():
            pass
        fd = os.open(f"/dev/shm/{self.prefix}_QUEUE_SHM", os.O_RDWR)
        while struct.unpack("@hhqqi0q", self.lock_of(fd, 1))[0] == fcntl.F_UNLCK:
            pass  # until the first one has its role
        run = finish(self.consumer())
        self.assertEqual(run.returncode, 1)
        self.assertIn("another consumer is attached", run.stderr)
        os.close(fd)
        producer.stdin.close()
        producer.wait()
        self.assertIn("2 frames", finish(first).stdout)

    def test_producer_that_dies(self) -> None:
        consumer = self.waiting_consumer()
        self.producer("--frames", "20", "--die", "--still")
        run = finish(consumer)
        self.assertEqual(run.returncode, 1)
        self.assertIn("the producer died; what it left behind is removed", run.stdout)
        self.assertIn("20 frames (1 to 20)", run.stdout)
        self.assertEqual(self.left(), [])

    def test_client_without_presence(self) -> None:
        consumer = self.waiting_consumer()
        self.producer("--frames", "20", "--foreign", "--still")
        run = finish(consumer)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("20 frames (1 to 20)", run.stdout)

    def test_client_without_presence_is_not_taken_for_dead(self) -> None:
        # Its objects stay though nothing holds byte 0: nothing comes, and nothing is removed.
        finish(self.producer("--frames", "3", "--foreign", "--die", "--still"))
        run = finish(self.consumer("--timeout", "0.5"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("3 frames (1 to 3)", run.stdout)
        self.assertIn("nothing came for 0.5 s", run.stderr)
        self.assertEqual(len(self.left()), 4)

    def test_stopped(self) -> None:
        producer = self.producer("--frames", "3", "--hold", "--still", stdin=subprocess.PIPE)
        folder = str(self.folder())
        consumer = self.consumer("--output", folder)
        while "frame_000003.png" not in os.listdir(folder):
            pass
        consumer.send_signal(signal.SIGTERM)
        run = finish(consumer)
        self.assertEqual(run.returncode, 1)
        self.assertIn("SIGTERM", run.stderr)
        self.assertIn("3 frames (1 to 3)", run.stdout)
        self.assertEqual(len(self.left()), 4)
        producer.stdin.close()
        producer.wait()
        self.assertEqual(self.left(), [])


class Pictures(Consumer):
    def test_saves_and_sheet(self) -> None:
        folder = self.folder()
        sheet = folder / "sheet.png"
        consumer = self.waiting_consumer(
            "--view", "png", "--output", str(folder / "new" / "dir"), "--every", "3", "--contact-sheet", str(sheet)
        )
        self.producer("--frames", "7", "--detections", "2")
        run = finish(consumer)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        saved = sorted(os.listdir(folder / "new" / "dir"))
        self.assertEqual(saved, ["frame_000001.png", "frame_000004.png", "frame_000007.png"])
        picture = png.decode((folder / "new" / "dir" / "frame_000004.png").read_bytes())
        # The producer's background at (600, 600) is BGR (90 + 75, 110 - 60, 60); its first box is at x 68, y 72.
        self.assertEqual(picture.pixel(600, 600), (60, 50, 165))
        self.assertEqual(picture.pixel(68 + 30, 72 + 30), (120, 200, 40))
        self.assertNotEqual(picture.pixel(68, 72 + 30), (120, 200, 40))  # its frame
        self.assertEqual(png.decode(sheet.read_bytes()).width, 6 * 208 + 8)


class Hostile(Consumer):
    """Queues that this process makes, with whatever in them."""

    def make(self, *header: int, read_idx: int = 0, count: int = 1, size: int = SIZE) -> mmap.mmap:
        memory = self.shm(f"{self.prefix}_QUEUE_SHM", size)
        if size == SIZE:
            struct.pack_into("<3i", memory, 0, 1, read_idx, count)
            struct.pack_into("<5i", memory, 12 + SLOT * (read_idx % 5), *header)
        # Last: a consumer that waits already reads as soon as the semaphores are there.
        self.tokens = [
            self.semaphore(f"{self.prefix}_{name}", value) for name, value in (("EMPTY", 4), ("FULL", 1), ("MUTEX", 1))
        ]
        return memory

    def test_other_layouts(self) -> None:
        for header in ((1, 0, 0, 0, 0), (1, 640, 480, 3, 0), (1, 640, 640, 4, 0)):
            with self.subTest(header):
                self.prefix = unique()
                self.make(*header)
                run = finish(self.consumer())
                self.assertEqual(run.returncode, 1)
                self.assertIn("the producer has another layout", run.stderr)

    def test_number_of_detections(self) -> None:
        for said, read in ((-1, 0), (2**31 - 1, 200), (201, 200)):
            with self.subTest(said):
                self.prefix = unique()
                self.make(1, 640, 640, 3, said)
                run = finish(self.consumer("--frames", "1"))
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn(f"said to have {said} detections, read as {read}", run.stdout)

    def test_index_out_of_range(self) -> None:
        for index in (-(2**31), -1, 5, 2**31 - 1):
            with self.subTest(index):
                self.prefix = unique()
                memory = self.make(9, 640, 640, 3, 0, read_idx=index)
                run = finish(self.consumer("--frames", "1"))
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn("1 frames (9 to 9)", run.stdout)
                self.assertEqual(struct.unpack_from("<3i", memory, 0)[1:], ((index + 1) % 5, 0))

    def test_indices_and_semaphores_after_a_frame(self) -> None:
        memory = self.make(1, 640, 640, 3, 0, read_idx=4)
        self.assertEqual(finish(self.consumer("--frames", "1")).returncode, 0)
        self.assertEqual(struct.unpack_from("<3i", memory, 0), (1, 0, 0))
        self.assertEqual([self.value(each) for each in self.tokens], [5, 0, 1])

    def test_boxes_anywhere(self) -> None:
        memory = self.make(1, 640, 640, 3, 3)
        huge = 2**31 - 1
        records = (1, 0.5, -huge, -huge, huge, huge), (2, float("nan"), 0, 0, 9, 9), (huge, 0.9, 600, 600, huge, huge)
        memory[32 : 32 + 72] = b"".join(struct.pack("<if4i", *each) for each in records)
        run = finish(self.consumer("--frames", "1", "--view", "png", "--output", str(self.folder())))
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_gaps(self) -> None:
        consumer = self.waiting_consumer("--frames", "6", "--wait")
        self.make(1, 640, 640, 3, 0)
        with open(f"/dev/shm/{self.prefix}_QUEUE_SHM", "r+b") as memory:
            for k in range(1, 5):  # frames 1, 3, 5, 7, 9, and 1 again
                memory.seek(12 + SLOT * k)
                memory.write(struct.pack("<5i", 1 + 2 * k, 640, 640, 3, 0))
        full = libc.sem_open(f"/{self.prefix}_FULL".encode(), 0)
        for _ in range(5):
            libc.sem_post(full)
        run = finish(consumer)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("frame 3 came after 1", run.stdout)
        self.assertIn("6 frames (1 to 1), 0 detections", run.stdout)
        self.assertIn("5 gaps in the numbers", run.stdout)

    def test_other_sizes(self) -> None:
        self.make(size=SIZE - 1)
        run = finish(self.consumer())
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"has {SIZE - 1} bytes, not {SIZE}", run.stderr)

    def test_producer_that_dies_with_mutex(self) -> None:
        """What it published before is read, each frame once."""
        self.make(1, 640, 640, 3, 0)
        fd = os.open(f"/dev/shm/{self.prefix}_QUEUE_SHM", os.O_RDWR)
        self.claim(fd, 0)  # the producer's role
        for k in (1, 2):
            os.pwrite(fd, struct.pack("<5i", 1 + k, 640, 640, 3, 0), 12 + SLOT * k)
        os.pwrite(fd, struct.pack("<3i", 3, 0, 3), 0)
        _, full, mutex = self.tokens
        libc.sem_trywait(mutex)
        consumer = self.consumer()
        while struct.unpack("@hhqqi0q", self.lock_of(fd, 1))[0] == fcntl.F_UNLCK:
            pass  # until it has its role
        self.claim(fd, 3)  # it is known
        while self.value(full):
            pass  # until it has a frame, and comes to wait for MUTEX
        libc.sem_post(full)
        libc.sem_post(full)
        os.close(fd)
        run = finish(consumer)
        self.assertIn("the producer died", run.stdout)
        self.assertIn("3 frames (1 to 3)", run.stdout)
        self.assertNotIn("gaps", run.stdout)
        self.assertEqual(self.left(), [])

    def test_mutex_is_kept(self) -> None:
        """SIGTERM ends a consumer that waits for MUTEX in vain."""
        self.make(1, 640, 640, 3, 0)
        mutex = libc.sem_open(f"/{self.prefix}_MUTEX".encode(), 0)
        full = libc.sem_open(f"/{self.prefix}_FULL".encode(), 0)
        libc.sem_trywait(mutex)
        consumer = self.consumer()
        while self.value(full):
            pass
        consumer.send_signal(signal.SIGTERM)
        run = finish(consumer)
        self.assertEqual(run.returncode, 1)
        self.assertIn("MUTEX is not given back", run.stderr)


if __name__ == "__main__":
    unittest.main()
