#!/usr/bin/env python3
"""Calls the student's take() while somebody overwrites the snapshot between any two of its steps: the check one_copy.

    lab5_peer.py READER.PY NAME      NAME: a snapshot's object, which this program may write to

Two snapshots take turns in the object, both of them right. A reader that copies once gets one of them; one that reads twice gets
a count of the one and records of the other. The turns come after 1, 2, 4 ... instructions of the student's file, so that
no two reads of it meet the same snapshot each time. Prints "> whole" or what it was, and whether take() mapped the object
for writing.
"""

from __future__ import annotations

import importlib.util
import os
import struct
import sys
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Callable

RECORDS = 10
TURNS = 9  # the last one changes after 256 instructions


def load(path: str) -> ModuleType:
    """The student's program as a module; its main is not run."""
    spec = importlib.util.spec_from_file_location("student_reader", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def snapshot(count: int, class_id: int) -> bytes:
    """The 244 bytes: every record has the same class."""
    record = struct.pack("<ifiiii", class_id, 0.5, 1, 2, 30, 40)
    return struct.pack("<i", count) + (record * count).ljust(RECORDS * len(record), b"\0")


BOTH = (snapshot(3, 16), snapshot(7, 0))


class Turns:
    """Writes the one snapshot or the other, after so many instructions each, and looks at the mappings."""

    def __init__(self, fd: int, name: str, file: str, every: int) -> None:
        self._fd, self._name, self._file, self._every = fd, name, file, every
        self._steps = 0
        self.writable = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> "Callable[..., Any] | None":
        """See sys.settrace."""
        if frame.f_code.co_filename != self._file:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._steps += 1
            os.pwrite(self._fd, BOTH[self._steps // self._every % 2], 0)
        elif event == "line":
            maps = Path("/proc/self/maps").read_text(encoding="utf-8")
            self.writable |= any("w" in line.split()[1] for line in maps.splitlines() if line.endswith(self._name))
        return self


def whole(taken: Any) -> bool:
    """Is it one of the two?"""
    classes = {each.class_id for each in taken.detections}
    return (taken.claimed, taken.dropped, len(taken.detections), classes) in ((3, 0, 3, {16}), (7, 0, 7, {0}))


def main() -> int:
    """As often as there are turns."""
    file, name = sys.argv[1:]
    reader = load(file)
    fd = os.open("/dev/shm" + name, os.O_RDWR)
    writable = False
    for turn in range(TURNS):
        turns = Turns(fd, name, file, 1 << turn)
        sys.settrace(turns)
        try:
            taken = reader.take(name)
        finally:
            sys.settrace(None)
        writable |= turns.writable
        if not whole(taken):
            classes = sorted({each.class_id for each in taken.detections})
            print(f"> count {taken.claimed}, {len(taken.detections)} records of class {classes}, {taken.dropped} left out")
            return 0
    print("> writable" if writable else "> whole")
    return 0


if __name__ == "__main__":
    sys.exit(main())
