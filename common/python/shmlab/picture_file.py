"""Reading a picture of any kind from a file: PNG and PPM by ourselves, the rest through programs that can."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from shmlab import png, ppm
from shmlab.picture import Picture

# The standard library decodes no JPEG. Each of these writes a PPM to its standard output.
_CONVERTERS = (
    ("djpeg", ["-ppm", "{file}"]),
    ("ffmpeg", ["-v", "error", "-i", "file:{file}", "-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe", "-"]),
)
CONVERTERS = " or ".join(name for name, _ in _CONVERTERS)
_SECONDS = 30  # a converter that takes longer is stuck


def read(path: Path) -> Picture:
    """A picture from a file. OSError if it cannot be opened, ValueError if it cannot be understood."""
    data = path.read_bytes()
    if data.startswith(png.SIGNATURE):
        return png.decode(data)
    if data.startswith(b"P6"):
        return ppm.decode(data)
    return _converted(path.resolve())


def _converted(path: Path) -> Picture:
    """Try every converter that is installed; ValueError with what the last one said."""
    reason = f"neither PNG nor PPM, and no {CONVERTERS} is installed"
    for name, arguments in _CONVERTERS:
        program = shutil.which(name)
        if program is None:
            continue
        command = [program] + [argument.replace("{file}", str(path)) for argument in arguments]
        try:
            run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            reason = f"{name} did not finish within {_SECONDS} s"
            continue
        if run.returncode == 0:
            return ppm.decode(run.stdout)
        said = run.stderr.decode("utf-8", errors="replace").strip().splitlines()
        reason = f"{name}: {said[-1] if said else f'status {run.returncode}'}"
    raise ValueError(reason)
