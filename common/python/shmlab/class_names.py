"""The names of the classes that a detector knows: a text file, one name a line, class 0 first.

Shared memory carries numbers only, so a reader has to be told which model its producer used, unless it is the usual
one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Optional

from shmlab import wire
from shmlab.errors import ShmlabError

# The models of common/include/shmlab/model.h.
SHAPES = "shapes"  # the four shapes of the synthetic scene
COCO = "coco"  # 80 everyday things: 0 person ... 16 dog ... 79 toothbrush

_ROOT = Path(__file__).resolve().parents[3]
_FOLDERS = (_ROOT / "models", _ROOT / "common" / "media", Path("/usr/share/darknet/data"))  # the last one: Debian's


class ClassNames:
    """Names by class id; an id without a name is "class 16"."""

    def __init__(self, names: List[str]) -> None:
        self._names = names

    def __getitem__(self, class_id: int) -> str:
        if 0 <= class_id < len(self._names) and self._names[class_id]:
            return self._names[class_id]
        return f"class {class_id}"


def add_options(parser: argparse.ArgumentParser, usual: str) -> None:
    """--model and --names, as the producers have them."""
    parser.add_argument(
        "--model",
        choices=(SHAPES, COCO),
        default=usual,
        help="the producer's model, for the names of the classes (default: %(default)s)",
    )
    parser.add_argument("--names", type=Path, metavar="FILE", help="names of your own, one a line")


def load(model: str, path: Optional[Path] = None) -> ClassNames:
    """The names in that file, or the model's; where there is no file for it, every class goes by its number."""
    places = [folder / f"{model}.names" for folder in _FOLDERS] if path is None else [path]
    for place in places:
        try:
            lines = place.read_bytes().splitlines()
        except OSError as error:
            if path is None:
                continue
            raise ShmlabError(str(path), "--names wants a text file, a name a line", error.errno or 0) from error
        return ClassNames([wire.text(line).strip() for line in lines])
    return ClassNames([])
