"""Where a student's code may be changed, and into what: what both languages share."""

from __future__ import annotations

import re
from typing import Iterable, List, NamedTuple, Tuple

# Text for people: changing it changes no behaviour that a check should know.
ADVICE = {"next"}  # variables with nothing else in them
TALKERS = {"error_report", "error_report_errno", "ShmlabError", "complain"}


class Site(NamedTuple):
    """One change: the bytes from `start` to `end` become `text`."""

    operator: str
    start: int
    end: int
    text: bytes


class Range(NamedTuple):
    """Bytes of a file: the end is not in it."""

    start: int
    end: int

    def holds(self, other: "Range") -> bool:
        """Is all of the other one in this?"""
        return self.start <= other.start and other.end <= self.end


def written_by_students(source: bytes) -> List[Range]:
    """What is between "shmlab:cut" and "shmlab:end": the regions of which tools/starters.py makes the TODOs."""
    regions: List[Range] = []
    begin, at = -1, 0
    for line in source.splitlines(keepends=True):
        if re.match(rb"\s*(//|#)\s*shmlab:cut\b", line):
            begin = at + len(line)
        elif re.match(rb"\s*(//|#)\s*shmlab:end\b", line) and begin >= 0:
            regions.append(Range(begin, at))
            begin = -1
        at += len(line)
    return regions


def chosen(sites: Iterable[Site], source: bytes, talk: Iterable[Range]) -> List[Site]:
    """Those in what students write, but not in text for people; each change once, in the order of the file."""
    regions, talked = written_by_students(source), list(talk)
    seen: "dict[Tuple[int, int, bytes], Site]" = {}
    for site in sites:
        where = Range(site.start, site.end)
        if not any(region.holds(where) for region in regions) or any(each.holds(where) for each in talked):
            continue
        if source[site.start : site.end] != site.text:
            seen.setdefault((site.start, site.end, site.text), site)
    return sorted(seen.values(), key=lambda site: (site.start, site.end, site.operator, site.text))
