#!/usr/bin/env python3
"""Fetch a network that knows everyday things (COCO's 80 classes), for labs 5 and 6: `make models`.

It is Yolo-Fastest 1.1-xl, 3.7 MB, small enough to run on any processor. Its authors publish it under Darknet's licence
("YOLO LICENSE Version 2": public domain, do whatever you want). It is no part of this project, which is why it is
fetched, and why each file is checked against the SHA-256 noted below before it is put in its place.

The environment variable SHMLAB_MODELS_URL names another place to fetch from, a mirror of the folder, say.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, NamedTuple

FOLDER = Path(__file__).resolve().parents[2] / "models"
URL = (
    "https://raw.githubusercontent.com/dog-qiuqiu/Yolo-Fastest/96a2900d163196c396e73f3fdab04ca4dd9a2f70"
    "/ModelZoo/yolo-fastest-1.1_coco"
)
TIMEOUT_SECONDS = 60.0  # without a single byte
CHUNK_BYTES = 1 << 16


class File(NamedTuple):
    """What a file must be."""

    name: str
    size: int
    sha256: str


FILES = (
    File("yolo-fastest-1.1-xl.cfg", 9_696, "c458427acc4fbeabceff4528ef7b65b066c0308ce599460f8ba299eba63abad3"),
    File("yolo-fastest-1.1-xl.weights", 3_693_964, "fac5fb41786c1f38f04972a658443b189f48720d7d117f9a044100e98a35b0c5"),
)


class FetchError(Exception):
    """What went wrong, and what to do next."""


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_there(path: Path, file: File) -> bool:
    """Whether the right file is in its place already."""
    return path.is_file() and path.stat().st_size == file.size and digest_of(path) == file.sha256


def copy(response: IO[bytes], target: IO[bytes], limit: int) -> int:
    """Copy a response into a file, at most limit bytes. Returns how many."""
    done = 0
    while done < limit:
        chunk = response.read(min(CHUNK_BYTES, limit - done))
        if not chunk:
            break
        target.write(chunk)
        done += len(chunk)
    return done


def download(url: str, file: File, target: IO[bytes]) -> None:
    """Fetch url into an open file. Raises FetchError unless it is the file wanted."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            size = copy(response, target, file.size + 1)
    except urllib.error.HTTPError as error:
        raise FetchError(f"{url}: HTTP {error.code} ({error.reason}): set SHMLAB_MODELS_URL to a mirror") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise FetchError(f"{url}: {reason}: check the network, or set SHMLAB_MODELS_URL to a mirror") from error
    target.flush()
    if size < file.size:
        raise FetchError(f"{url}: {size} bytes of {file.size}: the transfer broke off, try again")
    found = digest_of(Path(target.name))
    if size > file.size or found != file.sha256:
        raise FetchError(f"{url}: not the file expected (SHA-256 {found[:12]}..., not {file.sha256[:12]}...): try another mirror")


def fetch(base: str, folder: Path, file: File) -> None:
    """Put one file into the folder, whole or not at all."""
    path = folder / file.name
    if is_there(path, file):
        print(f"{path}: there already")
        return
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{file.name}.", delete=False) as target:
        try:
            download(f"{base}/{file.name}", file, target)
            os.chmod(target.name, 0o644)
            os.replace(target.name, path)
        except BaseException:  # an interrupt leaves nothing behind, either
            os.unlink(target.name)
            raise
    print(f"{path}: {file.size:,} bytes")


def main() -> int:
    """Run the program. Returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to put the files (models/ of the source tree)")
    arguments = parser.parse_args()
    base = (os.environ.get("SHMLAB_MODELS_URL") or URL).rstrip("/")
    try:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            fetch(base, arguments.folder, file)
    except (FetchError, OSError) as error:
        print(f"fetch_models: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
