"""Reading a picture of any kind from a file, with the same pixels as the C programs see.

The standard library decodes no JPEG, and a PNG only as far as we wrote it. What is more than that is given to our own C program
`picture` (common/tools/picture.c), which turns a photograph upright as its EXIF data say and shows what is transparent over
white; where it is not built, to ffmpeg, which does nearly the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List, Tuple

from shmlab import png, ppm
from shmlab.picture import Picture

_ROOT = Path(__file__).resolve().parents[3]
_FFMPEG = ["-v", "error", "-xerror", "-i", "file:{file}", "-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe", "-"]
_SECONDS = 60  # a converter that takes longer is stuck
CONVERTERS = "build/bin/picture or ffmpeg"


def _converters() -> Iterator[Tuple[str, List[str]]]:
    """Name and command of each that is there; the first that succeeds is believed."""
    ours = Path(os.environ.get("SHMLAB_BUILD", _ROOT / "build")) / "bin" / "picture"
    for program in (str(ours), shutil.which("shmlab-picture")):  # in the source tree, installed
        if program is not None and os.access(program, os.X_OK):
            yield "picture", [program, "{file}"]
            break
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is not None:
        yield "ffmpeg", [ffmpeg, *_FFMPEG]


def read(path: Path) -> Picture:
    """A picture from a file. OSError if it cannot be opened, ValueError if it cannot be understood."""
    data = path.read_bytes()
    if data.startswith(b"P6"):
        return ppm.decode(data)
    if data.startswith(png.SIGNATURE) and png.is_plain(data):
        return png.decode(data)
    return _converted(path.resolve())


def _converted(path: Path) -> Picture:
    """Ask the converters; ValueError with what the first one said, which is the one that the C programs agree with."""
    reasons = []
    for name, arguments in _converters():
        command = [argument.replace("{file}", str(path)) for argument in arguments]
        try:
            run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            reasons.append(f"{name} did not finish within {_SECONDS} s")
            continue
        if run.returncode == 0:
            return ppm.decode(run.stdout)
        said = run.stderr.decode("utf-8", errors="replace").strip().splitlines()
        reasons.append(said[-1] if said else f"{name}: status {run.returncode}")
        if name == "picture":  # another decoder's answer would be another picture
            break
    raise ValueError(reasons[0] if reasons else f"this kind of picture needs {CONVERTERS}: build the project, or install ffmpeg")
