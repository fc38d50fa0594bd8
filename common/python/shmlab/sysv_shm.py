"""System V shared memory through ctypes: ftok, shmget, shmat, shmdt, shmctl."""

from __future__ import annotations

import ctypes
import os
from types import TracebackType
from typing import NamedTuple, Optional, Type

from shmlab import libc
from shmlab.errors import ShmlabError

SHM_RDONLY = 0o10000  # <sys/shm.h>
SHM_DEST = 0o1000  # bit of the mode: removed, lives until the last detach
IPC_STAT = 2  # <sys/ipc.h>
_FAILED = ctypes.c_void_p(-1).value  # shmat's (void *) -1


class _IpcPerm(ctypes.Structure):
    _fields_ = [
        ("key", ctypes.c_int),
        ("uid", ctypes.c_uint),
        ("gid", ctypes.c_uint),
        ("cuid", ctypes.c_uint),
        ("cgid", ctypes.c_uint),
        ("mode", ctypes.c_uint),  # glibc before 2.31: a short and a zero short, the same little-endian number
        ("seq", ctypes.c_ushort),
        ("pad", ctypes.c_ushort),
        ("reserved", ctypes.c_ulong * 2),
    ]


class _ShmidDs(ctypes.Structure):
    # struct shmid_ds of 64-bit Linux (x86-64, arm64, riscv64), <bits/types/struct_shmid_ds.h>
    _fields_ = [
        ("perm", _IpcPerm),
        ("segsz", ctypes.c_size_t),
        ("atime", ctypes.c_long),
        ("dtime", ctypes.c_long),
        ("ctime", ctypes.c_long),
        ("cpid", ctypes.c_int),
        ("lpid", ctypes.c_int),
        ("nattch", ctypes.c_ulong),
        ("reserved", ctypes.c_ulong * 2),
    ]


if ctypes.sizeof(ctypes.c_void_p) != 8:
    raise ImportError("struct shmid_ds is written out here for 64-bit Linux only")

# slide:attach
_shmget = libc.function("shmget", ctypes.c_int, [ctypes.c_int, ctypes.c_size_t, ctypes.c_int])
_shmat = libc.function("shmat", ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p, ctypes.c_int])
_shmdt = libc.function("shmdt", ctypes.c_int, [ctypes.c_void_p])
_shmctl = libc.function("shmctl", ctypes.c_int, [ctypes.c_int, ctypes.c_int, ctypes.POINTER(_ShmidDs)])
# slide:end


class Facts(NamedTuple):
    """What shmctl(IPC_STAT) says of a segment."""

    size: int  # bytes
    mode: int  # access bits, and SHM_DEST
    creator: int  # process id
    last: int  # process id of the last shmat or shmdt
    attached: int  # number of attachments, ours included

    def is_removed(self) -> bool:
        """Removed, and alive only until the last process detaches."""
        return bool(self.mode & SHM_DEST)


def ftok(path: str, identity: int) -> int:
    """The key that ftok(3) makes of an existing path and the low 8 bits of a number; OSError if the path is missing.

    Written out as glibc computes it: 8 bits of the number, 8 of the device, 16 of the inode. Not unique, by design.
    """
    status = os.stat(path)
    key = (identity & 0xFF) << 24 | (status.st_dev & 0xFF) << 16 | (status.st_ino & 0xFFFF)
    return ctypes.c_int(key).value  # key_t is a signed int


def find(key: int) -> int:
    """The id of the segment with that key; OSError as shmget gives it, for example FileNotFoundError."""
    identity: int = _shmget(key, 0, 0)
    if identity == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"shmget(key {key})")
    return identity


def facts(identity: int) -> Facts:
    """What the kernel knows of the segment; OSError, for example EIDRM or EINVAL once it has been removed."""
    status = _ShmidDs()
    if _shmctl(identity, IPC_STAT, ctypes.byref(status)) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"shmctl(id {identity}, IPC_STAT)")
    return Facts(status.segsz, status.perm.mode, status.cpid, status.lpid, status.nattch)


class Segment:
    """A segment attached to this process. Detach it, or use it in a with statement.

    `view` is the whole segment as bytes, read-only if it was attached so (a store through it would otherwise be a
    SIGSEGV). Release every slice of the view before detaching: afterwards the address is nobody's.
    """

    def __init__(self, identity: int, writable: bool = False) -> None:
        self.identity = identity
        address = _shmat(identity, None, 0 if writable else SHM_RDONLY)
        if address == _FAILED:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), f"shmat(id {identity})")
        self.address: int = address
        self.size = self._size()
        bytes_there = memoryview((ctypes.c_uint8 * self.size).from_address(address)).cast("B")
        self.view = bytes_there if writable else bytes_there.toreadonly()

    def _size(self) -> int:
        try:
            return self.facts().size
        except OSError:
            _shmdt(self.address)
            raise

    def __enter__(self) -> Segment:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.detach()

    def facts(self) -> Facts:
        """What the kernel knows of the segment now."""
        return facts(self.identity)

    def need(self, size: int) -> None:
        """Refuse a segment of fewer bytes."""
        if self.size < size:
            raise ShmlabError(
                f"segment {self.identity} has {self.size} bytes, {size} are needed",
                "another program uses this key, or its writer has another layout: pass the right key",
            )

    def detach(self) -> None:
        """Detach; a second call does nothing."""
        if self.address:
            self.view.release()
            _shmdt(self.address)
            self.address = 0
