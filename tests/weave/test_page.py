#!/usr/bin/env python3
"""The page that plays a failure: what is in it, and in a browser, where slides/ has its packages, how it looks and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

from weave_cases import LIMIT_SECONDS, WeaveCase

HERE = Path(__file__).resolve().parent
PACKAGES = Path(os.environ.get("SLIDES_PACKAGES", str(HERE.parents[1] / "slides" / "node_modules"))).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LARGEST = 100_000  # bytes
# A race that one line explains, a deadlock of two, a lock of threads' kind, three processes, many steps.
SUBJECTS = {
    "wrong/flag_before_payload": ("writer", "reader"),
    "wrong/queue_swapped_waits": ("producer", "consumer"),
    "wrong/locks_abba": ("all",),
    "wrong/queue_two_producers_no_lock": ("producer", "producer", "consumer"),
    "wrong/crash": ("all",),
}


class Page(WeaveCase):
    def page(self, name: str, *options: str, status: int = 1) -> tuple[Path, str]:
        """The page of a subject's failure: its file, and its text."""
        binary, file = self.compiled(name), self.folder / f"{name.replace('/', '_')}.html"
        words = [word for role in SUBJECTS[name] for word in ("--", binary, role)]
        run = self.weave("-q", "--html", str(file), *options, *words)
        self.assertEqual(run.returncode, status, run.stdout)
        return file, file.read_text(encoding="utf-8")

    @staticmethod
    def data(text: str) -> dict[str, Any]:
        match = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
        assert match is not None
        found: dict[str, Any] = json.loads(match.group(1))
        return found

    def test_a_page_needs_nothing_else(self) -> None:
        for name in SUBJECTS:
            with self.subTest(name):
                file, text = self.page(name)
                self.assertLess(file.stat().st_size, LARGEST)
                self.assertNotRegex(text, r'(?i)src=|href=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)|fetch\(')
                self.assertNotIn("@", re.sub(r"@media", "", text))  # no mark of the template is left

    def test_a_race_is_in_it(self) -> None:
        data = self.data(self.page("wrong/flag_before_payload")[1])
        self.assertEqual((data["findings"][0]["cause"], data["hot"]), ("early-publication", "number"))
        guilty = [event for event in data["events"] if event["guilty"]]
        self.assertEqual(len(guilty), 3)
        self.assertTrue(any("handed over" in words for event in guilty for words in event["guilty"]))
        received = [event for event in data["events"] if event["from"] >= 0]
        self.assertTrue(received)
        for event in received:
            source = data["events"][event["from"]]
            self.assertNotEqual(source["process"], event["process"])
            self.assertEqual(source["name"], event["name"])
        for event in data["events"]:
            self.assertIn(str(event["line"]), data["files"][event["file"]]["lines"])
        ready = next(event for event in data["events"] if event["name"] == "ready" and event["changes"])
        self.assertEqual((ready["first"], ready["shown"]), ("0", "1"))

    def test_semaphores_count_and_locks_have_holders(self) -> None:
        events = self.data(self.page("wrong/queue_swapped_waits")[1])["events"]
        tokens = [int(event["shown"]) for event in events if event["name"] == "/empty" and event["what"] == "semaphore"]
        self.assertEqual(tokens, list(range(tokens[0], -1, -1)))
        locks = [event["shown"] for event in self.data(self.page("wrong/locks_abba")[1])["events"] if event["what"] == "lock"]
        self.assertTrue(any(words.startswith("held by ") for words in locks))

    def test_no_source_line_ends_the_data(self) -> None:
        source, binary = self.folder / "tag.c", str(self.folder / "tag")
        file = self.folder / "tag.html"
        text = (HERE / "programs" / "wrong" / "flag_before_payload.c").read_text(encoding="utf-8")
        source.write_text(text.replace("/* MISTAKE", "/* </script><b>@DATA@ MISTAKE").replace("../subject.h", str(HERE / "programs" / "subject.h")))
        self.assertEqual(self.weave("cc", "-O0", str(source), "-o", binary).returncode, 0)
        self.weave("-q", "--html", str(file), "--", binary, "writer", "--", binary, "reader")
        lines = self.data(file.read_text(encoding="utf-8"))["files"][0]["lines"].values()
        self.assertTrue(any("</script><b>@DATA@" in line for line in lines))

    def test_without_a_failure_nothing_is_overwritten(self) -> None:
        file = self.folder / "kept.html"
        file.write_text("what was there before")
        run = self.weave("--html", str(file), "--", self.compiled("correct/fetch_add"), "all")
        self.assertEqual((run.returncode, file.read_text()), (0, "what was there before"))
        self.assertIn("no failure", run.stdout)

    def test_a_replay_makes_the_same_page(self) -> None:
        binary, file = self.compiled("wrong/flag_before_payload"), self.folder / "again.html"
        first = self.data(self.page("wrong/flag_before_payload")[1])
        schedule = first["replay"].split()[3]
        self.weave("replay", "--html", str(file), schedule, "--", binary, "writer", "--", binary, "reader")
        self.assertEqual(self.data(file.read_text(encoding="utf-8")), first)

    @unittest.skipUnless(CHROMIUM and shutil.which("node"), "no chromium or no node")
    @unittest.skipUnless((PACKAGES / "node_modules" / "playwright-core").is_dir(), "slides/ has no packages of npm")
    def test_in_a_browser(self) -> None:
        pages = [str(self.page(name)[0]) for name in ("wrong/flag_before_payload", "wrong/queue_two_producers_no_lock")]
        run = subprocess.run(
            ["node", str(HERE / "page_check.mjs"), str(PACKAGES), str(CHROMIUM), *pages],
            capture_output=True,
            text=True,
            timeout=4 * LIMIT_SECONDS,
            check=False,
        )
        self.assertEqual((run.stdout, run.returncode), ("", 0), run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
