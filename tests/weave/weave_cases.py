"""What the tests of whole weave runs share: compiling a subject once, running weave, finding what is left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path
from typing import Any, Dict, Optional

PROGRAMS = Path(__file__).resolve().parent / "programs"
WEAVE = os.environ.get("WEAVE", "build/bin/weave")
LIMIT_SECONDS = 120  # of one call: only stops runaways
MARK = "WEAVE_TEST_MARK"


class WeaveCase(unittest.TestCase):
    """A test with a folder of its own; programs are compiled once a class."""

    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="weave-test-"))

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.folder)

    @classmethod
    def compiled(cls, name: str, compiler: str = "gcc", level: str = "-O0") -> str:
        """The binary of programs/NAME.c."""
        binary = cls.folder / f"{name.replace('/', '_')}-{compiler}{level}"
        if not binary.exists():
            source = PROGRAMS / f"{name}.c"
            subprocess.run(
                [WEAVE, "cc", f"--compiler={compiler}", level, "-Wall", "-Wextra", "-Werror", str(source), "-o", str(binary)],
                check=True,
                timeout=LIMIT_SECONDS,
            )
        return str(binary)

    def weave(self, *words: str, environment: Optional[Dict[str, str]] = None) -> "subprocess.CompletedProcess[str]":
        """Run weave; what it prints is in stdout."""
        return subprocess.run(
            [WEAVE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=LIMIT_SECONDS,
            check=False,
            env={**os.environ, **(environment or {})},
        )

    def report(self, *words: str, environment: Optional[Dict[str, str]] = None) -> Dict[str, Any]:
        """Run weave; its JSON, with the exit status and the text added."""
        path = self.folder / "report.json"
        path.unlink(missing_ok=True)
        run = self.weave("--json", str(path), *words, environment=environment)
        self.assertTrue(path.exists(), run.stdout)
        result: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        result["status"], result["text"] = run.returncode, run.stdout
        return result

    @staticmethod
    def causes(report: Dict[str, Any]) -> list[str]:
        return [finding["cause"] for finding in report["findings"]]


def new_mark() -> str:
    """A value for the environment variable MARK by which processes are recognised."""
    return uuid.uuid4().hex


def marked_processes(mark: str) -> list[int]:
    """All processes whose environment has the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it has ended meanwhile, or belongs to somebody else
            continue
    return found
