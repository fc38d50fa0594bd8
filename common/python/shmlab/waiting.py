"""Waiting with an end: for a time, for a peer that has not started yet, and never past a request to stop."""

from __future__ import annotations

import time
from typing import Callable, Optional, TypeVar

from shmlab import stop

Result = TypeVar("Result")

RETRY_SECONDS = 0.02  # between two looks for something that another program creates


class Deadline:
    """A point in time on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = 0.0
        self.restart()

    def restart(self) -> None:
        """Begin again, because something came."""
        self._end = time.monotonic() + self.seconds

    def passed(self) -> bool:
        """Is it over?"""
        return time.monotonic() >= self._end


def until(attempt: Callable[[], Optional[Result]], deadline: Deadline) -> Optional[Result]:
    """Call `attempt` until it returns something; None if a signal or the deadline came first."""
    while True:
        result = attempt()
        if result is not None:
            return result
        if deadline.passed() or not stop.sleep(RETRY_SECONDS):
            return None
