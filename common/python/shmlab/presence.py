"""Who is there? The Python side of common/include/shmlab/presence.h.

A role is a lock on a single byte of a shared memory object's descriptor. It belongs to the open file description: the
kernel drops it when the last descriptor and the last mapping made through it are gone, SIGKILL included. An unlocked byte
proves that nobody holds the role; a forked child keeps its parent's. These are open file description locks, fcntl(2) (Linux
since 3.15, POSIX.1-2024). Call `release` rather than rely on close.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from typing import Optional

SHARED = fcntl.F_RDLCK  # many may hold the role at once; needs a readable descriptor
EXCLUSIVE = fcntl.F_WRLCK  # one at a time; needs a writable descriptor

_FLOCK = struct.Struct("@hhqqi0q")  # struct flock: l_type, l_whence, l_start, l_len, l_pid
_NUMBERS = 2**32  # a number n is said on byte _NUMBERS + n


def _flock(kind: int, byte: int) -> bytes:
    return _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0)  # l_pid must be 0 for open file description locks


def claim(fd: int, byte: int, kind: int) -> bool:
    """Take the role, or turn a lock of ours of the other kind into this one; False if others stand in the way."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _flock(kind, byte))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def release(fd: int, byte: int) -> None:
    """Give the role up; closing the descriptor does so only when no mapping and no copy of it is left."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, byte))


def heard(fd: int) -> Optional[int]:
    """The number that somebody else says (a lock on byte 2**32 + number), or None."""
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _NUMBERS, _NUMBERS, 0))
    kind, _, start, _, _ = _FLOCK.unpack(answer)
    return None if kind == fcntl.F_UNLCK else int(start) - _NUMBERS


def held(fd: int, byte: int) -> bool:
    """Does somebody else hold the role, of either kind?"""
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK, byte))
    kind: int = _FLOCK.unpack(answer)[0]
    return kind != fcntl.F_UNLCK
