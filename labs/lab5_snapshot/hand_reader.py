#!/usr/bin/env python3
"""Lab 5, the second challenge, from Python: take snapshots that a giver hands over as sealed descriptors.

    hand --give                  in another terminal
    hand_reader.py               a snapshot for each Enter, Ctrl-D to end

See handover.h for the message, and for what must hold of the object.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

from shmlab import options, program, snapshot  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402

SOCKET = "hand.sock"
MESSAGE = "<4sI"  # magic, version
MAGIC, VERSION = b"HAND", 1


class Refused(Exception):
    """What came is not to be believed."""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__)
    parser.add_argument("--socket", default=SOCKET, help="the UNIX socket of the giver (default: %(default)s)")
    return parser.parse_args()


def receive(connection: socket.socket) -> int:
    """The one descriptor of the giver's message; Refused, and every descriptor closed again, when it is not so."""
    # TODO 15: socket.recv_fds gives the message, a list of descriptors, and flags. Refuse another message, a list that
    # has not one descriptor, and MSG_CTRUNC (there were more); close what came first. MSG_CMSG_CLOEXEC as in C.
    del connection
    raise Refused("write receive in hand_reader.py")


def take(fd: int) -> bytes:
    """The bytes of the object, if its seals and its size are right."""
    # TODO 16: The seals first (fcntl.F_GET_SEALS; OSError: it cannot be sealed), then the size, then os.pread.
    del fd
    raise Refused("write take in hand_reader.py")


def turn(path: str) -> str:
    """Connect, receive, take: what came of it, in words."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.connect(path)
        except OSError as error:
            advice = "start the giver first, or pass its --socket"
            raise ShmlabError(f"connect({path})", advice, error.errno or 0) from error
        fd = receive(connection)
        try:
            (_, number) = struct.unpack_from("<ii", take(fd))
        finally:
            os.close(fd)
    return f"took snapshot {number}"


def main() -> int:
    """One snapshot for each line of standard input."""
    arguments = parse()
    status = program.DONE
    program.say("press Enter to take a snapshot, Ctrl-D to end")
    for number, _ in enumerate(sys.stdin, 1):
        try:
            words = turn(arguments.socket)
        except Refused as reason:
            words = f"refused: {reason}"
            status = program.FAILED
        program.say(f"{number}: {words}")
    return status


if __name__ == "__main__":
    program.run(main)
