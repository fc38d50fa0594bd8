"""The tables of docs/wire-formats.md against the tables of offsets that the compiled headers give.

LIVE_FORMAT in the environment: the program that prints those of lab 5's challenges.

A table belongs to the last `name` in a heading, or in a line that ends with a colon, before it.
"""
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Dict, List, Optional, Tuple

TOP = Path(__file__).resolve().parents[3]
ROW = re.compile(r"\| (\d+) \|\s*(\d*)\s*\| (`(\w+)`|padding|end) \|")


def tables() -> "Dict[str, List[Tuple[int, Optional[int], str]]]":
    """For each struct its rows: offset, size, field."""
    found: "Dict[str, List[Tuple[int, Optional[int], str]]]" = {}
    name = ""
    for line in (TOP / "docs" / "wire-formats.md").read_text(encoding="utf-8").splitlines():
        names = re.findall(r"`(\w+)`", line)
        row = ROW.match(line)
        if row:
            found.setdefault(name, []).append((int(row[1]), int(row[2]) if row[2] else None, row[4] or row[3]))
        elif names and (line.startswith("#") or line.endswith(":")):
            name = names[-1]
    return found


class Page(unittest.TestCase):
    """Every struct is there, every field is where the compiler puts it, and nothing is left out."""

    compiled = json.loads((TOP / "common/python/shmlab/wire_formats.json").read_text(encoding="utf-8"))["structs"]
    compiled.update(json.loads(subprocess.run([os.environ["LIVE_FORMAT"]], stdout=subprocess.PIPE, check=True).stdout))
    page = tables()

    def test_every_struct_is_described(self) -> None:
        self.assertEqual(set(self.page), set(self.compiled))

    def test_fields_are_where_the_page_says(self) -> None:
        for name, rows in self.page.items():
            fields = {field: (at, size) for at, size, field in rows if field not in ("padding", "end")}
            places = {field: (each["offset"], each["size"]) for field, each in self.compiled[name]["fields"].items()}
            self.assertEqual(fields, places, name)

    def test_rows_follow_one_another(self) -> None:
        for name, rows in self.page.items():
            for (at, size, field), (following, _, _) in zip(rows, rows[1:]):
                if name == "mailbox" and field == "ready":
                    continue  # three bytes of padding, said in words
                self.assertEqual(at + (size or 0), following, f"{name}.{field}")

    def test_structs_end_where_the_page_says(self) -> None:
        for name, rows in self.page.items():
            self.assertEqual(rows[-1][2], "end", name)
            self.assertEqual(rows[-1][0], self.compiled[name]["size"], name)


if __name__ == "__main__":
    unittest.main()
