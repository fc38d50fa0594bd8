#!/usr/bin/env python3
"""A class graded in parts, and joined, is the class graded at once, to the byte.

    test_shards.py merge       the parts one after the other
    test_shards.py parallel    tools/grader/jobs/parallel, by GNU parallel
    test_shards.py slurm       tools/grader/jobs/slurm, by slurmctld and slurmd, started here for this purpose

Exit status 77: skipped, the program is not installed (Debian: parallel, slurm-wlm), or not to be used by this user.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterator, List

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import importlib  # noqa: E402

a_class = importlib.import_module("class")

PARTS = 3
LABS = "1"
SKIPPED = 77
SLURM_SECONDS = 300
ROSTER = "id,name,email\nstudent000_solution,First Student,first@example.org\nnobody,Absent Student,absent@example.org\n"


class Skip(Exception):
    """It cannot be tried here."""


def run(command: List[str], environment: Dict[str, str], folder: Path) -> str:
    """Run to the end; what it printed."""
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise a_class.Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def by_hand(grader: str, work: Path, environment: Dict[str, str], options: List[str]) -> None:
    """No scheduler."""
    parts = [str(work / f"part{number}") for number in range(1, PARTS + 1)]
    for number, part in enumerate(parts, 1):
        run([grader, "grade", str(work / "class"), "--shard", f"{number}/{PARTS}", "--out", part, *options], environment, work)
    run([grader, "merge", "--out", str(work / "joined"), *reversed(parts)], environment, work)
    done = subprocess.run([grader, "merge", "--out", str(work / "twice"), parts[0], parts[0]], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 1 or "in two shards" not in done.stdout:
        raise a_class.Failure(f"a part that is joined twice is not noticed: {done.returncode} {done.stdout}")


def by_parallel(_: str, work: Path, environment: Dict[str, str], options: List[str]) -> None:
    """GNU parallel."""
    version = subprocess.run(["parallel", "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout \
        if shutil.which("parallel") else ""
    if not version.startswith("GNU parallel"):
        raise Skip("GNU parallel is not installed (Debian: parallel)")
    run([str(ROOT / "tools" / "grader" / "jobs" / "parallel"), str(PARTS), str(work / "class"), str(work / "joined"), *options],
        {**environment, "PARALLEL": "--jobs 2 --will-cite"}, work)


# ---- Slurm ----


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def slurm_configure(folder: Path) -> None:
    """One node, this machine; everything in this folder; no keys, as nobody else can reach it."""
    host = socket.gethostname().split(".")[0]
    (folder / "slurm.conf").write_text(f"""\
ClusterName=shmlab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={os.cpu_count() or 1} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
""")
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\nIgnoreSystemd=yes\nIgnoreSystemdOnFailure=yes\n")
    for name in ("spool", "state"):
        (folder / name).mkdir()


@contextlib.contextmanager
def slurm_running(folder: Path, environment: Dict[str, str]) -> Iterator[None]:
    """A controller and a node."""
    daemons = []
    try:
        for name in ("slurmctld", "slurmd"):
            daemons.append(subprocess.Popen([shutil.which(name) or f"/usr/sbin/{name}", "-D"], env=environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        end = time.monotonic() + 60
        while "idle" not in subprocess.run(["sinfo", "--noheader", "--format=%T"], env=environment, stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL, text=True, check=False).stdout:
            if time.monotonic() > end or any(each.poll() is not None for each in daemons):
                logs = "".join((folder / f"{name}.log").read_text()[-800:] for name in ("slurmctld", "slurmd")
                               if (folder / f"{name}.log").exists())
                raise Skip(f"slurmctld and slurmd do not come up on this machine:\n{logs}")
            time.sleep(0.2)
        yield
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def by_slurm(_: str, work: Path, environment: Dict[str, str], options: List[str]) -> None:
    """A job array."""
    if os.geteuid() != 0:
        raise Skip("only root can start slurmd")
    if not all(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("slurmctld", "slurmd", "sbatch")):
        raise Skip("Slurm is not installed (Debian: slurm-wlm)")
    folder = work / "slurm"
    folder.mkdir()
    slurm_configure(folder)
    environment = {**environment, "SLURM_CONF": str(folder / "slurm.conf"), "SBATCH_MEM_PER_CPU": "0"}
    with slurm_running(folder, environment):
        job = run([str(ROOT / "tools" / "grader" / "jobs" / "slurm"), str(PARTS), str(work / "class"), str(work / "joined"), *options],
                  environment, work).strip()
        end = time.monotonic() + SLURM_SECONDS
        state = ""
        while "JobState=COMPLETED" not in state:
            if time.monotonic() > end or "JobState=FAILED" in state or "Reason=DependencyNeverSatisfied" in state:
                logs = "".join(path.read_text()[-600:] for path in (work / "joined.parts").glob("*.log"))
                raise a_class.Failure(f"job {job} does not come to its end:\n{state}\n{logs}")
            time.sleep(0.5)
            state = subprocess.run(["scontrol", "show", "job", job], env=environment, stdout=subprocess.PIPE, text=True,
                                   check=False).stdout


WAYS = {"merge": by_hand, "parallel": by_parallel, "slurm": by_slurm}


def test(arguments: argparse.Namespace, work: Path) -> None:
    """At once, then in parts."""
    grader = str(Path(arguments.grader).resolve())
    (work / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(work / "tmp"), "GRADER": grader}
    (work / "roster.csv").write_text(ROSTER)
    a_class.make(work / "class", arguments.students, a_class.labs_of([int(LABS)]), random.randrange(1 << 30))
    options = ["--labs", LABS, "--roster", str(work / "roster.csv"), "-j", "1"]
    WAYS[arguments.way](grader, work, environment, options)
    run([grader, "grade", str(work / "class"), "--out", str(work / "whole"), *options], environment, work)
    a_class.same(work / "whole", work / "joined")
    print(f"{arguments.way}: {PARTS} parts joined are the whole, byte for byte")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=sorted(WAYS))
    parser.add_argument("--grader", default=str(ROOT / "build" / "bin" / "grader"))
    parser.add_argument("--students", type=int, default=7)
    arguments = parser.parse_args()
    if subprocess.run([arguments.grader, "doctor"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        print("skipped: this machine offers no full isolation: see `grader doctor`")
        return SKIPPED
    work = Path(tempfile.mkdtemp(prefix="shmlab-shards-"))
    work.chmod(0o755)  # for the user that root becomes
    try:
        test(arguments, work)
        return 0
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except a_class.Failure as failure:
        print(f"test_shards.py: {failure}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
