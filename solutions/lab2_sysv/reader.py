#!/usr/bin/env python3
"""Lab 2, Python reader: print the data that the C writer put into a System V segment, and what the kernel knows of it.

    writer                  in one terminal (it holds the segment until you press Enter)
    reader.py [--key KEY]   in another, or the C reader, or ipcs -m

The standard library has no System V shared memory: common/python/shmlab/sysv_shm.py calls the C library. The struct is
that of lab 1 and comes from there.
"""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab1_layout"))

import shared_data  # noqa: E402
from shared_data import SharedData  # noqa: E402
from shmlab import program, options, sysv_shm  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402

ADVICE = {
    errno.ENOENT: "start the writer first, or pass its --key",
    errno.EACCES: "it belongs to another user: ask for --mode 0644, or use your own --key",
}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__)
    parser.add_argument(
        "--key",
        type=options.integer(1, 0x7FFFFFFF),
        default=shared_data.KEY,
        help="System V key of the segment (default: %(default)s)",
    )
    return parser.parse_args()


def describe(key: int, identity: int, facts: sysv_shm.Facts) -> str:
    """The kernel's facts in a line, as the C programs print them."""
    return (
        f"key {key} (0x{key:08x}), id {identity}, {facts.size} bytes, mode {facts.mode & 0o777:04o}, "
        f"created by process {facts.creator}, attached {facts.attached} times"
    )


def main() -> int:
    """Attach, copy, detach, print."""
    key = parse().key
    # shmlab:cut 7 Find, attach, look at data_ready, copy, detach, print: as the C reader does, with sysv_shm.
    try:
        identity = sysv_shm.find(key)
        segment = sysv_shm.Segment(identity)
    except OSError as error:
        number = error.errno or 0
        raise ShmlabError(str(error.filename), ADVICE.get(number, ""), number) from error
    with segment:
        segment.need(shared_data.SEGMENT_SIZE)
        facts = segment.facts()
        ready = segment.view[shared_data.READY_OFFSET] != 0
        data = SharedData.from_buffer_copy(segment.view)
    program.say(describe(key, identity, facts))
    if not ready:
        raise ShmlabError(f"segment {identity} is not filled", "the writer is still at work, or died there: try again")
    for line in shared_data.describe(data):
        print(line)
    return program.DONE
    # shmlab:give raise ShmlabError(f"key {key}: nothing reads it yet", "TODO 7 in reader.py")
    # shmlab:end


if __name__ == "__main__":
    program.run(main)
