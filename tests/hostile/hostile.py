#!/usr/bin/env python3
"""Grade hostile submissions, and see that nothing comes of it.

    hostile.py --grader build/bin/grader [--as-user] [NAME...]

Every sample is handed in as a student's lab 3, all of them in one class between two decent students. Afterwards no
process of theirs is alive, the IPC objects of this machine are as before, no secret stands in the results, every score
is what expected.json says, byte for byte, and the others have their marks. --as-user: as an ordinary user (only root
can become one). --update writes expected.json anew: look at the difference before committing.

It runs in IPC and mount namespaces of its own, so that "as before" can be told on a machine where others work.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import io
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAB = "lab3_handshake"
SOLUTION = ROOT / "solutions" / LAB
EXPECTED = HERE / "expected.json"
SECRET = "token-of-the-instructor-5e1f"
BREACH = "BREACH"
OBJECT = "shmlab_hostile_canary"
KEY = 0x5E1F0001
ABSTRACT = "shmlab-hostile-canary"
ORDINARY = 61343  # any user but root and the grader's spare one
SKIPPED = 77
LOAD_MOST = 6  # on a busy machine limits are longer by at most that: tests/harness/process.c
CHECK_LONGEST = 30 + 10  # seconds: the largest limit of a check that a sample meets, and the keeper's grace
NOTICED = ("read_hidden_files", "network", "include_secret", "incbin", "include_tests")  # harmless without walls
RACES = {"wiped_findings": "a program has written into weave's own memory", "forged_report": "data race on"}  # must be found
TOLD = {"fork_bomb": "64 processes and threads at once", "thread_bomb": "64 processes and threads at once",
        "malloc_hog": "memory", "stdout_flood": "more than 16 MiB", "stderr_flood": "more than 16 MiB",
        "daemon_keeps_stdout": "lived on"}
LIBC = ctypes.CDLL(None, use_errno=True)


# ---- Submissions that are hostile by their shape ----


def decent(folder: Path) -> Path:
    """What an honest student hands in."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    for path in SOLUTION.iterdir():
        if path.suffix in (".c", ".h", ".py"):
            shutil.copy(path, lab / path.name)
    return lab


def half(folder: Path) -> Path:
    """The writer alone: what is handed in counts, and few checks run."""
    lab = decent(folder)
    for name in ("reader.c", "reader.py", "ping.c", "pong.py"):
        (lab / name).unlink()
    return lab


def build_commands(folder: Path) -> None:
    """Build files that do more than build."""
    lab = half(folder)
    evil = f"touch {folder.parent.parent}/built"
    (folder / "Makefile").write_text(f"all lab3:\n\t{evil}\n")
    (lab / "CMakeLists.txt").write_text(f"execute_process(COMMAND {evil})\n")
    (lab / "extra.cmake").write_text(f"execute_process(COMMAND {evil})\n")
    tests = folder / "tests" / "checks"
    tests.mkdir(parents=True)
    (tests / "lab3_handshake.c").write_text("int nothing;\n")


def option_names(folder: Path) -> None:
    """File names that a careless shell takes for options or commands."""
    lab = half(folder)
    for name in ("-o evil.c", "--help", "$(touch typed).c", "`id`.c", "a b.c", "new\nline.c", "=1+1.c", "\udcff\udcfe.c"):
        (lab / name).write_text("int x;\n")


def links(folder: Path) -> None:
    """A symbolic link to a secret in place of a source, and a folder that is one."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    (lab / "writer.c").symlink_to(folder.parent.parent / "passwords")
    (lab / "reader.c").symlink_to("/dev/zero")
    (folder / "lab1_layout").symlink_to("/etc")


def hard_link(folder: Path) -> None:
    """Another name of a file that is not the student's."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    os.link(folder.parent.parent / "passwords", lab / "writer.c")


def fifo(folder: Path) -> None:
    """Whoever opens it waits for ever."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    os.mkfifo(lab / "writer.c")


def unix_socket(folder: Path) -> None:
    """A socket in place of a source."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    here = os.getcwd()
    os.chdir(lab)  # the path of a socket is short
    socket.socket(socket.AF_UNIX).bind("writer.c")
    os.chdir(here)


def sparse(folder: Path) -> None:
    """8 GiB of nothing."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    with open(lab / "writer.c", "wb") as file:
        file.truncate(8 << 30)


def many_files(folder: Path) -> None:
    """20,000 files beside a solution."""
    lab = decent(folder)
    for number in range(20000):
        (lab / f"file{number}.c").touch()


def nul_bytes(folder: Path) -> None:
    """No text."""
    lab = folder / LAB
    lab.mkdir(parents=True)
    (lab / "writer.c").write_bytes(b"int main(void) { return 0; }\n\0\0\0")


def deep_folders(folder: Path) -> None:
    """A path that is longer than a path may be."""
    half(folder)
    here = os.getcwd()
    os.chdir(folder)
    for _ in range(400):
        os.mkdir("deep_folder")
        os.chdir("deep_folder")
    os.chdir(here)


def climbing_zip(folder: Path) -> None:
    """Paths that leave the archive."""
    with zipfile.ZipFile(f"{folder}.zip", "w") as archive:
        archive.writestr(f"../../../{LAB}/writer.c", "int main(void) { return 0; }\n")
        archive.writestr("/tmp/shmlab_hostile_absolute/lab3_handshake/writer.c", "int x;\n")


def linked_tar(folder: Path) -> None:
    """A link to a folder, then a file through it."""
    with tarfile.open(f"{folder}.tar.gz", "w:gz") as archive:
        link = tarfile.TarInfo("outside")
        link.type = tarfile.SYMTYPE
        link.linkname = str(folder.parent.parent)
        archive.addfile(link)
        text = b"overwritten\n"
        entry = tarfile.TarInfo("outside/passwords")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
        device = tarfile.TarInfo(f"{LAB}/writer.c")
        device.type = tarfile.CHRTYPE
        device.devmajor, device.devminor = 1, 5
        archive.addfile(device)


def bomb(folder: Path) -> None:
    """A small file that unpacks to 600 MiB."""
    entry = tarfile.TarInfo("zeros")
    entry.size = 600 << 20
    with gzip.open(f"{folder}.tar.gz", "wb", compresslevel=1) as file:
        file.write(entry.tobuf())
        block = bytes(1 << 20)
        for _ in range(600):
            file.write(block)
        file.write(bytes(1024))


def flushed(packer: "zlib._Compress", block: bytes) -> bytes:
    """The block, compressed, and forgotten: what comes next does not refer to it."""
    return packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)


def endless_zip(folder: Path) -> None:
    """A zip of 1 TiB that does not tell its size, within gzip, so that it cannot be looked up either."""
    name = b"zeros"
    header = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 8, zipfile.ZIP_DEFLATED, 0, 0, 0, 0, 0, len(name), 0) + name
    zeros = flushed(zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS), bytes(16 << 20)) * 64  # 1 GiB
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    Path(f"{folder}.zip").write_bytes(flushed(packer, header) + flushed(packer, zeros) + flushed(packer, zeros) * 1023)


def nested_archive(folder: Path) -> None:
    """An archive in forty layers of gzip around an archive."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        archive.add(SOLUTION / "writer.c", f"{LAB}/writer.c")
    whole = inner.getvalue()
    for _ in range(40):
        whole = gzip.compress(whole, mtime=0)
    Path(f"{folder}.tar.gz").write_bytes(whole)


def broken_zip(folder: Path) -> None:
    """Half an archive."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(SOLUTION / "writer.c", f"{LAB}/writer.c")
    Path(f"{folder}.zip").write_bytes(whole.getvalue()[:700])


def racy(folder: Path, name: str) -> None:
    """A solution with a race, and what is to hide it from weave."""
    writer = decent(folder) / "writer.c"
    right = "store_explicit(&box->ready, true, memory_order_release)"
    text = writer.read_text()
    if text.count(right) != 1:
        raise Wrong(f"{SOLUTION}/writer.c: no {right} to be replaced")
    core = ROOT / "tools" / "weave" / "core"
    control = (core / "control.h").read_text()
    own = re.compile(r'^#include "(.*)"\n', re.M)  # a submission has no headers of weave's: they are put in
    weave = [own.sub("", each) for each in [(core / header).read_text() for header in own.findall(control)] + [control]]
    names = ("dirent.h", "fcntl.h", "sched.h", "sys/mman.h", "sys/stat.h", "sys/syscall.h")
    headers = "".join(f"#include <{each}>\n" for each in names)
    writer.write_text("#define _GNU_SOURCE\n" + headers + "".join(weave) + '#line 1 "writer.c"\n' +
                      text.replace(right, right.replace("release", "relaxed")) + (HERE / "racy" / f"{name}.c").read_text())


def wiped_findings(folder: Path) -> None:
    """It wipes out what weave has found."""
    racy(folder, "wiped_findings")


def forged_report(folder: Path) -> None:
    """It writes wherever weave, or the check, might look."""
    racy(folder, "forged_report")


SHAPES: Dict[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (build_commands, option_names, links, hard_link, fifo, unix_socket, sparse, many_files, nul_bytes,
                 deep_folders, climbing_zip, linked_tar, bomb, endless_zip, nested_archive, broken_zip,
                 wiped_findings, forged_report)
}


# ---- The class ----


class Wrong(Exception):
    """Something that must hold does not."""


def samples() -> List[str]:
    """Names of the samples that are programs."""
    return sorted(path.stem for path in (HERE / "samples").glob("*.c"))


def make_class(folder: Path, names: List[str], places: Dict[str, str]) -> None:
    """A submission for each name, and the two decent ones."""
    folder.mkdir()
    prelude = (HERE / "samples" / "prelude.h").read_text()
    for name in ("aa_decent", "zz_decent"):
        decent(folder / name)
    for name in names:
        if name in SHAPES:
            SHAPES[name](folder / name)
            continue
        lab = folder / name / LAB
        lab.mkdir(parents=True)
        text = prelude + '#line 1 "writer.c"\n' + (HERE / "samples" / f"{name}.c").read_text()
        for mark, value in places.items():
            text = text.replace(f"@{mark}@", value)
        (lab / "writer.c").write_text(text)


# ---- What must be as before ----


def ipc_state() -> Dict[str, List[str]]:
    """Every IPC object of this namespace, by what identifies it."""
    state = {"shm": sorted(os.listdir("/dev/shm"))}
    for kind, columns in (("shm", 5), ("sem", 4), ("msg", 3)):
        lines = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
        state[f"sysv {kind}"] = [" ".join(line.split()[: columns - 1]) for line in lines]
    return state


def children() -> List[str]:
    """Processes that are ours now; orphans become ours, too."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes()!r}" for pid in pids]


def children_gone() -> None:
    """Nobody is left; a killed grader's boxes may take a moment to end."""
    for _ in range(200):
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            return
        time.sleep(0.05)
    raise Wrong(f"still alive: {children()}")


def score(result: Dict[str, Any]) -> Dict[str, Any]:
    """What of a result is a mark, and why."""
    wrong = {check["name"]: check["outcome"] for lab in result["labs"] for check in lab["checks"]
             if check["outcome"] not in ("passed", "skipped")}
    return {"state": result["state"], "isolation": result["isolation"], "points": result["points"], "wrong": wrong,
            "refusals": [re.sub(r"/tmp/\S+", "PATH", each) for each in result["refusals"]]}


def scores_read(results: Path) -> Dict[str, Any]:
    """The score of each submission."""
    found = {}
    for path in sorted((results / "submissions").iterdir()):
        found[path.name] = score(json.loads((path / "result.json").read_text(encoding="utf-8")))
    return found


def durations_check(results: Path) -> float:
    """No check of a submission that earns nothing took longer than its limit allows. Returns the longest."""
    longest = 0.0
    scale = LOAD_MOST * max(1.0, float(os.environ.get("SHMLAB_TIME_SCALE", "1")))
    for path in (results / "submissions").glob("*/run.json"):
        if json.loads((path.parent / "result.json").read_text(encoding="utf-8"))["points"] > 0:
            continue  # it ran all checks, some of which explore for minutes on a busy machine
        for lab in json.loads(path.read_text(encoding="utf-8"))["labs"].values():
            for name, duration in lab["duration_ms"].items():
                longest = max(longest, duration / 1000)
                if duration / 1000 > CHECK_LONGEST * scale:
                    raise Wrong(f"{path.parent.name}: {name} took {duration / 1000:.1f} s")
    return longest


def traces_check(work: Path, results: Path) -> None:
    """No sample got what it must not have, and nothing outside has changed."""
    wrong = []
    for path in sorted(results.rglob("*")):
        if not path.is_file() or "files" in path.relative_to(results).parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for word in (SECRET, BREACH):
            if word in text:
                line = next(line for line in text.splitlines() if word in line)
                wrong.append(f"{path.relative_to(results)}: {line.strip()[:200]}")
    if wrong:
        raise Wrong("\n".join(wrong))
    for path in (work / "typed", work / "built", Path("/tmp/shmlab_hostile_absolute")):
        if path.exists():
            raise Wrong(f"{path} has been made")
    if (work / "passwords").read_text() != SECRET + "\n":
        raise Wrong("the secret has been changed")
    if set(os.listdir(work)) != {"class", "results", "passwords", "tmp"} or os.listdir(work / "tmp"):
        raise Wrong(f"left behind: {os.listdir(work)} {os.listdir(work / 'tmp')}")


def scores_check(found: Dict[str, Any], names: List[str]) -> None:
    """Each score is the expected one, byte for byte."""
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    if found["aa_decent"]["points"] != 100 or found["zz_decent"]["points"] != 100:
        raise Wrong(f"the decent ones have not got their marks: {found['aa_decent']} {found['zz_decent']}")
    for name in ["aa_decent", "zz_decent"] + names:
        wanted, got = (json.dumps(each.get(name), indent=1, sort_keys=True) for each in (expected, found))
        if wanted != got:
            raise Wrong(f"{name}: the score is\n{got}\nand not\n{wanted}")


def races_check(results: Path, names: List[str]) -> None:
    """Whoever hides a race is failed for the right reason."""
    for name in set(RACES) & set(names):
        result = json.loads((results / "submissions" / name / "result.json").read_text(encoding="utf-8"))
        found = next(check for check in result["labs"][0]["checks"] if check["name"] == "race").get("found", "")
        if not found.startswith(RACES[name]):
            raise Wrong(f"{name}: the check says: {found}")


def told_check(results: Path, names: List[str]) -> None:
    """An instructor reads which limit ended the programs."""
    for name in set(TOLD) & set(names):
        result = json.loads((results / "submissions" / name / "result.json").read_text(encoding="utf-8"))
        if not any(TOLD[name] in sentence for sentence in result["attention"]):
            raise Wrong(f"{name}: nobody is told: {TOLD[name]}; but: {result['attention']}")


# ---- Running ----


def listener() -> Tuple[socket.socket, socket.socket]:
    """Servers of this machine that nobody in a box may reach."""
    stream = socket.socket(socket.AF_INET)
    stream.bind(("127.0.0.1", 0))
    stream.listen()
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0" + ABSTRACT + str(os.getpid()))
    abstract.listen()
    return stream, abstract


def canaries() -> Tuple[int, Path]:
    """Objects of this machine: a segment and a file in /dev/shm."""
    segment = LIBC.shmget(KEY, 4096, 0o1666)
    path = Path("/dev/shm") / OBJECT
    path.write_text("as before")
    path.chmod(0o666)
    if segment == -1:
        raise Wrong("cannot make a segment")
    return segment, path


def grade(grader: str, work: Path, *options: str) -> None:
    """The class, once."""
    environment = {**os.environ, "TMPDIR": str(work / "tmp"), "SECRET_OF_THE_INSTRUCTOR": SECRET}
    for fd in (os.open(work / "passwords", os.O_RDONLY),):  # one that a careless grader lets through
        os.set_inheritable(fd, True)
    done = subprocess.run([grader, "grade", str(work / "class"), "--labs", "3", "-j", "8", "--out", str(work / "results"),
                           *options],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, close_fds=False,
                          text=True, errors="replace", env=environment, check=False)
    if done.returncode != 0:
        raise Wrong(f"grader: status {done.returncode}\n{done.stdout[-3000:]}")


def places(work: Path, stream: socket.socket) -> Dict[str, str]:
    """What the marks in the samples stand for."""
    return {"SECRET": str(work / "passwords"), "SOURCE": str(ROOT), "RESULTS": str(work / "results"), "ROOM": str(work),
            "KEY": str(KEY), "OBJECT": OBJECT, "PORT": str(stream.getsockname()[1]),
            "ABSTRACT": ABSTRACT + str(os.getpid())}


def prepare(work: Path) -> None:
    """What lies about in the folder of a careless instructor."""
    work.chmod(0o755)  # walls are to keep them out, not this
    (work / "tmp").mkdir()
    (work / "passwords").write_text(SECRET + "\n")
    (work / "passwords").chmod(0o644)


def run_without_walls(arguments: argparse.Namespace, work: Path) -> None:
    """Do the samples notice it when nothing holds them? Only those that do no harm are asked."""
    prepare(work)
    stream, abstract = listener()
    make_class(work / "class", list(NOTICED), places(work, stream))
    grade(arguments.grader, work, "--isolation", "none")
    for name in NOTICED:
        found = "".join(path.read_text(errors="replace")
                        for path in (work / "results" / "submissions" / name / "transcripts").rglob("*.txt"))
        if SECRET not in found and BREACH not in found:
            raise Wrong(f"{name} finds nothing even where there are no walls: the test would miss it")
    stream.close()
    abstract.close()


def run(arguments: argparse.Namespace, work: Path) -> None:
    """Everything once."""
    names = arguments.names or samples() + sorted(SHAPES)
    prepare(work)
    stream, abstract = listener()
    segment, canary = canaries()
    make_class(work / "class", names, places(work, stream))
    before = ipc_state()
    began = time.monotonic()
    grade(arguments.grader, work)
    took = time.monotonic() - began
    children_gone()
    if ipc_state() != before:
        raise Wrong(f"IPC objects: before {before}, now {ipc_state()}")
    for server in (stream, abstract):
        server.setblocking(False)
        try:
            server.accept()
        except BlockingIOError:
            continue
        raise Wrong("somebody has connected to a server of this machine")
    traces_check(work, work / "results")
    longest = durations_check(work / "results")
    found = scores_read(work / "results")
    if arguments.update:
        EXPECTED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    scores_check(found, names)
    races_check(work / "results", names)
    told_check(work / "results", names)
    LIBC.shmctl(segment, 0, None)
    canary.unlink()
    print(f"{len(names)} hostile submissions as {'root' if os.geteuid() == 0 else 'an ordinary user'}: all contained, "
          f"{took:.0f} s, the longest check {longest:.1f} s")


def enter(arguments: argparse.Namespace) -> None:
    """Become the user, in namespaces of our own, and begin again."""
    again = [sys.executable, str(Path(__file__).resolve()), "--inside"] + sys.argv[1:]
    mount = ["sh", "-c", "mount -t tmpfs -o mode=1777 shm /dev/shm && exec \"$@\"", "sh"]
    if os.geteuid() == 0:
        user = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"] if arguments.as_user else []
        os.execvp("unshare", ["unshare", "--ipc", "--mount", "--"] + mount + user + again)
    uid, gid = os.geteuid(), os.getegid()
    os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--ipc", "--mount", "--"] + mount +
              ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--"] + again)


def main() -> int:
    """Run, clean up, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grader", default=str(ROOT / "build" / "bin" / "grader"))
    parser.add_argument("--as-user", action="store_true", help="as an ordinary user, when started by root")
    parser.add_argument("--as-root", action="store_true", help="skip when not started by root")
    parser.add_argument("--update", action="store_true", help="write expected.json again")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="samples (default: all)")
    arguments = parser.parse_args()
    arguments.grader = str(Path(arguments.grader).resolve())
    if arguments.as_root and os.geteuid() != 0:
        print("skipped: only root can do this as root")
        return SKIPPED
    if not arguments.inside:
        tried = subprocess.run([arguments.grader, "doctor"], stdout=subprocess.PIPE, text=True, check=False)
        if tried.returncode != 0:
            print(f"skipped: this machine offers no full isolation:\n{tried.stdout}")
            return SKIPPED
        enter(arguments)
    LIBC.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become ours, and are seen
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    work = Path(tempfile.mkdtemp(prefix="shmlab-hostile-"))
    open_work = Path(tempfile.mkdtemp(prefix="shmlab-hostile-"))
    try:
        run_without_walls(arguments, open_work)
        run(arguments, work)
        return 0
    except Wrong as wrong:
        print(f"hostile.py: {wrong}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(open_work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
