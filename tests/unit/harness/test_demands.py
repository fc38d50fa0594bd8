"""The table of what the handouts demand, in tests/harness/README.md, keeps up with handouts and checks."""

from __future__ import annotations

import os
import re
import subprocess
import unittest
from pathlib import Path
from typing import List, NamedTuple

ROOT = Path(__file__).resolve().parents[3]
LAB = os.environ["LAB"]
QUOTED = (1, 2, 3)  # labs whose sentences are in the table word for word
DEMANDS = re.compile(r"\b(must|has to)\b")
# What is told, not asked for: of other programs, of the machine, of what comes later.
TOLD = (
    "the next writer that finds the key taken has to decide",
    "the *next* start has to cope",
    "Something that the kernel keeps has to tell",
)


class Row(NamedTuple):
    """A line of the table."""

    lab: int
    sentence: str
    checks: List[str]


def rows() -> List[Row]:
    """All lines."""
    text = (ROOT / "tests/harness/README.md").read_text(encoding="utf-8").split("## What the handouts demand")[1].split("\n## ")[0]
    found = re.findall(r"^\| (\d) \| (.*) \| (.*) \|$", text, re.M)
    return [Row(int(lab), sentence, re.findall(r"`(\w+)`", checks)) for lab, sentence, checks in found]


def plain(text: str) -> str:
    """Without line ends, and what begins a line of a comment."""
    return " ".join(re.sub(r"^\s*(/?\*|#|//)", " ", text, flags=re.M).split())


def folder(lab: int) -> Path:
    """Of a lab's handout."""
    return next((ROOT / "labs").glob(f"lab{lab}_*"))


class Demands(unittest.TestCase):
    """The table, its checks, its sentences."""

    def test_checks(self) -> None:
        """Each check that a line names is one of the lab's."""
        known = {
            lab: re.findall(r"^\w+", subprocess.run([LAB, "list", str(lab)], capture_output=True, text=True, check=True).stdout, re.M)
            for lab in {row.lab for row in rows()}
        }
        self.assertEqual(sorted(known), [1, 2, 3, 4, 5, 6])
        for row in rows():
            self.assertTrue(row.checks, row)
            self.assertEqual([name for name in row.checks if name not in known[row.lab]], [], row)

    def test_sentences(self) -> None:
        """Each line quotes what the handout or a starter says."""
        for lab in QUOTED:
            text = " ".join(plain(path.read_text(encoding="utf-8")) for path in sorted(folder(lab).iterdir())
                            if path.suffix in (".md", ".c", ".h", ".py"))
            for row in rows():
                if row.lab == lab:
                    self.assertIn(row.sentence, text)

    def test_demands(self) -> None:
        """Each sentence of a handout that demands is in a line."""
        for lab in QUOTED:
            text = re.sub(r"\n## (Questions|Now on Windows).*?(?=\n## |\Z)", "", (folder(lab) / "README.md").read_text(encoding="utf-8"),
                          flags=re.S)
            lines = [row.sentence for row in rows() if row.lab == lab] + list(TOLD)
            for sentence in re.split(r"(?<=[.!?;:]) ", plain(re.sub(r"^    .*$", "", text, flags=re.M))):
                if DEMANDS.search(sentence):
                    self.assertTrue(any(line in sentence or sentence.rstrip(".:;") in line for line in lines), sentence)


if __name__ == "__main__":
    unittest.main()
