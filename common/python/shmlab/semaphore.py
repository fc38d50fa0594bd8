"""Named POSIX semaphores through ctypes: sem_open and its family.

The standard library's own semaphores (multiprocessing, threading) cannot open one that a C program created.
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from types import TracebackType
from typing import Optional, Type

from shmlab import libc, stop
from shmlab.errors import ShmlabError

SLICE_SECONDS = 0.2  # the longest sleep between two looks at what else could have happened
_NANOSECONDS = 1_000_000_000


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


# sem_open is variadic, but without O_CREAT nothing follows the flags. A handle is sem_t *.
_sem_open = libc.function("sem_open", ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int])
_sem_close = libc.function("sem_close", ctypes.c_int, [ctypes.c_void_p])
_sem_unlink = libc.function("sem_unlink", ctypes.c_int, [ctypes.c_char_p])
_sem_trywait = libc.function("sem_trywait", ctypes.c_int, [ctypes.c_void_p])
_sem_clockwait = libc.function(
    "sem_clockwait", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Timespec)], may_block=True
)
_sem_post = libc.function("sem_post", ctypes.c_int, [ctypes.c_void_p])
_sem_getvalue = libc.function("sem_getvalue", ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)])


def _failure(call: str, name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), f"{call}({name})")


def unlink(name: str) -> None:
    """Remove the name; processes that have it open go on. OSError, for example FileNotFoundError."""
    if _sem_unlink(os.fsencode(name)) == -1:
        raise _failure("sem_unlink", name)


def exists(name: str) -> bool:
    """Is there one of that name?"""
    try:
        Semaphore(name).close()
    except FileNotFoundError:
        return False
    return True


class Semaphore:
    """A semaphore that another program created. Close it, or use it in a with statement."""

    def __init__(self, name: str) -> None:
        """Open; OSError as sem_open gives it, for example FileNotFoundError."""
        self.name = name
        handle = _sem_open(os.fsencode(name), 0)
        if handle is None:  # SEM_FAILED
            raise _failure("sem_open", name)
        self._handle: Optional[ctypes.c_void_p] = ctypes.c_void_p(handle)

    def __enter__(self) -> Semaphore:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def try_wait(self) -> bool:
        """Take one token if there is one now."""
        while _sem_trywait(self._handle) == -1:
            number = ctypes.get_errno()
            if number == errno.EAGAIN:
                return False
            if number != errno.EINTR:
                raise _failure("sem_trywait", self.name)
        return True

    def wait(self, seconds: float = SLICE_SECONDS, heed_stop: bool = True) -> bool:
        """Take one token; False if none came in that time or, unless told otherwise, a signal asks us to stop.

        sem_clockwait (glibc 2.30) is sem_timedwait(3) with a choice of clock: a deadline on CLOCK_REALTIME would move
        when somebody sets the clock. A signal that comes just before the wait begins is seen only after it, so wait
        in slices.
        """
        if self.try_wait():
            return True
        end = time.monotonic_ns() + int(seconds * _NANOSECONDS)
        deadline = _Timespec(end // _NANOSECONDS, end % _NANOSECONDS)
        while not (heed_stop and stop.requested()):
            if _sem_clockwait(self._handle, time.CLOCK_MONOTONIC, ctypes.byref(deadline)) == 0:
                return True
            number = ctypes.get_errno()
            if number == errno.ETIMEDOUT:
                return False
            if number != errno.EINTR:
                raise _failure("sem_clockwait", self.name)
        return False

    def post(self) -> None:
        """Add one token and wake one waiter."""
        if _sem_post(self._handle) == -1:
            raise _failure("sem_post", self.name)

    def value(self) -> int:
        """The number of tokens at this moment: for people to look at, never to decide by."""
        number = ctypes.c_int()
        if _sem_getvalue(self._handle, ctypes.byref(number)) == -1:
            raise _failure("sem_getvalue", self.name)
        return number.value

    def close(self) -> None:
        """Close; a second call does nothing."""
        if self._handle is not None:
            _sem_close(self._handle)
            self._handle = None


def open_existing(name: str, advice: str) -> Semaphore:
    """Open a semaphore that must be there; ShmlabError with `advice` when it is not."""
    try:
        return Semaphore(name)
    except OSError as error:
        raise ShmlabError(f"sem_open({name})", advice, error.errno or 0) from error
