#!/usr/bin/env python3
"""Draws boxes with their labels on a picture, as a reader of lab 5 should: for the check `picture` to compare with.

    lab5_draw.py PICTURE OUTPUT.png X Y WIDTH HEIGHT CLASS TEXT [X Y WIDTH HEIGHT CLASS TEXT]...
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "common" / "python"))

from shmlab import colours, draw, picture_file, viewer_png  # noqa: E402
from shmlab.draw import Mark  # noqa: E402

WORDS = 6  # of a box


def main() -> int:
    """Read, draw, write."""
    picture = picture_file.read(Path(sys.argv[1]))
    words = sys.argv[3:]
    marks = []
    for at in range(0, len(words), WORDS):
        x, y, width, height, class_id = (int(word) for word in words[at : at + WORDS - 1])
        marks.append(Mark(x, y, width, height, words[at + WORDS - 1], colours.of_class(class_id)))
    draw.annotate(picture, marks)
    viewer_png.write(Path(sys.argv[2]), picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
