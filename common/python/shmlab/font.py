"""A small bitmap font of our own, all of printable ASCII, and its smooth enlargements.

A character is a cell of CELL_WIDTH x CELL_HEIGHT dots; rows 0 to 6 are above the base line, 7 and 8 hang below it. A
program draws text on a plain background, so a character is a mask: for each pixel how much of the text's colour there
is, from 0 to 255.
"""

from __future__ import annotations

from functools import lru_cache
from typing import List

CELL_WIDTH = 6  # dots, the gap to the next character included
CELL_HEIGHT = 9
_DRAWN_WIDTH = 5
_FIRST, _LAST = " ", "~"
_BAND = 16  # characters side by side

# The sheet: bands of 16 characters in the order of ASCII.
_SHEET = """
    ..... ..#.. .#.#. .#.#. ..#.. ##..# .#... ..#.. ...#. .#... ..... ..... ..... ..... ..... ....#
    ..... ..#.. .#.#. .#.#. .#### ##..# #.#.. ..#.. ..#.. ..#.. ..#.. ..#.. ..... ..... ..... ....#
    ..... ..#.. .#.#. ##### #.#.. ...#. #.#.. ..#.. .#... ...#. #.#.# ..#.. ..... ..... ..... ...#.
    ..... ..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. ##### ..... ##### ..... ..#..
    ..... ..#.. ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#.. ..... ..... ..... .#...
    ..... ..... ..... .#.#. ####. #..## #..#. ..... ..#.. ..#.. ..#.. ..#.. .##.. ..... .##.. #....
    ..... ..#.. ..... .#.#. ..#.. #..## .##.# ..... ...#. .#... ..... ..... .##.. ..... .##.. #....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..#.. ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... .....

    .###. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###. ..... ..... ...#. ..... .#... .###.
    #...# .##.. #...# #...# ..##. #.... .#... ....# #...# #...# .##.. .##.. ..#.. ..... ..#.. #...#
    #..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# .##.. .##.. .#... ##### ...#. ....#
    #.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .#### ..... ..... #.... ..... ....# ...#.
    ##..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....# .##.. .##.. .#... ##### ...#. ..#..
    #...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. .##.. .##.. ..#.. ..... ..#.. .....
    .###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. ..... ..#.. ...#. ..... .#... ..#..
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

    .###. .###. ####. .###. ###.. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###.
    #...# #...# #...# #...# #..#. #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## #...# #...#
    #.### #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# ##..# #...#
    #.#.# ##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #.#.# #...#
    #.### #...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #..## #...#
    #.... #...# #...# #...# #..#. #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #...# #...#
    .###. #...# ####. .###. ###.. ##### #.... .#### #...# .###. .##.. #...# ##### #...# #...# .###.
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

    ####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .###. #.... .###. ..#.. .....
    #...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .#... #.... ...#. .#.#. .....
    #...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. #...# ...#. .#... .#... ...#. #...# .....
    ####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. .#.#. ..#.. .#... ..#.. ...#. ..... .....
    #.... #.#.# #.#.. ....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#... .#... ...#. ...#. ..... .....
    #.... #..#. #..#. ....# ..#.. #...# .#.#. #.#.# #...# ..#.. #.... .#... ....# ...#. ..... .....
    #.... .##.# #...# ####. ..#.. .###. ..#.. .#.#. #...# ..#.. ##### .###. ....# .###. ..... .....
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #####
    ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....

    .#... ..... #.... ..... ....# ..... ..##. ..... #.... ..#.. ...#. #.... .##.. ..... ..... .....
    ..#.. ..... #.... ..... ....# ..... .#..# ..... #.... ..... ..... #.... ..#.. ..... ..... .....
    ...#. .###. #.##. .###. .##.# .###. .#... .#### #.##. .##.. ..##. #..#. ..#.. ##.#. #.##. .###.
    ..... ....# ##..# #...# #..## #...# ###.. #...# ##..# ..#.. ...#. #.#.. ..#.. #.#.# ##..# #...#
    ..... .#### #...# #.... #...# ##### .#... #...# #...# ..#.. ...#. ##... ..#.. #.#.# #...# #...#
    ..... #...# #...# #...# #...# #.... .#... #...# #...# ..#.. ...#. #.#.. ..#.. #...# #...# #...#
    ..... .#### ####. .###. .#### .###. .#... .#### #...# .###. ...#. #..#. .###. #...# #...# .###.
    ..... ..... ..... ..... ..... ..... ..... ....# ..... ..... #..#. ..... ..... ..... ..... .....
    ..... ..... ..... ..... ..... ..... ..... .###. ..... ..... .##.. ..... ..... ..... ..... .....

    ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ...#. ..#.. .#... ..... .....
    ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ..#.. ..#.. ..#.. ..... .....
    ####. .#### #.##. .#### ###.. #...# #...# #...# #...# #...# ##### ..#.. ..#.. ..#.. .#... .....
    #...# #...# ##..# #.... .#... #...# #...# #...# .#.#. #...# ...#. .#... ..#.. ...#. #.#.# .....
    #...# #...# #.... .###. .#... #...# #...# #.#.# ..#.. #...# ..#.. ..#.. ..#.. ..#.. ...#. .....
    #...# #...# #.... ....# .#..# #..## .#.#. #.#.# .#.#. #...# .#... ..#.. ..#.. ..#.. ..... .....
    ####. .#### #.... ####. ..##. .##.# ..#.. .#.#. #...# .#### ##### ...#. ..#.. .#... ..... .....
    #.... ....# ..... ..... ..... ..... ..... ..... ..... ....# ..... ..... ..#.. ..... ..... .....
    #.... ....# ..... ..... ..... ..... ..... ..... ..... .###. ..... ..... ..... ..... ..... .....
"""

Bitmap = List[List[int]]


@lru_cache(maxsize=None)
def _lines() -> "list[str]":
    return [line.strip() for line in _SHEET.splitlines() if line.strip()]


def _dots(character: str) -> Bitmap:
    """The character as drawn above: CELL_HEIGHT rows of CELL_WIDTH zeros and ones."""
    band, place = divmod(ord(character) - ord(_FIRST), _BAND)
    left = place * CELL_WIDTH
    rows = _lines()[band * CELL_HEIGHT : (band + 1) * CELL_HEIGHT]
    return [[int(dot == "#") for dot in row[left : left + _DRAWN_WIDTH]] + [0] for row in rows]


def _doubled(bitmap: Bitmap) -> Bitmap:
    """Twice the size with rounded corners: the EPX rule.

    Each dot becomes four; a quarter takes the value of the two neighbours at its corner where these agree and the other
    two do not.
    """
    height, width = len(bitmap), len(bitmap[0])

    def dot(x: int, y: int) -> int:
        return bitmap[y][x] if 0 <= x < width and 0 <= y < height else 0

    doubled = [[0] * (2 * width) for _ in range(2 * height)]
    for y in range(height):
        for x in range(width):
            up, down, left, right = dot(x, y - 1), dot(x, y + 1), dot(x - 1, y), dot(x + 1, y)
            here = bitmap[y][x]
            corners = here, here, here, here
            if up != down and left != right:
                corners = (
                    up if up == left else here,
                    up if up == right else here,
                    down if down == left else here,
                    down if down == right else here,
                )
            doubled[2 * y][2 * x : 2 * x + 2] = corners[:2]
            doubled[2 * y + 1][2 * x : 2 * x + 2] = corners[2:]
    return doubled


@lru_cache(maxsize=None)
def glyph(character: str, scale: int) -> "tuple[bytes, ...]":
    """The character `scale` times as large: a mask of CELL_HEIGHT * scale rows of CELL_WIDTH * scale bytes.

    Characters outside of printable ASCII are shown as "?". Enlargements are smoothed: drawn four times as large with
    rounded corners, and each pixel is the share of it that is covered.
    """
    if not _FIRST <= character <= _LAST:
        character = "?"
    dots = _dots(character)
    if scale == 1:
        return tuple(bytes(255 * dot for dot in row) for row in dots)
    fine = _doubled(_doubled(dots))  # 4 x 4 for each dot
    rows = []
    for y in range(CELL_HEIGHT * scale):
        # A pixel covers 4 * 4 fine dots of a bitmap that is 4 * scale as large: fine dot number i // scale.
        ys = [(4 * y + i) // scale for i in range(4)]
        rows.append(
            bytes(
                255 * sum(fine[fy][(4 * x + i) // scale] for fy in ys for i in range(4)) // 16
                for x in range(CELL_WIDTH * scale)
            )
        )
    return tuple(rows)


@lru_cache(maxsize=512)
def text_mask(text: str, scale: int) -> "tuple[bytes, ...]":
    """The mask of a line of text: CELL_HEIGHT * scale rows of len(text) * CELL_WIDTH * scale bytes."""
    glyphs = [glyph(character, scale) for character in text]
    return tuple(b"".join(each[y] for each in glyphs) for y in range(CELL_HEIGHT * scale))
