#!/usr/bin/env python3
"""Lab 6, Python consumer: show the frames and detections that a C producer streams through the circular queue.

    producer      in one terminal
    consumer.py   in another; either may start first. ESC ends, SPACE pauses (and, five frames later, the producer too)

Protocol: wait FULL, use the slot at read_idx, advance it modulo 5 and count down under MUTEX, post EMPTY. EMPTY and
FULL alone give one producer and one consumer their slot for themselves, so MUTEX is held for the indices only, never
while we copy or draw.
"""

from __future__ import annotations

import argparse
import enum
import os
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Deque, List, Optional, Set, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

from shmlab import program  # noqa: E402  # first: from here on Ctrl-C shows no traceback
from shmlab import class_names, colours, detection, options, posix_shm, presence  # noqa: E402
from shmlab import semaphore, stop, viewer_window, waiting, yolo_queue  # noqa: E402
from shmlab.class_names import ClassNames  # noqa: E402
from shmlab.draw import Mark  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402
from shmlab.picture import Picture  # noqa: E402
from shmlab.posix_shm import SharedMemory  # noqa: E402
from shmlab.semaphore import Semaphore  # noqa: E402
from shmlab.viewer import Frame, Key, Viewer  # noqa: E402
from shmlab.viewer_png import ContactSheet, PngViewer  # noqa: E402
from shmlab.viewer_terminal import TerminalViewer  # noqa: E402
from shmlab.viewer_window import WindowViewer  # noqa: E402
from shmlab.waiting import Deadline  # noqa: E402

IDLE_SLICE_SECONDS = 0.2  # between two looks whether the producer is alive, while no frame comes
VIEW_SLICE_SECONDS = 0.02  # between two looks at the keyboard
KNOWN_SLICE_SECONDS = 0.005  # between two looks whether the producer has noticed us
STUCK_SECONDS = 30.0  # MUTEX is held for nanoseconds; so long means that something is wrong
STOPPED_SECONDS = 1.0  # the same once a signal asked us to end
RATE_FRAMES = 30  # the frame rate is that of so many frames
COMPLAINTS_MAX = 10  # about odd frames; after that they are only counted
COUNT_AT_ONCE = 4096  # class ids
OUTPUT = Path("frames")


class Names:
    """The four objects of a prefix."""

    def __init__(self, prefix: str) -> None:
        self.queue = f"/{prefix}_QUEUE_SHM"
        self.empty = f"/{prefix}_EMPTY"
        self.full = f"/{prefix}_FULL"
        self.mutex = f"/{prefix}_MUTEX"

    def remove(self) -> None:
        """Remove all four; what is gone already does not matter."""
        for unlink, name in (
            (semaphore.unlink, self.empty),
            (semaphore.unlink, self.full),
            (semaphore.unlink, self.mutex),
            (posix_shm.unlink, self.queue),  # last: who finds it may rely on the semaphores
        ):
            try:
                unlink(name)
            except FileNotFoundError:
                pass

    def sweep(self) -> None:
        """Remove the semaphores of a dead producer whose queue's name somebody has removed.

        The name is ours meanwhile, so that nobody makes a queue, and semaphores for it, at the same time. A producer that
        ends as it should has removed MUTEX before the name; where there is a younger queue, the semaphores are its.
        """
        reserved = posix_shm.reserve(self.queue, yolo_queue.PRESENCE_PRODUCER) if semaphore.exists(self.mutex) else None
        if reserved is not None:
            self.remove()
            reserved.close()


class End(enum.Enum):
    """How a producer can end; everything it published has been read."""

    REMOVED = "the producer has ended"
    DIED = "the producer died; what it left behind is removed"


class Queue:
    """The queue, attached as its consumer: acquire, use the slot, release; and from the beginning."""

    def __init__(
        self, names: Names, memory: SharedMemory, semaphores: "List[Semaphore]", mark: Optional[int]
    ) -> None:
        """`memory` is open with the consumer's role claimed; both are ours to close. `mark`: class_names.choose."""
        self.mark = mark
        self._names = names
        self._memory = memory
        self._semaphores = semaphores
        self._empty, self._full, self._mutex = semaphores
        self._bytes = memory.map(yolo_queue.SIZE)
        self._view = memoryview(self._bytes)
        self._control = self._view[: yolo_queue.CONTROL_SIZE].cast("i")
        self._slot = 0  # offset of the slot that is ours
        self._producer_seen = False
        self._note_producer()

    def _note_producer(self) -> None:
        self._producer_seen = self._producer_seen or self._producer_present()

    def _producer_present(self) -> bool:
        return presence.held(self._memory.fd, yolo_queue.PRESENCE_PRODUCER)

    def known(self) -> bool:
        """May we begin? Not before the producer knows us: only then does it notice our end, however soon that comes,
        and put right what we may leave behind. One that holds no role, or has ended, is not waited for."""
        self._note_producer()
        return presence.held(self._memory.fd, yolo_queue.PRESENCE_KNOWN) or not self._producer_present()

    def acquire(self, seconds: float) -> bool:
        """Wait for a frame; its slot is ours until `release`. False: none came, or a signal did."""
        # TODO 8: Wait for a token of FULL (self._full.wait). With it in hand, self._slot is the offset of the slot
        # at read_idx: SLOT_OFFSETS, and modulo, whatever others wrote there.
        del seconds
        return False

    def header(self) -> Tuple[int, int]:
        """Number of the frame and of its detections, as they are in the slot."""
        frame_id, *shape, found = yolo_queue.HEADER.unpack_from(self._bytes, self._slot)
        if shape != [yolo_queue.WIDTH, yolo_queue.HEIGHT, yolo_queue.CHANNELS]:
            raise ShmlabError(
                f"frame {frame_id} is said to be {shape[0]} x {shape[1]} x {shape[2]}, not "
                f"{yolo_queue.WIDTH} x {yolo_queue.HEIGHT} x {yolo_queue.CHANNELS}",
                "the producer has another layout: check its struct",
            )
        return frame_id, found

    def detections(self, count: int) -> "Tuple[float, ...]":
        """The numbers of the first `count` detections, detection.FIELDS each."""
        # TODO 9: detection.records(count) unpacks all of them at once. Where do they begin?
        return (0.0,) * (detection.FIELDS * count)

    def picture(self) -> Picture:
        """A copy of the pixels. No view of the slot stays behind: after `release` the producer writes there."""
        # TODO 10: Picture.from_bgr copies from a memoryview. Which bytes of self._view? Release the view.
        return Picture.blank(yolo_queue.WIDTH, yolo_queue.HEIGHT)

    def release(self) -> None:
        """Give the slot back."""
        # TODO 11: As queue_release in queue.c: self._lock, self._control, self._mutex, self._empty.

    def _lock(self) -> bool:
        """Take MUTEX; False if the producer died with it. Not given up at once for a signal: it comes in no time."""
        if self._mutex.try_wait():
            return True
        stuck, stopped = Deadline(STUCK_SECONDS), Deadline(STOPPED_SECONDS)
        while not self._mutex.wait(IDLE_SLICE_SECONDS, heed_stop=False):
            if self._producer_seen and not self._producer_present():
                return False
            if (stopped if stop.requested() else stuck).passed():
                raise ShmlabError(f"{self._names.mutex} is not given back", "is the producer stopped?")
        return True

    def end(self) -> Optional[End]:
        """When no frame comes: has the producer ended? `acquire` once more before believing it.

        A producer that was never seen to hold its role follows the documented protocol only: it is not dead because
        nobody holds the role, and its end is the removal of the objects.
        """
        named = self._memory.still_named()
        present = self._producer_present()
        lost = self._producer_seen and not present
        self._producer_seen = self._producer_seen or present
        if not named and not present:
            return End.REMOVED
        return End.DIED if lost else None

    def close(self) -> None:
        """Leave; what a dead producer left behind is removed, unless another one has claimed it."""
        self._control.release()
        self._view.release()
        if self._producer_seen and presence.claim(
            self._memory.fd, yolo_queue.PRESENCE_PRODUCER, presence.EXCLUSIVE
        ):
            if self._memory.still_named():
                self._names.remove()
            else:
                self._names.sweep()
        for each in self._semaphores:
            each.close()
        self._memory.close()


def attach(names: Names) -> Optional[Queue]:
    """Attach to a queue that is ready; None when there is none now."""
    try:
        memory = SharedMemory(names.queue, writable=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        advice = "choose another --prefix"
        if isinstance(error, PermissionError):
            advice = f"it belongs to another user: ask for --mode 0666, or {advice}"
        raise ShmlabError(f"shm_open({names.queue})", advice, error.errno or 0) from error
    semaphores: "List[Semaphore]" = []
    try:
        if is_complete(memory):
            for name in (names.empty, names.full, names.mutex):
                semaphores.append(Semaphore(name))
            mark = presence.heard(memory.fd)  # before the claim: once we are here, the producer may end
            # Checked last: the object, and so the semaphores made before it, are those of the name's owner.
            if claim_role(memory) and memory.still_named():
                return Queue(names, memory, semaphores, mark)
    except FileNotFoundError:
        pass  # a producer at work on its creation, or on its removal
    except BaseException:
        leave(memory, semaphores)
        raise
    leave(memory, semaphores)
    return None


def leave(memory: SharedMemory, semaphores: "List[Semaphore]") -> None:
    """Close everything, remove nothing."""
    for each in semaphores:
        each.close()
    memory.close()


def is_complete(memory: SharedMemory) -> bool:
    """Has the object its full size? It has none until its producer gave it one.

    Another size is that of something that was left behind, or of another program's: a producer that comes replaces it.
    """
    return memory.size() == yolo_queue.SIZE


def no_producer(names: Names, timeout: float) -> ShmlabError:
    """None came in that time: why, perhaps."""
    try:
        with SharedMemory(names.queue) as memory:
            size = memory.size()
    except OSError:
        size = 0
    if size in (0, yolo_queue.SIZE):
        return ShmlabError(f"no producer came within {timeout:g} s", "start a producer with the same --prefix")
    return ShmlabError(
        f"no producer came within {timeout:g} s, and {names.queue} has {size} bytes, not {yolo_queue.SIZE}",
        "it belongs to another program: choose another --prefix",
    )


def claim_role(memory: SharedMemory) -> bool:
    """Become the consumer; False for now, while a producer puts right what a dead consumer left behind.

    The questions come before the claim: after it, the producer may know us, and its role would no longer tell us from
    the consumer before us. Consumers come in one at a time, so that none can take the role, be known and die between.
    """
    if not presence.claim(memory.fd, yolo_queue.PRESENCE_REPAIR, presence.EXCLUSIVE):
        return False
    taken = presence.held(memory.fd, yolo_queue.PRESENCE_CONSUMER)
    # Known, and not there: the consumer before us, whose end the producer has neither noticed nor repaired yet.
    if not taken and presence.held(memory.fd, yolo_queue.PRESENCE_KNOWN):
        presence.release(memory.fd, yolo_queue.PRESENCE_REPAIR)
        return False
    if taken or not presence.claim(memory.fd, yolo_queue.PRESENCE_CONSUMER, presence.EXCLUSIVE):
        raise ShmlabError(f"{memory.name}: another consumer is attached", "end it, or choose another --prefix")
    presence.release(memory.fd, yolo_queue.PRESENCE_REPAIR)
    return True


class Statistics:
    """What is counted over the whole run."""

    def __init__(self) -> None:
        self.frames = 0
        self.first = self.last = 0
        self._classes: "Counter[int]" = Counter()
        self._uncounted: "List[float]" = []  # class ids, counted many at a time: a Counter is slow to start
        self.odd = 0  # frames whose number is not the one before plus one
        self.began = self.ended = 0.0
        self._any_next = True
        self._recent: Deque[float] = deque(maxlen=RATE_FRAMES)

    def begin_stream(self) -> None:
        """The next frame may have any number: it is the first that we see of a producer."""
        self._any_next = True

    def count(self, frame_id: int, classes: "Tuple[float, ...]") -> Optional[str]:
        """Count a frame; the text says what is odd about its number."""
        odd = None
        if not self.frames:
            self.first = frame_id
            self.began = time.monotonic()
        elif not self._any_next and frame_id != self.last + 1:
            self.odd += 1
            odd = f"frame {frame_id} came after {self.last}"
        self._any_next = False
        self.last = frame_id
        self.frames += 1
        self._uncounted.extend(classes)
        if len(self._uncounted) > COUNT_AT_ONCE:
            self.by_class()
        return odd

    def by_class(self) -> "Counter[int]":
        """How many detections there were of each class id."""
        self._classes.update(self._uncounted)  # type: ignore[arg-type]
        self._uncounted.clear()
        return self._classes

    def rate(self) -> float:
        """Frames a second at this moment, for the overlay: call it once a frame."""
        self._recent.append(time.monotonic())
        elapsed = self._recent[-1] - self._recent[0]
        return (len(self._recent) - 1) / elapsed if elapsed > 0 else 0.0

    def summary(self) -> str:
        """The run in a line."""
        elapsed = self.ended - self.began
        found = sum(self.by_class().values())
        text = f"{self.frames} frames ({self.first} to {self.last}), {found} detections"
        if self.frames > 1 and elapsed > 0:
            text += f", {(self.frames - 1) / elapsed:.1f} frames/s"
        if self.odd:
            text += f", {self.odd} gaps in the numbers"
        return text


class Record:
    """A file with every detection as it came, a CSV line each; a frame without any has a line with its number only."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = open(path, "w", encoding="ascii")
        except OSError as error:
            raise ShmlabError(str(path), "choose another file for --detections", error.errno or 0) from error
        self._file.write("frame,class,confidence,x,y,width,height\n")

    def write(self, frame_id: int, numbers: "Tuple[float, ...]") -> None:
        """The lines of one frame."""
        for each in detection.split(numbers):
            box = f"{each.x},{each.y},{each.width},{each.height}"
            self._file.write(f"{frame_id},{each.class_id},{each.confidence:.6f},{box}\n")
        if not numbers:
            self._file.write(f"{frame_id},,,,,,\n")

    def close(self) -> None:
        """Write out what is left."""
        self._file.close()


class Consumer:
    """Takes frames from one queue after another, counts them and hands them to the viewers."""

    def __init__(
        self, viewers: "List[Viewer]", wanted: Optional[ClassNames], frames: int, record: Optional[Record]
    ) -> None:
        """The first viewer speaks and listens; all of them show. frames 0: without end. wanted: class_names.choose."""
        self._record = record
        self._viewers = viewers
        self._screen = viewers[0]
        self._showing = any(viewer.shows for viewer in viewers)
        self._wanted = wanted
        self._marks: "Set[Optional[int]]" = set()
        self.names = ClassNames([])
        self.amiss: Optional[str] = None  # about the names
        self._frames = frames
        self._complaints = 0
        self._shown: Optional[Frame] = None
        self._slice = VIEW_SLICE_SECONDS if self._showing else IDLE_SLICE_SECONDS
        self.quit = False
        self.statistics = Statistics()

    def complete(self) -> bool:
        """Have all frames come that were asked for?"""
        return self._frames != 0 and self.statistics.frames >= self._frames

    def names_of_all(self) -> "Tuple[ClassNames, Optional[str]]":
        """The names for what was counted over all streams; producers of different models have none in common."""
        if len(self._marks) > 1:
            return ClassNames([]), "classes go by their numbers, for the producers had different names"
        return self.names, self.amiss

    def done(self) -> bool:
        """All frames, a key or a signal."""
        return self.complete() or self.quit or stop.requested() != 0

    def listen(self) -> None:
        """Heed the keyboard; a pause lasts in here."""
        paused = False
        while True:
            for key in self._screen.keys():
                if key is Key.QUIT:
                    self.quit = True
                else:
                    paused = not paused
                    if self._shown is not None:
                        self._screen.show(self._shown.with_note("paused") if paused else self._shown)
            if not paused or self.quit or not stop.sleep(VIEW_SLICE_SECONDS):
                return

    def read(self, queue: Queue, timeout: float) -> Optional[End]:
        """Take frames until the producer ends (that is returned) or we are done. ShmlabError after the timeout."""
        self.statistics.begin_stream()
        self._marks.add(queue.mark)
        self.names, self.amiss = class_names.choose(self._wanted, queue.mark)
        while not queue.known() and not self.done():
            self.listen()
            stop.sleep(KNOWN_SLICE_SECONDS)
        idle = Deadline(timeout)
        while not self.done():
            if not queue.acquire(self._slice):
                end = queue.end()
                if end is None:
                    self.listen()
                    if idle.passed() and not self.done():
                        raise ShmlabError(f"nothing came for {timeout:g} s", "is the producer stuck?")
                    continue
                if not queue.acquire(0.0):
                    return end
            self._take(queue)
            if self._showing:
                self.listen()
            idle.restart()
        return None

    def _take(self, queue: Queue) -> None:
        """The slot is ours: copy what is needed, give it back, and only then work on the copy."""
        frame_id, said = queue.header()
        found = max(0, min(said, yolo_queue.DETECTIONS))
        numbers = queue.detections(found)
        picture = queue.picture() if self._showing else None
        queue.release()
        odd = self.statistics.count(frame_id, numbers[:: detection.FIELDS])
        if odd or found != said:
            self._complain(odd or f"frame {frame_id} is said to have {said} detections, read as {found}")
        if self._record is not None:
            self._record.write(frame_id, numbers)
        if picture is not None:
            self._show(frame_id, numbers, picture)

    def _complain(self, text: str) -> None:
        self._complaints += 1
        if self._complaints <= COMPLAINTS_MAX:
            self._screen.say(text)

    def _show(self, frame_id: int, numbers: "Tuple[float, ...]", picture: Picture) -> None:
        marks = [
            Mark(
                each.x,
                each.y,
                each.width,
                each.height,
                f"{self.names[each.class_id]} {each.confidence:.2f}",
                colours.of_class(each.class_id),
            )
            for each in detection.split(numbers)
            if each.is_sane()
        ]
        found = len(marks)
        overlay = (
            f"frame {frame_id}   {self.statistics.rate():.1f} FPS   {found} detection{'' if found == 1 else 's'}"
        )
        self._shown = Frame(frame_id, picture, marks, overlay)
        for viewer in self._viewers:
            viewer.show(self._shown)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__)
    count = options.integer(1, 0x7FFFFFFF)
    parser.add_argument(
        "--prefix",
        type=options.prefix,
        default=yolo_queue.PREFIX,
        metavar="P",
        help="the objects are /P_QUEUE_SHM, /P_EMPTY, /P_FULL and /P_MUTEX (default: %(default)s)",
    )
    parser.add_argument(
        "--view",
        choices=("window", "terminal", "png", "none"),
        help="where to show the frames (default: a window, or else the terminal, if there is one)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help=f"save the frames there as well (--view png: {OUTPUT} by default)"
    )
    parser.add_argument("--every", type=count, default=1, metavar="N", help="save every Nth frame (default: all)")
    parser.add_argument("--contact-sheet", type=Path, metavar="FILE", help="one PNG with thumbnails of the whole run")
    parser.add_argument("--detections", type=Path, metavar="FILE", help="write every detection into a CSV file")
    class_names.add_options(parser, usual=None)
    parser.add_argument(
        "--frames", type=count, default=0, metavar="N", help="end after N frames (default: with the producer)"
    )
    parser.add_argument("--wait", action="store_true", help="when a producer ends, wait for the next one")
    options.add_timeout(parser, "when nothing comes")
    return parser.parse_args()


def default_view() -> str:
    """A window where there is a display, the terminal where there is one."""
    if os.environ.get("DISPLAY") and viewer_window.is_available():
        return "window"
    return "terminal" if sys.stdout.isatty() else "none"


def open_viewers(arguments: argparse.Namespace) -> "List[Viewer]":
    """The viewers; the one that owns the screen is first and is opened last, when nothing can fail any more."""
    files: "List[Viewer]" = []
    view = arguments.view or default_view()
    if view == "png" or arguments.output is not None:
        files.append(PngViewer(arguments.output or OUTPUT, arguments.every))
    if arguments.contact_sheet is not None:
        files.append(ContactSheet(arguments.contact_sheet))
    if view == "window":
        return [WindowViewer(f"/{arguments.prefix}_QUEUE_SHM")] + files
    if view == "terminal":
        return [TerminalViewer()] + files
    return [Viewer()] + files


def find(names: Names, timeout: float, screen: Viewer, consumer: Consumer) -> Optional[Queue]:
    """Wait for a producer's queue; None when a key or a signal ends the waiting."""
    queue = attach(names)
    if queue is not None:
        return queue
    screen.say(f"waiting for a producer ({names.queue})")
    if not consumer.statistics.frames and screen.shows:
        blank = Picture.blank(yolo_queue.WIDTH, yolo_queue.HEIGHT, colours.BACKDROP)
        screen.show(Frame(0, blank, [], f"waiting for a producer ({names.queue})"))
    deadline = Deadline(timeout)

    def attempt() -> "Tuple[Optional[Queue]] | None":
        consumer.listen()
        found = attach(names) if not consumer.quit else None
        return (found,) if found is not None or consumer.quit else None

    answer = waiting.until(attempt, deadline)
    if answer is None and not stop.requested():
        raise no_producer(names, timeout)
    return answer[0] if answer is not None else None


def consume(arguments: argparse.Namespace, consumer: Consumer, screen: Viewer) -> int:
    """One producer, or with --wait one after another."""
    names = Names(arguments.prefix)
    status = program.DONE
    while not consumer.done():
        queue = find(names, arguments.timeout, screen, consumer)
        if queue is None:
            break
        try:
            end = consumer.read(queue, arguments.timeout)
        finally:
            consumer.statistics.ended = time.monotonic()
            queue.close()
        if end is None:
            break
        screen.say(end.value)
        if end is End.DIED or not consumer.statistics.frames:
            status = program.FAILED
        if not arguments.wait:
            break
    missing = arguments.frames != 0 and not consumer.complete() and not consumer.quit
    return program.FAILED if missing or stop.requested() else status


def report(statistics: Statistics, names: ClassNames, amiss: Optional[str]) -> None:
    """The end of a run, however it came about; `amiss` is about the names."""
    if stop.requested():
        program.complain(stop.name())
    program.say(statistics.summary() if statistics.frames else "0 frames")
    for class_id, count in statistics.by_class().most_common():
        print(f"  {count:6d}  {names[class_id]}")
    amiss = amiss or names.complaint()
    if amiss is not None and statistics.by_class():
        program.say(amiss)


def main() -> int:
    """Show frames until the producer ends, all frames came, or somebody wants it to end."""
    arguments = parse()
    stop.on_signals()
    record = Record(arguments.detections) if arguments.detections is not None else None
    viewers = open_viewers(arguments)
    consumer = Consumer(viewers, class_names.asked(arguments), arguments.frames, record)
    try:
        return consume(arguments, consumer, viewers[0])
    finally:
        for viewer in viewers:
            viewer.close()
        if record is not None:
            record.close()
        report(consumer.statistics, *consumer.names_of_all())


if __name__ == "__main__":
    program.run(main)
