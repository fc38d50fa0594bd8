#!/usr/bin/env python3
"""Take what is said about speed, in tables and in sentences, from the benchmark's results.

    bench_tables.py --write     write slides/tables/bench.md, the tables in READMEs, the figures in sentences
    bench_tables.py --check     status 1 when one of them is out of date

The results are in tools/bench/results/, each run as `bench --json` wrote it (format shmlab-bench/1); the benchmark's page says
which rows are taken from which run. A table and a sentence are of one run: figures of two are never compared.
Each table is a region of bench.md that a deck shows in a ```table fence; date, machine and command are below it. A row
that was skipped or is inconclusive says so instead of a figure. The sentences are listed in bench_facts.py.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

sys.dont_write_bytecode = True

import bench_facts  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path("tools", "bench", "results")
RUNS = ("bench", "peers", "python")  # the files, without .json; bench is the one of all rows
PICTURE = RESULTS / "bench.svg"  # the benchmark's page shows it
TABLES_FILE = "slides/tables/bench.md"
FORMAT = "shmlab-bench/1"

Row = Dict[str, Any]
Results = Dict[str, Any]  # a run as the benchmark wrote it


class Column(NamedTuple):
    """A column: its head, and what is in it for a row, given the row that all others are compared with."""

    head: str
    cell: Callable[[Row, Optional[Row]], str]
    rule: str = "---:"  # figures are one under the other


class Table(NamedTuple):
    """A region of bench.md: the rows by id (with a title where the benchmark's own is too long for a slide)."""

    name: str
    head: str
    columns: List[Column]
    rows: List[Tuple[str, Optional[str]]]
    compared_with: Optional[str] = None
    run: str = "bench"


def median(row: Optional[Row]) -> Optional[float]:
    """The figure in s or 1/s, None where there is none."""
    return row.get("median") if row is not None and row["state"] == "measured" else None


def time_text(row: Row, _base: Optional[Row]) -> str:
    """A time with three digits and a fitting unit."""
    seconds = median(row)
    if seconds is None:
        return missing(row)
    return f"{seconds * 1e9:.0f} ns" if seconds < 1e-6 else f"{seconds * 1e6:.3g} µs"


def rate_text(row: Row, _base: Optional[Row]) -> str:
    """Frames in a second, to three digits."""
    rate = median(row)
    if rate is None:
        return missing(row)
    digits = max(0, len(str(int(rate))) - 3)
    return f"{round(rate, -digits):,.0f}"


def missing(row: Row) -> str:
    """Why there is no figure."""
    return "inconclusive" if row["state"] == "inconclusive" else f"{row['state']}: {row.get('reason', '')}".rstrip(": ")


def ratio(row: Row, base: Optional[Row]) -> Optional[float]:
    """This row's figure over the base's."""
    one, other = median(row), median(base)
    return one / other if one is not None and other else None


def times_base(row: Row, base: Optional[Row]) -> str:
    """How many times the base."""
    found = ratio(row, base)
    return "" if found is None else f"× {bench_facts.two_digits(found)}"


def base_times(row: Row, base: Optional[Row]) -> str:
    """How many times this row the base is."""
    found = ratio(row, base)
    return "" if not found else f"× {bench_facts.two_digits(1 / found)}"


def field(key: str) -> Callable[[Row, Optional[Row]], str]:
    """A field as it is in the results."""
    return lambda row, _base: str(row.get(key, ""))


WAITS = Column("waits", field("waits"), "---")
COPIES = Column("copies", field("copies"))
FRAMES = Column("frames a second", rate_text)

TABLES = [
    Table(
        "round-trip",
        "64 bytes there and back",
        [WAITS, Column("time", time_text), Column("cache line = 1", times_base)],
        [
            ("limit.ping-pong", "**the machine's limit: a cache line**"),
            ("flag.round-trip", None),
            ("semaphore-spin.round-trip", "semaphores, spinning first"),
            ("semaphore.round-trip", None),
            ("pipe.round-trip", "pipe"),
            ("unix-stream.round-trip", None),
            ("tcp.round-trip", None),
            ("posix-queue.round-trip", None),
            ("zeromq.round-trip", "ZeroMQ"),
            ("semaphore.round-trip.one-cpu", "semaphores, both on one CPU"),
            ("pipe.round-trip.one-cpu", "pipe, both on one CPU"),
        ],
        "limit.ping-pong",
    ),
    Table(
        "stream",
        "frames of 1.2 MB",
        [WAITS, COPIES, FRAMES, Column("lab 6 is", base_times)],
        [
            ("limit.copy-in", "**the machine's limit: copy in**"),
            ("ring.stream", "ring without semaphores"),
            ("lab6-reference.stream", "**lab 6, our solution**"),
            ("lab6-documented.stream", "lab 6, lock around the copies"),
            ("unix-seqpacket.stream", None),
            ("unix-stream.stream", None),
            ("tcp.stream", None),
            ("posix-queue.stream", None),
            ("zeromq.stream", "ZeroMQ"),
            ("pipe.stream", "pipe"),
            ("sysv-queue.stream", None),
        ],
        "lab6-reference.stream",
    ),
    Table(
        "lock",
        "the same queue, the lock held",
        [FRAMES, Column("around the copies = 1", times_base)],
        [
            ("lab6-documented.stream", "around both copies"),
            ("lab6-index-lock.stream", "around the indices"),
            ("lab6-no-lock.stream", "never"),
            ("lab6-reference.stream", "around the indices, spinning first: our solution"),
            ("limit.copy-in", "**the machine's limit: copy in**"),
        ],
        "lab6-documented.stream",
    ),
    Table(
        "python",
        "Python takes frames of 1.2 MB",
        [WAITS, COPIES, FRAMES],
        [
            ("python-header-helper", "header only, waiting in C"),
            ("python-header-lab6", "header only, lab 6's consumer"),
            ("python-detections-lab6", "and 200 detections, lab 6's consumer"),
            ("python-bytes", "all bytes copied out"),
            ("python-bmp", "8 boxes drawn, BMP written"),
            ("python-png", "8 boxes drawn, PNG written"),
            ("python-shared-memory", "`multiprocessing.shared_memory`"),
            ("python-os-pipe", "`os.pipe`"),
            ("python-mp-pipe", "`multiprocessing.Pipe`"),
            ("python-mp-queue", "`multiprocessing.Queue`"),
        ],
        run="python",
    ),
]


# Of the table at the top of the benchmark's page: title, round trip, stream.
SHORT_ROWS: List[Tuple[str, Optional[str], str]] = [
    ("what the machine allows: one cache line, one copy", "limit.ping-pong", "limit.copy-in"),
    ("shared memory, spinning: a flag, a ring", "flag.round-trip", "ring.stream"),
    ("shared memory, spinning, then asleep: semaphores, lab 6", "semaphore-spin.round-trip", "lab6-reference.stream"),
    ("shared memory, asleep: semaphores, lab 6", "semaphore.round-trip", "lab6-index-lock.stream"),
    ("lab 6 with its lock around the copies", None, "lab6-documented.stream"),
    ("UNIX stream socket", "unix-stream.round-trip", "unix-stream.stream"),
    ("TCP over loopback", "tcp.round-trip", "tcp.stream"),
    ("POSIX message queue", "posix-queue.round-trip", "posix-queue.stream"),
    ("ZeroMQ", "zeromq.round-trip", "zeromq.stream"),
    ("pipe", "pipe.round-trip", "pipe.stream"),
]
# Of the benchmark's page, the peers of another run: title, round trip, stream, frames rendered in place.
PEER_ROWS: List[Tuple[str, str, str, Optional[str]]] = [
    ("what the machine allows: one cache line, one copy", "limit.ping-pong", "limit.copy-in", None),
    ("ring without semaphores, spinning", "ring.round-trip", "ring.stream", "ring.in-place"),
    ("iceoryx, polled", "iceoryx.round-trip", "iceoryx.stream", "iceoryx.in-place"),
    ("iceoryx, asleep in its wait set", "iceoryx-sleep.round-trip", "iceoryx-sleep.stream", None),
    ("D-Bus, sd-bus from peer to peer", "dbus.round-trip", "dbus.stream", None),
]
# Of lab 6's handout: title, stream.
HANDOUT_ROWS: List[Tuple[str, str]] = [
    ("pipe (64 KiB)", "pipe.stream"),
    ("System V message queue", "sysv-queue.stream"),
    ("pipe (1 MiB)", "pipe-1m.stream"),
    ("POSIX message queue", "posix-queue.stream"),
    ("TCP over loopback", "tcp.stream"),
    ("UNIX stream socket", "unix-stream.stream"),
    ("shared memory, lock held while copying", "lab6-documented.stream"),
    ("shared memory, lock for the indices only", "lab6-index-lock.stream"),
    ("the solution of this lab (it also tries for a moment before it sleeps)", "lab6-reference.stream"),
    ("a ring without any lock, both sides spinning", "ring.stream"),
]


def table_text(table: Table, rows: List[Row]) -> List[str]:
    """The table as lines of Markdown."""
    by_id = {row["id"]: row for row in rows}
    base = by_id.get(table.compared_with or "")
    lines = [
        "| " + " | ".join([table.head, *(column.head for column in table.columns)]) + " |",
        "|---|" + "".join(f"{column.rule}|" for column in table.columns),
    ]
    for row_id, title in table.rows:
        row = by_id.get(row_id)
        if row is None:
            sys.exit(f"bench_tables.py: the results have no row {row_id}: was the benchmark run with --only?")
        cells = [title or row["title"], *(column.cell(row, base) for column in table.columns)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def source_text(results: Results) -> str:
    """Where the figures come from."""
    machine = results["machine"]
    kernel = " ".join(machine["kernel"].split()[:2]).split("-")[0]
    command = re.sub(r" --(?:json|svg) \S+| --goals", "", results["command"])
    command = re.sub(r"(?: --only \S+)+", " --only ...", command)
    cpu = re.sub(r"\((?:R|TM)\)| Processor", "", machine["cpu"])
    where = " of a virtual machine" if machine.get("virtual") else ""
    return (
        f"{results['date'][:10]}, {machine['cpus']} CPUs{where} ({cpu}), {kernel}, {machine['compiler']}: "
        f"medians, `build/bin/{command}`"
    )


def short_table(results: Results) -> str:
    """The table at the top of the benchmark's page: small messages and large ones, side by side."""
    by_id = {row["id"]: row for row in results["rows"]}
    lines = ["| | 64 bytes there and back | frames of 1.2 MB a second |", "|---|---:|---:|"]
    for title, small, large in SHORT_ROWS:
        cells = [time_text(by_id[small], None) if small else "", rate_text(by_id[large], None)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"({source_text(results)})"])


def handout_table(results: Results) -> str:
    """The table in lab 6's handout: what the lock costs."""
    by_id = {row["id"]: row for row in results["rows"]}
    lines = ["| frames of 1,233,620 bytes, copied in and out | frames a second |", "|---|---:|"]
    lines += [f"| {title} | {rate_text(by_id[row], None)} |" for title, row in HANDOUT_ROWS]
    return "\n".join([*lines, "", f"({source_text(results)})"])


def peers_table(results: Results) -> str:
    """The table of the peers that were measured later."""
    by_id = {row["id"]: row for row in results["rows"]}
    lines = ["| | 64 bytes there and back | frames of 1.2 MB a second | rendered in place |", "|---|---:|---:|---:|"]
    for title, small, large, in_place in PEER_ROWS:
        cells = [time_text(by_id[small], None), rate_text(by_id[large], None)]
        cells += [rate_text(by_id[in_place], None) if in_place else ""]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"({source_text(results)})"])


# File, the mark of the place in it, the run, what makes the text.
PLACES: List[Tuple[str, str, str, Callable[[Results], str]]] = [
    (bench_facts.BENCH, "measured", "bench", short_table),
    (bench_facts.BENCH, "measured peers", "peers", peers_table),
    (bench_facts.HANDOUT6, "measured", "bench", handout_table),
]


def document(runs: Dict[str, Results]) -> str:
    """The whole of bench.md."""
    lines = ["# Measured figures", "", "Made by `tools/bench_tables.py` from the benchmark's results; do not edit.", ""]
    for table in TABLES:
        lines += [f"<!-- slide:{table.name} -->"]
        results = runs.get(table.run)
        if results is None:
            lines += [f"| {table.head} |", "|---|", "| nothing measured yet: `make bench`, then `npm run tables` |"]
        else:
            lines += [*table_text(table, results["rows"]), "", source_text(results)]
        lines += ["<!-- slide:end -->", ""]
    return "\n".join(lines)


def load(root: Path) -> Dict[str, Results]:
    """The runs that were kept, by name."""
    runs = {}
    for name in RUNS:
        path = root / RESULTS / f"{name}.json"
        if path.is_file():
            runs[name] = json.loads(path.read_text(encoding="utf-8"))
            if runs[name].get("format") != FORMAT:
                sys.exit(f"bench_tables.py: {path}: not a result of the benchmark ({FORMAT})")
    return runs


def picture_problems(root: Path, results: Results) -> List[str]:
    """The picture is the benchmark's own; it has to be of the same run."""
    picture = (root / PICTURE).read_text(encoding="utf-8")
    shown = [f"{row['median']:,.0f}" for row in results["rows"] if row["id"].endswith(".stream") and median(row) is not None]
    lost = [figure for figure in [results["date"][:10], *shown] if figure not in picture]
    return [f"{PICTURE}: is of another run than bench.json: no {', '.join(lost)}"] if lost else []


def wanted_texts(root: Path, runs: Dict[str, Results]) -> Tuple[Dict[str, str], List[str]]:
    """File: what it should hold, for every file that says something measured; and what no tool can fix."""
    texts = {TABLES_FILE: document(runs)}
    if not runs:
        return texts, []
    lost = [f"{RESULTS}/{name}.json is not there" for name in RUNS if name not in runs]
    if lost:
        return texts, lost
    problems = picture_problems(root, runs["bench"])
    for name, mark, run, make in PLACES:
        page = texts.get(name) or (root / name).read_text(encoding="utf-8")
        place = re.search(rf"(<!-- {mark} -->\n).*?(<!-- {mark}: end -->)", page, re.DOTALL)
        if place is None:
            problems.append(f"{name}: there is no place for the table, <!-- {mark} --> ... <!-- {mark}: end -->")
        else:
            texts[name] = page[: place.end(1)] + make(runs[run]) + "\n" + page[place.start(2) :]
    medians = {
        name: {row["id"]: row["median"] for row in results["rows"] if median(row) is not None} for name, results in runs.items()
    }
    return texts, problems + bench_facts.fill(root, medians, texts)


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="bring tables and sentences up to date")
    mode.add_argument("--check", action="store_true", help="status 1 when one is not")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to look at (default: this one)")
    arguments = parser.parse_args()
    root: Path = arguments.root
    texts, problems = wanted_texts(root, load(root))
    for name, text in texts.items():
        file = root / name
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            continue
        if arguments.write:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        else:
            problems.append(f"{name} is out of date (npm run tables)")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
