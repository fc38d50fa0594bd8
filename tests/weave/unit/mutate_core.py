#!/usr/bin/env python3
"""Makes a mistake in a copy of weave's core, one after the other, and runs the test of weak memory: it must notice each.

Exit status: 0 all were noticed, 1 not, 2 wrong usage or a mutant that fits nowhere.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

UNIT = Path(__file__).resolve().parent
WEAVE = UNIT.parents[2] / "tools" / "weave"
PROGRAMS = "150"
LIMIT_SECONDS = 600  # of one mutant: only stops runaways


@dataclass(frozen=True)
class Mutant:
    """A mistake: in which file of the core, which text becomes which."""

    name: str
    file: str
    right: str
    wrong: str


MUTANTS = (
    Mutant("a seq_cst fence takes nothing over", "order.c", "        p->view = control->sequential;\n", ""),
    Mutant("reads are forgotten", "weak.c", "if (store->seen[i] != 0 && clock_covers", "if (i < 0 && clock_covers"),
    Mutant("own reads are forgotten", "weak.c", "store->seen[process] = p->sync.at[process];", "store->seen[process] = UINT32_MAX;"),
    Mutant("stores are not known", "weak.c", ".at = p->sync.at[process],", ".at = UINT32_MAX,"),
    Mutant(
        "seq_cst loads leave no mark",
        "weak.c",
        "    weak_touch(control, process, store, order);\n    if (weak_acquires",
        "    if (weak_acquires",
    ),
    Mutant(
        "seq_cst accesses ignore earlier fences",
        "weak.c",
        "store->fences != UINT32_MAX || weak_knows(control, &control->sequential, store)",
        "store->fences != UINT32_MAX",
    ),
    Mutant(
        "seq_cst accesses ignore earlier ones",
        "weak.c",
        "store->fences != UINT32_MAX || weak_knows(control, &control->sequential, store)",
        "weak_knows(control, &control->sequential, store)",
    ),
    Mutant("fences ignore earlier seq_cst accesses", "weak.c", " || store->fences < view->fences", ""),
    Mutant("fences know later seq_cst accesses", "weak.c", "store->fences < view->fences", "store->fences <= view->fences"),
    Mutant(
        "an update ends the release sequence",
        "weak.c",
        "        view_join(&store->view, &before->view);\n",
        "",
    ),
    Mutant(
        "a store comes before an update",
        "weak.c",
        "        if (!location->store[i].update)\n            mask |= 1u << (end - i);",
        "            mask |= 1u << (end - i);",
    ),
    Mutant(
        "an update reads what another one has read",
        "weak.c",
        "        if (!location->store[i + 1].update)\n            mask |= 1u << (newest - i);\n    return weak_choose(control, "
        "process, location, mask, WEAVE_NO_SITE);",
        "            mask |= 1u << (newest - i);\n    return weak_choose(control, process, location, mask, WEAVE_NO_SITE);",
    ),
    Mutant("relaxed loads acquire", "weak.c", "    if (weak_acquires(order)) {\n        clock_join(&p->sync, &store->sync);",
           "    if (order >= 0) {\n        clock_join(&p->sync, &store->sync);"),
    Mutant("acquire loads do not", "weak.c", "        view_join(&p->view, &store->view);\n", ""),
    Mutant("relaxed stores release", "weak.c", ".view = weak_releases(order) ? p->view : p->release_view,", ".view = p->view,"),
    Mutant("an acquire fence does nothing", "order.c", "        view_join(&p->view, &p->acquire_view);\n", ""),
    Mutant("a release fence does nothing", "order.c", "        p->release_view = p->view;\n", ""),
    Mutant("the newest is always read", "weak.c", "            mask |= 1u << (newest - i);\n    return weak_choose(control, process, "
           "location, mask, site);\n}\n\nint weak_choose_update", "            mask |= 0;\n    return weak_choose(control, process, "
           "location, mask, site);\n}\n\nint weak_choose_update"),
    Mutant("a store is always the newest", "weak.c", "            mask |= 1u << (end - i);", "            mask |= 0;"),
    Mutant("the hash has not what was read", "weak.c", "hash_mix(NOTE_WEAK_LOAD, object->key)), store->history)",
           "hash_mix(NOTE_WEAK_LOAD, object->key)), 0)"),
    Mutant("the hash has not where a store was placed", "weak.c", "    uint64_t around = before == NULL ? 0 : before->history;\n"
           "    if (index + 1 < location->stores)", "    uint64_t around = 0;\n    if (index > WEAVE_STORES)"),
    Mutant("the hash has not the order of fences and accesses", "weak.c",
           "    p->history = hash_mix(p->history, control->sequential_history);", "    p->history += 0;"),
    Mutant("the hash has not the order of fences", "order.c",
           "        p->history = control->sequential_history = hash_mix(p->history, control->sequential_history);\n", ""),
)


NO_MUTANT = Mutant("none", "weak.c", '#include "core.h"', '#include "core.h"')


def noticed(mutant: Mutant, compiler: str, folder: Path) -> bool:
    """Whether the test fails on a core with this mistake."""
    weave = folder / "weave"
    shutil.rmtree(weave, ignore_errors=True)
    for part in ("core", "runner"):
        shutil.copytree(WEAVE / part, weave / part)
    path = weave / "core" / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.right) < 1:
        print(f"mutate_core.py: {mutant.name}: not in {mutant.file}: bring the mutant up to date", file=sys.stderr)
        raise SystemExit(2)
    path.write_text(text.replace(mutant.right, mutant.wrong), encoding="utf-8")
    sources = [UNIT / "test_weak.c", UNIT / "axioms.c", weave / "runner" / "search.c", *sorted((weave / "core").glob("*.c"))]
    flags = ["-std=gnu17", "-D_GNU_SOURCE", "-O2", "-w", f"-I{weave}", f"-I{UNIT}"]
    test = folder / "test"
    subprocess.run([compiler, *flags, *map(str, sources), "-o", str(test), "-lcmocka"], check=True)
    try:
        environment = {**os.environ, "WEAVE_PROGRAMS": PROGRAMS}
        run = subprocess.run([str(test)], env=environment, capture_output=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("names", nargs="*", help="parts of names; default: all")
    options = parser.parse_args()
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="weave-mutants-") as folder:
        if noticed(NO_MUTANT, options.compiler, Path(folder)):
            print("mutate_core.py: the test fails on the core as it is", file=sys.stderr)
            return 2
        for mutant in MUTANTS:
            if options.names and not any(name in mutant.name for name in options.names):
                continue
            seen = noticed(mutant, options.compiler, Path(folder))
            survivors += not seen
            print(f"{'noticed' if seen else 'SURVIVES':9} {mutant.name}", flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
