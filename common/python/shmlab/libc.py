"""The C library, through ctypes.

Two handles of the same library: calls through `blocking` drop Python's global lock, as a call that may sleep must;
calls through `quick` keep it, which saves a third of the time and is right only for calls that never block. Both keep
errno per thread for ctypes.get_errno.
"""

from __future__ import annotations

import ctypes
from typing import Any, Sequence


def _libraries() -> "list[str | None]":
    # glibc has kept all of this in libc itself since 2.34; before, in these two. None is what is loaded already.
    return [None, "librt.so.1", "libpthread.so.0"]


def function(name: str, result: Any, arguments: Sequence[Any], may_block: bool = False) -> Any:
    """A C function with its types declared; ImportError if this system's library has none of that name."""
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
