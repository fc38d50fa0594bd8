"""Ending on request: SIGINT, SIGTERM and SIGHUP (a closed terminal) set a flag that every loop looks at, so that a
program always leaves through its own clean-up."""

from __future__ import annotations

import os
import select
import signal
import time
from types import FrameType
from typing import Optional

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_number = 0  # the signal that came, 0 while none did
_wake = -1  # readable as soon as a signal came


def _remember(number: int, _frame: Optional[FrameType]) -> None:
    global _number
    _number = _number or number


def on_signals() -> None:
    """Install the handlers, from the main thread.

    signal.signal leaves SA_RESTART out, so a sem_clockwait below us ends with EINTR. The wake-up descriptor is written
    by the handler in C before any of our code runs: a signal that comes just before a sleep still ends it.
    """
    global _wake
    if _wake == -1:
        _wake, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in SIGNALS:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # nohup(1) wants it so
        signal.signal(number, _remember)


def requested() -> int:
    """The number of the signal that asked us to end, 0 while none did."""
    return _number


def name() -> str:
    """That signal's name, for messages."""
    return signal.Signals(_number).name if _number else "no signal"


def sleep(seconds: float) -> bool:
    """Sleep for that long or until a signal asks us to end; False in the second case. No signal is missed."""
    if _wake == -1:
        time.sleep(seconds)
    elif not _number:
        select.select([_wake], [], [], seconds)
    return not _number
