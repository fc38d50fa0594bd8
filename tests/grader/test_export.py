#!/usr/bin/env python3
"""Test `grader export` and `grader policy` on a class of real verdicts, some of them with hostile texts.

    test_export.py --grader build/bin/grader --sample DIR

DIR is what sample_results.py made. What other programs say of the same documents is in validate_exports.py.
"""

from __future__ import annotations

import argparse
import base64
import csv
import functools
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

sys.dont_write_bytecode = True

import sample_results  # noqa: E402

Json = Dict[str, Any]

GRADER = Path()
SAMPLE = Path()
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\uffff]")
SECRET = ("secret", "Secret")
PER_STUDENT = {"gradescope": ".json", "autolab": ".txt", "classroom": ".env"}


def run(*arguments: object, status: int = 0) -> "subprocess.CompletedProcess[str]":
    """The grader, which must end with that status."""
    done = subprocess.run([str(GRADER), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                          check=False)
    result = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    if result.returncode != status:
        raise AssertionError(f"{result.args}: status {result.returncode}, not {status}\n{result.stdout}{result.stderr}")
    return result


def export(*arguments: object, sample: Path = Path()) -> str:
    """One document on standard output."""
    return run("export", sample if sample.parts else SAMPLE, "--format", *arguments).stdout


def submissions() -> List[Json]:
    """Every result.json of the sample."""
    known = json.loads((SAMPLE / "class.json").read_text(encoding="utf-8"))
    return [json.loads((SAMPLE / "submissions" / name / "result.json").read_text(encoding="utf-8"))
            for name in known["submissions"]]


def rows(table: str, *more: object) -> List[Dict[str, str]]:
    """A table of the CSV export."""
    return list(csv.DictReader(io.StringIO(export("csv", "--table", table, *more), newline="")))


@functools.lru_cache(maxsize=None)
def for_students() -> List[Tuple[str, str]]:
    """All documents that a student may see, decoded: (what, text)."""
    found: List[Tuple[str, str]] = []
    for each in submissions():
        name = each["name"]
        for kind in PER_STUDENT:
            text = export(kind, "--student", name)
            if kind == "classroom":
                text = "".join(base64.b64decode(line.partition("=")[2]).decode() for line in text.splitlines()[1:])
            found.append((f"{kind} {name}", text))
        found.append((f"junit {name}", export("junit", "--student", name)))
        found.append((f"html {name}", export("html", "--student", name)))
        found.append((f"csv {name}", export("csv", "--table", "checks", "--student", name)))
    return found


class Shared(unittest.TestCase):
    """What holds for every format."""

    def test_hidden_checks_show_their_concept_only(self) -> None:
        """Not their name, title, expectation, finding, place, cause, next step or leaks."""
        for what, text in for_students():
            with self.subTest(what):
                for word in SECRET:
                    self.assertNotIn(word, text)
                if "hostile" in what:
                    self.assertIn("what happens at a full disk", text)

    def test_nothing_is_left_to_interpret(self) -> None:
        """No control character, no terminal sequence, no character that reorders or hides others."""
        for what, text in for_students():
            with self.subTest(what):
                self.assertIsNone(CONTROL.search(text.replace("\r\n", "\n")))

    def test_a_folder_holds_what_standard_output_shows(self) -> None:
        """--out DIR: a file a submission, the same as with --student."""
        with tempfile.TemporaryDirectory() as scratch:
            for kind, suffix in PER_STUDENT.items():
                out = Path(scratch) / kind
                run("export", SAMPLE, "--format", kind, "--out", out)
                self.assertEqual({path.name for path in out.iterdir()}, {each["name"] + suffix for each in submissions()})
                for name in ("submission_000", "hostile_03"):
                    self.assertEqual((out / (name + suffix)).read_text(encoding="utf-8"), export(kind, "--student", name))

    def test_a_page_for_each_student(self) -> None:
        """In one call, each what that student may see."""
        with tempfile.TemporaryDirectory() as folder:
            run("export", SAMPLE, "--format", "pages", "--out", folder)
            names = [each["name"] for each in submissions()]
            self.assertEqual(sorted(path.name for path in Path(folder).iterdir()), sorted(f"{name}.html" for name in names))
            self.assertEqual((Path(folder) / f"{names[0]}.html").read_text(encoding="utf-8"), export("html", "--student", names[0]))

    def test_excel_knows_utf8(self) -> None:
        """By a mark in front, which is the only difference."""
        self.assertEqual(export("csv", "--table", "course", "--excel"), "\ufeff" + export("csv", "--table", "course"))

    def test_results_are_not_changed(self) -> None:
        """An export reads."""
        before = {path: path.read_bytes() for path in SAMPLE.rglob("*.json")}
        export("csv", "--table", "course")
        self.assertEqual(before, {path: path.read_bytes() for path in SAMPLE.rglob("*.json")})


class Csv(unittest.TestCase):
    """Tables."""

    def test_no_cell_is_a_formula(self) -> None:
        """Every text that a spreadsheet would compute has an apostrophe in front."""
        neutralised = 0
        for table in ("checks", "labs", "course"):
            for row in rows(table):
                for cell in row.values():
                    neutralised += cell.startswith("'")
                    if re.match(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell):
                        self.assertRegex(cell, r"\A-?[0-9.]+\Z")
        self.assertGreater(neutralised, 50)

    def test_text_comes_through(self) -> None:
        """Commas, quotes and new lines are quoted; apart from the apostrophe and control characters nothing is lost."""
        row = next(row for row in rows("checks") if row["submission"] == "hostile_06" and row["outcome"] == "failed")
        self.assertEqual(row["found"], "'-2+3, \"quoted\", 'single'\nsecond line")

    def test_a_cell_is_cut_where_a_spreadsheet_would_cut_it(self) -> None:
        """Excel takes 32,767 characters a cell. What is longer ends after a whole character and says how much is missing."""
        for character in ("x", "\u00e9", "\U0001f600"):
            width = len(character.encode())
            most, kept = 32000 // width, (32000 - 1) // width
            checks = [{"name": name, "title": name, "outcome": "failed", "found": found, "points": 0, "points_max": 1}
                      for name, found in (("fits", character * most), ("long", "a" + character * 40000))]
            with tempfile.TemporaryDirectory() as scratch:
                class_of_one(Path(scratch), [lab(3, 0, checks=checks)])
                cells = {row["check"]: row["found"] for row in
                         csv.DictReader(io.StringIO(export("csv", "--table", "checks", sample=Path(scratch)), newline=""))}
            self.assertEqual(cells["fits"], character * most)
            self.assertEqual(cells["long"], f"a{character * kept} [... {(40000 - kept) * width} bytes more]")
            self.assertLess(len(cells["long"].encode("utf-16-le")) // 2, 32767)

    def test_lines_end_as_the_format_says(self) -> None:
        """RFC 4180: CRLF."""
        text = export("csv", "--table", "labs")
        self.assertEqual(text.count("\r\n"), len(rows("labs")) + 1)

    def test_course_has_the_roster(self) -> None:
        """The roster's columns come first, in its order, and who handed in nothing is there without a mark."""
        known = json.loads((SAMPLE / "class.json").read_text(encoding="utf-8"))
        course = rows("course")
        self.assertEqual(list(course[0])[:4], ["id", "name", "email", "section"])
        self.assertEqual([row["id"] for row in course[: len(known["roster"])]], [each["id"] for each in known["roster"]])
        absent = course[len(known["roster"]) - 1]
        self.assertEqual((absent["submission"], absent["state"], absent["points"]), ("", "no submission", ""))

    def test_sums_agree(self) -> None:
        """Checks add up to labs, labs to the course, and all to what was graded."""
        course = {row["submission"]: row for row in rows("course") if row["submission"]}
        checks = rows("checks")
        for each in submissions():
            self.assertEqual(int(course[each["name"]]["points"]), each["points"])
            labs = [row for row in rows("labs", "--student", each["name"])]
            self.assertEqual(sum(int(row["points"]) for row in labs), each["points"])
            mine = [row for row in checks if row["submission"] == each["name"] and row["challenge"] == "0"]
            self.assertEqual(sum(int(row["points"]) for row in mine), each["points"])


class Junit(unittest.TestCase):
    """XML for continuous integration."""

    def test_counts_and_types(self) -> None:
        """Each check is a case, and so is nobody's submission; failures, errors and skipped ones are counted as they are."""
        top = ElementTree.fromstring(export("junit").encode())
        cases = 0
        for suite in top.findall("testsuite"):
            found = suite.findall("testcase")
            cases += len(found)
            for name, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
                self.assertEqual(sum(case.find(name) is not None for case in found), int(suite.get(attribute, "")))
            for failure in suite.iter("failure"):
                self.assertEqual(failure.get("type"), "assertion")
        absent = sum(row["state"] == "no submission" for row in rows("course"))
        self.assertEqual(cases, absent + sum(len(lab["checks"]) for each in submissions() for lab in each["labs"]))
        self.assertEqual(cases, int(top.get("tests", "")))

    def test_kinds_of_failure(self) -> None:
        """A runaway, a crash, a build and a broken check are errors of that type; a finding is a failure."""
        wanted = {"a": ("timeout", "", "timeout"), "builds": ("failed", "", "build"), "c": ("error", "", "error"),
                  "d": ("failed", "ended by signal 11 (Segmentation fault)", "crash"), "e": ("failed", "7", None)}
        checks = [{"name": name, "title": name, "outcome": outcome, "found": found,
                   **({"ended": "signal"} if "signal" in found else {})}
                  for name, (outcome, found, _) in wanted.items()]
        with tempfile.TemporaryDirectory() as scratch:
            class_of_one(Path(scratch), [lab(1, 0, checks=checks)])
            top = ElementTree.fromstring(export("junit", sample=Path(scratch)).encode())
        for case in top.iter("testcase"):
            kind = wanted[case.get("name", "")][2]
            error = case.find("error")
            self.assertEqual(None if error is None else error.get("type"), kind)
            self.assertEqual(case.find("failure") is None, kind is not None)

    def test_points(self) -> None:
        """They are properties, but of checks that only instructors have."""
        top = ElementTree.fromstring(export("junit", "--student", "submission_000").encode())
        graded = next(each for each in submissions() if each["name"] == "submission_000")
        for suite, result in zip(top.findall("testsuite"), graded["labs"]):
            points = {each.get("name"): each.get("value") for each in suite.iter("property")}
            self.assertEqual(points["points"], f"{result['points']}/{result['points_max']}")
            for check in result["checks"]:
                told = f"{check['points']}/{check['points_max']}" if check["visibility"] == "public" else None
                self.assertEqual(points.get(f"points.{check['name']}"), told)


class Gradescope(unittest.TestCase):
    """results.json."""

    MEMBERS = {"score", "max_score", "status", "name", "number", "output", "output_format", "tags", "visibility"}

    def test_document(self) -> None:
        """The members that the site knows, of the kinds that it wants; tests add up to the points."""
        for each in submissions():
            document = json.loads(export("gradescope", "--student", each["name"]))
            self.assertLessEqual(set(document), {"output", "output_format", "visibility", "stdout_visibility", "tests"})
            self.assertEqual(sum(test["score"] for test in document["tests"]), each["points"] + each["challenge_points"])
            self.assertEqual(sum(test["max_score"] for test in document["tests"]), each["points_max"])
            for test in document["tests"]:
                self.assertLessEqual(set(test), self.MEMBERS)
                self.assertEqual(test["visibility"], "visible")
                self.assertEqual(test["output_format"], "text")
                self.assertIn(test["status"], ("passed", "failed"))

    def test_nothing_passes_for_being_worth_nothing(self) -> None:
        """A check of 0 points that failed says so."""
        document = json.loads(export("gradescope", "--student", "hostile_00"))
        hidden = [test for test in document["tests"] if test["name"].startswith("hidden")]
        self.assertTrue(hidden)
        self.assertEqual({test["status"] for test in hidden}, {"failed"})


class Autolab(unittest.TestCase):
    """What the autograder prints."""

    def test_last_line_survives_the_site(self) -> None:
        """The site's own rewriting changes nothing in it, and it holds the marks."""
        for each in submissions():
            lines = export("autolab", "--student", each["name"]).rstrip().splitlines()
            self.assertEqual(re.sub(r"([a-zA-Z0-9]+):", r'"\1":', lines[-1]), lines[-1])
            self.assertEqual(json.loads(lines[-1])["scores"],
                             {f"lab{lab['number']}": lab["points"] for lab in each["labs"]})

    def test_no_other_line_is_read(self) -> None:
        """The line above would be read, too, if it were JSON."""
        for each in submissions():
            lines = export("autolab", "--student", each["name"]).rstrip().splitlines()
            with self.assertRaises(ValueError):
                json.loads(lines[-2])

    def test_feedback(self) -> None:
        """The student reads what was expected and found."""
        text = export("autolab", "--student", "hostile_07")
        self.assertIn("      expected  12 bytes", text)
        self.assertIn('      found     {"scores":{"lab1":1000}}', text)


class Classroom(unittest.TestCase):
    """Variables for the reporter of GitHub Classroom."""

    def test_runners(self) -> None:
        """Names that the reporter takes, one test each, and sums that are the points both ways."""
        for each in submissions():
            lines = export("classroom", "--student", each["name"]).splitlines()
            self.assertRegex(lines[0], r"\Arunners=([a-z0-9]+,)*[a-z0-9]+\Z")
            runners = lines[0].partition("=")[2].split(",")
            self.assertEqual(len(set(runners)), len(runners))
            self.assertEqual([line.partition("=")[0] for line in lines[1:]],
                             [f"{name.upper()}_RESULTS" for name in runners])
            results = []
            for line in lines[1:]:
                self.assertRegex(line, r"\A[A-Z0-9]+_RESULTS=[A-Za-z0-9+/]+=*\Z")
                results.append(json.loads(base64.b64decode(line.partition("=")[2], validate=True)))
            self.assertEqual(sum(test["score"] for result in results for test in result["tests"]), each["points"])
            self.assertEqual(sum(result["max_score"] for result in results), each["points_max"])
            for result in results:
                self.assertEqual((result["version"], len(result["tests"])), (1, 1))
                shown = result["max_score"] if result["tests"][0]["status"] == "pass" else 0
                self.assertEqual(shown, result["tests"][0]["score"])


class Challenges(unittest.TestCase):
    """Extra credit, as far as each site has a place for it."""

    def test_extra_credit(self) -> None:
        """Above the maximum for Gradescope, a problem of its own for Autolab, shown and not counted by GitHub Classroom."""
        checks = [{"name": "must", "title": "must", "outcome": "passed", "points": 100, "points_max": 100},
                  {"name": "more", "title": "more", "outcome": "passed", "points": 10, "points_max": 10, "challenge": True},
                  {"name": "most", "title": "most", "outcome": "failed", "points": 0, "points_max": 5, "challenge": True}]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            class_of_one(folder, [{**lab(3, 100, checks=checks), "challenge_points": 10, "challenge_points_max": 15}])
            site = json.loads(export("gradescope", "--student", "one", sample=folder))
            self.assertEqual([(test["score"], test["max_score"], test["status"]) for test in site["tests"]],
                             [(100, 100, "passed"), (10, 0, "passed"), (0, 0, "failed")])
            last = export("autolab", "--student", "one", sample=folder).splitlines()[-1]
            self.assertEqual(json.loads(last), {"scores": {"lab3": 100, "lab3-challenge": 10}})
            self.assertEqual(re.sub(r"([a-zA-Z0-9]+):", r'"\1":', last), last)
            results = [json.loads(base64.b64decode(line.partition("=")[2]))
                       for line in export("classroom", "--student", "one", sample=folder).splitlines()[1:]]
            self.assertEqual([(result["status"], result["max_score"]) for result in results],
                             [("pass", 100), ("pass", 0), ("pass", 0)])
            row = next(csv.DictReader(io.StringIO(export("csv", "--table", "course", sample=folder), newline="")))
            self.assertEqual((row["lab3"], row["lab3_challenge"], row["challenge_points_max"]), ("100", "10", "15"))
            self.assertIn("challenges 10 of 15", Page(export("html", "--student", "one", sample=folder)).text)


class Page(HTMLParser):
    """What stands on a page: elements, attributes, and the text outside of the style sheet."""

    VOID = {"meta", "rect"}  # rect ends itself

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: List[str] = []
        self.attributes: List[Tuple[str, str, str]] = []
        self.open: List[str] = []
        self.words: List[str] = []
        self.feed(text)
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> ends nothing")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)


class Html(unittest.TestCase):
    """The report."""

    TAGS = set("html head meta title style body header main nav section article h1 h2 h3 h4 h5 p div span strong code a ul li dl dt "
               "dd table thead tbody tr th td details summary svg rect text".split())

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def pages() -> List[Page]:
        """Of the class, and of everybody with hostile output."""
        return [Page(export("html"))] + [Page(export("html", "--student", each["name"])) for each in submissions()
                                         if each["name"].startswith("hostile")]

    def test_only_our_markup(self) -> None:
        """No element, attribute or link that comes from a student; nothing from elsewhere; scripts are forbidden."""
        for page in self.pages():
            self.assertLessEqual(set(page.tags), self.TAGS)
            self.assertEqual(page.open, [])
            self.assertEqual(page.tags.count("style"), 1)
            for tag, name, value in page.attributes:
                self.assertFalse(name.startswith("on") or name in ("src", "style", "srcdoc", "action"), (tag, name, value))
                if name == "href":
                    self.assertRegex(value, r"\A#[a-z0-9]+\Z")
            self.assertIn(("meta", "content", "default-src 'none'; style-src 'unsafe-inline'"), page.attributes)

    def test_links_lead_somewhere(self) -> None:
        """Each names an element of the page, and no name is given twice."""
        for page in self.pages():
            names = [value for _, name, value in page.attributes if name == "id"]
            self.assertEqual(len(names), len(set(names)))
            self.assertLessEqual({value[1:] for _, name, value in page.attributes if name == "href"}, set(names))

    def test_pages_of_weave(self) -> None:
        """The class report links a student's page where it is; a student's report has a copy beside it."""
        with tempfile.TemporaryDirectory() as scratch:
            sample = Path(scratch) / "a results"
            shutil.copytree(SAMPLE, sample)
            name = "submission_000"
            result = sample / "submissions" / name / "result.json"
            known = json.loads(result.read_text(encoding="utf-8"))
            check = next(each for each in known["labs"][0]["checks"] if each["visibility"] == "public")
            check.update(outcome="failed", found="a race", page="transcripts/lab1/race.html")
            result.write_text(json.dumps(known), encoding="utf-8")
            page = sample / "submissions" / name / "transcripts" / "lab1" / "race.html"
            page.parent.mkdir(parents=True)
            page.write_text("<!doctype html>", encoding="utf-8")
            out = Path(scratch) / "reports"
            out.mkdir()
            run("export", sample, "--format", "html", "--out", out / "class.html")
            own = out / "class-pages" / f"{name}.html"
            links = [value for _, key, value in Page(own.read_text(encoding="utf-8")).attributes if key == "href"]
            self.assertEqual(links, [f"../../a%20results/submissions/{name}/transcripts/lab1/race.html"])
            run("export", sample, "--format", "html", "--student", name, "--out", out / "one.html")
            copy = f"one-lab1-{check['name']}.html"
            self.assertIn(f'href="{copy}"', (out / "one.html").read_text(encoding="utf-8"))
            self.assertEqual((out / copy).read_text(encoding="utf-8"), "<!doctype html>")
            page.unlink()
            run("export", sample, "--format", "html", "--out", out / "class.html")
            self.assertNotIn("race.html", own.read_text(encoding="utf-8"))

    def test_feedback_is_whole(self) -> None:
        """What a student's program said is there as text, whatever it looks like."""
        for index in (0, 1, 2, 11):
            self.assertIn(sample_results.HOSTILE[index], Page(export("html", "--student", f"hostile_{index:02}")).text)
        for each in submissions():
            text = Page(export("html", "--student", each["name"])).text
            for check in (check for result in each["labs"] for check in result["checks"]):
                if check["visibility"] == "public" and check["outcome"] == "failed" and "submission" in each["name"]:
                    for key in ("expected", "found", "cause", "next"):
                        self.assertIn(check.get(key, "").replace("\r", ""), text)

    def test_class_report(self) -> None:
        """Everybody has a section; counts of outcomes and the commonest cause are those of the results."""
        page = Page(export("html"))
        for each in submissions():
            self.assertIn(each.get("student", each)["name"], page.text)
        self.assertEqual(page.tags.count("article"), len(submissions()))
        failed: Dict[Tuple[str, str], int] = {}
        for each in submissions():
            for check in each["labs"][0]["checks"]:
                if check["outcome"] == "failed":
                    key = (check["name"], (check.get("cause") or check["expected"]).partition("\n")[0])
                    failed[key] = failed.get(key, 0) + 1
        (name, cause), count = max(failed.items(), key=lambda entry: (entry[1], entry[0][0]))
        self.assertIn(f"{count} students", page.text)
        self.assertIn(cause, page.text[page.text.index("Common misconceptions"):page.text.index("Checks\n")])
        self.assertIn(name, page.text)

    def test_a_thousand_students(self) -> None:
        """A class report in files: the first one holds no feedback, and every link leads to what is there."""
        with tempfile.TemporaryDirectory() as scratch:
            verdicts, results, out = submissions()[0]["labs"], Path(scratch) / "results", Path(scratch) / "out"
            names = [f"n{index:03} (1) #%" for index in range(1000)]
            many = [sample_results.submission(name, sample_results.person(index), verdicts) for index, name in enumerate(names)]
            many.append(submissions()[-1])
            sample_results.write(results, [1, 2], many, [])
            out.mkdir()
            run("export", results, "--format", "html", "--out", out / "class.html")
            page = Page((out / "class.html").read_text(encoding="utf-8"))
            self.assertIn("1001 handed in, 0 did not", page.text)
            self.assertNotIn("article", page.tags)
            self.assertLess((out / "class.html").stat().st_size, 500 << 10)
            self.assertEqual(len(list((out / "class-pages").iterdir())), 1001)
            self.assertEqual((out / "class-pages" / f"{names[5]}.html").read_text(encoding="utf-8"),
                             export("html", "--student", names[5], sample=results))
            for name in ("class.html", "class-lab1.html", "class-lab2.html"):
                page = Page((out / name).read_text(encoding="utf-8"))
                for link in {value for _, key, value in page.attributes if key == "href"}:
                    path, _, part = link.partition("#")
                    target = out / urllib.parse.unquote(path or name)
                    self.assertTrue(target.exists(), link)
                    if part:
                        self.assertIn(f'id="{part}"', target.read_text(encoding="utf-8"), link)


class Errors(unittest.TestCase):
    """What is wrong is named, with the next step."""

    def test_wrong_usage(self) -> None:
        """Exit status 2."""
        for arguments in ((), (SAMPLE,), (SAMPLE, "--format", "pdf"), (SAMPLE, "--format", "gradescope"),
                          (SAMPLE, "--format", "csv"), (SAMPLE, "--format", "csv", "--table", "people"),
                          (SAMPLE, "--format", "junit", "--table", "checks"), (SAMPLE, SAMPLE, "--format", "junit"),
                          (SAMPLE, "--format", "classroom", "--out", "x", "--policy", "policy.json")):
            run("export", *arguments, status=2)
        run("exports", status=2)
        run(status=2)

    def test_no_results(self) -> None:
        """A folder that is none of ours, a name that nobody has, a file that is damaged."""
        with tempfile.TemporaryDirectory() as scratch:
            self.assertIn("class.json", run("export", scratch, "--format", "junit", status=1).stderr)
            copy = Path(scratch) / "copy"
            shutil.copytree(SAMPLE, copy)
            damaged = copy / "submissions" / "hostile_01" / "result.json"
            damaged.write_text(damaged.read_text(encoding="utf-8")[:-40], encoding="utf-8")
            self.assertIn("hostile_01/result.json", run("export", copy, "--format", "junit", status=1).stderr)
        self.assertIn("nobody", run("export", SAMPLE, "--format", "junit", "--student", "nobody", status=1).stderr)

    def test_names_stay_in_their_folder(self) -> None:
        """A name that leads elsewhere is refused before it becomes a path."""
        with tempfile.TemporaryDirectory() as scratch:
            class_of_one(Path(scratch), [lab(1, 10)])
            path = Path(scratch) / "class.json"
            for name in ("../escaped", "a/b", "..", ""):
                document = json.loads(path.read_text(encoding="utf-8"))
                document["submissions"] = [name]
                path.write_text(json.dumps(document), encoding="utf-8")
                done = run("export", scratch, "--format", "autolab", "--out", Path(scratch) / "out", status=1)
                self.assertIn("no name of a submission", done.stderr)

    def test_out_cannot_be_written(self) -> None:
        """Nothing half is left, and what was there stays."""
        with tempfile.TemporaryDirectory() as scratch:
            taken = Path(scratch) / "taken"
            taken.mkdir()
            (taken / "file").write_text("mine", encoding="utf-8")
            run("export", SAMPLE, "--format", "junit", "--out", taken, status=1)
            run("export", SAMPLE, "--format", "junit", "--out", Path(scratch) / "nowhere" / "file.xml", status=1)
            self.assertEqual(sorted(path.name for path in Path(scratch).rglob("*")), ["file", "taken"])


# ---- policy ----


def lab(number: int, points: int, most: int = 100, checks: Sequence[Json] = (), **more: Any) -> Json:
    """A verdict, as short as it may be."""
    return {"schema": "shmlab-result/1", "lab": f"lab{number}_x", "number": number, "title": "x", "points": points,
            "points_max": most, "challenge_points": 0, "challenge_points_max": 0, "checks": list(checks), "leaks": [],
            **more}


def class_of_one(folder: Path, labs: Sequence[Json], submitted: str = "", identity: str = "s1") -> None:
    """A results folder with one submission."""
    student = {"id": identity, "name": "Ada", "email": "ada@example.org"}
    sample_results.write(folder, [each["number"] for each in labs],
                         [sample_results.submission("one", student, labs, submitted)], [student])


class Policy(unittest.TestCase):
    """Lateness."""

    BASE: Json = {"schema": "shmlab-policy/1", "time_zone": "Europe/Berlin", "due": {"lab1": "2026-11-03T23:59"},
                  "penalty_percent_per_day": 10}

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def policy(self, **more: Any) -> Path:
        """The base policy with other members; None takes one away."""
        document = {key: value for key, value in {**self.BASE, **more}.items() if value is not None}
        path = self.folder / "policy.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def marks(self, submitted: str, labs: Sequence[Json] = (), **more: Any) -> List[Dict[str, str]]:
        """The rows of labs.csv of a student who handed in at that time."""
        class_of_one(self.folder / "class", labs or [lab(1, 90)], submitted)
        text = export("csv", "--table", "labs", "--policy", self.policy(**more), sample=self.folder / "class")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def mark(self, submitted: str, **more: Any) -> str:
        """The adjusted points of a lab with 90 of 100."""
        row = self.marks(submitted, **more)[0]
        self.assertEqual(row["points"], "90")  # the raw ones are kept
        return row["points_adjusted"]

    def test_days(self) -> None:
        """A day begins a second after the due time; the last minute of the due time is in time. Berlin is UTC+1."""
        self.assertEqual(self.mark("2026-11-03T22:59:00Z"), "90")
        self.assertEqual(self.mark("2026-11-03T22:59:01Z"), "81")
        self.assertEqual(self.mark("2026-11-04T22:59:00Z"), "81")
        self.assertEqual(self.mark("2026-11-04T22:59:01Z"), "72")

    def test_last_minute(self) -> None:
        """Half a minute after the due time is after it, and it is seen why."""
        row = self.marks("2026-11-03T22:59:30Z")[0]
        self.assertIn("handed in at 2026-11-03 23:59:30 CET, after 2026-11-03 23:59 CET, 1 day late", row["note"])
        self.assertEqual(row["submitted"], "2026-11-03 23:59:30 CET")

    def test_clock_changes(self) -> None:
        """A late day ends at the same time of day, also when the day had 25 or 23 hours."""
        for due, in_time, late in (("2026-10-24T23:59", "2026-10-25T22:59:00Z", "2026-10-25T22:59:01Z"),
                                   ("2026-03-28T23:59", "2026-03-29T21:59:00Z", "2026-03-29T21:59:01Z")):
            self.assertEqual(self.mark(in_time, due={"lab1": due}), "81")
            self.assertEqual(self.mark(late, due={"lab1": due}), "72")

    def test_zones(self) -> None:
        """A fixed offset, UTC, and a due time with an offset of its own."""
        self.assertEqual(self.mark("2026-11-04T04:59:00Z", time_zone="-05:00"), "90")
        self.assertEqual(self.mark("2026-11-04T04:59:01Z", time_zone="-05:00"), "81")
        self.assertEqual(self.mark("2026-11-03T23:59:00Z", time_zone="UTC"), "90")
        self.assertEqual(self.mark("2026-11-03T14:59:01Z", due={"lab1": "2026-11-03T23:59+09:00"}), "81")

    def test_cap_and_closing(self) -> None:
        """No more than the cap is taken, until the lab closes."""
        self.assertEqual(self.mark("2026-11-30T12:00:00Z", cap_percent=50), "45")
        self.assertEqual(self.mark("2026-11-30T12:00:00Z"), "0")
        self.assertEqual(self.mark("2026-11-10T22:59:00Z", cap_percent=50, closes_after_days=7), "45")
        self.assertEqual(self.mark("2026-11-10T22:59:01Z", cap_percent=50, closes_after_days=7, late_days=3), "0")

    def test_grace(self) -> None:
        """Minutes that do not count, at every day's end."""
        self.assertEqual(self.mark("2026-11-03T23:09:00Z", grace_minutes=10), "90")
        self.assertEqual(self.mark("2026-11-03T23:09:01Z", grace_minutes=10), "81")

    def test_penalty_of(self) -> None:
        """Of what was earned, or of what the lab is worth; fractions are kept."""
        self.assertEqual(self.mark("2026-11-04T12:00:00Z", penalty_of="points_max"), "80")
        self.assertEqual(self.mark("2026-11-04T12:00:00Z", penalty_percent_per_day=2.5), "87.75")
        self.assertEqual(self.marks("2026-11-06T12:00:00Z", [lab(1, 5)], penalty_of="points_max")[0]["points_adjusted"], "0")

    def test_late_days(self) -> None:
        """They are spent in the order of the due dates, not on what is missing or worth nothing."""
        due = {"lab1": "2026-11-03T23:59", "lab2": "2026-11-02T23:59", "lab3": "2026-11-01T23:59", "lab4": "2026-11-01T23:59"}
        found = self.marks("2026-11-04T12:00:00Z", [lab(1, 90), lab(2, 90), lab(3, 0, missing=True), lab(4, 0)], due=due,
                           late_days=2)
        self.assertEqual([row["late_days_used"] for row in found], ["0", "2", "0", "0"])
        self.assertEqual([row["points_adjusted"] for row in found], ["81", "90", "0", "0"])

    def test_students(self) -> None:
        """Extensions, own late days and own hand-in times, by the roster's id or the submission's name."""
        late = "2026-11-05T12:00:00Z"
        self.assertEqual(self.mark(late, students={"s1": {"extensions": {"lab1": "2026-11-05T23:59"}}}), "90")
        self.assertEqual(self.mark(late, students={"one": {"extensions": {"lab1": "2026-11-04T23:59"}}}), "81")
        self.assertEqual(self.mark(late, students={"s1": {"late_days": 1, "reason": "ill"}}), "81")
        self.assertEqual(self.mark(late, students={"s1": {"submitted": {"lab1": "2026-11-03T12:00"}}}), "90")
        self.assertEqual(self.mark(late, late_days=5, students={"s1": {"late_days": 0}}), "72")
        self.assertEqual(self.mark(late, students={"s2": {"late_days": 9}}), "72")

    def test_unknown_time(self) -> None:
        """Nothing is taken off, and somebody is told."""
        class_of_one(self.folder / "class", [lab(1, 90)])
        done = run("export", self.folder / "class", "--format", "csv", "--table", "labs", "--policy", self.policy())
        self.assertIn("one: it is not known when this was handed in", done.stderr)
        self.assertIn("lateness is not counted", done.stdout)

    def test_sites(self) -> None:
        """Gradescope, Autolab and JUnit get the adjusted marks."""
        class_of_one(self.folder / "class", [lab(1, 90), lab(2, 55)], "2026-11-04T12:00:00Z")
        more = ("--student", "one", "--policy", self.policy())
        document = json.loads(export("gradescope", *more, sample=self.folder / "class"))
        self.assertEqual(document["score"], 136)
        self.assertIn("10 % of the points taken off", document["output"])
        last = export("autolab", *more, sample=self.folder / "class").splitlines()[-1]
        self.assertEqual(json.loads(last), {"scores": {"lab1": 81, "lab2": 55}})
        self.assertIn('name="points.adjusted" value="81"', export("junit", *more, sample=self.folder / "class"))

    def test_mistakes(self) -> None:
        """Each is named; nothing is silently ignored."""
        mistakes: List[Tuple[Json, str]] = [
            ({"time_zone": None}, "time_zone is missing"),
            ({"time_zone": "Europe/Berlyn"}, "is none that this machine knows"),
            ({"time_zone": "../../etc/passwd"}, "is none that this machine knows"),
            ({"time_zone": "+15:00"}, "is none that this machine knows"),
            ({"schema": "shmlab-policy/2"}, "schema must be"),
            ({"due": None}, "due is missing"),
            ({"due": {"lab1": "2026-11-03"}}, "no date of the form"),
            ({"due": {"lab1": "2026-02-30T12:00"}}, "no day of the calendar"),
            ({"due": {"lab1": "2026-03-29T02:30"}}, "an hour that this time zone leaves out"),
            ({"due": {"lab1": "2026-11-03T23:59 CET"}}, "not ended by a time zone"),
            ({"due": {"lab one": "2026-11-03T23:59"}}, "for no lab"),
            ({"due": ["2026-11-03T23:59"]}, "must be an object"),
            ({"late_day": 3}, "no member that a policy has"),
            ({"late_days": -1}, "must be a whole number"),
            ({"late_days": 1.5}, "must be a whole number"),
            ({"penalty_percent_per_day": 101}, "must be a number from 0 to 100"),
            ({"penalty_percent_per_day": "10"}, "must be a number from 0 to 100"),
            ({"penalty_of": "all"}, "must be \"points\""),
            ({"students": {"s1": {"extention": {}}}}, "no member that a policy has"),
            ({"students": {"s1": {"extensions": {"lab1": "soon"}}}}, "no date of the form"),
            ({"students": ["s1"]}, "must be an object"),
        ]
        for change, message in mistakes:
            with self.subTest(message=message, change=change):
                self.assertIn(message, run("policy", "--check", self.policy(**change), status=1).stderr)
        broken = self.folder / "broken.json"
        broken.write_text('{"schema": "shmlab-policy/1",\n "due": }', encoding="utf-8")
        self.assertIn("line 2", run("policy", "--check", broken, status=1).stderr)
        broken.write_text('{"schema": "shmlab-policy/1", "schema": "shmlab-policy/1"}', encoding="utf-8")
        self.assertIn("duplicate", run("policy", "--check", broken, status=1).stderr)
        run("policy", status=2)

    def test_explanation(self) -> None:
        """In words, in both time zones, with examples; strangers are found."""
        class_of_one(self.folder / "class", [lab(1, 90)])
        path = self.policy(late_days=2, cap_percent=50, closes_after_days=7,
                           students={"s1": {"extensions": {"lab1": "2026-11-05T23:59"}, "reason": "ill"}})
        text = run("policy", "--check", path, self.folder / "class").stdout
        self.assertIn("2026-11-03 23:59 CET = 2026-11-03 22:59 UTC; closes 2026-11-10 23:59 CET", text)
        self.assertIn("0 late days left   0: 80  1: 72  2: 64  3: 56  4: 48  5: 40  6: 40  7: 40", text)
        self.assertIn("2 late days left   0: 80  1: 80  2: 80  3: 72", text)
        self.assertIn("s1 (ill):", text)
        path = self.policy(students={"s9": {"late_days": 1}})
        self.assertIn("nobody is called 's9'", run("policy", "--check", path, self.folder / "class", status=1).stderr)


class ByHand(unittest.TestCase):
    """Points and comments by hand, grade books, numbers for names: a class of six, made up."""

    CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "class"
        people = [{"id": f"s{index}", "name": f"Zoé Nr{index}", "email": f"z{index}@example.org", "login": f"z{index}",
                   "section": "A", "row": [f"Nr{index}, Zoé", f"77{index}", f"s{index}", f"z{index}", "A"]}
                  for index in range(7)]

        def one(index: int) -> Json:
            check = {"name": "builds", "title": "it builds", "concept": "c", "visibility": "public", "challenge": False,
                     "points": 10, "points_max": 10, "outcome": "passed" if index % 2 else "failed", "expected": "e",
                     "found": "offset  is\n     0  7\n     8  9", "leaks": []}
            return sample_results.submission(f"zoe{index}", people[index], [
                lab(1, 40 + 10 * index, checks=[check], points_unjudged=5), lab(2, 50)], "2026-11-03T22:30:00Z")

        sample_results.write(self.folder, [1, 2], [one(index) for index in range(6)], people)
        document = json.loads((self.folder / "class.json").read_text(encoding="utf-8"))
        document["roster_columns"] = self.CANVAS
        (self.folder / "class.json").write_text(json.dumps(document), encoding="utf-8")
        run("adjust", self.folder, "zoe1", "--lab", "1", "--points", "-2.5", "--comment", "late demo", "--by", "Ana")
        run("adjust", self.folder, "s2", "--lab", "2", "--points", "80", "--by", "Ana")
        run("adjust", self.folder, "zoe3", "--lab", "1", "--comment", "=well \"done\"", "--by", "Ana")

    def table(self, *arguments: object) -> List[Dict[str, str]]:
        """A table of this class."""
        return list(csv.DictReader(io.StringIO(export(*arguments, sample=self.folder), newline="")))

    def test_the_class_lists_own_columns(self) -> None:
        """Every table about students begins with them, in their order, with the cells as they were."""
        for name in ("checks", "labs", "course", "mail"):
            rows = list(csv.reader(io.StringIO(export("csv", "--table", name, sample=self.folder), newline="")))
            self.assertEqual(rows[0][:5], self.CANVAS, name)
            self.assertNotIn("row", rows[0])
            self.assertEqual(rows[1][:5], ["Nr0, Zo\u00e9", "770", "s0", "z0", "A"], name)
            self.assertEqual({len(row) for row in rows}, {len(rows[0])}, name)

    def test_every_export_shows_it(self) -> None:
        """Marks and comments, with who and when."""
        labs = {(row["submission"], row["lab"]): row for row in self.table("csv", "--table", "labs")}
        course = {row["submission"]: row for row in self.table("csv", "--table", "course")}
        self.assertEqual(labs["zoe1", "1"]["points_adjusted"], "47.5")
        self.assertEqual(labs["zoe2", "2"]["points_adjusted"], "80")
        self.assertRegex(labs["zoe1", "1"]["comments"], r"^-2.5 points by hand \(Ana, 20..-..-..\): late demo$|^'-2.5 points")
        self.assertEqual((course["zoe1"]["points"], course["zoe1"]["points_adjusted"]), ("100", "97.5"))
        self.assertIn("late demo", course["zoe1"]["comments"])
        self.assertEqual(course["zoe1"]["points_unjudged"], "5")
        self.assertIn('comment (Ana', course["zoe3"]["comments"])
        for kind in ("html", "gradescope", "autolab"):
            self.assertIn("late demo", export(kind, "--student", "zoe1", sample=self.folder), kind)
        self.assertIn("47.5 adjusted", Page(export("html", "--student", "zoe1", sample=self.folder)).text)
        self.assertEqual(json.loads(export("gradescope", "--student", "zoe1", sample=self.folder))["score"], 97.5)
        self.assertIn('{"scores":{"lab1":47.5,"lab2":50}}', export("autolab", "--student", "zoe1", sample=self.folder))
        self.assertIn('value="-2.5 points by hand', export("junit", sample=self.folder))
        lines = dict(line.partition("=")[::2] for line in export("classroom", "--student", "zoe1", sample=self.folder).splitlines())
        by_hand = json.loads(base64.b64decode(lines["LAB1BYHAND_RESULTS"]))
        self.assertEqual((by_hand["tests"][0]["score"], by_hand["max_score"]), (-2.5, 0))

    def test_it_survives(self) -> None:
        """Grading again does not touch it; points that were given for other results are told."""
        path = self.folder / "submissions" / "zoe2" / "result.json"
        result = json.loads(path.read_text(encoding="utf-8"))
        result["labs"][1]["points"] = 60
        path.write_text(json.dumps(result), encoding="utf-8")
        done = run("export", self.folder, "--format", "csv", "--table", "labs")
        self.assertIn("zoe2, lab 2: the points by hand were given when it had 50 points; it has 60 now", done.stderr)
        self.assertIn(",80,", next(line for line in done.stdout.splitlines() if ",zoe2,2," in line))

    def test_list_and_undo(self) -> None:
        """What is there is told, and can be taken away; what is wrong is refused."""
        self.assertIn("  1  zoe1, lab 1: -2.5 points  late demo (Ana, 20", run("adjust", self.folder).stdout)
        run("adjust", self.folder, "--undo", "1")
        self.assertNotIn("late demo", run("adjust", self.folder).stdout)
        run("adjust", self.folder, "--undo", "3", status=1)
        run("adjust", self.folder, "nobody", "--lab", "1", "--points", "+1", status=1)
        run("adjust", self.folder, "zoe1", "--lab", "7", "--points", "+1", status=1)
        for wrong in (["zoe1"], ["zoe1", "--lab", "1"], ["zoe1", "--lab", "1", "--points", "many"],
                      ["zoe1", "--lab", "1", "--points", "1.234"], ["--lab", "1"]):
            run("adjust", self.folder, *wrong, status=2)
        (self.folder / "adjustments.json").write_text("{}", encoding="utf-8")
        self.assertIn("shmlab-adjustments/1", run("export", self.folder, "--format", "html", status=1).stderr)

    def test_lateness_comes_after(self) -> None:
        """Of the points by hand a part is taken off."""
        policy = self.folder / "policy.json"
        policy.write_text(json.dumps({**Policy.BASE, "due": {"lab1": "2026-11-03T12:00"}}), encoding="utf-8")
        row = next(row for row in self.table("csv", "--table", "labs", "--policy", policy) if row["submission"] == "zoe1")
        self.assertEqual(row["points_adjusted"], "42.75")

    def test_canvas(self) -> None:
        """Its own first columns come back, then the labs as it calls them; nothing for whoever handed in nothing."""
        text = export("canvas", "--column", "lab1=Lab 1 (4711)", sample=self.folder)
        table = list(csv.reader(io.StringIO(text, newline="")))
        self.assertEqual(table[0], self.CANVAS + ["Lab 1 (4711)", "Lab 2"])
        self.assertEqual(table[1], ["    Points Possible", "", "", "", "", "100", "100"])
        self.assertEqual(table[3], ["Nr1, Zoé", "771", "s1", "z1", "A", "47.5", "50"])
        self.assertEqual(table[8], ["Nr6, Zoé", "776", "s6", "z6", "A", "", ""])

    def test_moodle(self) -> None:
        """Who, by whatever it asks for; a column for the points and one for the feedback of each lab."""
        row = self.table("moodle")[1]
        self.assertEqual([row[name] for name in ("ID number", "Username", "Email address", "Lab 1", "Lab 2")],
                         ["s1", "z1", "z1@example.org", "47.5", "50"])
        self.assertIn("late demo", row["Lab 1 (feedback)"])

    def test_mail(self) -> None:
        """A row a mail, also for whoever handed in nothing."""
        mails = self.table("csv", "--table", "mail")
        self.assertEqual(len(mails), 7)
        self.assertEqual((mails[1]["mail_to"], mails[1]["mail_points"], mails[1]["mail_page"]),
                         ("z1@example.org", "97.5", "zoe1.html"))
        self.assertEqual(mails[1]["mail_marks"], "Lab 1: 47.5 of 100 points; lab 2: 50 of 100 points")
        self.assertEqual((mails[6]["mail_marks"], mails[6]["mail_page"]), ("nothing handed in", ""))

    def test_absent_students(self) -> None:
        """They are in the report and in JUnit, too."""
        text = Page(export("html", sample=self.folder)).text
        self.assertIn("Zoé Nr6 (s6)", text)
        self.assertIn("6 handed in, 1 did not", text)
        suites = ElementTree.fromstring(export("junit", sample=self.folder))
        self.assertEqual([suite.get("skipped") for suite in suites if suite.get("name") == "s6.no_submission"], ["1"])
        self.assertEqual(int(suites.get("tests", "")), sum(int(suite.get("tests", "")) for suite in suites))

    def test_difficulty(self) -> None:
        """How many passed of the upper and of the lower third; a histogram of the sums; drawings keep their columns."""
        row = self.table("csv", "--table", "statistics")[0]
        self.assertEqual([row[name] for name in ("upper_passed", "upper", "lower_passed", "lower", "passed_percent",
                                                 "discrimination_percent")], ["1", "2", "1", "2", "50", "0"])
        page = Page(export("html", sample=self.folder))
        self.assertIn("All labs", page.text)
        self.assertIn(("dd", "class", "output drawing"), page.attributes)

    def test_anonymous(self) -> None:
        """No name is left; the key tells who is who."""
        key = self.folder / "key.csv"
        for arguments in (("html",), ("csv", "--table", "course"), ("csv", "--table", "labs"), ("junit",)):
            text = export(*arguments, "--anonymous", key, sample=self.folder)
            for word in ("zoe", "Zoé", "example.org", "s1,"):
                self.assertNotIn(word, text, arguments)
            self.assertIn("student-006", text)
        who = {row["number"]: row["id"] for row in csv.DictReader(io.StringIO(key.read_text(encoding="utf-8"), newline=""))}
        self.assertEqual(sorted(who.values()), [f"s{index}" for index in range(6)])
        self.assertNotEqual(list(who.values()), sorted(who.values()))

    def test_local_time(self) -> None:
        """People read the clock on their wall."""
        done = subprocess.run([str(GRADER), "export", str(self.folder), "--format", "html", "--student", "zoe1"],
                              env={"TZ": "Europe/Berlin", "PATH": "/usr/bin"}, capture_output=True, text=True, check=True)
        self.assertIn("handed in 2026-11-03 23:30 CET", done.stdout)


def main() -> None:
    """Take our options, leave the rest to unittest."""
    global GRADER, SAMPLE
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", type=Path, required=True)
    parser.add_argument("--sample", type=Path, required=True)
    options, rest = parser.parse_known_args()
    GRADER, SAMPLE = options.grader.resolve(), options.sample.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
