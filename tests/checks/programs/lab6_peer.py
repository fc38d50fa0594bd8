#!/usr/bin/env python3
"""A consumer that does one step of the student's consumer.py at a time, as the checks of lab 6 tell it.

    lab6_peer.py CONSUMER.PY      commands on standard input, one a line, each answered by a line that begins with "> "

    attach PREFIX                 done, or none
    full SECONDS                  done, or none
    take                          the header as it is read: number of the frame and of its detections
    save FILE                     detections (24 bytes each) and picture (RGB) as they were taken, into a file
    release                       what was in read_idx and count whenever MUTEX was taken and MUTEX or EMPTY posted
    order                         gives the slot back, too; which of read_idx and count changed first: the one, or both
    close
"""

from __future__ import annotations

import importlib.util
import struct
import sys
from types import FrameType, ModuleType
from typing import Any, List, Tuple


def load(path: str) -> ModuleType:
    """The student's program as a module; its main is not run."""
    spec = importlib.util.spec_from_file_location("student_consumer", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Recorded:
    """A semaphore of the queue that tells what the indices were when it was taken or posted."""

    def __init__(self, semaphore: Any, name: str, told: Any) -> None:
        self._semaphore = semaphore
        self._name = name
        self._told = told

    def wait(self, *arguments: Any, **named: Any) -> bool:
        """As the semaphore's."""
        return self._taken(self._semaphore.wait(*arguments, **named))

    def try_wait(self) -> bool:
        """As the semaphore's."""
        return self._taken(self._semaphore.try_wait())

    def post(self) -> None:
        """As the semaphore's; told before, since others are let in by it."""
        self._told(f"post {self._name}")
        self._semaphore.post()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._semaphore, name)

    def _taken(self, taken: bool) -> bool:
        if taken:
            self._told(f"wait {self._name}")
        return taken


class FirstChange:
    """Looks at the indices after each instruction of one file, and keeps what they were when they first had changed."""

    def __init__(self, control: Any, file: str) -> None:
        self._control, self._file = control, file
        self._before = self._now()
        self.changed: List[str] = []

    def _now(self) -> "Tuple[int, int]":
        return self._control[1], self._control[2]

    def look(self) -> None:
        """Has one of them changed by now?"""
        if not self.changed:
            pairs = zip(("read_idx", "count"), self._before, self._now())
            self.changed = [name for name, before, now in pairs if before != now]

    def __call__(self, frame: FrameType, _: str, __: Any) -> Any:
        """See sys.settrace."""
        if frame.f_code.co_filename == self._file:
            frame.f_trace_opcodes = True
            self.look()
        return self


class Peer:
    """One queue, and what was taken from it last."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._queue: Any = None
        self._numbers: Tuple[float, ...] = ()
        self._picture: Any = None
        self._steps: List[str] = []

    def _tell(self, step: str) -> None:
        control = self._queue._control
        self._steps.append(f"{step} with read_idx {control[1]} and count {control[2]}")

    def attach(self, prefix: str) -> str:
        """The module's own way to a queue."""
        self._queue = queue = self._consumer.attach(self._consumer.Names(prefix))
        if queue is None:
            return "none"
        queue._mutex = Recorded(queue._mutex, "MUTEX", self._tell)
        queue._empty = Recorded(queue._empty, "EMPTY", self._tell)
        return "done"

    def full(self, seconds: str) -> str:
        """Wait for a frame."""
        return "done" if self._queue.acquire(float(seconds)) else "none"

    def take(self) -> str:
        """Header, detections and picture, while the slot is ours."""
        frame_id, found = self._queue.header()
        self._numbers = tuple(self._queue.detections(max(0, min(found, 200))))
        self._picture = self._queue.picture()
        return f"{frame_id} {found}"

    def save(self, path: str) -> str:
        """What `take` took, as it is now: a view of the slot would show what is there by now."""
        with open(path, "wb") as file:
            file.write(struct.pack("<" + "if4i" * (len(self._numbers) // 6), *self._numbers))
            file.write(bytes(self._picture.pixels))
        return "done"

    def release(self) -> str:
        """Give the slot back."""
        self._steps.clear()
        self._queue.release()
        return ", ".join(self._steps) or "nothing done"

    def order(self) -> str:
        """Give the slot back, and look on."""
        change = FirstChange(self._queue._control, self._consumer.__file__)
        sys.settrace(change)
        try:
            self._queue.release()
        finally:
            sys.settrace(None)
        change.look()
        return " and ".join(change.changed) or "nothing"

    def close(self) -> str:
        """Leave."""
        self._queue.close()
        return "done"


def main() -> int:
    """Obey."""
    peer = Peer(load(sys.argv[1]))
    for line in sys.stdin:
        command, *arguments = line.split()
        print("> " + getattr(peer, command)(*arguments), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
