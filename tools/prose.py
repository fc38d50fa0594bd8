#!/usr/bin/env python3
"""Look in pages and sources for words that docs/style.md replaces; the table of that page is the list.

    prose.py [FILE...]        without names: the project's Markdown, and what its C and Python sources say

In Markdown, code (in fences, indented or between backquotes) is not looked at. In sources, texts between quotes are: messages, hints,
titles, --help; in the solutions and in common, which students read, the comments as well.
Exit status: 0 nothing found, 1 something, 2 wrong usage.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
STYLE = Path("docs/style.md")
LEFT_OUT = {STYLE, Path("CHANGELOG.md"), Path("slides/tools/test/sample.md")}
SOURCES = ("common/", "solutions/", "tests/checks/", "tests/harness/", "tools/", "slides/demos/")
COMMENTED = ("common/", "solutions/", "slides/demos/")
SAMPLE = "This text lies in shared memory:"  # the documents' own message: binding to the byte
C_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
PYTHON_TOKEN = re.compile(r'""".*?"""|#[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
ROW = re.compile(r"^\| (`.*`) \| (.*) \|$")


def replacements(page: str) -> Dict[str, str]:
    """Word or phrase: what to write."""
    words: Dict[str, str] = {}
    for line in page.splitlines():
        row = ROW.match(line)
        if row:
            words.update({word: row.group(2) for word in re.findall(r"`([^`]+)`", row.group(1))})
    return words


def prose(text: str) -> Iterator[Tuple[int, str]]:
    """Lines that people read as sentences, numbered from 1."""
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        mark = re.match(r"\s*(`{3,})", line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark.group(1)
        elif not fence and not line.startswith("    "):
            yield number, re.sub(r"`[^`]*`", "``", line)


def said(text: str, tokens: "re.Pattern[str]", comments: bool) -> Iterator[Tuple[int, str]]:
    """Texts of a source, and its comments if wanted, each in one line, with the number of the line in which it begins."""
    for token in tokens.finditer(text):
        words = token.group()
        if comments or words.startswith('"'):
            joined = re.sub(r'"\s*\n\s*"|\s*\n\s*(?:\*|//|#)?\s*', lambda gap: "" if gap.group().startswith('"') else " ", words)
            yield text.count("\n", 0, token.start()) + 1, joined.replace(SAMPLE, "")


def sentences(name: str, text: str) -> Iterator[Tuple[int, str]]:
    """What people read of a file."""
    if name.endswith((".c", ".h")):
        yield from said(text, C_TOKEN, name.startswith(COMMENTED))
    elif name.endswith(".py"):
        yield from said(text, PYTHON_TOKEN, name.startswith(COMMENTED))
    else:
        yield from prose(text)


def problems(name: str, text: str, words: Dict[str, str]) -> Iterator[str]:
    """FILE:LINE: what was found, and what to write."""
    for number, line in sentences(name, text):
        for word, better in words.items():
            if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", line, re.IGNORECASE):
                yield f'{name}:{number}: "{word}": write {better} (docs/style.md)'


def main(names: List[str]) -> int:
    """All files, or those named."""
    if any(name.startswith("-") for name in names):
        print(__doc__)
        return 0 if names == ["--help"] else 2
    words = replacements((ROOT / STYLE).read_text(encoding="utf-8"))
    if not words:
        print(f"prose.py: {STYLE} has no table of words")
        return 1
    if not names:
        listed = subprocess.run(
            ["git", "ls-files", "*.md", "*.c", "*.h", "*.py"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
        )
        names = [
            name
            for name in listed.stdout.split()
            if (name.endswith(".md") or name.startswith(SOURCES)) and Path(name) not in LEFT_OUT and (ROOT / name).exists()
        ]
    found = [each for name in names for each in problems(name, (ROOT / name).read_text(encoding="utf-8"), words)]
    print("\n".join(found) if found else f"prose.py: {len(names)} files, none with a word of the table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
