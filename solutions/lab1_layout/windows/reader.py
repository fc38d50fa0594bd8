#!/usr/bin/env python3
"""Lab 1 on Windows, reader: print the data that the C writer put into a named file mapping.

    writer.exe                in one window (it holds the mapping until you press Enter)
    py reader.py [--name Local\\IPCSharedMemory]        in another
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[3] / "common" / "python"), str(Path(__file__).resolve().parents[1])]

import shared_data  # noqa: E402
from shmlab import windows  # noqa: E402


def main() -> int:
    """Map, copy, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="Local\\IPCSharedMemory", help="name of the mapping (default: %(default)s)")
    name = parser.parse_args().name
    try:
        with windows.Mapping(name, shared_data.SEGMENT_SIZE) as mapping:
            ready = mapping.memory[shared_data.READY_OFFSET] != 0
            data = shared_data.SharedData.from_buffer_copy(mapping.memory)
    except FileNotFoundError as error:
        print(f"reader: {name}: {error}: start the writer first, or pass its --name", file=sys.stderr)
        return 1
    if not ready:
        print(f"reader: {name} is not filled: the writer is still at work, or died there: try again", file=sys.stderr)
        return 1
    for line in shared_data.describe(data):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
