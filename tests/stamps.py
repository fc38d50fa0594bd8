"""What was judged before, and need not be judged again: a stamp for each judgement that came out as it must.

A stamp is a file in BUILD/selfcheck that holds the hash of everything that the judgement depends on: the solution and what
is changed in it, the words that are wanted, and what judges: the checks of this lab and the judge as they were compiled, the
libraries that programs are linked with, weave, the headers, the Python modules, the compiler, the kernel, the user.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterable, Iterator, Set

ROOT = Path(__file__).resolve().parents[1]


def files_of(folder: Path) -> Iterator[Path]:
    """All files in a folder that are not made by running them."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def files_hash(paths: Iterable[Path]) -> bytes:
    """Of names and bytes."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(os.fsencode(path) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return whole.digest()


def labs_named(folder: Path, number: int) -> Set[str]:
    """The labs whose files the solution of this lab uses: 2 and 1, since lab 2 has the header of lab 1."""
    names = {f"lab{number}_"}
    for path in files_of(folder):
        names.update(found + "_" for found in re.findall(r"\b(lab\d+)_\w+/", path.read_text(encoding="utf-8", errors="replace")))
    return names


def checks_included(number: int) -> Set[str]:
    """The labs whose checks the checks of this lab include: "lab5_" and so on."""
    names = {f"lab{number}_"}
    while True:
        more = set(names)
        for name in names:
            for path in (ROOT / "tests" / "checks").glob(f"{name}*"):
                more.update(found + "_" for found in re.findall(r'#include "(lab\d+)_', path.read_text(encoding="utf-8")))
        if more == names:
            return names
        names = more


class Stamp:
    """Of one judgement, with the hash as it was before: a file that changes meanwhile leaves a stamp that fits nothing."""

    def __init__(self, path: Path, now: str, remembered: bool) -> None:
        self.path = path
        self.now = now
        self.remembered = remembered

    def fits(self) -> bool:
        """Was this judged before, with everything as it is now?"""
        return self.remembered and self.path.exists() and self.path.read_text(encoding="ascii") == self.now

    def leave(self) -> None:
        """It was judged, and it came out as it must."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.now, encoding="ascii")


class Stamps:
    """The stamps of a build."""

    def __init__(self, build: Path, remembered: bool) -> None:
        self.build = build.resolve()
        self.remembered = remembered  # False: judge everything, and leave stamps for the next time

    def _objects(self, number: int) -> Iterator[Path]:
        """The compiled checks of this lab, of those that it includes, and what all labs share."""
        ours = checks_included(number)
        for path in files_of(self.build / "tests" / "harness" / "CMakeFiles" / "lab_checks.dir"):
            lab = re.match(r"lab\d+_", path.name)
            if path.suffix == ".o" and (lab is None or lab.group() in ours):
                yield path

    def _compiler(self) -> str:
        found = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", (self.build / "CMakeCache.txt").read_text(encoding="utf-8"), re.M)
        command = [found.group(1) if found else "cc", "--version"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    @functools.lru_cache(maxsize=None)
    def _lab(self, number: int) -> bytes:
        """What everything depends on that is judged of a lab."""
        solution = next((ROOT / "solutions").glob(f"lab{number}_*"))
        built = [path for folder in ("common", "tests/harness", "lib") for path in files_of(self.build / folder)
                 if path.suffix in (".a", ".so")]
        built += [path for path in [self.build / "bin" / "weave"] if path.exists()]
        whole = hashlib.sha256(files_hash(built) + files_hash(self._objects(number)))
        for name in sorted(labs_named(solution, number)):
            for used in (ROOT / "solutions").glob(f"{name}*"):
                whole.update(files_hash(files_of(used)))
        for folder in ("common/include", "common/python", "tests/checks/programs"):
            whole.update(files_hash(files_of(ROOT / folder)))
        whole.update(files_hash(sorted((ROOT / "tests").glob("*.py")) + [ROOT / "tools" / "starters.py"]))
        lab_c = self.build / "tests" / "harness" / "CMakeFiles" / "lab.dir"
        whole.update(files_hash(path for path in files_of(lab_c) if path.suffix == ".o"))
        whole.update(f"{self._compiler()} {platform.release()} {platform.python_version()} {os.getuid()}".encode())
        return whole.digest()

    def of(self, number: int, name: str, inputs: Iterable[Path], how: str) -> Stamp:
        """The stamp of one judgement: `inputs` are the files that only it depends on."""
        short = re.sub(r"\W+", "_", name)[:80] + "_" + hashlib.sha256(name.encode()).hexdigest()[:8]  # some name many designs
        path = self.build / "selfcheck" / f"lab{number}" / f"{short}.ok"
        own = files_hash(each for each in inputs if each.exists())
        return Stamp(path, hashlib.sha256(self._lab(number) + own + how.encode()).hexdigest(), self.remembered)


def compiler_remember(memory: Path) -> None:
    """A mutant differs from the solution in one file: where ccache is installed, the others are compiled once."""
    ccache = shutil.which("ccache")
    if ccache and "SHMLAB_COMPILER_LAUNCHER" not in os.environ:
        os.environ.update(SHMLAB_COMPILER_LAUNCHER=ccache, CCACHE_DIR=str(memory), CCACHE_NOHASHDIR="1")
