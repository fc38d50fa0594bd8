"""Drawing on pictures: filled and empty boxes, text on a plain ground. All of it is clipped at the edges, so that any
coordinates may be passed. Work goes by whole row slices; a pixel is never touched alone."""

from __future__ import annotations

from functools import lru_cache
from typing import List, NamedTuple, Sequence, Tuple

from shmlab import colours, font
from shmlab.colours import Colour
from shmlab.picture import CHANNELS, Picture


class Mark(NamedTuple):
    """A box to show, in pixels of the picture, and what to write at it."""

    x: int
    y: int
    width: int
    height: int
    text: str
    colour: Colour


def fill(picture: Picture, x: int, y: int, width: int, height: int, colour: Colour) -> None:
    """A filled box."""
    left, right = max(x, 0), min(x + width, picture.width)
    if left >= right:
        return
    row = bytes(colour) * (right - left)
    for line in range(max(y, 0), min(y + height, picture.height)):
        at = (line * picture.width + left) * CHANNELS
        picture.pixels[at : at + len(row)] = row


def box(picture: Picture, x: int, y: int, width: int, height: int, colour: Colour, thickness: int = 2) -> None:
    """The outline of a box, inside of it; a box without width or height is none."""
    if width <= 0 or height <= 0:
        return
    thickness = max(1, min(thickness, (width + 1) // 2, (height + 1) // 2))
    fill(picture, x, y, width, thickness, colour)
    fill(picture, x, y + height - thickness, width, thickness, colour)
    fill(picture, x, y, thickness, height, colour)
    fill(picture, x + width - thickness, y, thickness, height, colour)


def paste(picture: Picture, other: Picture, x: int, y: int) -> None:
    """Another picture at (x, y)."""
    rows = [
        other.pixels[line * other.width * CHANNELS : (line + 1) * other.width * CHANNELS]
        for line in range(other.height)
    ]
    _blit(picture, x, y, rows)


def label_size(text: str, scale: int) -> Tuple[int, int]:
    """Width and height in pixels of a label with that text."""
    return len(text) * font.CELL_WIDTH * scale + 2 * scale, (font.CELL_HEIGHT + 1) * scale


def label(picture: Picture, x: int, y: int, text: str, ground: Colour, scale: int = 1) -> None:
    """A line of text on a plain ground, black or white, whichever can be read on it."""
    _blit(picture, x, y, _label_rows(text, ground, scale))


def _blit(picture: Picture, x: int, y: int, rows: Sequence[bytes]) -> None:
    """Rows of pixels at (x, y)."""
    if not rows:
        return
    width = len(rows[0]) // CHANNELS
    left, right = max(x, 0), min(x + width, picture.width)
    if left >= right:
        return
    cut_from, cut_to = (left - x) * CHANNELS, (right - x) * CHANNELS
    for line in range(max(y, 0), min(y + len(rows), picture.height)):
        at = (line * picture.width + left) * CHANNELS
        picture.pixels[at : at + cut_to - cut_from] = rows[line - y][cut_from:cut_to]


@lru_cache(maxsize=512)
def _label_rows(text: str, ground: Colour, scale: int) -> "List[bytes]":
    """The pixels of a label. Labels repeat from frame to frame, hence the cache."""
    ink = colours.text_on(ground)
    # A mask says how much ink a pixel has; a table for each channel turns it into that channel's value.
    tables = [
        bytes(paper + (colour - paper) * share // 255 for share in range(256)) for paper, colour in zip(ground, ink)
    ]
    margin = bytes(ground) * scale
    plain = bytes(ground) * label_size(text, scale)[0]
    rows = [plain] * scale
    for mask in font.text_mask(text, scale):
        row = bytearray(len(mask) * CHANNELS)
        for channel, table in enumerate(tables):
            row[channel::CHANNELS] = mask.translate(table)
        rows.append(margin + bytes(row) + margin)
    return rows


def scale_for(picture: Picture) -> int:
    """How large text should be to be read in a picture of that size."""
    return max(1, min(4, round(max(picture.width, picture.height) / 420)))


def annotate(picture: Picture, marks: Sequence[Mark], overlay: str = "") -> None:
    """Draw the marks, each with its label above it (inside where there is no room), and the overlay at the top left."""
    scale = scale_for(picture)
    top = label_size(overlay, scale)[1] if overlay else 0
    for mark in marks:
        box(picture, mark.x, mark.y, mark.width, mark.height, mark.colour, scale + 1)
    for mark in marks:  # after all boxes, so that no line runs through a text
        width, height = label_size(mark.text, scale)
        x = max(0, min(mark.x, picture.width - width))
        y = mark.y - height if mark.y - height >= top else max(mark.y, top)
        label(picture, x, y, mark.text, mark.colour, scale)
    if overlay:
        label(picture, 0, 0, f" {overlay} ", colours.PANEL, scale)
