#!/usr/bin/env python3
"""Make the starters in labs/ from the solutions, which say themselves what a student has to write.

    starters.py            write labs/ (the handouts, README.md, are written by hand and stay)
    starters.py --check    only compare: status 1 when labs/ and solutions/ have drifted apart

A solution's file holds marker lines, comments of its language (// in C, # in Python and CMake) that begin with "shmlab:":

    // shmlab:cut 2 Copy the text; where it is too long, cut it at a character's border.
    // shmlab:text The bytes after the NUL are zero.
    ... the lines that a student has to write ...
    // shmlab:give target[0] = '\\0';
    // shmlab:end

From "cut" to "end" everything goes. In its place the starter has a comment "TODO 2: Copy the text; ..." (what is
after "cut" and "text"; none when both are empty) and the lines after "give", each at the marker's own indentation: a
neutral stub with which the starter compiles without a warning and runs without a crash. "give" may be anywhere in
the region. A marker that is unknown, or not closed, or inside another region, is an error.

A line of substance that is cut must not be anywhere else in the same starter: that is an error, too, unless the
region says "shmlab:seen" and the line, which means: shown elsewhere on purpose.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[1]
COMMENT = {".c": "//", ".h": "//", ".py": "#", ".txt": "#"}
KEPT = {"README.md"}  # written by hand in labs/
SLIDE_MARKER = re.compile(r"^\s*(/\*|#) slide:[\w-]+")  # a region that slides/ shows: slides/WRITING.md
WIDTH = 120  # columns
SUBSTANCE = 28  # characters; shorter lines say nothing by themselves


class MarkerError(Exception):
    """A marker that cannot be obeyed."""


@dataclass
class Region:
    """What is between "cut" and "end"."""

    line: int
    indent: str
    text: List[str] = field(default_factory=list)
    give: List[str] = field(default_factory=list)
    seen: List[str] = field(default_factory=list)
    cut: List[Tuple[int, str]] = field(default_factory=list)


@dataclass
class Starter:
    """A file of a starter, and what was cut from it."""

    text: str
    cut: List[Tuple[int, str]]  # line number, line


def todo(region: Region, token: str) -> Iterator[str]:
    """The comment that says what to write here."""
    words = [part for part in region.text if part]
    if not words:
        return
    number = re.match(r"(\d+)\s+(.*)", words[0])
    words[0] = f"TODO {number.group(1)}: {number.group(2)}" if number else f"TODO: {words[0]}"
    if token == "#":
        for part in words:
            yield f"{region.indent}# {part}"
        return
    for i, part in enumerate(words):
        begin = "/* " if i == 0 else " * "
        end = " */" if i == len(words) - 1 else ""
        yield f"{region.indent}{begin}{part}{end}"


def convert(source: str, path: Path) -> Starter:
    """Turn a solution's text into a starter's."""
    token = COMMENT.get(path.suffix)
    if token is None:
        raise MarkerError(f"{path}: no idea how comments look in a file of this kind")
    marker = re.compile(rf"^(\s*){re.escape(token)}\s*shmlab:(\w*)[ ]?(.*)$")
    result: List[str] = []
    cut: List[Tuple[int, str]] = []
    region: Optional[Region] = None
    for number, line in enumerate(source.splitlines(), start=1):
        if SLIDE_MARKER.match(line):
            continue
        found = marker.match(line)
        place = f"{path}:{number}"
        if found is None:
            if "shmlab:" in line and re.search(r"(//|#|\*)\s*shmlab:\w", line):
                raise MarkerError(f"{place}: a marker must be alone on its line, after {token}")
            if region is None:
                result.append(line)
            else:
                region.cut.append((number, line))
            continue
        indent, word, rest = found.groups()
        if word == "cut":
            if region is not None:
                raise MarkerError(f"{place}: inside the region that begins in line {region.line}")
            region = Region(number, indent, [rest.strip()])
        elif region is None:
            raise MarkerError(f"{place}: shmlab:{word} without shmlab:cut")
        elif word == "text":
            region.text.append(rest.strip())
        elif word == "give":
            region.give.append((indent + rest).rstrip())
        elif word == "seen":
            region.seen.append(rest)
        elif word == "end":
            instead = [*todo(region, token), *region.give]
            for each in instead:
                if len(each) > WIDTH:
                    raise MarkerError(f"{place}: {len(each)} columns in the starter: {each}")
            result.extend(instead)
            given = {" ".join(each.split()) for each in region.give + region.seen}
            cut.extend((number, line) for number, line in region.cut if " ".join(line.split()) not in given)
            region = None
        else:
            raise MarkerError(f"{place}: unknown marker shmlab:{word}")
    if region is not None:
        raise MarkerError(f"{path}:{region.line}: shmlab:cut without shmlab:end")
    return Starter("\n".join(result) + "\n", cut)


def substance(line: str) -> Optional[str]:
    """The line as it is compared, or None when it says nothing by itself: comments, includes, short or plain lines."""
    bare = " ".join(line.split())
    if bare.startswith(("/*", "*", "//", "#", '"""', "import ", "from ")):
        return None
    return bare if len(bare) >= SUBSTANCE and "(" in bare else None


def survivors(files: Dict[Path, Starter]) -> Iterator[str]:
    """Cut lines that a starter shows all the same."""
    shown: Dict[str, str] = {}
    for path, starter in files.items():
        for number, line in enumerate(starter.text.splitlines(), start=1):
            shown.setdefault(" ".join(line.split()), f"{path}:{number}")
    for path, starter in files.items():
        for number, line in starter.cut:
            bare = substance(line)
            if bare is not None and bare in shown:
                yield f"{path}:{number}: cut, but the starter shows it in {shown[bare]}: {bare}"


def sources(folder: Path) -> Iterator[Path]:
    """The solution's files that a starter has, too."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in COMMENT and path.name not in KEPT:
            yield path


def make(lab: Path) -> Dict[Path, Starter]:
    """All files of one starter; paths as in labs/."""
    files: Dict[Path, Starter] = {}
    for path in sources(lab):
        files[Path(lab.name) / path.name] = convert(path.read_text(encoding="utf-8"), path.relative_to(ROOT))
    left = list(survivors(files))
    if left:
        raise MarkerError("\n".join(left))
    return files


def labs() -> Iterator[Path]:
    """The solutions that say what a student writes. One without any marker is no exercise yet, and is not given away."""
    for path in sorted((ROOT / "solutions").glob("lab*/")):
        if any("shmlab:cut" in source.read_text(encoding="utf-8") for source in sources(path)):
            yield path


def compare(files: Dict[Path, Starter], target: Path) -> Iterator[str]:
    """Sentences about what differs."""
    for path, starter in files.items():
        there = target / path
        if not there.exists():
            yield f"{there.relative_to(ROOT)} is missing"
        elif there.read_text(encoding="utf-8") != starter.text:
            yield f"{there.relative_to(ROOT)} differs from what solutions/{path} gives"
    for folder in {path.parent for path in files}:
        for there in sorted((target / folder).glob("*")):
            if there.is_file() and there.name not in KEPT and there.relative_to(target) not in files:
                yield f"{there.relative_to(ROOT)} has no solution"


def write(files: Dict[Path, Starter], target: Path) -> None:
    """Put the files there; what has no solution goes."""
    for folder in {path.parent for path in files}:
        (target / folder).mkdir(parents=True, exist_ok=True)
        for there in (target / folder).iterdir():
            if there.is_file() and there.name not in KEPT and there.relative_to(target) not in files:
                there.unlink()
    for path, starter in files.items():
        (target / path).write_text(starter.text, encoding="utf-8")
        shutil.copymode(ROOT / "solutions" / path, target / path)


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only; status 1 when something differs")
    parser.add_argument("--into", type=Path, default=ROOT / "labs", help="folder to write (default: labs/)")
    options = parser.parse_args()
    different = 0
    for lab in labs():
        try:
            files = make(lab)
        except MarkerError as error:
            print(f"starters.py: {error}", file=sys.stderr)
            return 1
        if not options.check:
            write(files, options.into)
            continue
        for sentence in compare(files, options.into):
            print(f"starters.py: {sentence}", file=sys.stderr)
            different += 1
    if different:
        print("starters.py: write the starters again with tools/starters.py, and look at the difference",
              file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
