"""Windows' named objects: file mappings, semaphores, mutexes, and roles. The Python side of shmlab/windows.h.

ctypes and the standard library only. mmap.mmap(-1, size, tagname=NAME) maps a named mapping, too, but it creates one that is
not there, full of zeros, without a word: a reader that came first could not tell. So a mapping is opened here first.

Handles are pointers: without restype, ctypes would cut them to 32 bits. Strings are UTF-16, so the functions end in W.
"""

from __future__ import annotations

import sys

if sys.platform != "win32":
    raise ImportError("shmlab.windows needs Windows; on Linux there are posix_shm, semaphore and presence")

import ctypes
import mmap
from ctypes import wintypes
from types import TracebackType
from typing import Any, Optional, Sequence, Tuple, Type, TypeVar

SYNCHRONIZE = 0x100000
SEMAPHORE_MODIFY_STATE = 0x0002
FILE_MAP_WRITE = 0x0002
FILE_MAP_READ = 0x0004
WAIT_OBJECT_0 = 0
WAIT_ABANDONED_0 = 0x80
WAIT_TIMEOUT = 0x102
WAIT_FAILED = 0xFFFFFFFF
ROLE_SECONDS = 2.0  # a peer that looks whether we are there holds our role for a moment

_Self = TypeVar("_Self", bound="Handle")

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)


def _function(name: str, result: Any, *arguments: Any) -> Any:
    found = getattr(_kernel32, name)
    found.restype = result
    found.argtypes = arguments
    return found


_open_mapping = _function("OpenFileMappingW", wintypes.HANDLE, wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR)
_open_semaphore = _function("OpenSemaphoreW", wintypes.HANDLE, wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR)
_open_mutex = _function("OpenMutexW", wintypes.HANDLE, wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR)
_create_mutex = _function("CreateMutexW", wintypes.HANDLE, wintypes.LPVOID, wintypes.BOOL, wintypes.LPCWSTR)
_wait = _function("WaitForSingleObject", wintypes.DWORD, wintypes.HANDLE, wintypes.DWORD)
_wait_many = _function("WaitForMultipleObjects", wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE), wintypes.BOOL,
                       wintypes.DWORD)
_release_semaphore = _function("ReleaseSemaphore", wintypes.BOOL, wintypes.HANDLE, wintypes.LONG, ctypes.POINTER(wintypes.LONG))
_release_mutex = _function("ReleaseMutex", wintypes.BOOL, wintypes.HANDLE)
_close_handle = _function("CloseHandle", wintypes.BOOL, wintypes.HANDLE)


def _last_error() -> OSError:
    return ctypes.WinError(ctypes.get_last_error())


class Handle:
    """An object of Windows. Use it in a with statement, or close it."""

    def __init__(self, handle: Optional[int], name: str) -> None:
        """Own a handle; OSError (FileNotFoundError, PermissionError ...) where the call gave none."""
        if handle is None:
            raise _last_error()
        self.handle: Optional[int] = handle
        self.name = name

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Give the handle back; the object goes with the last one."""
        if self.handle is not None:
            _close_handle(self.handle)
            self.handle = None


class Semaphore(Handle):
    """A named semaphore that another program has created."""

    def __init__(self, name: str) -> None:
        super().__init__(_open_semaphore(SYNCHRONIZE | SEMAPHORE_MODIFY_STATE, False, name), name)

    def post(self) -> None:
        """Put a token in; OSError (ERROR_TOO_MANY_POSTS) beyond the maximum."""
        if not _release_semaphore(self.handle, 1, None):
            raise _last_error()


class Mutex(Handle):
    """A named mutex that another program has created. It belongs to the thread that locked it."""

    def __init__(self, name: str) -> None:
        super().__init__(_open_mutex(SYNCHRONIZE, False, name), name)

    def lock(self, seconds: float) -> bool:
        """Take it; True when it came from a process that died with it. TimeoutError after the limit."""
        got = _wait(self.handle, int(seconds * 1000))
        if got not in (WAIT_OBJECT_0, WAIT_ABANDONED_0):
            raise TimeoutError(f"{self.name} is not given back")
        return bool(got == WAIT_ABANDONED_0)

    def unlock(self) -> None:
        """Give it back; OSError (ERROR_NOT_OWNER) where it is not ours."""
        if not _release_mutex(self.handle):
            raise _last_error()


class _MutantState(ctypes.Structure):
    """MUTANT_BASIC_INFORMATION: the state of a mutex without taking it. Win32 has no call for it, ntdll.dll has."""

    _fields_ = [("count", wintypes.LONG), ("ours", wintypes.BOOLEAN), ("abandoned", wintypes.BOOLEAN)]


class Role(Handle):
    """A mutex that its holder keeps while it is there: our own to take, the peer's to wait for."""

    def __init__(self, name: str) -> None:
        super().__init__(_create_mutex(None, False, name), name)

    def take(self) -> bool:
        """Take it; False where another program holds it."""
        return _wait(self.handle, int(ROLE_SECONDS * 1000)) in (WAIT_OBJECT_0, WAIT_ABANDONED_0)

    def leave(self) -> None:
        """Give it back."""
        _release_mutex(self.handle)

    def holder(self) -> str:
        """Who has it: "nobody", "lives", or "died". Only the first that waits after a death is told, and this leaves it so."""
        state = _MutantState(count=1)
        ctypes.WinDLL("ntdll").NtQueryMutant(wintypes.HANDLE(self.handle), 0, ctypes.byref(state), ctypes.sizeof(state), None)
        return "lives" if state.count <= 0 else "died" if state.abandoned else "nobody"


def wait_first(objects: Sequence[Handle], seconds: float) -> Optional[Tuple[int, bool]]:
    """Wait for any of them. (Index of the first that is signalled, whether a dead process held it); None after the limit.

    Python runs its signal handlers between two calls only: keep the limit short where Ctrl-C is to work.
    """
    array = (wintypes.HANDLE * len(objects))(*(each.handle for each in objects))
    got = int(_wait_many(len(objects), array, False, int(seconds * 1000)))
    if got == WAIT_TIMEOUT:
        return None
    if got == WAIT_FAILED:
        raise _last_error()
    return (got - WAIT_ABANDONED_0, True) if got >= WAIT_ABANDONED_0 else (got, False)


class Mapping(Handle):
    """A named file mapping that is there; `memory` is its first `size` bytes. PermissionError where it has fewer."""

    def __init__(self, name: str, size: int, writable: bool = False) -> None:
        super().__init__(_open_mapping(FILE_MAP_WRITE if writable else FILE_MAP_READ, False, name), name)
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self.memory = mmap.mmap(-1, size, tagname=name, access=access)

    def close(self) -> None:
        """Unmap it, and give the handle back."""
        self.memory.close()
        super().close()
