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
PAIR = re.compile(r"^ *(\d+) %  lab \d, (\d+) fingerprints of (\d+) and (\d+): (.*), (.*)$", re.M)
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


def expression(chance: random.Random, depth: int = 0) -> str:
    """Some arithmetic."""
    if depth > 2 or chance.random() < 0.3:
        return chance.choice(["a", "b", "count", "7", "limit", "data[i]", "box->size", "next(a)", "sizeof a"])
    operator = chance.choice("+ - * / % & | ^ << >>".split())
    return chance.choice(["{0} {1} {2}", "({0} {1} {2})"]).format(expression(chance, depth + 1), operator,
                                                                  expression(chance, depth + 1))


def statement(chance: random.Random, depth: int = 0) -> str:
    """Some control flow."""
    inner = "\n".join(statement(chance, depth + 1) for _ in range(chance.randint(1, 2))) if depth < 2 else "a++;"
    return chance.choice([
        f"for (int i = 0; i < {expression(chance)}; i++) {{\n{inner}\n}}", f"while ({expression(chance)}) {{\n{inner}\n}}",
        f"if ({expression(chance)} == {expression(chance)}) {{\n{inner}\n}}", f"a = {expression(chance)};",
        f"if (!check({expression(chance)}))\n    return -1;", f"b += {expression(chance)};", f"put(a, {expression(chance)});",
    ])


# What everybody writes by himself, each in a way of a few: a call and its failure.
IDIOMS = [[f'int id{call} = {call}(key, 0, 0);\nif (id{call} == -1) {{\n    perror("{call}");\n    return {code};\n}}',
           f'int id{call};\nif ((id{call} = {call}(key, 0, 0)) < 0) {{\n    fprintf(stderr, "{call}: %s\\n", strerror(errno));\n'
           f"    exit({code});\n}}",
           f'int id{call} = {call}(key, 0, 0);\nif (id{call} < 0 && errno != ENOENT)\n    return fail("{call}", {code});'][way:] +
          [f'{call}(key, 0, 0);'] for call in ("shmget", "semget", "msgget", "ftok") for code, way in ((1, 0), (-1, 1))]


def invented(chance: random.Random) -> Dict[str, str]:
    """A student's own work: idioms that all share, in between what nobody else would write."""
    files = {}
    for name in ("writer.c", "reader.c"):
        functions = []
        for number, idiom in enumerate(chance.sample(IDIOMS, 6)):
            body = [chance.choice(idiom), *(statement(chance) for _ in range(chance.randint(3, 5)))]
            functions.append(f"static int work{number}(int key)\n{{\n    " + "\n    ".join(body) + "\n    return 0;\n}\n")
        files[name] = "#include <stdio.h>\n" + "\n".join(functions) + "\nint main(void)\n{\n    return work0(1);\n}\n"
    return files


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

    def page(self, *options: object) -> "test_export.Page":
        """What `grader similar` writes for a browser."""
        path = self.folder / "pairs.html"
        self.output("--html", path, *options)
        return test_export.Page(path.read_text(encoding="utf-8"))

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
        self.assertEqual(self.pairs("--threshold", 1), {})

    def test_many_copies(self) -> None:
        """However many copy, they do not hide each other; they are told as one group."""
        for index in range(15):
            self.add(f"s{index:02}", sources(SECOND))
        self.add_crowd(12)
        output = self.output()
        self.assertEqual(len(PAIR.findall(output)), 15 * 14 // 2)
        self.assertIn("lab 2, 15 that hang together: s00, s01,", output)

    def test_one_lab_of_two(self) -> None:
        """What is done alone does not hide what is copied: labs are compared one by one."""
        pool = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tools" / "weave").rglob("*.c"))]
        for index, name in enumerate(("author", "copyist")):
            self.add(name, sources(SECOND) if name == "author" else disguised(sources(SECOND)))
            other = self.folder / "submissions" / name / "files" / "lab4"
            other.mkdir()
            (other / "buffer.c").write_text("".join(pool[index::2][:4]), encoding="utf-8")
        self.assertGreaterEqual(self.pairs()["author", "copyist"], 80)

    def test_reference_itself(self) -> None:
        """Whoever hands in the solution, byte for byte, is named; whoever comes near to it is not."""
        self.add("verbatim", sources(REFERENCE))
        self.add("disguise", disguised(sources(REFERENCE)))
        output = self.output()
        self.assertIn("the reference solution itself: verbatim: lab2/", output)
        self.assertNotIn("itself: disguise", output)
        page = self.page()
        self.assertRegex(page.text, r"The reference solution itself[^:]*verbatim: lab2/")
        self.assertNotIn("disguise: lab2", page.text)

    def test_against(self) -> None:
        """Last year's results, or a folder of programs; not among themselves."""
        self.add("author", disguised(sources(SECOND)))
        known = self.folder / "known"
        for name in ("forum", "mirror"):
            shutil.copytree(SECOND, known / name)
        shutil.copytree(REFERENCE, known / "solution")  # not handed in by anybody
        found = self.pairs("--against", known)
        self.assertEqual(set(found), {("author", f"forum of {known}"), ("author", f"mirror of {known}")})
        self.assertGreaterEqual(min(found.values()), 80)
        page = self.page("--against", known)
        self.assertRegex(page.text, f"[0-9]+ %: author and forum of {known}")
        self.assertIn(f"not of this class: of {known}", page.text)
        self.assertNotIn("The reference solution itself", page.text)
        test_export.run("similar", self.folder, "--against", self.folder / "nowhere", status=1)

    def test_independent_classes(self) -> None:
        """In four classes of thirty at most one pair of 435 is listed, and every disguise is."""
        for seed in range(4):
            chance = random.Random(seed)
            self.names, self.folder = [], self.folder / f"class{seed}"
            people = [invented(chance) for _ in range(30)]
            for index, files in enumerate(people):
                self.add(f"s{index:02}", files)
            self.assertLessEqual(len(self.pairs()), 1, f"class {seed}")
            disguises = {
                "renamed": {name: renamed(text, "") for name, text in people[0].items()},
                "commented": {name: reformatted(text, chance) for name, text in people[1].items()},
                "reordered": {name: reordered(text, chance) for name, text in people[2].items()},
                "everything": disguised(people[3]),
                "one_file": {**people[4], **{"reader.c": invented(chance)["reader.c"]}},
            }
            for name, files in disguises.items():
                self.add(name, files)
            found = self.pairs()
            for index, name in enumerate(disguises):
                self.assertIn(f"s{index:02}", [one if other == name else other for one, other in found if name in (one, other)],
                              f"class {seed}: {name}")

    def test_page(self) -> None:
        """Both sides, with links from passage to passage; what stands in a program stays text."""
        attack = '"</mark></pre><script>alert(1)</script>"; /* \u202e */\n'
        self.add("author", {name: text + attack for name, text in sources(SECOND).items()})
        self.add("copyist", {name: text + attack for name, text in disguised(sources(SECOND)).items()})
        self.add("third", sources(SECOND))
        path = self.folder / "pairs.html"
        self.output("--html", path)
        text = path.read_text(encoding="utf-8")
        self.assertIsNone(test_export.CONTROL.search(text))
        page = test_export.Page(text)
        self.assertTrue(re.search("(author|copyist|third), (author|copyist|third), (author|copyist|third): 100 %", page.text))
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
