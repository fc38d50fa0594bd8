#!/usr/bin/env python3
"""Pack what a class receives: labs/ with the starters, what they are built from and judged by, and nothing else.

    handout.py FILE.tar.gz

No solutions, no mutants, no instructor's checks, no answers: the list below names what goes in, so that what is added to
the project stays out until somebody adds it here. The archive builds and judges by itself (tests/check_handout.py).
"""

from __future__ import annotations

import argparse
import io
import posixpath
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Collection, Dict, Iterator, List

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import starters  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
TOP = "shmlab"
INCLUDED: List[str] = [
    "CMakeLists.txt",
    "CMakePresets.json",
    "Makefile",
    "LICENSE",
    ".clang-format",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".devcontainer/",
    ".vscode/",
    "cmake/",
    "common/",
    "docs/glossary.md",
    "docs/img/",
    "docs/machines.md",
    "docs/play.html",
    "docs/when-it-goes-wrong.md",
    "docs/wire-formats.md",
    "tests/CMakeLists.txt",
    "tests/checks/",
    "tests/harness/",
    "tools/install-packages",
    "tools/labs.mk",
    "tools/weave/",
]
SECRET = ("_instructor.c", ".gif")  # a film of the demo would be more than all the rest
OF_SLIDES = re.compile(r"<!-- slides -->\n.*?<!-- slides: end -->\n\n", re.DOTALL)  # in a lab's README.md
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
OF_PROJECT = re.compile(r"^# not in a handout:\n.*?^# end\n", re.DOTALL | re.MULTILINE)  # what a Makefile names


def tracked() -> Iterator[str]:
    """The project's files as git knows them: what else is in a working tree is nobody's business."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            stdout=subprocess.PIPE, check=True).stdout
    yield from sorted(name for name in listed.decode().split("\0") if name and (ROOT / name).exists())


def contents() -> Dict[str, bytes]:
    """Path in the archive: bytes."""
    files: Dict[str, bytes] = {}
    for name in tracked():
        wanted = any(name == each or (each.endswith("/") and name.startswith(each)) for each in INCLUDED)
        if wanted and not name.endswith(SECRET):
            files[name] = (ROOT / name).read_bytes()
    for name in ("Makefile", "tools/labs.mk"):
        files[name] = OF_PROJECT.sub("", files[name].decode()).encode()
    for lab in starters.labs():
        for path, starter in starters.make(lab).items():
            files[f"labs/{path}"] = files[f"starters/{path}"] = starter.text.encode()
        handout = ROOT / "labs" / lab.name / "README.md"
        if handout.exists():
            # The slides show the solutions, so a class has none, and nothing that leads to them.
            files[f"labs/{lab.name}/README.md"] = OF_SLIDES.sub("", handout.read_text(encoding="utf-8")).encode()
    files["README.md"] = LINK.sub(r"[\1](docs/\2)", (ROOT / "docs" / "handout.md").read_text(encoding="utf-8")).encode()
    pages = {name: text.decode() for name, text in files.items() if name.endswith(".md")}
    for name, page in pages.items():
        files[name] = links_keep(name, page, files).encode()
    shown = {posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
             for name, page in pages.items() for _, target in LINK.findall(page)}
    return {name: data for name, data in files.items() if not name.startswith("docs/img/") or name in shown}


def links_keep(name: str, page: str, there: Collection[str]) -> str:
    """A page without links to what the archive does not have; their words stay."""
    def shown(link: re.Match[str]) -> str:
        target = link.group(2).split("#")[0]
        if not target or "://" in target:
            return link.group(0)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        kept = path in there or any(each.startswith(path + "/") for each in there)
        return link.group(0) if kept else link.group(1)

    return LINK.sub(shown, page)


def mode(name: str) -> int:
    """Programs stay programs. A starter is as executable as its solution."""
    for origin in (name, name.replace("labs/", "solutions/", 1), name.replace("starters/", "solutions/", 1)):
        if (ROOT / origin).exists():
            return 0o755 if (ROOT / origin).stat().st_mode & 0o100 else 0o644
    return 0o644


def main() -> int:
    """Write the archive: the same bytes for the same files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="archive to write")
    options = parser.parse_args()
    files = contents()
    options.file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(options.file, "w:gz") as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(f"{TOP}/{name}")
            entry.size = len(data)
            entry.mode = mode(name)
            archive.addfile(entry, io.BytesIO(data))
    print(f"{options.file}: {len(files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
