"""What shows frames: the interface that the window, the terminal and the files have in common."""

from __future__ import annotations

import enum
from typing import List, Optional, Sequence

from shmlab import draw, program
from shmlab.draw import Mark
from shmlab.picture import Picture


class Frame:
    """A frame to show: its number, the picture as it came (nobody draws on it), and what is to be drawn."""

    def __init__(self, number: int, picture: Picture, marks: Sequence[Mark], overlay: str) -> None:
        self.number = number
        self.picture = picture
        self.marks = marks
        self.overlay = overlay
        self._annotated: Optional[Picture] = None

    def annotated(self) -> Picture:
        """The picture with the marks and the overlay; drawn once, however many viewers want it."""
        if self._annotated is None:
            self._annotated = self.picture.copy()
            draw.annotate(self._annotated, self.marks, self.overlay)
        return self._annotated

    def with_note(self, note: str) -> Frame:
        """The same frame with something added to the overlay."""
        return Frame(self.number, self.picture, self.marks, f"{self.overlay}   {note}")


class Key(enum.Enum):
    """What a person can ask for."""

    QUIT = "ESC, q, or the window was closed"
    PAUSE = "SPACE"


class Viewer:
    """Shows nothing; the others derive from it. Close it on every path: the terminal would stay in disorder."""

    shows = False  # does it want frames at all?

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
