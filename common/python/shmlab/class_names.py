"""The names of the classes that a detector knows: a text file, one name a line, class 0 first.

Shared memory carries numbers only. Lab 6's producer says the mark of its names beside them (presence.py); where nobody says
one, a reader has to be told which model its producer used. A name of another model is never given.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Set, Tuple

from shmlab import wire
from shmlab.errors import ShmlabError

# The models of common/include/shmlab/model.h.
SHAPES = "shapes"  # the four shapes of the synthetic scene
COCO = "coco"  # 80 everyday things: 0 person ... 16 dog ... 79 toothbrush

_ABOVE = list(Path(__file__).resolve().parents)
_FOLDERS = [
    *(top / folder for top in _ABOVE[3:4] for folder in ("models", "common/media")),  # in the source tree
    *(folder / "share" / "shmlab" for folder in _ABOVE),  # where the package is installed
    Path("/usr/share/darknet/data"),  # Debian's
]

_FNV_BASIS, _FNV_PRIME = 2166136261, 16777619


def mark(names: Iterable[bytes]) -> int:
    """What tells one list of names from another: names_mark.h."""
    value = _FNV_BASIS
    for name in names:
        for byte in name + b"\n":
            value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value


class ClassNames:
    """Names by class id; an id without a name is "class 16"."""

    def __init__(self, lines: List[bytes], title: str = "") -> None:
        """The lines of a file that is called `title`; no lines: numbers only."""
        while lines and not lines[-1]:
            lines = lines[:-1]
        self.title = title
        self.mark = mark(lines)
        self._names = [wire.text(line).strip() for line in lines]
        self.unnamed: "Set[int]" = set()  # ids that were asked for in vain

    def __getitem__(self, class_id: int) -> str:
        if 0 <= class_id < len(self._names) and self._names[class_id]:
            return self._names[class_id]
        self.unnamed.add(class_id)
        return f"class {class_id}"

    def __bool__(self) -> bool:
        return bool(self._names)

    def complaint(self) -> Optional[str]:
        """Which numbers had no name, when there are names."""
        if not self or not self.unnamed:
            return None
        return f"class {min(self.unnamed)} is unknown to {self.title}: pass the producer's --model or --names"


def add_options(parser: argparse.ArgumentParser, usual: Optional[str]) -> None:
    """--model and --names, as the producers have them; usual None: what the producer says."""
    parser.add_argument(
        "--model",
        choices=(SHAPES, COCO),
        default=usual,
        help="the producer's model, for the names of the classes (default: %s)" % (usual or "what the producer says"),
    )
    parser.add_argument("--names", type=Path, metavar="FILE", help="names of your own, one a line")


def _lines(path: Path) -> List[bytes]:
    return [line.split(b"\r")[0] for line in path.read_bytes().split(b"\n")]


def load(model: str, path: Optional[Path] = None) -> ClassNames:
    """The names in that file, or the model's; where there is no file for it, every class goes by its number."""
    places = [folder / f"{model}.names" for folder in _FOLDERS] if path is None else [path]
    for place in places:
        try:
            return ClassNames(_lines(place), model if path is None else str(path))
        except OSError as error:
            if path is None:
                continue
            raise ShmlabError(str(path), "--names wants a text file, a name a line", error.errno or 0) from error
    return ClassNames([])


def asked(arguments: argparse.Namespace) -> Optional[ClassNames]:
    """What --names or --model asks for; None: neither does."""
    if arguments.names is None and arguments.model is None:
        return None
    return load(arguments.model, arguments.names)


def _files() -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from sorted(folder.glob("*.names"))


def _with_mark(said: int) -> Optional[ClassNames]:
    for path in _files():
        try:
            names = ClassNames(_lines(path), path.stem)
        except OSError:
            continue
        if names.mark == said:
            return names
    return None


def choose(wanted: Optional[ClassNames], said: Optional[int]) -> "Tuple[ClassNames, Optional[str]]":
    """The names of a producer's numbers, from the user's wish and the mark that the producer says (None: it says none).

    The second one is a sentence about what is amiss.
    """
    if said is None:
        if wanted is not None:
            return wanted, None
        return ClassNames([]), "the producer does not say which names its numbers have: pass its --model or --names"
    if wanted is not None and wanted.mark == said:
        return wanted, None
    found = _with_mark(said)
    if found is None:
        return ClassNames([]), "the producer's names are not known here: pass the producer's --names FILE"
    return found, None if wanted is None else f"the names are the producer's, {found.title}; it does not use {wanted.title}"
