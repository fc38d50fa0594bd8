"""Lab 3's mailbox: the mirror of common/include/shmlab/mailbox.h."""

from __future__ import annotations

import ctypes

from shmlab import wire

KEY_PATH = "/tmp"  # ftok(path, id)
KEY_ID = 65  # 'A'
MESSAGES = 5  # how many messages a run passes by default
MESSAGE_CAPACITY = 100  # bytes, the terminating NUL included


class Mailbox(ctypes.LittleEndianStructure):
    """One message and a flag; the side that sees the flag in its own state owns the rest."""

    _fields_ = [
        ("counter", ctypes.c_int32),
        ("message", ctypes.c_char * MESSAGE_CAPACITY),
        ("ready", ctypes.c_uint8),  # an atomic bool: load and store it through atomics.py only
        ("_padding", ctypes.c_uint8 * 3),
    ]


SIZE = ctypes.sizeof(Mailbox)
READY_OFFSET = Mailbox.ready.offset

wire.check("mailbox", Mailbox)
