"""A picture in memory: rows of red, green, blue bytes; and a few operations on whole pictures that are fast enough for
video although nothing but the standard library does them."""

from __future__ import annotations

from operator import itemgetter
from typing import Union

from shmlab.colours import BLACK, Colour

CHANNELS = 3  # red, green, blue


class Picture:
    """width x height pixels; `pixels` holds 3 bytes each, row by row from the top."""

    def __init__(self, width: int, height: int, pixels: bytearray) -> None:
        if len(pixels) != width * height * CHANNELS or width < 1:
            raise ValueError(f"{len(pixels)} bytes are no picture of {width} x {height}")
        self.width = width
        self.height = height
        self.pixels = pixels

    @classmethod
    def blank(cls, width: int, height: int, colour: Colour = BLACK) -> Picture:
        """A picture of one colour."""
        return cls(width, height, bytearray(bytes(colour) * (width * height)))

    @classmethod
    def from_bgr(cls, width: int, height: int, source: Union[bytes, memoryview]) -> Picture:
        """A copy of pixels that are stored blue, green, red, as the queue of lab 6 has them.

        ValueError when these are more or fewer than such a picture has.
        """
        wanted = CHANNELS * width * height
        if len(source) != wanted:
            raise ValueError(f"{len(source)} bytes are no picture of {width} x {height}, that is {wanted} bytes")
        pixels = bytearray(source)
        # Slices with a step are fast on a bytearray and ten times slower on a memoryview, hence the copy first.
        blue = pixels[0::3]
        pixels[0::3] = pixels[2::3]
        pixels[2::3] = blue
        return cls(width, height, pixels)

    def copy(self) -> Picture:
        """A copy to draw on."""
        return Picture(self.width, self.height, bytearray(self.pixels))

    def pixel(self, x: int, y: int) -> Colour:
        """The colour at (x, y)."""
        at = (y * self.width + x) * CHANNELS
        return self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]

    def scaled(self, width: int, height: int) -> Picture:
        """The picture in another size: halved with averaging while that is possible, then by the nearest pixel."""
        picture = self
        while picture.width >= 2 * width and picture.height >= 2 * height:
            picture = picture._halved()
        if (picture.width, picture.height) == (width, height):
            return picture if picture is not self else self.copy()
        return picture._nearest(width, height)

    def _halved(self) -> Picture:
        """Half the size, each pixel the mean of four; an odd last row or column is dropped.

        A row is one big number, so that Python's arithmetic works on all its bytes at once: the mean of two bytes is
        (a & b) + ((a ^ b) >> 1), with the bit that would fall into the neighbour masked away.
        """
        width, height = self.width // 2, self.height // 2
        stride = self.width * CHANNELS
        used = 2 * width * CHANNELS
        mask = int.from_bytes(b"\xfe" * used, "little")
        halved = bytearray(width * height * CHANNELS)
        row = bytearray(width * CHANNELS)
        for y in range(height):
            at = 2 * y * stride
            upper = int.from_bytes(self.pixels[at : at + used], "little")
            lower = int.from_bytes(self.pixels[at + stride : at + stride + used], "little")
            mean = (upper & lower) + (((upper ^ lower) & mask) >> 1)
            right = mean >> 8 * CHANNELS
            mean = (mean & right) + (((mean ^ right) & mask) >> 1)
            pairs = mean.to_bytes(used, "little")
            row[0::3] = pairs[0::6]
            row[1::3] = pairs[1::6]
            row[2::3] = pairs[2::6]
            halved[y * len(row) : (y + 1) * len(row)] = row
        return Picture(width, height, halved)

    def _nearest(self, width: int, height: int) -> Picture:
        """Any size: each pixel is the source's nearest."""
        columns = [(2 * x + 1) * self.width // (2 * width) * CHANNELS for x in range(width)]
        pick = itemgetter(*(column + channel for column in columns for channel in range(CHANNELS)))
        stride = self.width * CHANNELS
        pixels = bytearray()
        for y in range(height):
            at = (2 * y + 1) * self.height // (2 * height) * stride
            pixels += bytes(pick(self.pixels[at : at + stride]))
        return Picture(width, height, pixels)
