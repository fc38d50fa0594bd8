"""PPM files (binary, 8 bits a channel, ppm(5)): what tkinter shows and what other programs hand us."""

from __future__ import annotations

import re

from shmlab.picture import CHANNELS, Picture
from shmlab.png import PIXELS_MAX

# "P6", width, height, highest value, each after white space or comments, then one white-space byte.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_HEADER = re.compile(rb"P6" + 3 * (_GAP + rb"(\d{1,7})") + rb"\s")


def encode(picture: Picture) -> bytes:
    """The picture as a PPM file."""
    return b"P6 %d %d 255\n" % (picture.width, picture.height) + picture.pixels


def decode(data: bytes) -> Picture:
    """A picture from a PPM file. ValueError says what is wrong or not supported."""
    header = _HEADER.match(data)
    if header is None:
        raise ValueError("not a binary PPM file")
    width, height, highest = (int(number) for number in header.groups())
    if not 0 < highest <= 255:
        raise ValueError(f"only PPMs with values up to 255 are read here, not {highest}")
    if not 0 < width * height <= PIXELS_MAX:
        raise ValueError(f"{width} x {height} pixels are too many or none")
    needed = width * height * CHANNELS
    pixels = bytearray(data[header.end() : header.end() + needed])
    if len(pixels) != needed:
        raise ValueError(f"{needed} bytes of pixels expected, {len(pixels)} found")
    if highest != 255:
        pixels = pixels.translate(bytes(min(255, (value * 255 + highest // 2) // highest) for value in range(256)))
    return Picture(width, height, pixels)
