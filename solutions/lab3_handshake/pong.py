#!/usr/bin/env python3
"""Lab 3, challenge: answer pings.

    ping     in one terminal
    pong.py  [--key-path /tmp] [--key-id 80] [--messages 5] [--timeout S] in another; either may start first

Two mailboxes in one segment (ping_pong.h): a ping comes through the first, its answer goes back through the second, with
the same number.
"""

from __future__ import annotations

import reader  # first: it knows where shmlab is
from reader import Box, WriterGone
from shmlab import program, mailbox, stop, sysv_shm
from shmlab.errors import ShmlabError
from shmlab.mailbox import Mailbox

KEY_ID = 80  # 'P'
ANSWER_OFFSET = mailbox.SIZE  # the second mailbox begins after the first


class AnswerBox(Box):
    """The mailbox in which we are the writer."""

    def send(self, number: int, text: str, timeout: float) -> bool:
        """Fill the box, when it is ours, and hand it over; False after `timeout` seconds or a signal. WriterGone."""
        # shmlab:cut 12 Wait until the box is empty, fill counter and message (NUL-terminated), then set the flag. Which
        # shmlab:text call of AtomicByte says that the message is complete?
        if not self._await_ready(timeout, 0):
            return False
        box = Mailbox.from_buffer(self._segment.view, self._offset)
        box.counter = number
        box.message = text.encode()  # ctypes writes the NUL
        del box  # a view into the segment, which could not be detached otherwise
        # release: pairs with the acquire in ping.c's box_await; the answer is complete when it sees 1
        self._ready.store_release(1)
        return True
        # shmlab:give return False
        # shmlab:end


def answer_all(segment: sysv_shm.Segment, messages: int, timeout: float) -> None:
    """Answer that many pings."""
    pings = Box(segment)
    answers = AnswerBox(segment, ANSWER_OFFSET)
    for number in range(1, messages + 1):
        letter = pings.receive(timeout)
        if letter is None or not answers.send(letter.counter, f"Pong #{letter.counter}", timeout):
            why = stop.name() if stop.requested() else f"nothing came for {timeout:g} s"
            raise ShmlabError(f"{why}: answered {number - 1} of {messages} pings")
    program.say(f"answered {messages} pings")


def main() -> int:
    """Find the two mailboxes, and answer."""
    arguments = reader.parse(__doc__, KEY_ID)
    stop.on_signals()
    key = reader.key_of(arguments)
    with reader.find(key, arguments.timeout) as segment:
        segment.need(ANSWER_OFFSET + mailbox.SIZE)
        try:
            answer_all(segment, arguments.messages, arguments.timeout)
        except WriterGone:
            raise ShmlabError("ping is gone", "start both again, with the same --messages") from None
    return program.DONE


if __name__ == "__main__":
    program.run(main)
