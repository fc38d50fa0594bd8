"""Lab 4's bounded buffer: the mirror of common/include/shmlab/bounded_buffer.h."""

from __future__ import annotations

import ctypes

from shmlab import wire

PREFIX = "shmlab"
MAGIC = int.from_bytes(b"SBUF", "little")
VERSION = 1
CAPACITY = 8  # slots, by default
CAPACITY_MAX = 1024
TEXT_CAPACITY = 56  # bytes, the terminating NUL included
ITEMS = 10  # how many items a process passes by default
PRESENCE = 0  # lock byte: see presence.py


class BufferMessage(ctypes.LittleEndianStructure):
    """One item."""

    _fields_ = [
        ("producer", ctypes.c_int32),  # the producer's --id
        ("sequence", ctypes.c_int32),  # 1, 2, 3 ... within that producer
        ("text", ctypes.c_char * TEXT_CAPACITY),
    ]


class BoundedBuffer(ctypes.LittleEndianStructure):
    """The header; `capacity` messages follow."""

    _fields_ = [
        ("magic", ctypes.c_uint32),  # MAGIC, stored last: the buffer is complete
        ("version", ctypes.c_uint32),
        ("element_size", ctypes.c_uint32),
        ("capacity", ctypes.c_uint32),
        ("head", ctypes.c_uint32),  # slot that is read next
        ("tail", ctypes.c_uint32),  # slot that is written next
        ("count", ctypes.c_uint32),  # messages in the buffer
        ("reserved", ctypes.c_uint32),
    ]


HEADER_SIZE = ctypes.sizeof(BoundedBuffer)
MESSAGE_SIZE = ctypes.sizeof(BufferMessage)

wire.check("buffer_message", BufferMessage)
wire.check("bounded_buffer", BoundedBuffer)
