#!/usr/bin/env python3
"""Pack the grader for a site that runs it.

    pack.py gradescope FILE.zip [--labs 2]     setup.sh, run_autograder, labs, shmlab/
    pack.py autolab DIR [--labs 2]             DIR/autograde-Makefile and DIR/autograde.tar (labs, shmlab/)

shmlab/ is the handout with the grader and the instructor's checks added: nobody but the instructor may have it. There are
no solutions in it. The same tree gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Dict, Tuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True

import handout  # noqa: E402
import starters  # noqa: E402

ADDED = ("tools/grader/", "tests/checks/")
NOT_ADDED = ("tools/grader/hooks/pack.py",)
DATE = (2020, 1, 1, 0, 0, 0)  # of every entry: the same bytes each time


def tree() -> Dict[str, Tuple[bytes, int]]:
    """Path in shmlab/: bytes and mode."""
    files = {name: (data, handout.mode(name)) for name, data in handout.contents().items()}
    for name in handout.tracked():
        if name.startswith(ADDED) and not name.startswith(NOT_ADDED):
            files[name] = ((ROOT / name).read_bytes(), handout.mode(name))
    return {f"shmlab/{name}": file for name, file in files.items()}


def pack_gradescope(target: Path, files: Dict[str, Tuple[bytes, int]]) -> None:
    """The scripts stand at the top of the archive: the site looks for them there."""
    for name in ("setup.sh", "run_autograder"):
        files[name] = ((HERE / "gradescope" / name).read_bytes(), 0o755)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (data, mode) in sorted(files.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def pack_autolab(target: Path, files: Dict[str, Tuple[bytes, int]]) -> None:
    """The two files that an assessment wants."""
    target.mkdir(exist_ok=True)
    shutil.copyfile(HERE / "autolab" / "autograde-Makefile", target / "autograde-Makefile")
    with tarfile.open(target / "autograde.tar", "w") as archive:
        for name, (data, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))


def labs_known() -> str:
    """All labs, as --labs names them."""
    return ",".join(lab.name[len("lab"):].partition("_")[0] for lab in starters.labs())


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", choices=("gradescope", "autolab"))
    parser.add_argument("target", type=Path, help="archive or folder to write")
    parser.add_argument("--labs", default=labs_known(), metavar="LIST",
                        help="labs that are graded, 2 or 1-4 (default: %(default)s)")
    options = parser.parse_args()
    if not re.fullmatch(r"[1-9](-[1-9])?(,[1-9](-[1-9])?)*", options.labs):
        parser.error(f"--labs wants a list like 2 or 1-4, not {options.labs!r}")
    files = tree()
    files["labs"] = (f"{options.labs}\n".encode(), 0o644)
    {"gradescope": pack_gradescope, "autolab": pack_autolab}[options.site](options.target, files)
    print(f"{options.target}: {len(files)} files for labs {options.labs}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
