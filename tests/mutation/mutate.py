#!/usr/bin/env python3
"""Change solutions a little, again and again, and see whether the checks notice: which mistakes would keep full marks?

    mutate.py 4 --count 60 --seed 7    sixty changes of what a student writes in lab 4, evenly over all operators
    mutate.py 4 5 6 --jobs 2           several labs (none: all of them), two verdicts at once
    mutate.py 4 --count 250 --seconds 200    as far as it comes in that time; the same command again goes on from there
    mutate.py 4 --key 3f0a12bc9d       one of them, its whole verdict shown
    mutate.py --list 4                 how many changes there are, by operator
    mutate.py --sample                 a few of each kind that must be caught: a part of `make check`

`make mutate LAB=4 N=60 SEED=7` does the first. The same seed gives the same changes, as long as the solution is the same.

What becomes of a change:

    invalid      the compiler refuses it: drawn again
    same code    it compiles to the same machine code, also as ThreadSanitizer would see it: drawn again
    equivalent   equivalent.txt says why no program can tell
    caught       a check fails; warned: only "warnings" does
    limit        the verdict did not come in time
    SURVIVED     full marks, and nobody has said that it is right: a check is missing, or a line in equivalent.txt

Survivors are printed with their difference, and are in BUILD/mutation/labN-SEED.txt. With --seconds
what was caught once is not judged again, as BUILD/mutation/labN.known remembers; a survivor is, as soon as judge or checks
are other ones. Status 0: none, 1: some, 2: wrong usage,
77: with --sample, libclang is not installed.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import hashlib
import json
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
sys.dont_write_bytecode = True

import c_operators  # noqa: E402
import python_operators  # noqa: E402
import stamps  # noqa: E402
from sites import Site  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions"
EQUIVALENT = Path(__file__).resolve().with_name("equivalent.txt")
FOUND = ("failed", "timeout", "error")
KINDS = ("invalid", "same code", "equivalent", "caught", "warned", "limit", "SURVIVED")
SETTLED = ("invalid", "same code", "caught")  # of these nothing is to be looked at again
CPU_SECONDS = 8  # no process of a right verdict needs half of it
LOOK = 0.05  # seconds between two looks at a verdict that grows
FLAGS: Tuple[List[str], ...] = ([], ["-fsanitize=thread"])
GRACE = 30  # seconds that a judge has to take back what it made
SAMPLE = {1: 2, 4: 1, 5: 1}  # so many changes of these labs
SKIPPED = 77


class Mutant(NamedTuple):
    """A solution with one change."""

    lab: str  # folder
    file: str
    site: Site
    text: bytes  # of the file, changed

    def difference(self) -> List[str]:
        """The lines that change, for people, with one before and one after them."""
        before = (SOLUTIONS / self.lab / self.file).read_text(encoding="utf-8").splitlines()
        after = self.text.decode("utf-8", "replace").splitlines()
        same = 0
        while same < min(len(before), len(after)) and before[same] == after[same]:
            same += 1
        end = 0
        while end < min(len(before), len(after)) - same and before[-1 - end] == after[-1 - end]:
            end += 1
        lines = [" " + line for line in before[same - 1 : same]]
        lines += ["-" + line for line in before[same : len(before) - end]] + ["+" + line for line in after[same : len(after) - end]]
        lines += [" " + line for line in before[len(before) - end :][:1]]
        return [f"@@ line {same + 1}", *(line for line in lines if not re.match(r" *(//|#) shmlab:", line))]

    def function(self) -> str:
        """Where the change is."""
        before = self.text[: self.site.start].decode("utf-8", "replace")
        names = re.findall(r"^(?:\w[\w \*]*?\b|\s*def )(\w+)\(", before, re.M)
        return str(names[-1]) if names else ""

    def key(self) -> str:
        """Names it: made of what changes and where, not of the line's number."""
        lines = [" ".join(line.split()) for line in self.difference() if not line.startswith("@@")]
        whole = "\n".join([self.lab, self.file, self.function(), *lines])
        return hashlib.sha256(whole.encode()).hexdigest()[:10]


class Trial(NamedTuple):
    """What became of a mutant."""

    mutant: Mutant
    kind: str
    by: str  # the check that caught it


class Failure(Exception):
    """Something that is needed is not there."""


class Memory:
    """What became of a lab's mutants before: a line each, and with which judge."""

    def __init__(self, path: Optional[Path], judge: str) -> None:
        self.path = path
        self.judge = judge
        self._known: Dict[str, Tuple[str, str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []:
            key, kind, of, by = (line.split(" | ") + ["", "", ""])[:4]
            if kind in SETTLED or of == judge:
                self._known[key] = (kind, by)
            else:
                self._known.pop(key, None)

    def recall(self, mutant: Mutant) -> Optional[Trial]:
        """Its outcome, if that still holds."""
        kind, by = self._known.get(mutant.key(), ("", ""))
        return Trial(mutant, kind, by) if kind else None

    def keep(self, trial: Trial) -> None:
        """At once: the run may be interrupted."""
        self._known[trial.mutant.key()] = (trial.kind, trial.by)
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as file:
            print(trial.mutant.key(), trial.kind, self.judge, trial.by, sep=" | ", file=file)

    @staticmethod
    def judge_of(build: Path) -> str:
        """Another one after each change of judge, checks or the programs that checks use."""
        whole = hashlib.sha256((build / "bin" / "lab").read_bytes())
        for path in sorted((ROOT / "tests" / "checks" / "programs").iterdir()):
            whole.update(path.read_bytes() if path.is_file() else b"")
        return whole.hexdigest()[:10]


# ---- What it is compiled to ----


class Compiler:
    """The project's own flags, as the judge uses them."""

    def __init__(self, build: Path, scratch: Optional[Path] = None) -> None:
        self.scratch = scratch
        header = build / "generated" / "toolchain.h"
        if not header.exists():
            raise Failure(f"{header} is not there: build first (make)")
        text = header.read_text(encoding="utf-8")
        self.command = [self._words(text, "COMPILER")[0], *self._words(text, "COMPILE_FLAGS")]
        self._known: Dict[Tuple[str, str], Optional[bytes]] = {}

    @staticmethod
    def _words(text: str, name: str) -> List[str]:
        found = re.search(rf"^#define TOOLCHAIN_{name} (.*)$", text, re.M)
        return re.findall(r'"((?:[^"\\]|\\.)*)"', found.group(1)) if found else []

    def libclang_words(self, lab: str) -> List[str]:
        """What libclang has to know."""
        return [word for word in self.command if word.startswith(("-I", "-std"))] + self._folders(SOLUTIONS / lab)

    @staticmethod
    def _folders(lab: Path) -> List[str]:
        """Where a lab's files look for headers: it may use lab 1's."""
        return [f"-I{folder}" for folder in (lab, *sorted(SOLUTIONS.glob("lab1_*")))]

    def objects(self, folder: Path, file: str, flags: Sequence[str]) -> Optional[bytes]:
        """The machine code of a file, or of all that may include it when it is a header; None: it does not compile."""
        sources = [file] if file.endswith(".c") else [path.name for path in sorted(folder.glob("*.c"))]
        whole = b""
        for source in sources:
            made = folder / "mutant.o"
            command = [*self.command, "-g0", "-w", *flags, *self._folders(folder), "-c", source, "-o", str(made)]
            if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
                return None
            whole += made.read_bytes()
            made.unlink()
        return whole

    def compare(self, mutant: Mutant) -> str:
        """"invalid", "same code", or "" when there is something to judge."""
        path = SOLUTIONS / mutant.lab / mutant.file
        if path.suffix == ".py":
            code = python_operators.code_of(mutant.text)
            if code is None:
                return "invalid"
            return "same code" if code == python_operators.code_of(path.read_bytes()) else ""
        with tempfile.TemporaryDirectory(prefix="shmlab-mutant-", dir=self.scratch) as name:
            folder = Path(name)
            for each in path.parent.glob("*.[ch]"):
                shutil.copy(each, folder)
            (folder / mutant.file).write_bytes(mutant.text)
            for flags in FLAGS:  # the second keeps the orders that this processor does not need
                code = self.objects(folder, mutant.file, flags)
                if code is None:
                    return "invalid"
                if code != self._reference(folder, mutant, flags):
                    return ""
        return "same code"

    def _reference(self, folder: Path, mutant: Mutant, flags: Sequence[str]) -> Optional[bytes]:
        known = (mutant.lab + "/" + mutant.file, " ".join(flags))
        if known not in self._known:
            (folder / mutant.file).write_bytes((SOLUTIONS / mutant.lab / mutant.file).read_bytes())
            self._known[known] = self.objects(folder, mutant.file, flags)
            (folder / mutant.file).write_bytes(mutant.text)
        return self._known[known]


# ---- Which ----


def folder_of(number: int) -> str:
    """The name of a lab's folder."""
    found = [path.name for path in SOLUTIONS.glob(f"lab{number}_*")]
    if not found:
        raise Failure(f"there is no lab {number} in {SOLUTIONS}")
    return found[0]


def mutants_of(lab: str, compiler: Compiler) -> Dict[str, List[Mutant]]:
    """All of a lab, by operator."""
    mutants: Dict[str, List[Mutant]] = collections.defaultdict(list)
    for path in sorted((SOLUTIONS / lab).iterdir()):
        if path.suffix in (".c", ".h"):
            found = c_operators.sites(path, compiler.libclang_words(lab))
        elif path.suffix == ".py":
            found = python_operators.sites(path)
        else:
            continue
        source = path.read_bytes()
        for site in found:
            text = source[: site.start] + site.text + source[site.end :]
            mutants[site.operator].append(Mutant(lab, path.name, site, text))
    return mutants


def in_turn(mutants: Dict[str, List[Mutant]], seed: str) -> Iterator[Mutant]:
    """One of each operator, then the next of each: in an order that the seed decides."""
    draw = random.Random(seed)
    piles = {operator: draw.sample(mutants[operator], len(mutants[operator])) for operator in sorted(mutants)}
    while piles:
        for operator in sorted(piles):
            yield piles[operator].pop()
            if not piles[operator]:
                del piles[operator]


def equivalents() -> Dict[str, str]:
    """The keys that were looked at, with the reason why no program can tell."""
    known: Dict[str, str] = {}
    for line in EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []:
        found = re.match(r"([0-9a-f]{10}) \S+ (.*)", line)
        if found:
            known[found.group(1)] = found.group(2)
        elif line.strip() and not line.startswith(("#", " ")):
            raise Failure(f"{EQUIVALENT}: what is this? {line!r}")
    return known


# ---- The verdict ----


def limit_set() -> None:
    """For a judge and all that it starts: a program that computes forever is ended by SIGXCPU, long before its check would."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))


class Judges:
    """Runs `lab check` on changed solutions; what still runs is ended with it."""

    def __init__(self, lab: Path, scratch: Path, limit: float) -> None:
        self.lab = lab
        self.scratch = scratch
        self.limit = limit
        self._lock = threading.Lock()
        self._running: Set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def tree(self, mutant: Mutant) -> Path:
        """A copy of the solutions with the change."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        (folder / "common").symlink_to(ROOT / "common")
        shutil.copytree(SOLUTIONS, folder / "tree", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "tree" / mutant.lab / mutant.file).write_bytes(mutant.text)
        return folder

    def judge(self, mutant: Mutant, guess: str = "") -> Trial:
        """Until the first check finds something: first by the one that is likely to, then by all."""
        if guess:
            trial = self._run(mutant, ["--check", guess])
            if trial.kind == "caught":
                return trial
        return self._run(mutant, [])

    def _run(self, mutant: Mutant, only: List[str]) -> Trial:
        folder = self.tree(mutant)
        number, verdict = re.sub(r"\D", "", mutant.lab.split("_")[0]), folder / "verdict.json"
        command = [str(self.lab), "check", number, "--tree", str(folder / "tree"), "--results", str(folder / "results"), "--json",
                   str(verdict), "--plain", *only]
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True, preexec_fn=limit_set)  # Ctrl-C is ours to pass on
            self._running.add(process)
        try:
            return self._watch(mutant, process, verdict)
        finally:
            self.end(process)
            with self._lock:
                self._running.discard(process)
            shutil.rmtree(folder, ignore_errors=True)

    def _watch(self, mutant: Mutant, process: "subprocess.Popen[bytes]", verdict: Path) -> Trial:
        end = time.monotonic() + self.limit
        while True:
            over = process.poll() is not None
            found = [each["name"] for each in self._checks(verdict) if each["outcome"] in FOUND]
            sure = [name for name in found if name != "warnings"]
            if sure:
                return Trial(mutant, "caught", sure[0])
            if over and process.returncode not in (0, 1) and not self._stopped:
                raise Failure(f"{' '.join(map(str, process.args))}: status {process.returncode}")  # type: ignore[arg-type]
            if over:
                unjudged = [each["name"] for each in self._checks(verdict) if each["outcome"] != "passed"]
                return Trial(mutant, "warned" if found else "SURVIVED", ", ".join(found or unjudged))
            if time.monotonic() > end:
                return Trial(mutant, "limit", "")
            time.sleep(LOOK)

    @staticmethod
    def _checks(verdict: Path) -> List[Dict[str, Any]]:
        try:
            checks: List[Dict[str, Any]] = json.loads(verdict.read_text(encoding="utf-8"))["checks"]
            return checks
        except (OSError, ValueError):
            return []

    @staticmethod
    def end(process: "subprocess.Popen[bytes]") -> None:
        """Let it take back what it has made."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop(self) -> None:
        """Ctrl-C: end what runs, begin nothing more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            self.end(process)


# ---- The run ----


class Run:
    """Draws, judges and counts."""

    def __init__(self, compiler: Compiler, judges: Judges, options: argparse.Namespace) -> None:
        self.compiler = compiler
        self.judges = judges
        self.options = options
        self.known = equivalents()
        self.trials: List[Trial] = []
        self.end = time.monotonic() + (options.seconds or float("inf"))
        self.unfinished = False
        self.catchers: Dict[str, "collections.Counter[str]"] = collections.defaultdict(collections.Counter)

    def lab(self, number: int, count: int) -> List[Trial]:
        """So many of a lab that are judged, or are known to be equivalent."""
        lab = folder_of(number)
        drawn = in_turn(mutants_of(lab, self.compiler), f"{lab} {self.options.seed}")
        memory = self._memory(number)
        trials: List[Trial] = []
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            waiting: "collections.deque[concurrent.futures.Future[Trial]]" = collections.deque()
            try:
                while self._draw(drawn, count, memory, trials, waiting, pool) or waiting:
                    if waiting:
                        trials.append(waiting.popleft().result())
                        memory.keep(trials[-1])
                        self._learn(trials[-1])
                        self.progress(trials, count)
            except BaseException:
                for each in waiting:
                    each.cancel()
                self.judges.stop()
                raise
        self.trials += trials
        return trials

    def _memory(self, number: int) -> Memory:
        """Only a run in portions remembers."""
        if self.options.seconds is None:
            return Memory(None, "")
        folder = self.options.build / "mutation"
        folder.mkdir(exist_ok=True)
        return Memory(folder / f"lab{number}.known", Memory.judge_of(self.options.build))

    def _draw(self, drawn: Iterator[Mutant], count: int, memory: Memory, trials: List[Trial],
              waiting: "collections.deque[concurrent.futures.Future[Trial]]", pool: concurrent.futures.Executor) -> bool:
        """Give the judges the next one, or count it without them; False: enough are on their way, or there are no more."""
        judged = len(waiting) + sum(each.kind not in ("invalid", "same code") for each in trials)
        if judged >= count or len(waiting) >= 2 * self.options.jobs:
            return False
        if time.monotonic() > self.end:
            self.unfinished = True
            return False
        mutant = next(drawn, None)
        if mutant is None:
            return False
        known = Trial(mutant, "equivalent", "") if mutant.key() in self.known else memory.recall(mutant)
        if known is None:
            kind = self.compiler.compare(mutant)
            if not kind:
                waiting.append(pool.submit(self.judges.judge, mutant, self._guess(mutant)))
                return True
            known = Trial(mutant, kind, "")
            memory.keep(known)
        self._learn(known)
        trials.append(known)
        return True

    def _learn(self, trial: Trial) -> None:
        """Which check finds what is wrong in a function?"""
        if trial.kind == "caught":
            for place in (trial.mutant.file, trial.mutant.file + " " + trial.mutant.function()):
                self.catchers[trial.mutant.lab + "/" + place][trial.by] += 1

    def _guess(self, mutant: Mutant) -> str:
        """The one that found the most there; "": none has found anything yet."""
        for place in (mutant.file + " " + mutant.function(), mutant.file):
            for name, _ in self.catchers[mutant.lab + "/" + place].most_common(1):
                return name
        return ""

    def progress(self, trials: List[Trial], count: int) -> None:
        """A line for each verdict."""
        last = trials[-1]
        done = sum(1 for each in trials if each.kind not in ("invalid", "same code"))
        where = f"{last.mutant.lab}/{last.mutant.file}:{last.mutant.text[:last.mutant.site.start].count(10) + 1}"
        print(f"{done:4d}/{count}  {last.mutant.key()}  {last.kind:<10}  {last.mutant.site.operator:<15}  {where}  {last.by}", flush=True)
        if last.kind == "SURVIVED":
            print("\n".join("      " + line for line in last.mutant.difference()), flush=True)


def table(trials: Sequence[Trial], title: str) -> str:
    """How often what, by operator."""
    rows: Dict[str, Dict[str, int]] = collections.defaultdict(lambda: dict.fromkeys(KINDS, 0))
    for each in trials:
        rows[each.mutant.site.operator][each.kind] += 1
        rows["all"][each.kind] += 1
    lines = ["| " + " | ".join([title, "judged", *KINDS]) + " |", "|---" * (len(KINDS) + 2) + "|"]
    for name in [*sorted(name for name in rows if name != "all"), "all"]:
        row = rows[name]
        judged = sum(row[kind] for kind in KINDS[2:])
        lines.append("| " + " | ".join([name, str(judged), *(str(row[kind]) for kind in KINDS)]) + " |")
    return "\n".join(lines)


def survivors_text(trials: Sequence[Trial]) -> str:
    """As equivalent.txt wants them, if they are."""
    return "\n".join(
        f"{each.mutant.key()} {each.mutant.lab}/{each.mutant.file} {each.mutant.site.operator}:\n"
        + "\n".join("    " + line for line in each.mutant.difference()) + (f"\n    not passed: {each.by}" if each.by else "")
        for each in trials if each.kind in ("SURVIVED", "limit"))


def report(run: Run, number: int, trials: List[Trial]) -> None:
    """The table, and the survivors in a file."""
    text = table(trials, f"lab {number}, seed {run.options.seed}") + "\n\n" + survivors_text(trials)
    folder = run.options.build / "mutation"
    folder.mkdir(exist_ok=True)
    path = folder / f"lab{number}-{run.options.seed}.txt"
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{path}", flush=True)


def sample(run: Run) -> int:
    """The first ones of some labs: the engine works, and the checks catch."""
    wrong = 0
    for number, count in SAMPLE.items():
        wrong += sum(each.kind in ("SURVIVED", "limit") for each in run.lab(number, count))
    return wrong


def show(run: Run, numbers: Sequence[int], key: str) -> int:
    """One mutant, and all that its verdict says."""
    for number in numbers:
        for each in (each for pile in mutants_of(folder_of(number), run.compiler).values() for each in pile):
            if each.key() == key:
                print("\n".join(each.difference()), flush=True)
                folder = run.judges.tree(each)
                return subprocess.run([str(run.judges.lab), "check", str(number), "--tree", str(folder / "tree"), "--results",
                                       str(folder / "results"), "--json", str(folder / "verdict.json"), "--verbose"],
                                      check=False).returncode
    raise Failure(f"no mutant has the key {key}; the solution may have changed")


def interrupts_ignore() -> None:
    """From here on things are taken back, which nothing may interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def interrupt(number: int, frame: object) -> None:
    """SIGTERM is as good as Ctrl-C, and one is enough."""
    del number, frame
    interrupts_ignore()
    raise KeyboardInterrupt


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", type=int, metavar="N", help="numbers of labs (default: all)")
    parser.add_argument("--count", type=int, default=40, metavar="K", help="so many of each lab (default: %(default)s)")
    parser.add_argument("--seed", default="1", help="which ones (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, metavar="J", help="verdicts at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, metavar="S", help="end after this time, and go on there later")
    parser.add_argument("--limit", type=float, default=240, metavar="S", help="seconds for a verdict (default: %(default)s)")
    parser.add_argument("--key", help="this one only, its whole verdict shown")
    parser.add_argument("--list", action="store_true", help="count the changes that there are")
    parser.add_argument("--sample", action="store_true", help="a few, for make check")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build (default: %(default)s)")
    options = parser.parse_args()
    options.labs = options.labs or sorted(int(re.sub(r"\D", "", path.name.split("_")[0])) for path in SOLUTIONS.glob("lab*_*"))
    if options.count < 1 or options.jobs < 1:
        parser.error("--count and --jobs are at least 1")
    return options


def work(run: Run, options: argparse.Namespace) -> int:
    """What was asked for."""
    if options.list:
        for number in options.labs:
            piles = mutants_of(folder_of(number), run.compiler)
            print(f"lab {number}: {sum(map(len, piles.values()))}: "
                  + ", ".join(f"{operator} {len(piles[operator])}" for operator in sorted(piles)))
        return 0
    if options.key:
        return show(run, options.labs, options.key)
    if options.sample:
        return 1 if sample(run) else 0
    for number in options.labs:
        report(run, number, run.lab(number, options.count))
    if run.unfinished:
        print("Not all yet: the same command goes on from here.")
    if len(options.labs) > 1:
        print("\n" + table(run.trials, "all labs"))
    return 1 if any(each.kind in ("SURVIVED", "limit") for each in run.trials) else 0


def main() -> int:
    """Run it; leave nothing behind."""
    options = parse()
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    stamps.compiler_remember(options.build.resolve() / "selfcheck" / "ccache")
    try:
        c_operators.cindex()
        with tempfile.TemporaryDirectory(prefix="shmlab-mutation-") as scratch:
            judges = Judges(options.build.resolve() / "bin" / "lab", Path(scratch), options.limit)
            status = work(Run(Compiler(options.build.resolve(), Path(scratch)), judges, options), options)
            interrupts_ignore()
            return status
    except c_operators.Missing as error:
        print(f"mutate.py: {error}", file=sys.stderr)
        return SKIPPED if options.sample else 2
    except Failure as error:
        print(f"mutate.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mutate.py: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
