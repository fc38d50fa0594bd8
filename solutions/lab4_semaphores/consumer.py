#!/usr/bin/env python3
"""Lab 4, Python consumer: take items out of the bounded buffer, beside any number of C and Python processes.

    producer      in one terminal, any number of them, each with its own --id
    consumer.py   [--prefix shmlab] [--items 10] in another; either may start first

Protocol: wait FULL, wait MUTEX, copy slot[head], head = (head + 1) % capacity, count--, post MUTEX, post EMPTY. Who is
attached holds a shared lock on byte 0 of the shared memory object; the last one out removes the four objects.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Callable, NamedTuple, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

from shmlab import program, bounded_buffer, options, posix_shm, presence, semaphore, stop, waiting, wire  # noqa: E402
from shmlab.bounded_buffer import BoundedBuffer, BufferMessage  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402
from shmlab.posix_shm import SharedMemory  # noqa: E402
from shmlab.semaphore import Semaphore  # noqa: E402
from shmlab.waiting import Deadline  # noqa: E402


MUTEX_SECONDS = 10  # MUTEX is held for a few instructions; however short the user's patience for messages is


class Item(NamedTuple):
    """A message that is ours: copied out of the buffer."""

    producer: int
    sequence: int
    text: str


class Names:
    """The four objects of a prefix."""

    def __init__(self, prefix: str) -> None:
        self.buffer = f"/{prefix}_buffer"
        self.empty = f"/{prefix}_empty"
        self.full = f"/{prefix}_full"
        self.mutex = f"/{prefix}_mutex"

    def remove(self) -> None:
        """Remove all four; what is gone already does not matter."""
        for unlink, name in (
            (semaphore.unlink, self.empty),
            (semaphore.unlink, self.full),
            (semaphore.unlink, self.mutex),
            # The name under which others attach goes last: while it is there, they find all four.
            (posix_shm.unlink, self.buffer),
        ):
            try:
                unlink(name)
            except FileNotFoundError:
                pass

    def sweep(self) -> None:
        """Remove the semaphores of a buffer whose name somebody has removed.

        The name is ours meanwhile, so that nobody makes a buffer, and semaphores for it, at the same time. Where there is a
        younger buffer, the semaphores are its.
        """
        reserved = posix_shm.reserve(self.buffer, bounded_buffer.PRESENCE) if semaphore.exists(self.mutex) else None
        if reserved is not None:
            self.remove()
            reserved.close()


class Buffer:
    """The bounded buffer, attached, with its three semaphores."""

    def __init__(self, names: Names, memory: SharedMemory) -> None:
        """`memory` is open, complete and ours to close; the presence lock is held."""
        self._names = names
        self.name = names.buffer
        self._memory = memory
        self._semaphores: "list[Semaphore]" = []
        self._bytes = memory.map(memory.size())
        try:
            self.capacity = self._checked_capacity()
            self._empty, self._full, self._mutex = (
                self._open_semaphore(name) for name in (names.empty, names.full, names.mutex)
            )
        except BaseException:
            self._detach()  # and remove nothing: it may be anybody's
            raise

    def _checked_capacity(self) -> int:
        """The capacity, once the header is known to be one of ours and to promise no more than there is."""
        header = BoundedBuffer.from_buffer_copy(self._bytes)
        advice = f"{self._names.buffer} belongs to another program: choose another --prefix"
        if (header.version, header.element_size) != (bounded_buffer.VERSION, bounded_buffer.MESSAGE_SIZE):
            raise ShmlabError(
                f"version {header.version} with items of {header.element_size} bytes, expected version "
                f"{bounded_buffer.VERSION} with {bounded_buffer.MESSAGE_SIZE} bytes",
                advice,
            )
        capacity: int = header.capacity
        if not 1 <= capacity <= bounded_buffer.CAPACITY_MAX:
            raise ShmlabError(f"a capacity of {capacity}, not 1 to {bounded_buffer.CAPACITY_MAX}", advice)
        needed = bounded_buffer.HEADER_SIZE + capacity * bounded_buffer.MESSAGE_SIZE
        if len(self._bytes) != needed:
            raise ShmlabError(f"{capacity} items need {needed} bytes, there are {len(self._bytes)}", advice)
        return capacity

    def _open_semaphore(self, name: str) -> Semaphore:
        opened = semaphore.open_existing(name, f"remove {self._names.buffer} (in /dev/shm) and start again")
        self._semaphores.append(opened)
        return opened

    def deserted(self) -> bool:
        """Has the name been removed, and is nobody else there who could still put something in?"""
        return not self._memory.still_named() and not presence.held(self._memory.fd, bounded_buffer.PRESENCE)

    def _take_slot(self) -> Item:
        """Copy the oldest item and advance; MUTEX is ours."""
        # shmlab:cut 7 Copy slots[head], advance head, count one less. Trust no number in there: self.capacity is checked,
        # shmlab:text head and count are not. A ctypes object in the mapping keeps it from being closed: del it.
        header = BoundedBuffer.from_buffer(self._bytes)
        try:
            # `capacity` is the value that was checked, not the one that is there now.
            head = header.head
            if head >= self.capacity or not 1 <= header.count <= self.capacity:
                raise ShmlabError(
                    f"{self._names.buffer} is damaged: head {head}, count {header.count}, capacity {self.capacity}",
                    "end all its producers and consumers and start again",
                )
            at = bounded_buffer.HEADER_SIZE + head * bounded_buffer.MESSAGE_SIZE
            message = BufferMessage.from_buffer_copy(self._bytes, at)
            header.head = (head + 1) % self.capacity
            header.count -= 1
        finally:
            del header  # or the mapping could not be closed
        return Item(message.producer, message.sequence, wire.text(message.text))
        # shmlab:give raise ShmlabError("nothing copies an item yet", "TODO 7 in consumer.py")
        # shmlab:end

    def take(self, timeout: float) -> Optional[Item]:
        """The next item; None after `timeout` seconds, after a signal, or when nobody can come any more."""
        # shmlab:cut 8 As buffer_get in buffer.c; wait() below takes a semaphore, and for FULL asks self.deserted.
        # shmlab:text Whatever goes wrong with MUTEX in our hands, give it back.
        if not wait(self._full, timeout, self.deserted):
            return None
        if not wait(self._mutex, max(timeout, MUTEX_SECONDS)):
            self._full.post()  # the item that we did not take
            if stop.requested():
                return None
            raise ShmlabError(
                f"{self._names.mutex} was not given back within {max(timeout, MUTEX_SECONDS):g} s: its holder is dead, or stopped",
                "end the other processes and start again",
            )
        try:
            item = self._take_slot()
        finally:
            self._mutex.post()
        self._empty.post()
        return item
        # shmlab:give raise ShmlabError("nothing takes an item yet", "TODO 8 in consumer.py")
        # shmlab:end

    def _detach(self) -> None:
        for opened in self._semaphores:
            opened.close()
        self._memory.close()

    def close(self) -> int:
        """Leave; the last one out removes the objects. Returns how many messages were lost with them."""
        lost = 0
        named = self._memory.still_named()
        # shmlab:cut 9 As buffer_close in buffer.c.
        # First out of the crowd, then alone if nobody else is there: of two that leave together, the second succeeds.
        presence.release(self._memory.fd, bounded_buffer.PRESENCE)
        alone = presence.claim(self._memory.fd, bounded_buffer.PRESENCE, presence.EXCLUSIVE)
        if alone and self._memory.still_named():
            lost = self._full.value()
            self._names.remove()
        # shmlab:end
        if not named and presence.claim(self._memory.fd, bounded_buffer.PRESENCE, presence.EXCLUSIVE):
            self._names.sweep()
        self._detach()
        return lost


def wait(for_token: Semaphore, timeout: float, in_vain: Callable[[], bool] = lambda: False) -> bool:
    """Wait in slices, so that a request to stop, the deadline, and that it is in vain are all seen."""
    deadline = Deadline(timeout)
    while not for_token.wait():
        if stop.requested() or deadline.passed():
            return False
        if in_vain():
            return for_token.try_wait()  # posted after we gave up, before its poster went
    return True


def attach(names: Names) -> Optional[Buffer]:
    """Attach to a buffer that is complete; None when there is none now."""
    try:
        memory = SharedMemory(names.buffer, writable=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        advice = "choose another --prefix"
        if isinstance(error, PermissionError):
            advice = f"it belongs to another user: ask for --mode 0666, or {advice}"
        raise ShmlabError(f"shm_open({names.buffer})", advice, error.errno or 0) from error
    try:
        if join(memory) and is_complete(memory):
            return Buffer(names, memory)
    except BaseException:
        memory.close()
        raise
    memory.close()
    return None


def join(memory: SharedMemory) -> bool:
    """Become one of its users, if it has any.

    A buffer without users is stale, and joining it would keep a producer from making it again. A creator at work, or the
    last one out, holds the role alone: come back when it is done.
    """
    return (
        presence.held(memory.fd, bounded_buffer.PRESENCE)
        and presence.claim(memory.fd, bounded_buffer.PRESENCE, presence.SHARED)
        # Between our opening and our locking, the last one out may have removed it. Whether others are still there now
        # does not matter: a producer may have left it, and what is in it, to us.
        and memory.still_named()
    )


def is_complete(memory: SharedMemory) -> bool:
    """Has the creator stored the magic number, which it stores last?"""
    if memory.size() < bounded_buffer.HEADER_SIZE:
        return False
    with memory.map(bounded_buffer.HEADER_SIZE) as header:
        return bool(BoundedBuffer.from_buffer_copy(header).magic == bounded_buffer.MAGIC)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__)
    parser.add_argument(
        "--prefix",
        type=options.prefix,
        default=bounded_buffer.PREFIX,
        metavar="P",
        help="the objects are /P_buffer, /P_empty, /P_full and /P_mutex (default: %(default)s)",
    )
    parser.add_argument(
        "--items",
        type=options.integer(1, 0x7FFFFFFF),
        default=bounded_buffer.ITEMS,
        metavar="N",
        help="how many items to take (default: %(default)s)",
    )
    options.add_timeout(parser, "when nothing comes")
    return parser.parse_args()


def consume(buffer: Buffer, items: int, timeout: float) -> None:
    """Take and print the items."""
    for number in range(1, items + 1):
        item = buffer.take(timeout)
        if item is None and stop.requested():
            raise ShmlabError(f"{stop.name()}: got {number - 1} of {items} items")
        if item is None and buffer.deserted():
            raise ShmlabError(f"somebody removed {buffer.name}: got {number - 1} of {items} items", "start all programs again")
        if item is None:
            raise ShmlabError(
                f"nothing came for {timeout:g} s: got {number - 1} of {items} items",
                "start a producer with the same --prefix, or ask for fewer --items",
            )
        program.say(f"got {item.text}")


def main() -> int:
    """Wait for the buffer, take the items, leave."""
    arguments = parse()
    stop.on_signals()
    names = Names(arguments.prefix)
    buffer = attach(names)
    if buffer is None:
        program.say(f"waiting for a producer ({names.buffer})")
        buffer = waiting.until(lambda: attach(names), Deadline(arguments.timeout))
    if buffer is None and stop.requested():
        raise ShmlabError(f"{stop.name()}: no producer came")
    if buffer is None:
        raise ShmlabError(
            f"no producer came within {arguments.timeout:g} s", "start a producer with the same --prefix"
        )
    try:
        consume(buffer, arguments.items, arguments.timeout)
    finally:
        lost = buffer.close()
        if lost:
            program.complain(f"{lost} items were left in the buffer when the last process went")
    return program.DONE


if __name__ == "__main__":
    program.run(main)
