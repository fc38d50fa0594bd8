"""fetch_models.py, against servers of all manners on the loopback: a good one, and each that goes wrong.

The real files are no part of the project, so the program is loaded as a module and told to expect others.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import importlib.util
import io
import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import ClassVar, Iterator
from unittest import mock

PROGRAM = Path(sys.argv.pop(1))
SPEC = importlib.util.spec_from_file_location("fetch_models", PROGRAM)
assert SPEC is not None and SPEC.loader is not None
fetch_models = importlib.util.module_from_spec(SPEC)
sys.dont_write_bytecode = True
SPEC.loader.exec_module(fetch_models)

CONTENT = {"a.cfg": b"[net]\n", "b.weights": bytes(range(256)) * 1000}
FILES = tuple(fetch_models.File(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items())


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT under /MANNER/NAME."""

    requests: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer in the manner that the path asks for."""
        manner, name = self.path.strip("/").split("/")
        self.requests.append(self.path)
        data = CONTENT[name]
        if manner == "missing":
            self.send_error(404)
            return
        sent = {"wrong": data[:-1] + b"!", "short": data[: len(data) // 2], "long": data + b"more"}.get(manner, data)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) if manner == "short" else len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """A server on a free port. Yields its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class FetchTest(unittest.TestCase):
    """One run of the program each."""

    def setUp(self) -> None:
        """A folder of its own; a server; no proxy in between."""
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "models"
        self.server = stack.enter_context(serving())
        stack.enter_context(mock.patch.object(fetch_models, "FILES", FILES))
        stack.enter_context(mock.patch.dict(os.environ, {"no_proxy": "*"}))
        Handler.requests.clear()

    def run_program(self, base: str) -> tuple[int, str]:
        """Fetch from base. Returns the exit status and what went to standard error."""
        errors = io.StringIO()
        with mock.patch.dict(os.environ, {"SHMLAB_MODELS_URL": base}), contextlib.redirect_stderr(errors), \
                contextlib.redirect_stdout(io.StringIO()), \
                mock.patch.object(sys, "argv", ["fetch_models", "--folder", str(self.folder)]):
            return fetch_models.main(), errors.getvalue()

    def names(self) -> list[str]:
        """What is in the folder, hidden files too."""
        return sorted(entry.name for entry in self.folder.iterdir())

    def test_good(self) -> None:
        """Both files arrive whole; a second run fetches nothing; a damaged file is fetched again."""
        self.assertEqual(self.run_program(f"{self.server}/good/"), (0, ""))
        self.assertEqual(self.names(), sorted(CONTENT))
        for name, data in CONTENT.items():
            self.assertEqual((self.folder / name).read_bytes(), data)
            self.assertEqual((self.folder / name).stat().st_mode & 0o777, 0o644)
        self.assertEqual(len(Handler.requests), 2)
        self.assertEqual(self.run_program(f"{self.server}/good")[0], 0)
        self.assertEqual(len(Handler.requests), 2)
        (self.folder / "a.cfg").write_bytes(b"[nix]\n")
        self.assertEqual(self.run_program(f"{self.server}/good")[0], 0)
        self.assertEqual(Handler.requests[2:], ["/good/a.cfg"])
        self.assertEqual((self.folder / "a.cfg").read_bytes(), CONTENT["a.cfg"])

    def check_refused(self, base: str, *words: str) -> None:
        """The program fails in one sentence with these words, and leaves nothing behind."""
        status, errors = self.run_program(base)
        self.assertEqual(status, 1)
        self.assertEqual(errors.count("\n"), 1)
        for word in words:
            self.assertIn(word, errors)
        self.assertEqual(self.names(), [])

    def test_wrong_content(self) -> None:
        """The right size, another content; and more than there should be."""
        self.check_refused(f"{self.server}/wrong", "not the file expected", "SHA-256")
        self.check_refused(f"{self.server}/long", "not the file expected")

    def test_truncated(self) -> None:
        """The connection closes half-way."""
        self.check_refused(f"{self.server}/short", "broke off", "3 bytes of 6")

    def test_missing(self) -> None:
        """HTTP 404."""
        self.check_refused(f"{self.server}/missing", "HTTP 404", "SHMLAB_MODELS_URL")

    def test_nobody_there(self) -> None:
        """Nothing listens; and no address at all."""
        self.check_refused("http://127.0.0.1:9", "Connection refused", "check the network")
        self.check_refused("nonsense", "nonsense", "SHMLAB_MODELS_URL")

    def test_old_file_stays(self) -> None:
        """A failed run does not touch what is there."""
        self.folder.mkdir()
        (self.folder / "a.cfg").write_bytes(b"mine")
        self.assertEqual(self.run_program(f"{self.server}/wrong")[0], 1)
        self.assertEqual((self.folder / "a.cfg").read_bytes(), b"mine")
        self.assertEqual(self.names(), ["a.cfg"])

    def test_shipped_table(self) -> None:
        """What the program expects by default is a network and its weights, with real fingerprints."""
        spec = importlib.util.spec_from_file_location("again", PROGRAM)
        assert spec is not None and spec.loader is not None
        again = importlib.util.module_from_spec(spec)
        with mock.patch.dict(sys.modules, {"again": again}):
            spec.loader.exec_module(again)
        self.assertEqual([Path(file.name).suffix for file in again.FILES], [".cfg", ".weights"])
        for file in again.FILES:
            self.assertRegex(file.sha256, r"\A[0-9a-f]{64}\Z")


if __name__ == "__main__":
    unittest.main()
