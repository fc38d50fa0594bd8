"""The sentences that cite the benchmark, and what each must be true to.

A fact names a file, a sentence with {} for each figure, where the figures come from, and what must hold besides. The
figures are filled in from the results as in a table; a sentence that no longer holds has to be written by a person.
Digits with a unit of speed that are in no fact are refused: what was not measured is said in words.
"""

from __future__ import annotations

import re
from math import floor, log10
from pathlib import Path
from typing import Callable, Dict, Iterable, List, NamedTuple

Medians = Dict[str, float]  # by row, in s or 1/s
Figure = Callable[[Medians], str]

BENCH = "tools/bench/README.md"
README = "README.md"
INTRO = "slides/00-intro.md"
LAB3 = "slides/03-handshake.md"
LAB6 = "slides/06-yolo-queue.md"
HANDOUT3 = "labs/lab3_handshake/README.md"
HANDOUT6 = "labs/lab6_yolo_queue/README.md"


def two_digits(value: float) -> str:
    """To two digits, which is what the rounds agree on: 337 is 340, 3.64 is 3.6."""
    digits = 1 - floor(log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if digits <= 0 else f"{rounded:.{digits}f}"


def us(row: str) -> Figure:
    """Microseconds."""
    return lambda of: two_digits(of[row] * 1e6)


def ns(row: str) -> Figure:
    """Nanoseconds."""
    return lambda of: f"{of[row] * 1e9:.0f}"


def rate(row: str, unit: float = 1) -> Figure:
    """How many a second, in `unit`."""
    return lambda of: two_digits(of[row] / unit)


def times(more: str, less: str) -> Figure:
    """How many times `less` the row `more` is."""
    return lambda of: two_digits(of[more] / of[less])


def about_equal(one: str, other: str) -> Callable[[Medians], bool]:
    """Within a quarter of each other, which is what rounds differ by."""
    return lambda of: 0.8 <= of[one] / of[other] <= 1.25


def best_socket(of: Medians) -> float:
    """Frames a second of the fastest kind; which one that is differs from run to run."""
    return max(of[f"{kind}.stream"] for kind in ("unix-stream", "unix-seqpacket", "unix-datagram", "tcp"))


def lab6_times_socket(of: Medians) -> str:
    """How many times as many frames lab 6's queue moves."""
    return two_digits(of["lab6-reference.stream"] / best_socket(of))


class Fact(NamedTuple):
    """A sentence, or a part of one, in a file."""

    file: str
    sentence: str
    figures: "tuple[Figure, ...]" = ()
    holds: Callable[[Medians], bool] = lambda of: True
    run: str = "bench"


def asleep_is_no_faster(of: Medians) -> bool:
    """Waking up costs the same, whatever carries the bytes."""
    return about_equal("semaphore.round-trip", "pipe.round-trip")(of)


def in_place_is_no_faster(of: Medians) -> bool:
    """Frames rendered into the slot, against frames rendered elsewhere and copied."""
    return of["ring.in-place"] <= 1.05 * of["ring.pipeline"]


def iceoryx_is_as_fast(of: Medians) -> bool:
    """In streams of copied frames, and of frames that were rendered in place."""
    return about_equal("iceoryx.stream", "ring.stream")(of) and about_equal("iceoryx.in-place", "ring.in-place")(of)


def a_third(of: Medians) -> bool:
    """What the lock around the copies leaves."""
    return 0.27 <= of["lab6-documented.stream"] / of["lab6-index-lock.stream"] <= 0.4


FACTS: List[Fact] = [
    Fact(BENCH, "Asleep, shared memory is as slow as a pipe for 64 bytes: {} µs there and back with semaphores, {} µs "
         "through a pipe.", (us("semaphore.round-trip"), us("pipe.round-trip")), asleep_is_no_faster),
    Fact(BENCH, "A receiver that is awake and looks for itself needs {} µs; a pipe takes {} times as long.",
         (us("semaphore-spin.round-trip"), times("pipe.round-trip", "semaphore-spin.round-trip"))),
    Fact(BENCH, "Of frames of 1.2 MB lab 6 moves {} times as many as the best socket, and {} times as many as a pipe of "
         "64 KiB.", (lab6_times_socket, times("lab6-reference.stream", "pipe.stream"))),
    Fact(BENCH, "With the copies outside the lock there are {} times as many frames as with the lock around them.",
         (times("lab6-index-lock.stream", "lab6-documented.stream"),)),
    Fact(BENCH, "Frames that are rendered in place are no faster here than frames that are copied in and out, {} a second "
         "against {}. Why is not measured: probably since this machine copies {} of them a second with one core, out of its "
         "caches.",
         (rate("ring.in-place"), rate("ring.pipeline"), rate("limit.copy-private")), in_place_is_no_faster),
    Fact(BENCH, "With both sides on one CPU a blocking round trip takes {} µs instead of {} µs",
         (us("semaphore.round-trip.one-cpu"), us("semaphore.round-trip"))),

    Fact(BENCH, "Asleep, shared memory is no faster than a pipe for 64 bytes: waking the receiver is what takes the time.",
         (), asleep_is_no_faster),
    Fact(BENCH, "It is {} times as fast when the receiver spins for a moment before it sleeps.",
         (times("pipe.round-trip", "semaphore-spin.round-trip"),)),
    Fact(BENCH, "For large frames the copies count, and whether both sides may copy at the same time: a lock held "
         "only for the indices gives lab 6 {} times the frames of a lock around the copies.", (times("lab6-index-lock.stream", "lab6-documented.stream"),)),

    Fact(BENCH, "With frames, iceoryx that is polled is about as fast as our ring: {} a second against {}, and {} against {} when they "
         "are rendered in place.", (rate("iceoryx.stream"), rate("ring.stream"), rate("iceoryx.in-place"), rate("ring.in-place")),
         iceoryx_is_as_fast, "peers"),
    Fact(BENCH, "With 64 bytes it takes {} µs there and back, {} times as long as the ring.",
         (us("iceoryx.round-trip"), times("iceoryx.round-trip", "ring.round-trip")), run="peers"),
    Fact(BENCH, "Asleep in its wait set it takes {} µs.", (us("iceoryx-sleep.round-trip"),), run="peers"),
    Fact(BENCH, "The ring moves {} times as many frames as D-Bus", (times("ring.stream", "dbus.stream"),), run="peers"),

    Fact(INTRO, "For 64 bytes, semaphores take {} µs and a pipe {} µs. A receiver that is awake: {} µs.",
         (us("semaphore.round-trip"), us("pipe.round-trip"), us("semaphore-spin.round-trip")), asleep_is_no_faster),
    Fact(INTRO, "{} times the best socket, {} times a pipe. A lock around the copies leaves a third of it.",
         (lab6_times_socket, times("lab6-reference.stream", "pipe.stream")), a_third),
    Fact(INTRO, "On one CPU semaphores take {} µs, on two {} µs",
         (us("semaphore.round-trip.one-cpu"), us("semaphore.round-trip"))),
    Fact(INTRO, "one of 1 MiB passes {} times as many", (times("pipe-1m.stream", "pipe.stream"),)),
    Fact(INTRO, "Lab 6 renders frames in place. On the machine of the tables that is no faster than two copies that overlap",
         (), in_place_is_no_faster),

    Fact(LAB3, "64 bytes there and back: {} ns while both spin, {} µs when a semaphore has to wake the other side each time",
         (ns("flag.round-trip"), us("semaphore.round-trip"))),
    Fact(HANDOUT3, "64 bytes there and back took {} µs between two processes that spun, and {} µs between two that were woken",
         (us("flag.round-trip"), us("semaphore.round-trip"))),

    Fact(HANDOUT6, "For frames the lock costs nothing once it is short.", (),
         about_equal("lab6-index-lock.stream", "lab6-no-lock.stream")),
    Fact(HANDOUT6, "the solution hands over {} million slots a second, the lock-free ring {} million, and the one that "
         "holds the lock {}.", (rate("lab6-reference.headers", 1e6), rate("ring.headers", 1e6), rate("lab6-documented.headers"))),
    Fact(HANDOUT6, "at 64 bytes a pipe moves {} million messages a second", (rate("pipe.messages", 1e6),)),
    Fact(HANDOUT6, "gives {} frames a second, while rendering it in private memory and copying it gives {}.",
         (rate("lab6-reference.in-place"), rate("lab6-reference.pipeline")),
         lambda of: of["lab6-reference.in-place"] <= 1.05 * of["lab6-reference.pipeline"]),
    Fact(HANDOUT6, "about {} microseconds there and back", (lambda of: f"{of['limit.ping-pong'] * 1e6:.1f}",)),

    Fact(LAB6, "The two copies overlap: **{} times** as many frames.",
         (times("lab6-index-lock.stream", "lab6-documented.stream"),)),
    Fact(LAB6, "With the lock around all the work: {} times as fast. With the lock around the indices it is no faster here: {} "
         "frames a second in place, {} copied.",
         (times("lab6-documented.in-place", "lab6-documented.pipeline"), rate("lab6-reference.in-place"),
          rate("lab6-reference.pipeline")),
         lambda of: of["lab6-reference.in-place"] <= 1.05 * of["lab6-reference.pipeline"]),
    Fact(LAB6, "At {} million hand-overs a second, as measured for our ring, that is after {} minutes.",
         (rate("ring.headers", 1e6), lambda of: two_digits(2**32 / of["ring.headers"] / 60))),
]

NUMBER = r"([0-9](?:[0-9.,]*[0-9])?)"
SPEED = re.compile(r"[0-9][0-9.,]*\s(?:ns|µs)\b|[0-9][0-9.,]*\stimes\s(?:as|a|the)\b|[0-9](?:[0-9]*,[0-9,]+|[0-9.]*\smillion)"
                   r"\s(?:frames|messages|hand-overs)?\s?a\ssecond")
CODE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1[ \t]*$|^(?: {4}|\|)[^\n]*$|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def pattern(fact: Fact) -> "re.Pattern[str]":
    """The sentence with a group for each figure; it may be wrapped anywhere."""
    parts = [r"\s+".join(re.escape(word) for word in part.split(" ")) for part in fact.sentence.split("{}")]
    return re.compile(NUMBER.join(parts))


def covered(root: Path) -> Iterable[str]:
    """The files in which every figure of speed must be a fact."""
    yield from (README, BENCH)
    for folder, names in (("slides", "[0-9][0-9]-*.md"), ("labs", "*/README.md")):
        yield from sorted(str(path.relative_to(root)) for path in (root / folder).glob(names))


def fill(root: Path, runs: Dict[str, Medians], texts: Dict[str, str]) -> List[str]:
    """Put the figures into the sentences, file by file in `texts`. Returns what has to be written by a person."""
    problems = []
    for name in covered(root):
        text = texts.get(name) or (root / name).read_text(encoding="utf-8")
        rest = text
        for fact in (each for each in FACTS if each.file == name):
            found = pattern(fact).search(text)
            if found is None:
                problems.append(f'{name}: the sentence "{fact.sentence}" is not there (slides/tools/bench_facts.py)')
                continue
            try:
                figures = [figure(runs[fact.run]) for figure in fact.figures]
                if not fact.holds(runs[fact.run]):
                    problems.append(f'{name}: "{fact.sentence}" does not hold in {fact.run}.json')
            except KeyError as row:
                problems.append(f'{name}: "{fact.sentence}": the results have no figure for {row}')
                continue
            rest = pattern(fact).sub("", rest)
            for at in range(len(figures), 0, -1):
                text = text[: found.start(at)] + figures[at - 1] + text[found.end(at) :]
        problems += [f'{name}: "{one[0]}" is no fact of slides/tools/bench_facts.py' for one in SPEED.finditer(CODE.sub("", rest))]
        texts[name] = text
    return problems
