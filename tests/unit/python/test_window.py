"""The window under a virtual X server, looked at through the server's own frame buffer."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock
from typing import Tuple

from support import LIMIT, Case, die_with_us

from shmlab import viewer_window
from shmlab.draw import Mark
from shmlab.errors import ShmlabError
from shmlab.picture import Picture
from shmlab.viewer import Frame, Key

WIDTH, HEIGHT = 700, 680


def screen_pixel(path: Path, x: int, y: int) -> Tuple[int, int, int]:
    """RGB of the server's screen: an XWD file, 32 bits a pixel (X11/XWDFile.h)."""
    data = path.read_bytes()
    head = struct.unpack(">25I", data[:100])
    header_size, bytes_per_line, colours = head[0], head[12], head[19]
    at = header_size + colours * 12 + y * bytes_per_line + x * 4
    blue, green, red = data[at : at + 3]
    return red, green, blue


def start_server(*options: str) -> Tuple["subprocess.Popen[bytes]", str]:
    """An X server with a display of its own that is ready; the process and the display's name."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp", *options],
        pass_fds=[writing],
        preexec_fn=die_with_us,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()
    if not number:
        server.wait()
        raise RuntimeError("Xvfb did not start")
    return server, f":{number}"


@unittest.skipUnless(viewer_window.is_available(), "this Python has no tkinter")
@unittest.skipUnless(shutil.which("Xvfb"), "Xvfb is not installed")
class Window(Case):
    """One server for all: Xlib ends the process whose server goes away, closed windows or not."""

    screen: "tempfile.TemporaryDirectory[str]"
    server: "subprocess.Popen[bytes]"
    display: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.screen = tempfile.TemporaryDirectory(prefix="shmlab-")
        cls.addClassCleanup(cls.screen.cleanup)
        cls.server, cls.display = start_server("-fbdir", cls.screen.name)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.server.terminate)

    def setUp(self) -> None:
        with mock.patch.dict(os.environ, DISPLAY=self.display):
            self.viewer = viewer_window.WindowViewer("test")
        self.addCleanup(self.viewer.close)

    def await_pixel(self, viewer: viewer_window.WindowViewer, x: int, y: int, colour: Tuple[int, int, int]) -> None:
        """Without a window manager the window is at the top left; it takes the server a moment."""
        end = time.monotonic() + LIMIT
        while screen_pixel(Path(self.screen.name) / "Xvfb_screen0", x, y) != colour:
            self.assertLess(time.monotonic(), end, "the picture never appeared")
            viewer.keys()

    def await_key(self, event: str) -> Key:
        """Press a key until the window has it: it needs the focus, which comes when it comes."""
        end = time.monotonic() + LIMIT
        while True:
            self.viewer._root.focus_force()
            self.viewer._root.event_generate(event)
            keys = self.viewer.keys()
            if keys:
                return keys[0]
            self.assertLess(time.monotonic(), end, f"{event} never arrived")

    def frame(self, colour: Tuple[int, int, int]) -> Frame:
        return Frame(7, Picture.blank(640, 640, colour), [Mark(300, 300, 100, 100, "dog 0.87", (0, 255, 0))], "frame 7")

    def test_shows_the_picture_with_its_marks(self) -> None:
        self.viewer.show(self.frame((200, 30, 60)))
        self.await_pixel(self.viewer, 500, 600, (200, 30, 60))
        self.await_pixel(self.viewer, 300, 350, (0, 255, 0))
        self.viewer.show(self.frame((10, 20, 30)))
        self.await_pixel(self.viewer, 500, 600, (10, 20, 30))
        self.assertIn("frame 7", self.viewer._root.title())

    def test_keys(self) -> None:
        self.viewer.show(self.frame((0, 0, 0)))
        self.assertEqual(self.viewer.keys(), [])
        self.assertIs(self.await_key("<space>"), Key.PAUSE)
        self.assertIs(self.await_key("<Escape>"), Key.QUIT)

    def test_server_that_goes_away_ends_the_program(self) -> None:
        server, display = start_server()
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        program = (
            "from shmlab.viewer_window import WindowViewer\n"
            "viewer = WindowViewer('x')\n"
            "print('ready', flush=True)\n"
            "while not viewer.keys(): pass\n"
        )
        with mock.patch.dict(os.environ, DISPLAY=display):
            process = self.start(["-c", program])
        self.assertEqual(process.stdout.readline(), "ready\n")
        server.terminate()
        self.assertIsNotNone(process.wait(LIMIT))


class Without(Case):
    def test_no_tkinter(self) -> None:
        with mock.patch.object(viewer_window, "tkinter", None):
            with self.assertRaisesRegex(ShmlabError, "install python3-tk"):
                viewer_window.WindowViewer("x")

    @unittest.skipUnless(viewer_window.is_available(), "this Python has no tkinter")
    def test_no_display(self) -> None:
        with mock.patch.dict(os.environ):
            os.environ.pop("DISPLAY", None)
            run = self.run_reader("lab6_yolo_queue/consumer.py", "--view", "window")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertRegex(run.stderr, "no window.*choose another --view")


if __name__ == "__main__":
    unittest.main()
