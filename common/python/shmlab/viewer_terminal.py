"""Frames in a terminal with 24-bit colours: every character cell shows two pixels, the upper half block in one colour
on a ground in the other. Labels are written as text, which stays readable where a scaled-down picture would not.

The view runs on the alternate screen and puts everything back when it is closed.
"""

from __future__ import annotations

import os
import select
import sys
import termios
from operator import itemgetter
from typing import Any, List, Optional, Tuple

from shmlab import colours, draw, program
from shmlab.colours import Colour
from shmlab.draw import Mark
from shmlab.errors import ShmlabError
from shmlab.picture import CHANNELS, Picture
from shmlab.viewer import Frame, Key, Viewer

# Control sequences: ECMA-48 and xterm's "ctlseqs".
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"  # alternate screen, cursor hidden, cleared
_LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l"
_CLEAR = "\x1b[0m\x1b[2J"
_SYNC_BEGIN, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"  # show it all at once, where the terminal knows how
_CELL = "\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm\N{UPPER HALF BLOCK}"
_KEYS = {b"\x1b": Key.QUIT, b"q": Key.QUIT, b"Q": Key.QUIT, b" ": Key.PAUSE}
_HINT = "ESC ends, SPACE pauses"


def _move(column: int, row: int) -> str:
    """To a cell, counted from 0."""
    return f"\x1b[{row + 1};{column + 1}H"


def _written(text: str, ground: Colour) -> str:
    ink = colours.text_on(ground)
    return f"\x1b[38;2;{ink[0]};{ink[1]};{ink[2]};48;2;{ground[0]};{ground[1]};{ground[2]}m{text}"


class _Keyboard:
    """Standard input without echo and line buffering; what is not a terminal is left alone."""

    def __init__(self) -> None:
        self._fd = sys.stdin.fileno()
        self._before: Optional[List[Any]] = None
        if not os.isatty(self._fd):
            return
        before = termios.tcgetattr(self._fd)
        changed = termios.tcgetattr(self._fd)
        changed[3] &= ~(termios.ICANON | termios.ECHO)  # local modes
        changed[6][termios.VMIN], changed[6][termios.VTIME] = 0, 0
        # A stopped viewer would leave its terminal on the alternate screen: no Ctrl-Z. Ctrl-C stays.
        changed[6][termios.VSUSP] = b"\0"  # _POSIX_VDISABLE
        termios.tcsetattr(self._fd, termios.TCSADRAIN, changed)
        self._before = before

    def read(self) -> bytes:
        if self._before is None or not select.select([self._fd], [], [], 0)[0]:
            return b""
        try:
            return os.read(self._fd, 1024)
        except OSError:
            return b""

    def restore(self) -> None:
        if self._before is None:
            return
        try:
            # What was typed and not read yet was meant for us, not for the shell.
            termios.tcsetattr(self._fd, termios.TCSAFLUSH, self._before)
        except termios.error:
            pass  # the terminal is gone
        self._before = None


def _parse_keys(typed: bytes) -> List[Key]:
    """Keys in what was typed. ESC counts when nothing follows it: arrows and the like begin with it too."""
    if typed.startswith(b"\x1b") and len(typed) > 1 and typed[1:2] in (b"[", b"O"):
        return []
    return [_KEYS[typed[i : i + 1]] for i in range(len(typed)) if typed[i : i + 1] in _KEYS]


class TerminalViewer(Viewer):
    """ESC or q end, SPACE pauses."""

    shows = True

    def __init__(self) -> None:
        """ShmlabError if standard output is no terminal."""
        self._fd = sys.stdout.fileno()
        if not os.isatty(self._fd):
            raise ShmlabError("standard output is no terminal", "choose another --view, for example png")
        self._later: List[str] = []  # lines to print when the terminal is free again
        self._shown: List[str] = []  # the rows as the screen shows them: only what changed is written
        self._size: Tuple[int, int] = (0, 0)
        self._lost = False
        self._open = True
        sys.stdout.flush()
        self._keyboard = _Keyboard()
        self._write(_ENTER)

    def _write(self, text: str) -> None:
        data = text.encode("utf-8")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            self._lost = True  # the terminal was closed

    def show(self, frame: Frame) -> None:
        """Scale the frame to the terminal and show it."""
        size = tuple(os.get_terminal_size(self._fd))
        columns, rows = size
        if columns < 2 or rows < 3:
            return
        output = [_SYNC_BEGIN]
        if size != self._size:
            self._size = (columns, rows)
            self._shown = []
            output.append(_CLEAR)
        picture = frame.picture
        # A cell is about twice as high as wide, so its two pixels are square; the last row is the overlay's.
        factor = min(columns / picture.width, 2 * (rows - 1) / picture.height)
        width = max(2, int(picture.width * factor))
        height = max(2, int(picture.height * factor) // 2 * 2)
        small = picture.scaled(width, height)
        marks = [_scaled_mark(mark, width / picture.width, height / picture.height) for mark in frame.marks]
        for mark in marks:
            draw.box(small, mark.x, mark.y, mark.width, mark.height, mark.colour, 1)
        left = (columns - width) // 2
        lines = [line + _labels(marks, row, left, width) for row, line in enumerate(_half_blocks(small))]
        for row, line in enumerate(lines):
            if row >= len(self._shown) or self._shown[row] != line:
                output.append(_move(left, row) + line)
        self._shown = lines
        status = f" {frame.overlay}   {_HINT}"
        output.append(_move(0, rows - 1) + _written(status[: columns - 1].ljust(columns - 1), colours.PANEL))
        output.append(_SYNC_END)
        self._write("".join(output))

    def keys(self) -> List[Key]:
        """What was typed."""
        return [Key.QUIT] if self._lost else _parse_keys(self._keyboard.read())

    def say(self, text: str) -> None:
        """Keep the line until the view is closed."""
        self._later.append(text)

    def close(self) -> None:
        """Back to the normal screen and the terminal's old settings; then print what was said meanwhile."""
        if not self._open:
            return
        self._open = False
        self._write(_LEAVE)
        self._keyboard.restore()
        if not self._lost:
            for text in self._later:
                program.say(text)


def _scaled_mark(mark: Mark, across: float, down: float) -> Mark:
    x, y = int(mark.x * across), int(mark.y * down)
    right, bottom = round((mark.x + mark.width) * across), round((mark.y + mark.height) * down)
    return mark._replace(x=x, y=y, width=max(2, right - x), height=max(2, bottom - y))


def _half_blocks(picture: Picture) -> List[str]:
    """A line of text for every two rows of pixels."""
    stride = picture.width * CHANNELS
    # The channels of upper and lower pixel in the order in which the template of a line wants them.
    order = [
        row * stride + x * CHANNELS + channel
        for x in range(picture.width)
        for row in range(2)
        for channel in range(CHANNELS)
    ]
    pick = itemgetter(*order)
    template = _CELL * picture.width
    return [template % pick(picture.pixels[at : at + 2 * stride]) for at in range(0, len(picture.pixels), 2 * stride)]


def _labels(marks: List[Mark], row: int, left: int, width: int) -> str:
    """The labels that are in this row of cells, as text to be written over the picture."""
    written = []
    for mark in marks:
        if max(0, mark.y // 2 - 1) == row:
            column = max(0, min(mark.x, width - len(mark.text)))
            written.append(_move(left + column, row) + _written(mark.text[:width], mark.colour))
    return "".join(written)
