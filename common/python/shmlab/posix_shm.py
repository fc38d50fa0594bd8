"""POSIX shared memory: shm_open, mmap, shm_unlink.

shm_open is called through ctypes rather than imitated by opening /dev/shm/NAME: that path is glibc's own business, and
the call is the one that the C programs, the manual page and our messages name. multiprocessing.shared_memory will not
do: its resource tracker unlinks the other program's object when this one ends (from Python 3.13 on, track=False prevents that;
it is not the default).
"""

from __future__ import annotations

import ctypes
import mmap
import os
from types import TracebackType
from typing import Optional, Type

from shmlab import libc, presence
from shmlab.errors import ShmlabError

_shm_open = libc.function("shm_open", ctypes.c_int, [ctypes.c_char_p, ctypes.c_int, ctypes.c_uint])
_shm_unlink = libc.function("shm_unlink", ctypes.c_int, [ctypes.c_char_p])


def _open(name: str, flags: int, mode: int = 0) -> int:
    fd: int = _shm_open(os.fsencode(name), flags, mode)
    if fd == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return fd  # close-on-exec: shm_open(3) sets it


def unlink(name: str) -> None:
    """Remove the name; the memory lives on until the last mapping is gone. OSError, for example FileNotFoundError."""
    if _shm_unlink(os.fsencode(name)) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


class SharedMemory:
    """An object that another program created, opened and mapped. Close it, or use it in a with statement.

    `fd` carries presence locks (presence.py); `memory` is the mapping, None until `map` was called.
    """

    def __init__(self, name: str, writable: bool = False) -> None:
        """Open; OSError as shm_open gives it, for example FileNotFoundError while nobody created the object."""
        self.name = name
        self.writable = writable
        self.memory: Optional[mmap.mmap] = None
        self.fd = _open(name, os.O_RDWR if writable else os.O_RDONLY)

    def __enter__(self) -> SharedMemory:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def size(self) -> int:
        """The object's size in bytes: 0 between its creator's shm_open and ftruncate."""
        return os.fstat(self.fd).st_size

    def map(self, size: int) -> mmap.mmap:
        """Map the first `size` bytes, which the object must have, or the access to a missing page kills us (SIGBUS)."""
        found = self.size()
        if found < size:
            raise ShmlabError(
                f"{self.name} has {found} bytes, {size} are needed",
                "another program uses this name, or its writer has another layout: pass the right name",
            )
        access = mmap.PROT_READ | mmap.PROT_WRITE if self.writable else mmap.PROT_READ
        try:
            self.memory = mmap.mmap(self.fd, size, mmap.MAP_SHARED, access)
        except OSError as error:
            raise ShmlabError(f"mmap({self.name})", "", error.errno or 0) from error
        return self.memory

    def still_named(self) -> bool:
        """Does the name still lead to this very object? Somebody may have removed it, or created another since."""
        try:
            fd = _open(self.name, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return os.path.samestat(os.fstat(fd), os.fstat(self.fd))
        finally:
            os.close(fd)

    def close(self) -> None:
        """Unmap and close; views of the mapping must be released before. A second call does nothing."""
        if self.memory is not None:
            self.memory.close()
            self.memory = None
        if self.fd != -1:
            os.close(self.fd)
            self.fd = -1


def reserve(name: str, byte: int) -> Optional[SharedMemory]:
    """Create an empty object of that name and hold that role in it; None where there is one, or somebody was quicker."""
    try:
        os.close(_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        memory = SharedMemory(name, writable=True)
    except (FileExistsError, FileNotFoundError):
        return None
    if presence.claim(memory.fd, byte, presence.EXCLUSIVE) and memory.size() == 0 and memory.still_named():
        return memory
    memory.close()
    return None


def open_existing(name: str, advice: str, writable: bool = False) -> SharedMemory:
    """Open an object that must be there; ShmlabError with `advice` when it is not."""
    try:
        return SharedMemory(name, writable)
    except OSError as error:
        if isinstance(error, PermissionError):
            advice = "it belongs to another user: ask for --mode 0666, or run as that user"
        raise ShmlabError(f"shm_open({name})", advice, error.errno or 0) from error
