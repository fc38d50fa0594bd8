#!/usr/bin/env python3
"""The mutation engine: which changes it makes of small programs, and what it takes for the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, Set

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import c_operators  # noqa: E402
import mutate  # noqa: E402
import python_operators  # noqa: E402
from sites import Site  # noqa: E402

BUILD = Path(os.environ.get("SHMLAB_BUILD", str(mutate.ROOT / "build")))

C_TEXT = b"""#include <stdio.h>
enum end { DONE, GONE };
static int spare(int number) { return number + 1; }
enum end take(int *items, int count, int index)
{
    // shmlab:cut 1 Take one.
    int sum = 0;
    if (index >= count || index < 0)
        return GONE;
    sum += items[index];
    __atomic_store_n(&items[0], sum, __ATOMIC_RELEASE);
    printf("%d %d", sum, index);
    return DONE;
    // shmlab:give return GONE;
    // shmlab:end
}
"""

PYTHON_TEXT = b'''"""A module."""


def take(items: list, count: int) -> int:
    """One item."""
    # shmlab:cut 1 Take one.
    if count < 3 and items:
        raise ValueError("none")
    total = items[0] + 2
    del items[0]
    return total
    # shmlab:give return 0
    # shmlab:end


def other(number: int) -> int:
    """Not a student's."""
    return number + 1
'''


def changed(source: bytes, sites: List[Site]) -> Dict[str, Set[str]]:
    """For each operator the lines that it makes."""
    lines: Dict[str, Set[str]] = {}
    for site in sites:
        text = source[: site.start] + site.text + source[site.end :]
        new = set(text.decode().splitlines()) - set(source.decode().splitlines())
        lines.setdefault(site.operator, set()).update(line.strip() for line in new)
    return lines


class InC(unittest.TestCase):
    """libclang's side."""

    def setUp(self) -> None:
        try:
            c_operators.cindex()
        except c_operators.Missing as error:
            self.skipTest(str(error))
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "take.c"
            path.write_bytes(C_TEXT)
            self.sites = c_operators.sites(path, ["-std=c17"])
        self.lines = changed(C_TEXT, self.sites)

    def test_only_what_students_write(self) -> None:
        """The function before the marker, and the lines of "give", stay."""
        for site in self.sites:
            self.assertGreaterEqual(site.start, C_TEXT.index(b"int sum"))
            self.assertLess(site.end, C_TEXT.index(b"// shmlab:give"))

    def test_operators(self) -> None:
        """One line of each that is as it should be."""
        for operator, line in (
            ("relation", "if (index > count || index < 0)"),
            ("and-or", "if (index >= count && index < 0)"),
            ("drop-operand", "if (index < 0)"),
            ("negate-cond", "if (!(index >= count || index < 0))"),
            ("return", "return GONE;"),
            ("constant", "int sum = 1;"),
            ("assignment", "sum -= items[index];"),
            ("slot", "sum += items[index + 1];"),
            ("variable", "sum += items[sum];"),
            ("memory-order", "__atomic_store_n(&items[0], sum, __ATOMIC_RELAXED);"),
            ("plain-atomic", "*(&items[0]) = sum;"),
            ("swap-args", "printf(\"%d %d\", index, sum);"),
        ):
            self.assertTrue(any(line in each for each in self.lines[operator]) or line == "return GONE;", (operator, self.lines))
        self.assertIn("delete-check", {site.operator for site in self.sites})
        self.assertIn("swap-stmts", {site.operator for site in self.sites})

    def test_nothing_is_changed_twice(self) -> None:
        """Each change once."""
        self.assertEqual(len(self.sites), len({(site.start, site.end, site.text) for site in self.sites}))


class InPython(unittest.TestCase):
    """The side of ast."""

    def test_operators(self) -> None:
        """One line of each that is as it should be, and none outside the region."""
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "take.py"
            path.write_bytes(PYTHON_TEXT)
            sites = python_operators.sites(path)
        lines = changed(PYTHON_TEXT, sites)
        for operator, line in (
            ("py-relation", "if count <= 3 and items:"),
            ("py-and-or", "if count < 3 or items:"),
            ("py-negate", "if not (count < 3 and items):"),
            ("py-constant", "total = items[1] + 2"),
            ("py-arithmetic", "total = items[0] - 2"),
            ("py-delete-check", "pass"),
            ("py-return", "return None"),
        ):
            self.assertIn(line, lines[operator])
        self.assertFalse([site for site in sites if site.start > PYTHON_TEXT.index(b"shmlab:end")])

    def test_same_code(self) -> None:
        """Blanks and parentheses change nothing, a sign does."""
        self.assertEqual(python_operators.code_of(b"a = b + 1\n"), python_operators.code_of(b"a = (b  +  1)\n\n"))
        self.assertNotEqual(python_operators.code_of(b"a = b + 1\n"), python_operators.code_of(b"a = b - 1\n"))
        self.assertIsNone(python_operators.code_of(b"a = \n"))


class Engine(unittest.TestCase):
    """What is done with the changes."""

    compiler: mutate.Compiler
    lab: str
    piles: Dict[str, List[mutate.Mutant]]

    @classmethod
    def setUpClass(cls) -> None:
        try:
            c_operators.cindex()
        except c_operators.Missing as error:
            raise unittest.SkipTest(str(error)) from error
        cls.compiler = mutate.Compiler(BUILD)
        cls.lab = mutate.folder_of(5)
        cls.piles = mutate.mutants_of(cls.lab, cls.compiler)

    def test_seed(self) -> None:
        """The same seed, the same mutants in the same order; every operator comes before one comes twice."""
        first = [each.key() for each in mutate.in_turn(self.piles, "7")]
        again = [each.key() for each in mutate.in_turn(mutate.mutants_of(self.lab, self.compiler), "7")]
        self.assertEqual(first, again)
        self.assertNotEqual(first, [each.key() for each in mutate.in_turn(self.piles, "8")])
        begin = [each.site.operator for _, each in zip(range(len(self.piles)), mutate.in_turn(self.piles, "7"))]
        self.assertEqual(sorted(begin), sorted(self.piles))

    def test_orders_are_seen(self) -> None:
        """This processor may need no other instruction for a weaker order: ThreadSanitizer's calls tell it."""
        orders = [each for each in self.piles["memory-order"] if each.file == "sequence.c"]
        self.assertTrue(orders)
        self.assertEqual(self.compiler.compare(orders[0]), "")

    def test_same_code(self) -> None:
        """A pair of parentheses is the same code; what does not compile is no mutant."""
        mutant = self.piles["memory-order"][0]
        source = (mutate.SOLUTIONS / mutant.lab / mutant.file).read_bytes()
        self.assertEqual(self.compiler.compare(mutant._replace(text=source + b"\n/* nothing */\n")), "same code")
        self.assertEqual(self.compiler.compare(mutant._replace(text=source + b"\nint;;x\n")), "invalid")

    def test_key(self) -> None:
        """It names the change, not the line's number."""
        mutant = self.piles["memory-order"][0]
        path = mutate.SOLUTIONS / mutant.lab / mutant.file
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / mutant.lab).mkdir()
            moved = mutant._replace(text=b"\n\n\n" + mutant.text, site=mutant.site._replace(start=mutant.site.start + 3))
            (Path(name) / mutant.lab / mutant.file).write_bytes(b"\n\n\n" + path.read_bytes())
            before, key = mutate.SOLUTIONS, mutant.key()
            try:
                mutate.SOLUTIONS = Path(name)
                self.assertEqual(moved.key(), key)
            finally:
                mutate.SOLUTIONS = before

    def test_keys_known(self) -> None:
        """What equivalent.txt names is still there: a solution that changed needs another look."""
        keys = {each.key() for path in sorted(mutate.SOLUTIONS.glob("lab*_*"))
                for pile in mutate.mutants_of(path.name, self.compiler).values() for each in pile}
        self.assertEqual(set(mutate.equivalents()) - keys, set())

    def test_interrupted(self) -> None:
        """Ctrl-C in a run: no process and no folder of it is left."""
        with tempfile.TemporaryDirectory() as name:
            run = subprocess.Popen([sys.executable, mutate.__file__, "1", "--count", "50", "--build", str(BUILD)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": name})
            assert run.stdout is not None
            run.stdout.readline()  # the first verdict is there, the next ones are on their way
            run.send_signal(signal.SIGINT)
            self.assertEqual(run.wait(), 128 + signal.SIGINT)
            run.communicate()
            self.assertEqual(os.listdir(name), [])


if __name__ == "__main__":
    unittest.main()
