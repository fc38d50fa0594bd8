#!/usr/bin/env python3
"""Lab 3, Python reader: take messages out of the mailbox.

    writer      in one terminal
    reader.py   [--key-path /tmp] [--key-id 65] [--messages 5] [--timeout S] in another; either may start first

Protocol: while `ready` is true the box is the reader's. It copies counter and message, then clears `ready` (release);
from then on the box is the writer's again.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

from shmlab import program, mailbox, options, stop, sysv_shm, waiting, wire  # noqa: E402
from shmlab.atomics import AtomicByte  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402
from shmlab.mailbox import Mailbox  # noqa: E402
from shmlab.waiting import Deadline  # noqa: E402

SPIN_SECONDS = 20e-6  # two cores hand a cache line over and back in far less
SLEEP_FIRST_SECONDS = 20e-6
SLEEP_LAST_SECONDS = 1e-3


class Letter(NamedTuple):
    """A message that is ours: copied out of the box."""

    counter: int
    message: str


class WriterGone(Exception):
    """The writer ended, or removed the segment, and left no message."""


class Box:
    """A mailbox, attached; `offset`: where it begins in the segment."""

    def __init__(self, segment: sysv_shm.Segment, offset: int = 0) -> None:
        self._segment = segment
        self._offset = offset
        self._ready = AtomicByte(segment.address + offset + mailbox.READY_OFFSET)
        self._writer_seen = False

    def writer_gone(self) -> bool:
        """Only we are attached, though somebody else was; or the segment is marked for removal."""
        try:
            facts = self._segment.facts()
        except OSError:  # EIDRM, EINVAL: removed
            return True
        if facts.attached > 1:
            self._writer_seen = True
        return facts.is_removed() or (self._writer_seen and facts.attached <= 1)

    def _await_ready(self, timeout: float, wanted: int = 1) -> bool:
        """Wait until the box is ours, by default full: False after `timeout` seconds or a signal. WriterGone."""
        deadline = Deadline(timeout)
        spin_until = time.monotonic() + (SPIN_SECONDS if len(os.sched_getaffinity(0)) > 1 else 0.0)
        pause = SLEEP_FIRST_SECONDS
        # acquire: pairs with the release in the writer's mailbox_send
        while self._ready.load_acquire() != wanted:
            if time.monotonic() < spin_until:
                continue
            if self.writer_gone():
                # What it did last came before it went: look once more.
                if self._ready.load_acquire() == wanted:
                    return True
                raise WriterGone
            if deadline.passed() or not stop.sleep(pause):
                return False
            pause = min(2 * pause, SLEEP_LAST_SECONDS)
        return True

    def receive(self, timeout: float) -> Optional[Letter]:
        """Wait for a message, copy it and give the box back; None after `timeout` seconds or a signal. WriterGone."""
        # slide:receive
        if not self._await_ready(timeout):
            return None
        self._writer_seen = True  # somebody sent it, even if we never looked while it was attached
        copy = Mailbox.from_buffer_copy(self._segment.view, self._offset)
        # release: pairs with the acquire in the writer's mailbox_await_empty; our copying is over when it sees 0
        self._ready.store_release(0)
        return Letter(copy.counter, wire.text(copy.message))
        # slide:end


def parse(doc: Optional[str], key_id: int) -> argparse.Namespace:
    """The command line; `doc` for --help."""
    parser = options.parser(doc)
    parser.add_argument(
        "--key-path",
        default=mailbox.KEY_PATH,
        metavar="PATH",
        help="existing file or folder that the key is made from (default: %(default)s)",
    )
    parser.add_argument(
        "--key-id",
        type=options.integer(1, 255),
        default=key_id,
        metavar="N",
        help="number that the key is made from, 1 to 255 (default: %(default)s)",
    )
    parser.add_argument(
        "--messages",
        type=options.integer(1, 0x7FFFFFFF),
        default=mailbox.MESSAGES,
        metavar="N",
        help="how many messages to take (default: %(default)s)",
    )
    options.add_timeout(parser, "when nothing happens")
    return parser.parse_args()


def key_of(arguments: argparse.Namespace) -> int:
    """The key that the command line asks for."""
    try:
        return sysv_shm.ftok(arguments.key_path, arguments.key_id)
    except OSError as error:
        advice = "--key-path wants something that exists"
        raise ShmlabError(f"ftok({arguments.key_path})", advice, error.errno or 0) from error


def is_stale(identity: int) -> bool:
    """Did a writer that was killed leave it? Then nobody but us is attached and its creator does not exist any more."""
    facts = sysv_shm.facts(identity)
    if facts.attached > 1:
        return False
    try:
        os.kill(facts.creator, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it exists and is somebody else's
    return False


def attach(key: int) -> Optional[sysv_shm.Segment]:
    """Attach to the mailbox of a living writer; None when there is none now."""
    try:
        segment = sysv_shm.Segment(sysv_shm.find(key), writable=True)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EIDRM, errno.EINVAL):  # the last two: removed between two calls
            return None
        advice = "it belongs to another program or user: choose another --key-id"
        raise ShmlabError(str(error.filename), advice, error.errno or 0) from error
    try:
        segment.need(mailbox.SIZE)
        if not is_stale(segment.identity):
            return segment
    except OSError:  # removed while we looked
        pass
    except ShmlabError:
        segment.detach()
        raise
    segment.detach()
    return None


def find(key: int, timeout: float) -> sysv_shm.Segment:
    """Retry until a writer's mailbox is there."""
    found = attach(key)
    if found is None:
        program.say(f"waiting for a writer (key 0x{key & 0xFFFFFFFF:08x})")
        found = waiting.until(lambda: attach(key), Deadline(timeout))
    if found is None and stop.requested():
        raise ShmlabError(f"{stop.name()}: no writer came")
    if found is None:
        raise ShmlabError(
            f"no writer came within {timeout:g} s (key 0x{key & 0xFFFFFFFF:08x})",
            "start the writer, or check --key-path and --key-id",
        )
    return found


def receive_all(box: Box, messages: int, timeout: float) -> None:
    """Take and print the messages. WriterGone before the first one only."""
    for number in range(1, messages + 1):
        try:
            letter = box.receive(timeout)
        except WriterGone:
            if number == 1:
                raise
            raise ShmlabError(
                f"the writer is gone before message #{number}", "start both again, with the same --messages"
            ) from None
        if letter is None and stop.requested():
            raise ShmlabError(f"{stop.name()}: still waiting for message #{number}")
        if letter is None:
            raise ShmlabError(f"no message #{number} within {timeout:g} s", "is the writer stuck?")
        program.say(f"received #{letter.counter}: {letter.message}")


def main() -> int:
    """Find a mailbox, empty it; one whose writer goes before its first message does not count."""
    arguments = parse(__doc__, mailbox.KEY_ID)
    stop.on_signals()
    key = key_of(arguments)
    while True:
        with find(key, arguments.timeout) as segment:
            try:
                receive_all(Box(segment), arguments.messages, arguments.timeout)
                return program.DONE
            except WriterGone:
                pass  # a writer cleared a stale mailbox away, or died early: wait for the next one


if __name__ == "__main__":
    program.run(main)
