#!/usr/bin/env python3
"""Take what is said about speed, in tables and in sentences, from the benchmark's results.

    bench_tables.py --write [RESULTS.json]     write slides/tables/bench.md, the tables in READMEs, the figures in sentences
    bench_tables.py --check [RESULTS.json]     status 1 when one of them is out of date

RESULTS.json is what `bench --json` writes (format shmlab-bench/1); without it, the youngest of tools/bench/results/.
Each table is a region of bench.md that a deck shows in a ```table fence; date, machine and command stand below it. A row
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
PICTURE = RESULTS / "bench.svg"  # the benchmark's page shows it
TABLES_FILE = "slides/tables/bench.md"
FORMAT = "shmlab-bench/1"

Row = Dict[str, Any]


class Column(NamedTuple):
    """A column: its head, and what stands in it for a row, given the row that all others are compared with."""

    head: str
    cell: Callable[[Row, Optional[Row]], str]
    rule: str = "---:"  # figures stand one under the other


class Table(NamedTuple):
    """A region of bench.md: the rows by id (with a title where the benchmark's own is too long for a slide)."""

    name: str
    head: str
    columns: List[Column]
    rows: List[Tuple[str, Optional[str]]]
    compared_with: Optional[str] = None


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
    """A field as it stands in the results."""
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
PLACE = re.compile(r"(<!-- measured -->\n).*?(\n<!-- measured: end -->)", re.DOTALL)


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


def source_text(results: Dict[str, Any]) -> str:
    """Where the figures come from."""
    machine = results["machine"]
    kernel = " ".join(machine["kernel"].split()[:2]).split("-")[0]
    command = re.sub(r" --(?:json|svg) \S+| --goals", "", results["command"])
    where = " of a virtual machine" if machine.get("virtual") else ""
    return (
        f"{results['date'][:10]}, {machine['cpus']} CPUs{where} ({machine['cpu']}), {kernel}, {machine['compiler']}: "
        f"medians, `build/bin/{command}`"
    )


def short_table(results: Dict[str, Any]) -> str:
    """The table at the top of the benchmark's page: small messages and large ones, side by side."""
    by_id = {row["id"]: row for row in results["rows"]}
    lines = ["| | 64 bytes there and back | frames of 1.2 MB a second |", "|---|---:|---:|"]
    for title, small, large in SHORT_ROWS:
        cells = [time_text(by_id[small], None) if small else "", rate_text(by_id[large], None)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"({source_text(results)})"])


def handout_table(results: Dict[str, Any]) -> str:
    """The table in lab 6's handout: what the lock costs."""
    by_id = {row["id"]: row for row in results["rows"]}
    lines = ["| frames of 1,233,620 bytes, copied in and out | frames a second |", "|---|---:|"]
    lines += [f"| {title} | {rate_text(by_id[row], None)} |" for title, row in HANDOUT_ROWS]
    return "\n".join([*lines, "", f"({source_text(results)})"])


PLACES: Dict[str, Callable[[Dict[str, Any]], str]] = {
    bench_facts.BENCH: short_table,
    bench_facts.HANDOUT6: handout_table,
}


def document(results: Optional[Dict[str, Any]]) -> str:
    """The whole of bench.md."""
    lines = ["# Measured figures", "", "Made by `tools/bench_tables.py` from the benchmark's results; do not edit.", ""]
    for table in TABLES:
        lines += [f"<!-- slide:{table.name} -->"]
        if results is None:
            lines += [f"| {table.head} |", "|---|", "| nothing measured yet: `make bench`, then `npm run tables` |"]
        else:
            lines += [*table_text(table, results["rows"]), "", source_text(results)]
        lines += ["<!-- slide:end -->", ""]
    return "\n".join(lines)


def load(root: Path, path: Optional[Path]) -> Optional[Dict[str, Any]]:
    """The results at `path`, or the youngest; None when there are none."""
    found = [json.loads(each.read_text(encoding="utf-8")) for each in ([path] if path else (root / RESULTS).glob("*.json"))]
    ours = [each for each in found if each.get("format") == FORMAT]
    if path and not ours:
        sys.exit(f"bench_tables.py: {path}: not a result of the benchmark ({FORMAT})")
    return max(ours, key=lambda each: str(each["date"])) if ours else None


def picture_problems(root: Path, results: Dict[str, Any]) -> List[str]:
    """The picture is the benchmark's own; it has to be of the same run."""
    picture = (root / PICTURE).read_text(encoding="utf-8")
    shown = [f"{row['median']:,.0f}" for row in results["rows"] if row["id"].endswith(".stream") and median(row) is not None]
    lost = [figure for figure in [results["date"][:10], *shown] if figure not in picture]
    return [f"{PICTURE}: is of another run than the youngest results: no {', '.join(lost)}"] if lost else []


def wanted_texts(root: Path, results: Optional[Dict[str, Any]]) -> Tuple[Dict[str, str], List[str]]:
    """File: what it should hold, for every file that says something measured; and what no tool can mend."""
    texts = {TABLES_FILE: document(results)}
    if results is None:
        return texts, []
    problems = picture_problems(root, results)
    for name, make in PLACES.items():
        page = (root / name).read_text(encoding="utf-8")
        place = PLACE.search(page)
        if place is None:
            problems.append(f"{name}: there is no place for the table, <!-- measured --> ... <!-- measured: end -->")
        else:
            texts[name] = page[: place.end(1)] + make(results) + page[place.start(2) :]
    medians = {row["id"]: row["median"] for row in results["rows"] if median(row) is not None}
    return texts, problems + bench_facts.fill(root, medians, texts)


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="bring tables and sentences up to date")
    mode.add_argument("--check", action="store_true", help="status 1 when one is not")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to look at (default: this one)")
    parser.add_argument("results", nargs="?", type=Path, help="default: the youngest of tools/bench/results/")
    arguments = parser.parse_args()
    root: Path = arguments.root
    texts, problems = wanted_texts(root, load(root, arguments.results))
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
