#!/usr/bin/env python3
"""Look in all pages for words that docs/style.md replaces; the table of that page is the list.

    prose.py [FILE...]        the project's Markdown files when none is named

Code, in fences, indented or between backquotes, is not looked at. Exit status: 0 nothing found, 1 something, 2 wrong usage.
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


def problems(name: str, text: str, words: Dict[str, str]) -> Iterator[str]:
    """FILE:LINE: what was found, and what to write."""
    for number, line in prose(text):
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
        listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        names = [name for name in listed.stdout.split() if Path(name) not in LEFT_OUT and (ROOT / name).exists()]
    found = [each for name in names for each in problems(name, (ROOT / name).read_text(encoding="utf-8"), words)]
    print("\n".join(found) if found else f"prose.py: {len(names)} pages, none with a word of the table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
