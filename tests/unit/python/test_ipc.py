"""Shared memory, semaphores, presence, atomics, stopping."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import threading
import time
import unittest
from unittest import mock

from support import LIMIT, Case, Program, finish, libc, unique

from shmlab import atomics, libc as shmlab_libc, posix_shm, presence, semaphore, sysv_shm
from shmlab.errors import ShmlabError, symbol
from shmlab.posix_shm import SharedMemory
from shmlab.semaphore import Semaphore


class Errors(Case):
    def test_message(self) -> None:
        error = ShmlabError("shm_open(/x)", "start the writer", errno.ENOENT)
        self.assertEqual(str(error), "shm_open(/x): ENOENT (No such file or directory): start the writer")
        self.assertEqual(symbol(4711), "error 4711")

    def test_function_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(ImportError, "no_such_call"):
            shmlab_libc.function("no_such_call", ctypes.c_int, [])


class Posix(Case):
    def test_reads_what_is_there(self) -> None:
        name = unique()
        self.shm(name, 100, b"hello")
        with SharedMemory(f"/{name}") as memory:
            self.assertEqual(memory.size(), 100)
            self.assertEqual(memory.map(100)[:5], b"hello")
            with self.assertRaises(TypeError):
                memory.map(100)[0] = 1  # mapped read-only

    def test_writes(self) -> None:
        name = unique()
        there = self.shm(name, 100)
        with SharedMemory(f"/{name}", writable=True) as memory:
            memory.map(100)[7] = 9
        self.assertEqual(there[7], 9)

    def test_too_small(self) -> None:
        name = unique()
        self.shm(name, 10)
        with SharedMemory(f"/{name}") as memory, self.assertRaisesRegex(ShmlabError, "has 10 bytes, 11 are needed"):
            memory.map(11)

    def test_missing(self) -> None:
        with self.assertRaisesRegex(ShmlabError, r"shm_open\(/nope.*\): ENOENT \(No such file.*\): start"):
            posix_shm.open_existing("/nope" + unique(), "start it")

    def test_still_named(self) -> None:
        name = unique()
        self.shm(name, 10)
        with SharedMemory(f"/{name}") as memory:
            self.assertTrue(memory.still_named())
            posix_shm.unlink(f"/{name}")
            self.assertFalse(memory.still_named())
            self.shm(name, 10)  # another one
            self.assertFalse(memory.still_named())

    def test_leaves_no_descriptor(self) -> None:
        name = unique()
        self.shm(name, 10)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with SharedMemory(f"/{name}") as memory:
                memory.map(10)
                memory.still_named()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class Semaphores(Case):
    def opened(self, value: int) -> Semaphore:
        name = unique()
        self.semaphore(name, value)
        opened = Semaphore(f"/{name}")
        self.addCleanup(opened.close)
        return opened

    def test_counts(self) -> None:
        tokens = self.opened(2)
        self.assertEqual(tokens.value(), 2)
        self.assertTrue(tokens.try_wait() and tokens.try_wait())
        self.assertFalse(tokens.try_wait())
        tokens.post()
        self.assertTrue(tokens.wait(0))
        self.assertFalse(tokens.wait(0))

    def test_timeout(self) -> None:
        tokens = self.opened(0)
        began = time.monotonic()
        self.assertFalse(tokens.wait(0.05))
        self.assertGreaterEqual(time.monotonic() - began, 0.04)

    def test_is_woken_and_lets_other_threads_run(self) -> None:
        tokens = self.opened(0)
        # Were Python's lock held during the wait, the timer's thread could never post.
        timer = threading.Timer(0.02, tokens.post)
        timer.start()
        self.assertTrue(tokens.wait(LIMIT))
        timer.join()

    def test_interrupted_waits_go_on(self) -> None:
        tokens = self.opened(0)
        signals = []

        def handler(_number: int, _frame: object) -> None:
            signals.append(1)
            if len(signals) == 3:
                tokens.post()

        before = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        self.assertTrue(tokens.wait(LIMIT))
        self.assertGreaterEqual(len(signals), 3)

    def test_overflow_is_an_error(self) -> None:
        tokens = self.opened(2**31 - 1)
        with self.assertRaises(OSError) as caught:
            tokens.post()
        self.assertEqual(caught.exception.errno, errno.EOVERFLOW)

    def test_unlink(self) -> None:
        name = f"/{unique()}"
        self.semaphore(name[1:], 3)
        with Semaphore(name) as opened:
            semaphore.unlink(name)
            self.assertEqual(opened.value(), 3)
        with self.assertRaises(FileNotFoundError):
            semaphore.unlink(name)
        with self.assertRaisesRegex(ShmlabError, "sem_open.*ENOENT.*start"):
            semaphore.open_existing(name, "start it")


class Stopping(Case):
    program = """
import sys
from shmlab import stop
from shmlab.semaphore import Semaphore
stop.on_signals()
tokens = Semaphore(sys.argv[1])
print("ready", flush=True)
if sys.argv[2] == "wait":
    while not stop.requested():
        if tokens.wait(100):
            print("token", flush=True)
else:
    print(stop.sleep(100), flush=True)
print(stop.name(), flush=True)
"""

    def test_signals_end_waits_and_sleeps(self) -> None:
        for how in ("wait", "sleep"):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(how=how, number=number):
                    name = unique()
                    self.semaphore(name, 0)
                    process = self.start(["-c", self.program, f"/{name}", how])
                    self.assertEqual(process.stdout.readline(), "ready\n")
                    process.send_signal(number)
                    if how == "wait":
                        # A signal between the look at the flag and sem_clockwait is seen one slice later; here a
                        # slice is 100 s, so help it with a token: it must see the flag before it waits again.
                        handle = libc.sem_open(f"/{name}".encode(), 0)
                        libc.sem_post(handle)
                        libc.sem_close(handle)
                    run = finish(process)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    self.assertTrue(run.stdout.endswith(signal.Signals(number).name + "\n"), run.stdout)


class Presence(Case):
    holder = """
import sys
from shmlab import presence
from shmlab.posix_shm import SharedMemory
memory = SharedMemory(sys.argv[1], writable=True)
memory.map(10)
print(presence.claim(memory.fd, int(sys.argv[2]), getattr(presence, sys.argv[3])), flush=True)
sys.stdin.read()
"""

    def setUp(self) -> None:
        self.name = unique()
        self.shm(self.name, 10)
        self.memory = SharedMemory(f"/{self.name}", writable=True)
        self.addCleanup(self.memory.close)

    def hold(self, byte: int, kind: str, expected: bool = True) -> Program:
        process = self.start(
            ["-c", self.holder, f"/{self.name}", str(byte), kind], stdin=subprocess.PIPE, stderr=None
        )
        self.assertEqual(process.stdout.readline(), f"{expected}\n")
        return process

    def test_killed_holders_are_gone(self) -> None:
        process = self.hold(1, "EXCLUSIVE")
        self.assertTrue(presence.held(self.memory.fd, 1))
        self.assertFalse(presence.held(self.memory.fd, 0))
        self.assertFalse(presence.claim(self.memory.fd, 1, presence.EXCLUSIVE))
        process.kill()
        process.wait(LIMIT)
        self.assertFalse(presence.held(self.memory.fd, 1))
        self.assertTrue(presence.claim(self.memory.fd, 1, presence.EXCLUSIVE))

    def test_shared_roles(self) -> None:
        first, second = self.hold(0, "SHARED"), self.hold(0, "SHARED")
        self.assertTrue(presence.claim(self.memory.fd, 0, presence.SHARED))
        self.assertFalse(presence.claim(self.memory.fd, 0, presence.EXCLUSIVE))
        for process in (first, second):
            self.assertTrue(presence.held(self.memory.fd, 0))
            process.kill()
            process.wait(LIMIT)
        self.assertFalse(presence.held(self.memory.fd, 0))
        self.assertTrue(presence.claim(self.memory.fd, 0, presence.EXCLUSIVE))
        self.hold(0, "SHARED", expected=False)
        presence.release(self.memory.fd, 0)
        self.hold(0, "EXCLUSIVE")

    def test_own_role_is_not_somebody_else(self) -> None:
        self.assertTrue(presence.claim(self.memory.fd, 0, presence.EXCLUSIVE))
        self.assertFalse(presence.held(self.memory.fd, 0))


class SystemV(Case):
    def test_ftok(self) -> None:
        for path, number in (("/tmp", 65), ("/", 1), ("/proc/self", 255), ("/tmp", 321)):
            self.assertEqual(sysv_shm.ftok(path, number), libc.ftok(path.encode(), number), (path, number))
        with self.assertRaises(FileNotFoundError):
            sysv_shm.ftok("/nope", 1)

    def test_attach_and_facts(self) -> None:
        identity, address = self.segment(1000)
        ctypes.memmove(address, b"hello", 5)
        with sysv_shm.Segment(identity) as segment:
            self.assertEqual(bytes(segment.view[:5]), b"hello")
            self.assertEqual(len(segment.view), 1000)
            facts = segment.facts()
            self.assertEqual((facts.size, facts.mode & 0o777, facts.creator), (1000, 0o600, os.getpid()))
            self.assertEqual((facts.attached, facts.is_removed()), (2, False))
            with self.assertRaises(TypeError):
                segment.view[0] = 1
            with self.assertRaisesRegex(ShmlabError, "has 1000 bytes, 1001 are needed"):
                segment.need(1001)
            libc.shmctl(identity, 0, None)
            self.assertTrue(segment.facts().is_removed())
        libc.shmdt(address)
        with self.assertRaises(OSError) as caught:
            sysv_shm.facts(identity)
        self.assertIn(caught.exception.errno, (errno.EINVAL, errno.EIDRM))

    def test_writable(self) -> None:
        identity, address = self.segment(10)
        with sysv_shm.Segment(identity, writable=True) as segment:
            segment.view[3] = 77
        self.assertEqual(ctypes.c_uint8.from_address(address + 3).value, 77)

    def test_missing(self) -> None:
        with self.assertRaises(FileNotFoundError):
            sysv_shm.find(0x7E000000 + os.getpid())


class Atomics(Case):
    def test_load_and_store(self) -> None:
        cell = (ctypes.c_uint8 * 3)(1, 2, 3)
        byte = atomics.AtomicByte(ctypes.addressof(cell) + 1)
        self.assertEqual(byte.load_acquire(), 2)
        byte.store_release(200)
        self.assertEqual((list(cell), byte.load_acquire()), ([1, 200, 3], 200))

    def test_missing_library_names_the_package(self) -> None:
        with mock.patch.object(atomics, "LIBRARY", "libnope.so.9"):
            with self.assertRaisesRegex(ShmlabError, "libnope.*libatomic1"):
                atomics.AtomicByte(0)


if __name__ == "__main__":
    unittest.main()
