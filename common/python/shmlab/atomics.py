"""Atomic loads and stores of one byte with C11 memory orders.

A plain read of a memoryview carries no ordering: on x86 it happens to work, on ARM the message may arrive after its
flag. Compilers call libatomic for atomics that they cannot inline; we call the same functions.
"""

from __future__ import annotations

import ctypes

from shmlab.errors import ShmlabError

LIBRARY = "libatomic.so.1"
_ACQUIRE = 2  # GCC's __ATOMIC_ACQUIRE
_RELEASE = 3  # GCC's __ATOMIC_RELEASE


class AtomicByte:
    """The atomic byte at an address, for example a C `_Atomic bool`. The memory must outlive the object."""

    def __init__(self, address: int) -> None:
        try:
            library = ctypes.PyDLL(LIBRARY)
        except OSError as error:
            raise ShmlabError(f"{LIBRARY}: {error}", "install GCC's run-time library, on Debian: libatomic1") from error
        self._load = getattr(library, "__atomic_load_1")
        self._load.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self._load.restype = ctypes.c_uint8
        self._store = getattr(library, "__atomic_store_1")
        self._store.argtypes = [ctypes.c_void_p, ctypes.c_uint8, ctypes.c_int]
        self._store.restype = None
        self._address = ctypes.c_void_p(address)

    def load_acquire(self) -> int:
        """The value; what its writer stored before its release store is visible afterwards."""
        value: int = self._load(self._address, _ACQUIRE)
        return value

    def store_release(self, value: int) -> None:
        """Store; what we did before is visible to a process that loads this value with acquire."""
        self._store(self._address, value, _RELEASE)
