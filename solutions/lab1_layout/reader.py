#!/usr/bin/env python3
"""Lab 1, reader: print the data that the C writer put into POSIX shared memory.

    writer                    in one terminal (it holds the segment until you press Enter)
    reader.py [--name NAME]   in another

The segment is mapped read-only: a reader that cannot write cannot spoil the data, whatever bug it has. The struct is
copied before use, so that what is printed is one state of it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

import shared_data  # noqa: E402
from shared_data import SharedData  # noqa: E402
from shmlab import program, options, posix_shm  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__)
    parser.add_argument(
        "--name",
        type=options.object_name,
        default=shared_data.NAME,
        help="name of the shared memory object (default: %(default)s)",
    )
    return parser.parse_args()


def main() -> int:
    """Map, copy, print."""
    name = parse().name
    # shmlab:cut 9 Open and map the object, look at data_ready, copy the struct, print what shared_data.describe gives.
    # slide:read
    with posix_shm.open_existing(name, "start the writer first, or pass its --name") as segment:
        memory = segment.map(shared_data.SEGMENT_SIZE)
    # slide:end
        # Plain loads promise no order: a reader that comes at the moment when the writer sets the flag may see
        # the flag and older bytes (on arm64; not on x86-64). Lab 3 is about a flag that can be trusted.
        # slide:read
        ready = memory[shared_data.READY_OFFSET] != 0
        data = SharedData.from_buffer_copy(memory)
        # slide:end
    if not ready:
        raise ShmlabError(f"{name} is not filled", "the writer is still at work, or died there: try again")
    for line in shared_data.describe(data):
        print(line)
    return program.DONE
    # shmlab:give raise ShmlabError(f"{name}: nothing reads it yet", "TODO 9 in reader.py")
    # shmlab:end


if __name__ == "__main__":
    program.run(main)
