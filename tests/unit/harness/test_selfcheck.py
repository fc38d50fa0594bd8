"""What tests/selfcheck.py does around its judgements: parts of a lab, and what need not be judged again."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

import selfcheck  # noqa: E402
import stamps  # noqa: E402

LAB = Path(os.environ["LAB"])


def options(which: int, shards: int) -> argparse.Namespace:
    """As the command line gives them."""
    return argparse.Namespace(only=None, mutant=None, design=None, quick=True, update=False, shard=(which, shards))


class Shards(unittest.TestCase):
    """--shard I/N."""

    def test_parts_are_the_whole(self) -> None:
        """Each task is in one part, whatever the number of parts."""
        lab = selfcheck.Lab(LAB, 1)
        whole = [task.name for task in selfcheck.tasks_of(lab, 1, options(1, 1))]
        for shards in (2, 3, 7, 100):
            parts: List[str] = []
            for which in range(1, shards + 1):
                parts += [task.name for task in selfcheck.tasks_of(lab, 1, options(which, shards))]
            self.assertEqual(sorted(parts), sorted(whole))

    def test_part_that_is_none(self) -> None:
        """Refused, not an empty success."""
        for text in ("0/3", "4/3", "1", "1/0", "x/2"):
            with self.assertRaises(argparse.ArgumentTypeError, msg=text):
                selfcheck.shard_parse(text)


class Remembered(unittest.TestCase):
    """--remembered."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="shmlab-stamps-")
        self.addCleanup(self.folder.cleanup)
        self.build = LAB.resolve().parents[1]
        self.mutant = Path(self.folder.name) / "some.mutant"
        self.mutant.write_text("wrong", encoding="utf-8")

    def stamp(self, how: str = "quick", number: int = 1, remembered: bool = True) -> stamps.Stamp:
        """Of the mutant as it is now; kept in a folder of this test."""
        stamp = stamps.Stamps(self.build, remembered).of(number, "mutant some", [self.mutant], how)
        stamp.path = Path(self.folder.name) / "stamps" / "some.ok"
        return stamp

    def test_remembers_what_has_not_changed(self) -> None:
        """And only after it was judged."""
        self.assertFalse(self.stamp().fits())
        self.stamp().leave()
        self.assertTrue(self.stamp().fits())
        self.assertFalse(self.stamp(remembered=False).fits())

    def test_forgets_what_has_changed(self) -> None:
        """The mutant, the way it is judged, the lab."""
        self.stamp().leave()
        self.assertFalse(self.stamp(how="whole").fits())
        self.assertFalse(self.stamp(number=2).fits())
        self.mutant.write_text("wrong in another way", encoding="utf-8")
        self.assertFalse(self.stamp().fits())

    def test_change_during_a_judgement(self) -> None:
        """What was judged is what was there before."""
        stamp = self.stamp()
        self.mutant.write_text("edited meanwhile", encoding="utf-8")
        stamp.leave()
        self.assertFalse(self.stamp().fits())

    def test_depends_on_what_judges(self) -> None:
        """A check of this lab that was compiled again; not one of another lab."""
        known = stamps.Stamps(self.build, True)
        names = [path.name for path in known._objects(3)]  # pylint: disable=protected-access
        self.assertIn("lab3_handshake.c.o", names)
        self.assertIn("watch.c.o", names)
        self.assertNotIn("lab4_semaphores.c.o", names)

    def test_depends_on_other_labs(self) -> None:
        """Lab 2 uses lab 1's header."""
        solution = next((ROOT / "solutions").glob("lab2_*"))
        self.assertEqual(stamps.labs_named(solution, 2), {"lab1_", "lab2_"})


if __name__ == "__main__":
    unittest.main()
