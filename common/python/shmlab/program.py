"""The manners of a program: its name before what it says, and the exit status of every program here: 0 done,
1 failed, 2 wrong usage (argparse's own)."""

from __future__ import annotations

import io
import os
import sys
from types import TracebackType
from typing import Callable, Optional, Type

from shmlab.errors import ShmlabError, symbol

DONE = 0
FAILED = 1


def _hook(kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """Ctrl-C before `run`, while a program still imports: it ends by that signal, as ever, but without a traceback."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _hook


def name() -> str:
    """The program's name as messages show it."""
    return os.path.basename(sys.argv[0])


def say(text: str) -> None:
    """One line on standard output."""
    print(f"{name()}: {text}", flush=True)


def complain(text: str) -> None:
    """One line on standard error."""
    print(f"{name()}: {text}", file=sys.stderr, flush=True)


def lines_whole() -> None:
    """Let each line go out by one write. With PYTHONUNBUFFERED, print writes a text and its newline one after the other,
    and what a peer prints on the same terminal comes in between."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=False)


def run(main: Callable[[], int]) -> None:
    """Run `main` and end the program with its status; errors become one line on standard error and status 1."""
    lines_whole()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a character that the locale lacks is no reason to fail
    try:
        status = main()
        sys.stdout.flush()
    except ShmlabError as error:
        complain(str(error))
        status = FAILED
    except BrokenPipeError:
        # The program that read our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = FAILED
    except KeyboardInterrupt:  # a program that is too short to bother with stop.py
        complain("SIGINT")
        status = FAILED
    except OSError as error:
        complain(f"{error.filename or 'input or output'}: {symbol(error.errno or 0)} ({error.strerror or error})")
        status = FAILED
    sys.exit(status)
