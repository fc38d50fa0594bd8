#!/usr/bin/env python3
"""Test `grader similar`: a disguised copy is found among thirty, and two independent programs are left in peace.

    test_similar.py --grader build/bin/grader

The independent program is data/second, a solution of lab 2 that was written without looking at the reference.
"""

from __future__ import annotations

import argparse
import keyword
import os
import random
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, Tuple

sys.dont_write_bytecode = True

import sample_results  # noqa: E402
import selfcheck  # noqa: E402
import test_export  # noqa: E402

ROOT = sample_results.ROOT
SECOND = Path(__file__).resolve().parent / "data" / "second" / "lab2_sysv"
REFERENCE = ROOT / "solutions" / "lab2_sysv"
STARTER = ROOT / "labs" / "lab2_sysv"
MUTANTS = ROOT / "tests" / "mutants" / "lab2_sysv"
PAIR = re.compile(r"^ *(\d+) %  (\d+) fingerprints of (\d+) and (\d+): (.*), (.*)$", re.M)
WORD = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*")

KEYWORDS = set(keyword.kwlist) | set("break case char const continue default do double else enum float for goto if int long "
                                     "return short signed sizeof static struct switch unsigned void while".split())


def sources(folder: Path) -> Dict[str, str]:
    """The files that a student hands in."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())
            if path.suffix in (".c", ".h", ".py")}


def renamed(text: str, given: str) -> str:
    """Every name that the student chose is another one, and every text says something else."""
    known = set(re.findall(r"[A-Za-z_]\w*", given)) | KEYWORDS
    names: Dict[str, str] = {}

    def replace(found: "re.Match[str]") -> str:
        word = found.group()
        if word[0] in "\"'":
            return word[0] + "other" + word[1:] if len(word) > 4 and word[0] == '"' else word
        return word if word in known else names.setdefault(word, f"x{len(names)}_{len(word)}")

    return WORD.sub(replace, text)


def reformatted(text: str, chance: random.Random) -> str:
    """Other comments, other line breaks, braces around single statements, no const."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    text = re.sub(r"\bconst\b", "", text)
    text = re.sub(r"(if \([^;{}\n]*\))\n( *[^;{}\n]*;)\n", r"\1 {\n\2\n}\n", text)
    lines: List[str] = []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            lines.append(line)
        else:
            lines.append(re.sub(r"([;{}]) *", lambda found: found.group(1) + chance.choice(["\n", " ", "\n\t\t", " /* mine */ "]),
                                line.strip()))
    return "\n".join(lines) + "\n"


def reordered(text: str, chance: random.Random) -> str:
    """The functions stand in another order; main stays the last."""
    blocks = re.split(r"(?<=\n}\n)", text)
    head, tail = blocks[0], blocks[1:]
    last = [block for block in tail if "main(" in block or not block.endswith("}\n")]
    functions = [block for block in tail if block not in last]
    chance.shuffle(functions)
    return "".join([head, *functions, *last])


def disguised(files: Dict[str, str]) -> Dict[str, str]:
    """A copy as somebody makes it who does not want to be found."""
    chance = random.Random(7)
    given = "".join(sources(STARTER).values())
    result: Dict[str, str] = {}
    for name, text in files.items():
        text = renamed(reordered(text, chance) if name.endswith(".c") else text, given)
        result[name] = reformatted(text, chance) if name.endswith(".c") else text.replace("\n\n", "\n\n# mine\n")
    return result


class Similar(unittest.TestCase):
    """The pairs that are listed."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.names: List[str] = []

    def add(self, name: str, files: Dict[str, str]) -> Path:
        """A submission of lab 2."""
        place = self.folder / "submissions" / name / "files" / "lab2"
        place.mkdir(parents=True)
        for file, text in files.items():
            (place / file).write_text(text, encoding="utf-8")
        self.names.append(name)
        return place

    def add_crowd(self, count: int) -> None:
        """Students who made the mistakes of the mutants, and one who did nothing."""
        self.add("starter", sources(STARTER))
        for path in sorted(MUTANTS.glob("*.mutant"))[: count - 1]:
            place = self.folder / "work"
            shutil.copytree(REFERENCE, place)
            selfcheck.mutant_apply(selfcheck.mutant_read(path), place)
            self.add(path.stem, sources(place))
            shutil.rmtree(place)

    def output(self, *options: object) -> str:
        """What `grader similar` prints."""
        sample_results.write(self.folder, [2], [sample_results.submission(name, None, []) for name in self.names], [])
        return test_export.run("similar", self.folder, *options).stdout

    def pairs(self, *options: object) -> Dict[Tuple[str, str], int]:
        """Names and percent."""
        return {(found.group(5), found.group(6)): int(found.group(1)) for found in PAIR.finditer(self.output(*options))}

    def test_disguised_copy_among_thirty(self) -> None:
        """Renamed, reformatted, reordered: it is the one pair that is listed."""
        self.add_crowd(25)
        self.add("nothing", {})
        self.add("lab1", sources(ROOT / "solutions" / "lab1_layout"))
        self.add("reference", sources(REFERENCE))
        self.add("author", sources(SECOND))
        self.add("copyist", disguised(sources(SECOND)))
        self.assertEqual(len(self.names), 30)
        self.assertNotEqual(sources(SECOND)["writer.c"], disguised(sources(SECOND))["writer.c"])
        found = self.pairs()
        self.assertEqual(list(found), [("author", "copyist")])
        self.assertGreaterEqual(found["author", "copyist"], 80)

    def test_independent_programs(self) -> None:
        """Two right programs of two people, nothing but the starter subtracted: far below what is listed."""
        self.add("reference", sources(REFERENCE))
        self.add("second", sources(SECOND))
        self.assertEqual(self.pairs("--given", ROOT / "labs"), {})
        found = self.pairs("--given", ROOT / "labs", "--threshold", 1)
        self.assertLess(found.get(("reference", "second"), 0), 10)
        self.assertEqual(self.pairs("--given", ROOT / "labs", "--given", ROOT / "solutions", "--threshold", 1), {})

    def test_solution_is_nobodys_copy(self) -> None:
        """Two students who both came to the reference solution are not accused, unless it is not subtracted."""
        self.add("one", sources(REFERENCE))
        self.add("two", disguised(sources(REFERENCE)))
        self.assertEqual(self.pairs("--threshold", 1), {})
        self.assertGreaterEqual(self.pairs("--given", ROOT / "labs")["one", "two"], 80)

    def test_one_function(self) -> None:
        """Whoever took a part is found by that part: the smaller program counts."""
        second, starter = sources(SECOND), sources(STARTER)
        begin, end = "/* Why a segment", "static void segment_hold"
        part = second["writer.c"][second["writer.c"].index(begin): second["writer.c"].index(end)]
        self.add("author", second)
        self.add("taker", {"writer.c": renamed(part, "") + starter["writer.c"]})
        self.assertGreaterEqual(self.pairs()["author", "taker"], 80)

    def test_a_few_lines_prove_little(self) -> None:
        """A passage that is long enough for a fingerprint, and no more, stays below the threshold."""
        lines = "int f(int a) { for (int i = 0; i < a; i++) a += i * 2 + a % 3; return a; }\n"
        self.add("one", {"writer.c": lines})
        self.add("two", {"writer.c": lines})
        self.assertEqual(self.pairs(), {})
        self.assertEqual(len(self.pairs("--threshold", 1)), 1)

    def test_whole_class(self) -> None:
        """What a third of the class has in common has another source than a neighbour."""
        for index in range(12):
            self.add(f"s{index:02}", sources(SECOND))
        self.assertEqual(self.pairs("--threshold", 1), {})

    def test_page(self) -> None:
        """Both sides, with links from passage to passage; what stands in a program stays text."""
        attack = '"</mark></pre><script>alert(1)</script>"; /* \u202e */\n'
        self.add("author", {name: text + attack for name, text in sources(SECOND).items()})
        self.add("copyist", {name: text + attack for name, text in disguised(sources(SECOND)).items()})
        path = self.folder / "pairs.html"
        self.output("--html", path)
        text = path.read_text(encoding="utf-8")
        self.assertIsNone(test_export.CONTROL.search(text))
        page = test_export.Page(text)
        self.assertLessEqual(set(page.tags), test_export.Html.TAGS | {"pre", "mark", "ol"})
        self.assertIn("</mark></pre><script>alert(1)</script>", page.text)
        self.assertIn("<U+202E>", page.text)
        names = [value for _, name, value in page.attributes if name == "id"]
        self.assertEqual(len(names), len(set(names)))
        links = {value[1:] for _, name, value in page.attributes if name == "href"}
        self.assertLessEqual(links, set(names))
        self.assertGreater(page.tags.count("mark"), 4)
        for name in sources(SECOND):
            if name not in ("sysv_segment.c", "sysv_segment.h"):
                self.assertIn(name, page.text)

    def test_strange_files(self) -> None:
        """Bytes that are no text, texts that do not end, links and large files neither crash nor count."""
        place = self.add("strange", {"empty.c": "", "comment.c": "/* " + "x" * 100, "text.py": "'''" + "a\n" * 100,
                                     "ends.c": "\\", "escape.c": '"\\', "number.c": "1e+" * 50, "hash.c": "#"})
        (place / "bytes.c").write_bytes(bytes(range(256)) * 64)
        (place / "large.c").write_bytes(b"a;\n" * (1 << 19))
        os.symlink("/etc/passwd", place / "link.c")
        os.mkfifo(place / "pipe.c")
        os.symlink("/", place / "root")
        shutil.copytree(place, self.folder / "submissions" / "again" / "files" / "lab2", symlinks=True,
                        ignore=lambda _, names: ["pipe.c"] if "pipe.c" in names else [])
        self.names.append("again")
        path = self.folder / "pairs.html"
        self.output("--threshold", 1, "--html", path)
        self.assertNotIn("root:", path.read_text(encoding="utf-8"))

    def test_usage(self) -> None:
        """What is wrong is named."""
        test_export.run("similar", status=2)
        test_export.run("similar", "a", "b", status=2)
        test_export.run("similar", "a", "--threshold", "0", status=2)
        self.add("one", {})
        self.output()
        self.assertIn("nowhere", test_export.run("similar", self.folder, "--given", self.folder / "nowhere", status=1).stderr)
        test_export.run("similar", self.folder, "--html", self.folder / "nowhere" / "x", status=1)


def main() -> None:
    """Take our options, leave the rest to unittest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", type=Path, required=True)
    options, rest = parser.parse_known_args()
    test_export.GRADER = options.grader.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
