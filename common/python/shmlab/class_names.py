"""The names of the classes that a detector knows: a text file, one name a line, class 0 first."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

from shmlab import wire
from shmlab.errors import ShmlabError

# Ours, or the one of Debian's package darknet: the 80 classes of COCO.
PLACES = (
    Path(__file__).resolve().parents[2] / "media" / "coco.names",
    Path("/usr/share/darknet/data/coco.names"),
)


class ClassNames:
    """Names by class id; an id without a name is "class 16"."""

    def __init__(self, names: List[str]) -> None:
        self._names = names

    def __getitem__(self, class_id: int) -> str:
        if 0 <= class_id < len(self._names) and self._names[class_id]:
            return self._names[class_id]
        return f"class {class_id}"


def load(path: Optional[Path] = None) -> ClassNames:
    """The names in that file, or where they usually are; without a file every class goes by its number."""
    for place in PLACES if path is None else (path,):
        try:
            lines = place.read_bytes().splitlines()
        except OSError as error:
            if path is None:
                continue
            raise ShmlabError(str(path), "--names wants a text file, a name a line", error.errno or 0) from error
        return ClassNames([wire.text(line).strip() for line in lines])
    return ClassNames([])
