#!/usr/bin/env python3
"""Lab 6 on Windows, Python consumer: take frames and their detections out of the queue, and count them.

    producer.exe [--prefix YOLO]       in one window
    py consumer.py [--prefix YOLO]     in another; either may start first

Protocol: wait FULL, use the slot at read_idx, advance it modulo 5 and count down under MUTEX, post EMPTY.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Optional, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "common" / "python"))

from shmlab import windows, yolo_queue  # noqa: E402

SLICE_SECONDS = 0.2  # Python sees Ctrl-C between two waits only
RETRY_SECONDS = 0.01  # between two looks for a producer
STUCK_SECONDS = 30.0  # MUTEX is held for nanoseconds
FULL, PRODUCER = 0, 1  # what is waited for: a token comes before the producer's end


class Queue:
    """The four objects of a prefix, and the two roles."""

    def __init__(self, prefix: str) -> None:
        """Open them; FileNotFoundError where one is not there yet."""
        name = f"Local\\{prefix}_"
        self.mapping = windows.Mapping(f"{name}QUEUE_SHM", yolo_queue.SIZE, writable=True)
        self.empty = windows.Semaphore(f"{name}EMPTY")
        self.full = windows.Semaphore(f"{name}FULL")
        self.mutex = windows.Mutex(f"{name}MUTEX")
        self.producer = windows.Role(f"{name}PRODUCER")
        self.role = windows.Role(f"{name}CONSUMER")
        self.control = memoryview(self.mapping.memory)[: yolo_queue.CONTROL_SIZE].cast("i")

    def wait(self, seconds: float) -> Optional[Tuple[int, bool]]:
        """Wait for a frame or for the producer's end, as windows.wait_first tells it; None after so many seconds."""
        end = time.monotonic() + seconds
        while True:
            found = windows.wait_first([self.full, self.producer], SLICE_SECONDS)
            if found is not None or time.monotonic() >= end:
                return found

    def slot(self) -> int:
        """Offset of the slot to be read; an index from shared memory is never trusted."""
        return int(yolo_queue.SLOT_OFFSETS[self.control[yolo_queue.READ_IDX] % yolo_queue.SLOTS])

    def give_back(self) -> None:
        """Advance, count down, post."""
        self.mutex.lock(STUCK_SECONDS)
        self.control[yolo_queue.READ_IDX] = (self.control[yolo_queue.READ_IDX] + 1) % yolo_queue.SLOTS
        self.control[yolo_queue.COUNT] -= 1
        self.mutex.unlock()
        self.empty.post()

    def left(self) -> bool:
        """Without a producer: is a frame there whose token a process took with it when it died? The smaller number counts:
        one that died with MUTEX has moved its index, and not the count."""
        self.mutex.lock(STUCK_SECONDS)
        unread = (self.control[yolo_queue.WRITE_IDX] - self.control[yolo_queue.READ_IDX]) % yolo_queue.SLOTS
        count = self.control[yolo_queue.COUNT]
        self.mutex.unlock()
        return count == yolo_queue.SLOTS or min(unread, count) > 0

    def close(self) -> None:
        """Leave the role, give everything back."""
        self.control.release()
        self.role.leave()
        for each in (self.mapping, self.empty, self.full, self.mutex, self.producer, self.role):
            each.close()


def attach(prefix: str, seconds: float) -> Optional[Queue]:
    """Wait for a producer; None after so many seconds."""
    end = time.monotonic() + seconds
    told = False
    while True:
        try:
            return Queue(prefix)
        except FileNotFoundError:
            if not told:
                print(f"consumer: waiting for a producer (Local\\{prefix}_QUEUE_SHM)", flush=True)
            told = True
            if time.monotonic() >= end:
                return None
            time.sleep(RETRY_SECONDS)


def bury(queue: Queue) -> None:
    """One that died before us has left the semaphores as they were. The producer puts them right when it learns of the death,
    and that is told only once: so we take the role after it. Without a producer the indices tell what is left."""
    told = False
    while queue.role.holder() == "died" and queue.producer.holder() == "lives":
        if not told:
            print("consumer: waiting until the producer knows that an earlier consumer died", flush=True)
        told = True
        time.sleep(RETRY_SECONDS)


def consume(queue: Queue, frames: int, seconds: float) -> int:
    """Take frames until the producer ends; the exit status."""
    taken = detections = gaps = last = status = 0
    died = False
    while not frames or taken < frames:
        found = queue.wait(seconds)
        if found is None:
            print(f"consumer: nothing came for {seconds:g} s: is the producer stuck?", file=sys.stderr)
            status = 1
            break
        index, abandoned = found
        if index == PRODUCER:
            died |= abandoned  # only the first that waits is told
            queue.producer.leave()
            if not queue.left():
                print("consumer: the producer died" if died else "consumer: the producer has ended")
                status = int(died)
                break
        frame_id, _, _, _, count = yolo_queue.HEADER.unpack_from(queue.mapping.memory, queue.slot())
        gaps += taken > 0 and frame_id != last + 1
        last = frame_id
        taken += 1
        detections += max(0, min(count, yolo_queue.DETECTIONS))
        queue.give_back()
    print(f"consumer: {taken} frames, {detections} detections, {gaps} gaps")
    return status


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", default="YOLO", help="of the objects' names (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=0, metavar="N", help="end after N frames")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="without a producer or a frame (default: %(default)s)")
    options = parser.parse_args()
    queue = None
    try:
        queue = attach(options.prefix, options.timeout)
        if queue is None:
            print(f"consumer: no producer came within {options.timeout:g} s: start one with the same --prefix", file=sys.stderr)
            return 1
        bury(queue)
        if not queue.role.take():
            print(f"consumer: {queue.role.name} is taken: there is one already: end it, or choose another --prefix", file=sys.stderr)
            return 1
        return consume(queue, options.frames, options.timeout)
    except KeyboardInterrupt:
        print("consumer: Ctrl-C", file=sys.stderr)
        return 1
    finally:
        if queue is not None:
            queue.close()


if __name__ == "__main__":
    sys.exit(main())
