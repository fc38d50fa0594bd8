"""Lab 1: the struct of labs 1 and 2 as Python sees it.

The published contract puts `timestamp` at 588, which is no multiple of 8; a plain declaration would put it at 584. That
the layout is right is not believed but checked, against the table of offsets that a C program made from the C header.
"""

from __future__ import annotations

import ctypes
import sys
import time
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

from shmlab import wire  # noqa: E402

NAME = "/IPCSharedMemory"  # lab 1: POSIX object
KEY = 5678  # lab 2: System V key
SEGMENT_SIZE = 1024  # bytes; what is after the struct is zero
MESSAGE_CAPACITY = 500  # bytes, the terminating NUL included
USER_NAME_CAPACITY = 50  # likewise


# TODO 7: Bring the mirror to the contract, as you did with the header. ctypes follows the C compiler's rules.
class SharedData(ctypes.LittleEndianStructure):
    """The bytes at the beginning of the segment."""

    _fields_ = [
        ("process_id", ctypes.c_int32),
        ("message", ctypes.c_char * MESSAGE_CAPACITY),
        ("data_ready", ctypes.c_bool),  # written last
        ("counter", ctypes.c_int32),
        ("temperature", ctypes.c_double),
        ("coordinates", ctypes.c_float * 3),
        ("user_name", ctypes.c_char * USER_NAME_CAPACITY),
        ("timestamp", ctypes.c_int64),  # milliseconds since 1970
        ("data_array", ctypes.c_int32 * 10),
    ]


SIZE = ctypes.sizeof(SharedData)
READY_OFFSET = SharedData.data_ready.offset

# TODO 8: Make the import fail when a field is not where the contract says: shmlab/wire.py.


def _local_time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) + f".{rest:03d}"
    except (OverflowError, ValueError, OSError):
        return "no date"


def _text(raw: bytes, capacity: int) -> str:
    """A char array for people: lines after the first are indented, a missing NUL is told."""
    shown = wire.text(raw, keep="\n").replace("\n", "\n" + 13 * " ")
    return shown + (" (no NUL at its end!)" if len(raw) == capacity else "")


def describe(data: SharedData) -> Iterator[str]:
    """The fields, as the C reader prints them, line by line."""
    yield f"process_id   {data.process_id}"
    yield from f"message      {_text(data.message, MESSAGE_CAPACITY)}".split("\n")
    yield f"counter      {data.counter}"
    yield f"temperature  {data.temperature:.1f}"
    yield f"coordinates  {' '.join(f'{each:.1f}' for each in data.coordinates)}"
    yield f"user_name    {_text(data.user_name, USER_NAME_CAPACITY)}"
    yield f"timestamp    {data.timestamp} ({_local_time(data.timestamp)})"
    yield f"data_array   {' '.join(str(each) for each in data.data_array)}"
