"""A window that shows frames, made with tkinter: part of Python's standard library, on Debian in python3-tk."""

from __future__ import annotations

from typing import List

from shmlab import ppm
from shmlab.errors import ShmlabError
from shmlab.viewer import Frame, Key, Viewer

try:
    import tkinter
except ImportError:  # Debian packages it on its own
    tkinter = None  # type: ignore[assignment]


def is_available() -> bool:
    """Is tkinter there?"""
    return tkinter is not None


class WindowViewer(Viewer):
    """ESC, q or the close button end, SPACE pauses."""

    shows = True

    def __init__(self, title: str) -> None:
        """ShmlabError without tkinter or without a display."""
        if tkinter is None:
            raise ShmlabError("Python has no tkinter", "install python3-tk, or choose another --view")
        try:
            self._root = tkinter.Tk(className="shmlab")
        except tkinter.TclError as error:
            raise ShmlabError(f"no window: {error}", "choose another --view, for example terminal or png") from error
        self._title = title
        self._pressed: List[Key] = []
        self._image = tkinter.PhotoImage(master=self._root)
        self._open = True
        self._root.title(title)
        self._root.resizable(False, False)
        tkinter.Label(self._root, image=self._image, borderwidth=0, highlightthickness=0).pack()
        for name, key in (("<Escape>", Key.QUIT), ("<q>", Key.QUIT), ("<space>", Key.PAUSE)):
            self._root.bind(name, lambda _event, key=key: self._pressed.append(key))  # type: ignore[misc]
        self._root.protocol("WM_DELETE_WINDOW", lambda: self._pressed.append(Key.QUIT))

    def show(self, frame: Frame) -> None:
        """Show the picture with its marks."""
        try:
            self._image.configure(data=ppm.encode(frame.annotated()), format="PPM")
            self._root.title(f"{self._title} - {frame.overlay}")
            self._root.update()
        except tkinter.TclError:
            self._pressed.append(Key.QUIT)  # the display went away

    def keys(self) -> List[Key]:
        """Process the window's events."""
        try:
            self._root.update()
        except tkinter.TclError:
            self._pressed.append(Key.QUIT)
        pressed, self._pressed = self._pressed, []
        return pressed

    def close(self) -> None:
        """Close the window."""
        if not self._open:
            return
        self._open = False
        try:
            self._root.destroy()
        except tkinter.TclError:
            pass  # the display went away, and the window with it
