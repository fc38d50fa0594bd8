"""Errors that name the thing, the cause and the next step, as the C programs print them:

    reader.py: shm_open(/x): ENOENT (No such file or directory): start the writer first, or pass its --name
"""

from __future__ import annotations

import errno
import os


class ShmlabError(Exception):
    """What went wrong and what to do about it; the program prints it after its own name and exits with status 1."""

    def __init__(self, what: str, advice: str = "", number: int = 0) -> None:
        cause = f"{symbol(number)} ({os.strerror(number)})" if number else ""
        super().__init__(": ".join(part for part in (what, cause, advice) if part))
        self.number = number


def symbol(number: int) -> str:
    """"ENOENT" for 2; "error 4711" for a number without a name."""
    return errno.errorcode.get(number, f"error {number}")
