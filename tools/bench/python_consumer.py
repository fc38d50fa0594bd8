#!/usr/bin/env python3
"""The consumer of the benchmark's Python rows; `bench` starts it, with what it needs as open descriptors.

It takes frames in lab 6's format from a C producer, does with each what --use says, verifies each, and writes into
--report when the timed ones began and ended. With --transport python it is both sides: multiprocessing's own ways.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import importlib
import mmap
import multiprocessing
import os
import signal
import struct
import sys
import time
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any, Callable, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "common" / "python"), str(ROOT / "solutions" / "lab6_yolo_queue")]

from shmlab import colours, detection, draw, png, yolo_queue  # noqa: E402
from shmlab.draw import Mark  # noqa: E402
from shmlab.picture import Picture  # noqa: E402

REPORT = struct.Struct("<4q4Q")  # begin, end, waited, cpu, arrived, torn, lost, doubled: struct pair_report
TOKEN = struct.pack("@Q", 1)  # what an eventfd counts
STEP = 4096  # bytes from stamp to stamp
PAGE = 4096  # bytes: the ring's slots begin there, see ring.h
LINE = 128  # bytes between the words of the ring
PIPE_LARGE = 1 << 20  # bytes
F_SETPIPE_SZ = 1031  # <linux/fcntl.h>; Python 3.10 has it by name
SLOTS = yolo_queue.SLOTS
SIZE = yolo_queue.SLOT_SIZE
STAMPS = len(range(STEP, SIZE - 8, STEP))
ATTACH_SECONDS = 10.0

Use = Callable[[int], int]  # offset of a slot -> number of the frame in it, -1 when it is torn
Next = Callable[[], int]  # give back the slot, wait for the next one, return its offset


class Report:
    """Counts and times, as C reads them."""

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, REPORT.size)
        self._torn = self._lost = self._doubled = 0
        self.begin = self.end = self.cpu = self.arrived = 0

    def fault(self, expected: int, found: int) -> None:
        """This frame was not the expected one. -1: it was torn."""
        self._torn += found == -1
        self._lost += found > expected
        self._doubled += -1 < found < expected

    def write(self) -> None:
        """Hand it over."""
        REPORT.pack_into(
            self._memory, 0, self.begin, self.end, 0, self.cpu, self.arrived, self._torn, self._lost, self._doubled
        )


def consume(next_slot: Next, use: Use, warm: int, count: int, report: Report) -> bool:
    """Take all frames; the clock starts after the warm ones."""
    for number in range(1, warm + count + 1):
        found = use(next_slot())
        if found != number:
            report.fault(number, found)
            return False
        if number == warm:
            report.cpu = -time.process_time_ns()
            report.begin = time.monotonic_ns()
    report.end = time.monotonic_ns()
    report.cpu += time.process_time_ns()
    report.arrived = warm + count
    return True


# ---- where frames come from ----


class RingEnd(ctypes.Structure):
    """struct ring_end of ring.h."""

    _fields_ = [("ring", ctypes.c_void_p), ("mine", ctypes.c_uint64), ("seen", ctypes.c_uint64)]


def helper_ring(memory: mmap.mmap, helper: str) -> Next:
    """Slots of the ring, through the helper."""
    library = ctypes.CDLL(helper)
    function = library.helper_next
    function.argtypes = [ctypes.c_void_p]
    function.restype = ctypes.c_size_t
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    end = RingEnd(base, 0, 0)
    address = ctypes.c_void_p(ctypes.addressof(end))
    keep = (library, end, memory)  # as long as the function below lives

    def next_slot() -> int:
        return function(address)  # type: ignore[no-any-return]

    next_slot.keep = keep  # type: ignore[attr-defined]
    return next_slot


def eventfd_ring(slots: "Tuple[int, ...]", full: int, empty: int) -> Next:
    """Slots of the ring, each announced by a token of an eventfd and given back by one of another."""
    taken = 0
    read, write = os.read, os.write

    def next_slot() -> int:
        nonlocal taken
        if taken:
            write(empty, TOKEN)
        read(full, 8)
        taken += 1
        return slots[(taken - 1) % SLOTS]

    return next_slot


def ring_slots(memory: mmap.mmap) -> "Tuple[int, ...]":
    """Where the slots begin: after the words of the ring, at the next page."""
    (stride,) = struct.unpack_from("@Q", memory, 2 * LINE)
    return tuple(PAGE + k * stride for k in range(SLOTS))


# ---- what is done with them ----


def boxes_draw(picture: Picture, found: "Tuple[float, ...]") -> None:
    """The boxes of a frame."""
    for each in detection.split(found):
        mark = Mark(each.x, each.y, each.width, each.height, "", colours.of_class(each.class_id))
        draw.box(picture, mark.x, mark.y, mark.width, mark.height, mark.colour)


class LatestFile:
    """The latest picture, always in the same file on tmpfs, which has no name, so that nothing is left behind.

    Its pages are there after the first one. A new file for each frame costs some 300 page faults more.
    """

    def __init__(self) -> None:
        self._fd = os.memfd_create("latest")

    def write(self, *parts: "bytes | bytearray") -> None:
        """This picture instead of the last one."""
        os.ftruncate(self._fd, os.pwritev(self._fd, parts, 0))


BMP_HEADER = struct.pack(
    "<2sIHHI" + "IiiHHIIiiII",
    *(b"BM", 54 + yolo_queue.PIXEL_BYTES, 0, 0, 54),
    *(40, yolo_queue.WIDTH, -yolo_queue.HEIGHT, 1, 24, 0, 0, 2835, 2835, 0, 0),  # negative height: from the top
)
PPM_HEADER = b"P6 %d %d 255\n" % (yolo_queue.WIDTH, yolo_queue.HEIGHT)


class Uses:
    """What --use says, for frames in `memory`."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._view = memoryview(memory)
        self._file = LatestFile()
        self._copy = bytearray(SIZE)
        self._pixels = bytearray(yolo_queue.PIXEL_BYTES)
        # Into a view, not into the bytearray: bytearray[:] = view makes a bytearray of the view first, a second copy.
        self._copy_view = memoryview(self._copy)
        self._pixels_view = memoryview(self._pixels)

    def header(self, at: int) -> int:
        """Read the 20 bytes of the header."""
        frame_id, width, height, channels, _ = yolo_queue.HEADER.unpack_from(self._memory, at)
        return frame_id if (width, height, channels) == (640, 640, 3) else -1  # type: ignore[no-any-return]

    def detections(self, at: int) -> int:
        """The header and all detections, with one call for all of them."""
        frame_id, _, _, _, count = yolo_queue.HEADER.unpack_from(self._memory, at)
        found = detection.records(count).unpack_from(self._memory, at + yolo_queue.DETECTIONS_OFFSET)
        return frame_id if found[-6] == (count - 1) % 80 else -1  # type: ignore[no-any-return]

    def bytes(self, at: int) -> int:
        """Copy the whole slot, look at its stamps afterwards."""
        self._copy_view[:] = self._view[at : at + SIZE]
        return copy_number(self._copy)

    def _picture(self, at: int, swap: bool) -> "Tuple[int, Picture]":
        """A copy of the pixels with the boxes drawn, as stored (blue first) or with red first."""
        frame_id, _, _, _, count = yolo_queue.HEADER.unpack_from(self._memory, at)
        begin = at + yolo_queue.PIXELS_OFFSET
        found = detection.records(count).unpack_from(self._memory, at + yolo_queue.DETECTIONS_OFFSET)
        with self._view[begin : begin + yolo_queue.PIXEL_BYTES] as pixels:
            if swap:
                picture = Picture.from_bgr(yolo_queue.WIDTH, yolo_queue.HEIGHT, pixels)
            else:
                self._pixels_view[:] = pixels  # no new memory for each frame: fresh pages cost more than the copy
                picture = Picture(yolo_queue.WIDTH, yolo_queue.HEIGHT, self._pixels)
        boxes_draw(picture, found)
        return frame_id, picture

    def bmp(self, at: int) -> int:
        """Boxes drawn, written as BMP, which has blue first as the slot has."""
        frame_id, picture = self._picture(at, swap=False)
        self._file.write(BMP_HEADER, picture.pixels)
        return frame_id

    def ppm(self, at: int) -> int:
        """Boxes drawn, red and blue swapped, written as PPM."""
        frame_id, picture = self._picture(at, swap=True)
        self._file.write(PPM_HEADER, picture.pixels)
        return frame_id

    def png(self, at: int) -> int:
        """Boxes drawn, red and blue swapped, written as PNG."""
        frame_id, picture = self._picture(at, swap=True)
        self._file.write(png.encode(picture, png.LEVEL_FAST))
        return frame_id


def copy_number(copy: bytearray) -> int:
    """The number of a frame whose bytes were copied; -1 when its stamps tell of several."""
    number: int
    (number,) = struct.unpack_from("<i", copy, 0)
    (last,) = struct.unpack_from("<Q", copy, SIZE - 8)
    whole = last == number and copy[STEP : SIZE - 8 : STEP] == bytes((number & 0xFF,)) * STAMPS
    return number if whole else -1


def attach(prefix: str) -> Any:
    """The Queue of lab 6's consumer.py, attached to the producer with that prefix."""
    lab6 = importlib.import_module("consumer")
    deadline = time.monotonic() + ATTACH_SECONDS
    while time.monotonic() < deadline:
        queue = lab6.attach(lab6.Names(prefix))
        if queue is not None:
            return queue
    sys.exit(f"python_consumer: no queue {prefix} came: is its producer gone?")


def from_reference(prefix: str, use: str, warm: int, count: int, report: Report) -> bool:
    """Lab 6 as it is."""
    queue = attach(prefix)
    taken = False

    def next_slot() -> int:
        nonlocal taken
        if taken:
            queue.release()
        taken = queue.acquire(ATTACH_SECONDS)
        return 0

    def header(_: int) -> int:
        frame_id: int = queue.header()[0]
        return frame_id

    def detections(_: int) -> int:
        frame_id: int
        frame_id, found = queue.header()
        return frame_id if queue.detections(found)[-6] == (found - 1) % 80 else -1

    try:
        return consume(next_slot, {"header": header, "detections": detections}[use], warm, count, report)
    finally:
        if taken:
            queue.release()
        queue.close()


# ---- multiprocessing's own ways ----


def frame_of(number: int, frame: bytearray) -> bytearray:
    """Stamp a frame."""
    low = number & 0xFF
    struct.pack_into("<i", frame, 0, number)
    frame[STEP : SIZE - 8 : STEP] = bytes((low,)) * STAMPS
    struct.pack_into("<Q", frame, SIZE - 8, number)
    return frame


def start(produce: "Callable[[], None]") -> int:
    """Run the producer in a process of its own, on the other CPU."""
    parent = os.getpid()
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
        others = set(range(os.cpu_count() or 1)) - os.sched_getaffinity(0)
        if others:
            os.sched_setaffinity(0, {min(others)})
        produce()
        os._exit(0)
    except BaseException as error:  # pylint: disable=broad-except
        print(f"python_consumer: producer: {error}", file=sys.stderr)
        os._exit(1)


def by_shared_memory(total: int) -> "Tuple[Callable[[], None], Callable[[bytearray], None], Callable[[], None]]":
    """Five slots and two semaphores."""
    memory = shared_memory.SharedMemory(create=True, size=SLOTS * SIZE)
    context = multiprocessing.get_context("fork")
    empty, full = context.Semaphore(SLOTS), context.Semaphore(0)
    view = memory.buf
    taken = 0

    def produce() -> None:
        frame = bytearray(SIZE)
        for number in range(1, total + 1):
            frame_of(number, frame)
            empty.acquire()
            at = (number - 1) % SLOTS * SIZE
            view[at : at + SIZE] = frame
            full.release()

    def receive(into: bytearray) -> None:
        nonlocal taken
        full.acquire()
        at = taken % SLOTS * SIZE
        memoryview(into)[:] = view[at : at + SIZE]
        taken += 1
        empty.release()

    def close() -> None:
        memory.close()
        memory.unlink()

    return produce, receive, close


def by_os_pipe(total: int) -> "Tuple[Callable[[], None], Callable[[bytearray], None], Callable[[], None]]":
    """A pipe, as large as anybody may have it."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(read_end, F_SETPIPE_SZ, PIPE_LARGE)
    reader = open(read_end, "rb", buffering=0)

    def produce() -> None:
        frame = bytearray(SIZE)
        for number in range(1, total + 1):
            left = memoryview(frame_of(number, frame))
            while left:
                left = left[os.write(write_end, left) :]

    def receive(into: bytearray) -> None:
        view = memoryview(into)
        while view:
            got = reader.readinto(view)
            if not got:
                raise EOFError("the producer is gone")
            view = view[got:]

    def close() -> None:
        reader.close()
        os.close(write_end)

    return produce, receive, close


def by_mp_pipe(total: int) -> "Tuple[Callable[[], None], Callable[[bytearray], None], Callable[[], None]]":
    """A multiprocessing.Pipe: send_bytes, recv_bytes_into."""
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def produce() -> None:
        frame = bytearray(SIZE)
        for number in range(1, total + 1):
            sender.send_bytes(frame_of(number, frame))

    def receive(into: bytearray) -> None:
        receiver.recv_bytes_into(into)

    def close() -> None:
        receiver.close()
        sender.close()

    return produce, receive, close


def by_mp_queue(total: int) -> "Tuple[Callable[[], None], Callable[[bytearray], None], Callable[[], None]]":
    """A multiprocessing.Queue of five."""
    queue: "multiprocessing.Queue[bytes]" = multiprocessing.get_context("fork").Queue(SLOTS)

    def produce() -> None:
        frame = bytearray(SIZE)
        for number in range(1, total + 1):
            queue.put(bytes(frame_of(number, frame)))  # a copy: it is pickled later, by another thread
        queue.close()
        queue.join_thread()

    def receive(into: bytearray) -> None:
        memoryview(into)[:] = queue.get()

    return produce, receive, queue.close


WAYS = {
    "shared-memory": by_shared_memory,
    "os-pipe": by_os_pipe,
    "mp-pipe": by_mp_pipe,
    "mp-queue": by_mp_queue,
}


def by_itself(use: str, warm: int, count: int, report: Report) -> bool:
    """Both sides in Python, every byte in a bytearray of the consumer at the end."""
    copy = bytearray(SIZE)
    produce, receive, close = WAYS[use](warm + count)
    child = start(produce)
    done = False
    try:

        def use_copy(_: int) -> int:
            receive(copy)
            return copy_number(copy)

        done = consume(lambda: 0, use_copy, warm, count, report)
        return done
    finally:
        if not done:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        close()


def parse() -> argparse.Namespace:
    """The command line, as `bench` gives it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", choices=("helper", "eventfd", "reference", "python"), required=True)
    uses = "header, detections, bytes, bmp, ppm, png, or one of multiprocessing's ways"
    parser.add_argument("--use", required=True, help=uses)
    parser.add_argument("--warm", type=int, required=True, help="frames before the timed ones")
    parser.add_argument("--count", type=int, required=True, help="timed frames")
    for name in ("report", "ring", "full", "empty"):
        parser.add_argument(f"--{name}", type=int, default=-1, metavar="FD", help="inherited descriptor")
    parser.add_argument("--prefix", default="", help="of lab 6's objects, for --transport reference")
    parser.add_argument("--helper", default="", help="the library of python_helper.c")
    return parser.parse_args()


def main() -> int:
    """Consume and report."""
    arguments = parse()
    report = Report(arguments.report)
    work = (arguments.use, arguments.warm, arguments.count, report)
    if arguments.transport == "python":
        done = by_itself(*work)
    elif arguments.transport == "reference":
        done = from_reference(arguments.prefix, *work)
    else:
        memory = mmap.mmap(arguments.ring, 0)
        use = getattr(Uses(memory), arguments.use)
        if arguments.transport == "helper":
            next_slot = helper_ring(memory, arguments.helper)
        else:
            next_slot = eventfd_ring(ring_slots(memory), arguments.full, arguments.empty)
        done = consume(next_slot, use, arguments.warm, arguments.count, report)
    report.write()
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
