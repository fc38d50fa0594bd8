#!/usr/bin/env python3
"""A producer for lab 6's queue that shares no code with the package: plain struct, mmap, ctypes, literal offsets.

    queue_producer.py --prefix P [--frames N] [--fps F] [--detections N] [--foreign] [--die]

It fills the slots with a moving scene. --foreign: take no presence lock, as a client would that knows the documented
protocol only. --die: after the last frame end by SIGKILL, leaving everything behind. --hold: keep the queue until
standard input ends. Helper of the tests.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import mmap
import os
import signal
import struct
import sys
import threading
import time
from typing import List, Optional, Tuple

SIZE, SLOT, PIXELS_AT = 6168112, 1233620, 4820

libc = ctypes.CDLL(None, use_errno=True)
libc.sem_open.restype = ctypes.c_void_p
libc.sem_open.argtypes = [ctypes.c_char_p, ctypes.c_int]
for call in (libc.sem_wait, libc.sem_post):
    call.argtypes = [ctypes.c_void_p]


def semaphore(name: str, value: int) -> int:
    """Create a semaphore."""
    handle: Optional[int] = libc.sem_open(name.encode(), os.O_CREAT | os.O_EXCL, ctypes.c_uint(0o600), ctypes.c_uint(value))
    if not handle:
        sys.exit(f"sem_open({name}): {os.strerror(ctypes.get_errno())}")
    return handle


def scene(frame_id: int, detections: int) -> Tuple[bytes, List[Tuple[int, int, int]]]:
    """The detections of a frame, moving boxes, and its pixels: a background with the boxes filled in."""
    records, boxes = [], []
    for k in range(detections):
        x = (40 + 97 * k + 7 * frame_id) % 500
        y = (60 + 131 * k + 3 * frame_id) % 480
        size = 60 + 30 * (k % 3)
        records.append(struct.pack("<if4i", (0, 1, 2, 7, 16)[k % 5], 0.5 + 0.04 * (k % 12), x, y, size, size))
        boxes.append((x, y, size))
    return b"".join(records), boxes


def pixels(boxes: List[Tuple[int, int, int]]) -> bytes:
    """640 x 640 BGR."""
    picture = bytearray(b"".join(bytes((90 + y // 8, 110 - y // 10, 60)) * 640 for y in range(640)))
    for k, (x, y, size) in enumerate(boxes):
        row = bytes((40 + 60 * (k % 4), 200 - 50 * (k % 4), 120 + 40 * (k % 3))) * size
        for line in range(y, y + size):
            picture[(line * 640 + x) * 3 : (line * 640 + x + size) * 3] = row
    return bytes(picture)


def notice_consumers(fd: int) -> None:
    """Hold the role KNOWN while somebody holds the consumer's."""
    known = False
    while True:
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, struct.pack("@hhqqi0q", fcntl.F_WRLCK, 0, 1, 1, 0))
        present = struct.unpack("@hhqqi0q", answer)[0] != fcntl.F_UNLCK
        if present != known:
            kind = fcntl.F_WRLCK if present else fcntl.F_UNLCK
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("@hhqqi0q", kind, 0, 3, 1, 0))
            known = present
        time.sleep(0.001)


def main() -> None:
    """Create, stream, remove."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--fps", type=float, default=0)
    parser.add_argument("--detections", type=int, default=3)
    parser.add_argument("--foreign", action="store_true")
    parser.add_argument("--die", action="store_true")
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--mark", type=int, help="say that the names of the classes have this mark")
    parser.add_argument("--still", action="store_true", help="pixels of the first frame in all: as fast as possible")
    arguments = parser.parse_args()
    p = arguments.prefix
    names = [f"/{p}_EMPTY", f"/{p}_FULL", f"/{p}_MUTEX"]
    path = f"/dev/shm/{p}_QUEUE_SHM"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if not arguments.foreign:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("@hhqqi0q", fcntl.F_WRLCK, 0, 0, 1, 0))
        threading.Thread(target=notice_consumers, args=(fd,), daemon=True).start()
    if arguments.mark is not None:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("@hhqqi0q", fcntl.F_WRLCK, 0, 2**32 + arguments.mark, 1, 0))
    empty, full, mutex = (semaphore(name, value) for name, value in zip(names, (5, 0, 1)))
    os.ftruncate(fd, SIZE)
    memory = mmap.mmap(fd, SIZE)
    for index in range(arguments.frames):
        frame_id = arguments.first + index
        libc.sem_wait(empty)
        (write_idx,) = struct.unpack_from("<i", memory, 0)
        at = 12 + SLOT * write_idx
        records, boxes = scene(frame_id, arguments.detections)
        memory[at : at + 20] = struct.pack("<5i", frame_id, 640, 640, 3, arguments.detections)
        memory[at + 20 : at + PIXELS_AT] = records.ljust(4800, b"\0")
        if not arguments.still or index < 5:
            memory[at + PIXELS_AT : at + SLOT] = pixels(boxes)
        libc.sem_wait(mutex)
        (count,) = struct.unpack_from("<i", memory, 8)
        struct.pack_into("<i", memory, 0, (write_idx + 1) % 5)
        struct.pack_into("<i", memory, 8, count + 1)
        libc.sem_post(mutex)
        libc.sem_post(full)
        if arguments.fps:
            time.sleep(1 / arguments.fps)
    if arguments.die:
        os.kill(os.getpid(), signal.SIGKILL)
    if arguments.hold:
        sys.stdin.read()
    for name in names:
        libc.sem_unlink(name.encode())
    os.unlink(path)


if __name__ == "__main__":
    main()
