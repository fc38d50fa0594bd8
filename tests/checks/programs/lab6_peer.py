#!/usr/bin/env python3
"""A consumer that does one step of the student's consumer.py at a time, as the checks of lab 6 tell it.

    lab6_peer.py CONSUMER.PY      commands on standard input, one a line, each answered by a line that begins with "> "

    attach PREFIX                 done, or none
    full SECONDS                  done, or none
    take                          the header as it is read: number of the frame and of its detections
    save FILE                     detections (24 bytes each) and picture (RGB) as they were taken, into a file
    release                       close
"""

from __future__ import annotations

import importlib.util
import struct
import sys
from types import ModuleType
from typing import Any, Tuple


def load(path: str) -> ModuleType:
    """The student's program as a module; its main is not run."""
    spec = importlib.util.spec_from_file_location("student_consumer", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Peer:
    """One queue, and what was taken from it last."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._queue: Any = None
        self._numbers: Tuple[float, ...] = ()
        self._picture: Any = None

    def attach(self, prefix: str) -> str:
        """The module's own way to a queue."""
        self._queue = self._consumer.attach(self._consumer.Names(prefix))
        return "done" if self._queue is not None else "none"

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
        """What `take` took, as it is now: a view of the slot would show what lies there by now."""
        with open(path, "wb") as file:
            file.write(struct.pack("<" + "if4i" * (len(self._numbers) // 6), *self._numbers))
            file.write(bytes(self._picture.pixels))
        return "done"

    def release(self) -> str:
        """Give the slot back."""
        self._queue.release()
        return "done"

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
