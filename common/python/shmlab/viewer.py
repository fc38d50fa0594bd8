"""What shows frames: the interface that the window, the terminal and the files have in common."""

from __future__ import annotations

import enum
from typing import List, NamedTuple, Sequence

from shmlab import program
from shmlab.draw import Mark
from shmlab.picture import Picture


class Frame(NamedTuple):
    """A frame to show. The viewer may draw on the picture: it is the frame's own copy."""

    number: int
    picture: Picture
    marks: Sequence[Mark]
    overlay: str


class Key(enum.Enum):
    """What a person can ask for."""

    QUIT = "ESC, q, or the window was closed"
    PAUSE = "SPACE"


class Viewer:
    """Shows nothing; the others derive from it. Close it on every path: the terminal would stay in disorder."""

    def show(self, frame: Frame) -> None:
        """Show a frame."""

    def keys(self) -> List[Key]:
        """What was pressed since the last call; call it often, it also keeps a window alive."""
        return []

    def say(self, text: str) -> None:
        """Print a line, or keep it until the viewer no longer owns the terminal."""
        program.say(text)

    def close(self) -> None:
        """Give back what was taken; a second call does nothing."""
