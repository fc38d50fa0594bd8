"""Annotated frames as PNG files, and a contact sheet of a whole run in one picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, NamedTuple

from shmlab import colours, draw, png
from shmlab.errors import ShmlabError
from shmlab.picture import Picture
from shmlab.viewer import Frame, Viewer

THUMBNAILS_MAX = 48  # on a contact sheet; of longer runs it shows every second, fourth ... frame
_COLUMNS = 6
_THUMBNAIL = 200  # pixels, the longer side
_MARGIN = 8


def write(path: Path, picture: Picture) -> None:
    """Write a PNG file: completely or not at all, so that a viewer never meets half of it."""
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes(png.encode(picture))
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        advice = "is the folder there, writable, and the disk not full?"
        raise ShmlabError(str(path), advice, error.errno or 0) from error


class PngViewer(Viewer):
    """Saves every `every`-th frame as DIRECTORY/frame_000001.png."""

    shows = True

    def __init__(self, directory: Path, every: int = 1) -> None:
        """Makes the directory if it is missing."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ShmlabError(str(directory), "--output wants a folder", error.errno or 0) from error
        self._directory = directory
        self._every = every
        self._seen = 0
        self.saved = 0

    def show(self, frame: Frame) -> None:
        """Save it, if its turn has come."""
        self._seen += 1
        if (self._seen - 1) % self._every:
            return
        write(self._directory / f"frame_{frame.number:06d}.png", frame.annotated())
        self.saved += 1


class _Thumbnail(NamedTuple):
    caption: str
    picture: Picture


class ContactSheet(Viewer):
    """Collects thumbnails and writes them into one picture when it is closed."""

    shows = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thumbnails: List[_Thumbnail] = []
        self._every = 1
        self._seen = 0

    def show(self, frame: Frame) -> None:
        """Keep a thumbnail, if the sheet has room for every such frame."""
        self._seen += 1
        if (self._seen - 1) % self._every:
            return
        picture = frame.picture.copy()
        for mark in frame.marks:
            draw.box(picture, mark.x, mark.y, mark.width, mark.height, mark.colour, draw.scale_for(picture) * 3)
        factor = _THUMBNAIL / max(picture.width, picture.height)
        small = picture.scaled(max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        found = len(frame.marks)
        self._thumbnails.append(_Thumbnail(f"frame {frame.number}   {found} object{'' if found == 1 else 's'}", small))
        if len(self._thumbnails) > THUMBNAILS_MAX:
            del self._thumbnails[1::2]
            self._every *= 2

    def close(self) -> None:
        """Write the sheet, if there was anything to put on it."""
        if self._thumbnails:
            write(self._path, _sheet(self._thumbnails))
            self._thumbnails = []


def _sheet(thumbnails: List[_Thumbnail]) -> Picture:
    caption_height = draw.label_size("", 1)[1]
    cell_width = max(each.picture.width for each in thumbnails) + _MARGIN
    cell_height = max(each.picture.height for each in thumbnails) + caption_height + _MARGIN
    columns = min(_COLUMNS, len(thumbnails))
    rows = -(-len(thumbnails) // columns)
    sheet = Picture.blank(columns * cell_width + _MARGIN, rows * cell_height + _MARGIN, colours.BACKDROP)
    for place, thumbnail in enumerate(thumbnails):
        row, column = divmod(place, columns)
        x, y = _MARGIN + column * cell_width, _MARGIN + row * cell_height
        draw.paste(sheet, thumbnail.picture, x, y)
        draw.label(sheet, x, y + thumbnail.picture.height, thumbnail.caption, colours.BACKDROP)
    return sheet
