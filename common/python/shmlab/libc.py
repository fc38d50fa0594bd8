"""The C library, through ctypes.

A function that may sleep is called without Python's global lock, so that other threads and signal handlers run; one
that never blocks keeps the lock, which saves a third of the call's time. Both keep errno for ctypes.get_errno.
"""

from __future__ import annotations

import ctypes
from typing import Any, Sequence


def _libraries() -> "list[str | None]":
    # glibc has kept all of this in libc itself since 2.34; before, in these two. None is what is loaded already.
    return [None, "librt.so.1", "libpthread.so.0"]


def function(name: str, result: Any, arguments: Sequence[Any], may_block: bool = False) -> Any:
    """A C function with its types declared; ImportError if this system's library has none of that name.

    may_block: it may sleep, see above.
    """
    loader = ctypes.CDLL if may_block else ctypes.PyDLL
    for library in _libraries():
        try:
            found = getattr(loader(library, use_errno=True), name)
        except (OSError, AttributeError):
            continue
        found.restype = result
        found.argtypes = list(arguments)
        return found
    raise ImportError(f"the C library has no {name}()")
