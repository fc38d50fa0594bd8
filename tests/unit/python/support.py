"""What the tests share: names of their own, plain access to IPC objects that owes nothing to the package, processes."""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import IO, Any, List, Optional

ROOT = Path(__file__).resolve().parents[3]
SOLUTIONS = ROOT / "solutions"
PACKAGE = ROOT / "common" / "python"
QUEUE_PRODUCER = Path(__file__).with_name("queue_producer.py")
LIMIT = 120  # seconds; only stops runaways

sys.path.insert(0, str(PACKAGE))

_numbers = itertools.count(1)

libc = ctypes.CDLL(None, use_errno=True)
libc.sem_open.restype = ctypes.c_void_p
libc.sem_open.argtypes = [ctypes.c_char_p, ctypes.c_int]
libc.sem_post.argtypes = [ctypes.c_void_p]
libc.sem_close.argtypes = [ctypes.c_void_p]
libc.sem_trywait.argtypes = [ctypes.c_void_p]
libc.sem_getvalue.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.shmdt.argtypes = [ctypes.c_void_p]
libc.shmctl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
libc.ftok.argtypes = [ctypes.c_char_p, ctypes.c_int]
IPC_CREAT, IPC_EXCL, IPC_RMID = 0o1000, 0o2000, 0


def unique() -> str:
    """A name that no other test or process uses."""
    return f"shmlabpy{os.getpid()}n{next(_numbers)}"


class Program(subprocess.Popen):  # type: ignore[type-arg]
    """A program that a test has started, with its output in pipes."""

    stdin: IO[str]
    stdout: IO[str]
    stderr: IO[str]


class Case(unittest.TestCase):
    """A test that owns objects and processes; all of them go when it ends, however it ends."""

    def shm(self, name: str, size: int, content: bytes = b"") -> mmap.mmap:
        """A POSIX object with that content."""
        path = f"/dev/shm/{name}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self.addCleanup(forget, path)
        os.ftruncate(fd, size)
        memory = mmap.mmap(fd, size)
        os.close(fd)
        memory[: len(content)] = content
        self.addCleanup(memory.close)
        return memory

    def semaphore(self, name: str, value: int) -> Any:
        """A named semaphore."""
        handle = libc.sem_open(f"/{name}".encode(), os.O_CREAT | os.O_EXCL, ctypes.c_uint(0o600), ctypes.c_uint(value))
        self.assertTrue(handle, os.strerror(ctypes.get_errno()))
        self.addCleanup(forget, f"/dev/shm/sem.{name}")
        self.addCleanup(libc.sem_close, handle)
        return handle

    def value(self, handle: Any) -> int:
        """Its tokens."""
        number = ctypes.c_int()
        libc.sem_getvalue(handle, ctypes.byref(number))
        return number.value

    def segment(self, size: int, key: int = 0) -> "tuple[int, int]":
        """A System V segment with that key, or a private one: id and address."""
        identity = libc.shmget(key, size, IPC_CREAT | IPC_EXCL | 0o600)
        self.assertNotEqual(identity, -1, os.strerror(ctypes.get_errno()))
        self.addCleanup(libc.shmctl, identity, IPC_RMID, None)
        address = libc.shmat(identity, None, 0)
        self.addCleanup(libc.shmdt, address)
        return identity, address

    def folder(self) -> Path:
        """A folder of the test's own."""
        made = tempfile.TemporaryDirectory(prefix="shmlab-")
        self.addCleanup(made.cleanup)
        return Path(made.name)

    def start(self, arguments: List[str], **options: Any) -> Program:
        """A Python program in the background, its output in pipes."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        environment = dict(os.environ, PYTHONPATH=str(PACKAGE))
        options.update(text=True, env=environment, preexec_fn=die_with_us)
        process = Program([sys.executable, *arguments], **options)
        self.addCleanup(end, process)
        return process

    def reader(self, lab: str, *arguments: str, **options: Any) -> Program:
        """A lab's Python program, given as lab/program.py, in the background."""
        return self.start([str(SOLUTIONS / lab), *arguments], **options)

    def run_reader(self, lab: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The same, until it ends."""
        return finish(self.reader(lab, *arguments))


def die_with_us() -> None:
    """In a new child: should the test be killed, its processes must not stay."""
    libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def finish(process: Program) -> "subprocess.CompletedProcess[str]":
    """Wait for the end of a process and for all of its output."""
    output, errors = process.communicate(timeout=LIMIT)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def end(process: Program) -> None:
    """Kill a process that a test left running, and close its pipes."""
    if process.poll() is None:
        process.kill()
    process.wait()
    pipes: "List[Optional[IO[str]]]" = [process.stdin, process.stdout, process.stderr]
    for pipe in pipes:
        if pipe is not None:
            pipe.close()


def forget(path: str) -> None:
    """Remove a file if it is still there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
