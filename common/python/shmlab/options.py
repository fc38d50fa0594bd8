"""Types for argparse that the readers share; wrong usage ends with status 2, which is argparse's own."""

from __future__ import annotations

import argparse
import re
from typing import Callable

NAME_CAPACITY = 250  # characters: NAME_MAX less room for the suffixes that a program appends
PREFIX_CAPACITY = 200
SECONDS_MAX = 1e6
_INTEGER = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)")


def parser(doc: "str | None") -> argparse.ArgumentParser:
    """A parser whose --help shows the program's own docstring."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def object_name(text: str) -> str:
    """A name for a POSIX object: one slash in front (added where it is missing), none after it."""
    name = text if text.startswith("/") else "/" + text
    if len(name) < 2 or "/" in name[1:] or len(name) > NAME_CAPACITY or "\0" in name or name in ("/.", "/.."):
        raise argparse.ArgumentTypeError(
            f"{text!r}: a name is 1 to {NAME_CAPACITY - 1} characters with no slash but one in front"
        )
    return name


def prefix(text: str) -> str:
    """A prefix for the names of several POSIX objects."""
    if not 1 <= len(text) <= PREFIX_CAPACITY or "/" in text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r}: a prefix is 1 to {PREFIX_CAPACITY} characters without a slash")
    return text


def integer(low: int, high: int) -> Callable[[str], int]:
    """A whole number in [low, high]; decimal, or hexadecimal with 0x."""

    def parse(text: str) -> int:
        if not _INTEGER.fullmatch(text):  # int() alone would also take "1_000" and digits of other scripts
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
        value = int(text, 16 if "x" in text.lower() else 10)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low} ... {high}")
        return value

    return parse


def seconds(text: str) -> float:
    """A time of 0 to SECONDS_MAX seconds."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= value <= SECONDS_MAX:  # false for "nan" as well
        raise argparse.ArgumentTypeError(f"{text} is not in 0 ... {SECONDS_MAX:.0f} seconds")
    return value


def add_timeout(to: argparse.ArgumentParser, what: str, default: float = 30.0) -> None:
    """--timeout, the same in every program that waits."""
    to.add_argument(
        "--timeout",
        type=seconds,
        default=default,
        metavar="S",
        help=f"give up {what} for S seconds (default: %(default)g)",
    )
