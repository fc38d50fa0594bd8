#!/usr/bin/env python3
"""A producer in Python, written from yolo_queue.h and with nothing of a student's: the checks of lab 6 let C read it.

    lab6_producer.py PREFIX FILE...     each file holds the bytes of a slot; the objects are there already
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "common" / "python"))

from shmlab import yolo_queue  # noqa: E402
from shmlab.posix_shm import SharedMemory  # noqa: E402
from shmlab.semaphore import Semaphore  # noqa: E402

PATIENCE_SECONDS = 60.0  # the check's own limit comes first


def main() -> int:
    """Wait EMPTY, lock, fill, write_idx, count, unlock, post FULL: for each file."""
    prefix, *files = sys.argv[1:]
    empty, full, mutex = (Semaphore(f"/{prefix}_{name}") for name in ("EMPTY", "FULL", "MUTEX"))
    with SharedMemory(f"/{prefix}_QUEUE_SHM", writable=True) as memory:
        queue = memory.map(yolo_queue.SIZE)
        with memoryview(queue) as view, view[: yolo_queue.CONTROL_SIZE].cast("i") as control:
            for file in files:
                if not empty.wait(PATIENCE_SECONDS) or not mutex.wait(PATIENCE_SECONDS):
                    return 1
                begin = yolo_queue.SLOT_OFFSETS[control[yolo_queue.WRITE_IDX]]
                view[begin : begin + yolo_queue.SLOT_SIZE] = Path(file).read_bytes()
                control[yolo_queue.WRITE_IDX] = (control[yolo_queue.WRITE_IDX] + 1) % yolo_queue.SLOTS
                control[yolo_queue.COUNT] += 1
                mutex.post()
                full.post()
    return 0


if __name__ == "__main__":
    sys.exit(main())
