"""Colours as (red, green, blue), 0 to 255."""

from __future__ import annotations

import colorsys
from functools import lru_cache
from typing import Tuple

Colour = Tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
PANEL: Colour = (24, 26, 32)  # under the overlay
BACKDROP: Colour = (40, 43, 51)  # under the pictures of a contact sheet

_GOLDEN = 0.6180339887  # steps of the golden ratio around the circle of hues keep neighbours far apart
_FIRST_HUE = 0.36


@lru_cache(maxsize=None)
def of_class(class_id: int) -> Colour:
    """A bright colour of its own for each class of object."""
    red, green, blue = colorsys.hsv_to_rgb((_FIRST_HUE + class_id * _GOLDEN) % 1.0, 0.72, 0.98)
    return round(255 * red), round(255 * green), round(255 * blue)


def text_on(background: Colour) -> Colour:
    """Black or white, whichever can be read on that background (weights: luma of ITU-R BT.601)."""
    red, green, blue = background
    return BLACK if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else WHITE
