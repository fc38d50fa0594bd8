#!/usr/bin/env python3
"""The detector against the library that it stands on, as it is packaged, and against OpenCV's DNN module.

    detector_peers.py [--models FOLDER] [--rounds N] [--json FILE]

Measured is a whole picture: scaled, run through the network, boxes taken (OpenCV: without its boxes), on one thread, in
rounds in which each takes its turn; the ratios are medians over the rounds. Ours is built in a folder of its own, once
with SHMLAB_FAST_DARKNET and once without, which is removed afterwards. OpenCV: Debian's python3-opencv; left out where it
is missing. Networks: the small one of this project, and each CFG with its .weights in FOLDER.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "common" / "media"
PICTURE = MEDIA / "shapes.jpg"
RUNS = 5  # as detector_time.c
OPENCV = "opencv"  # argument with which this script is its own OpenCV side


def build(folder: Path, fast: bool) -> Path:
    """Build detector_time; returns the program."""
    configure = [
        *("cmake", "-S", str(ROOT), "-B", str(folder), "-DCMAKE_BUILD_TYPE=RelWithDebInfo"),
        f"-DSHMLAB_FAST_DARKNET={'ON' if fast else 'OFF'}",
    ]
    for command in (configure, ["cmake", "--build", str(folder), "--target", "detector_time", "-j2"]):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            sys.exit(f"detector_peers: {' '.join(command[:2])} failed:\n{made.stderr}")
    return next(folder.rglob("detector_time"))


def opencv(cfg: str, weights: str) -> int:
    """Be the OpenCV side: as detector_time, a line asks, milliseconds answer."""
    import cv2  # type: ignore[import]  # pylint: disable=import-outside-toplevel,import-error

    cv2.setNumThreads(1)
    size = int(re.search(r"^width\s*=\s*(\d+)", Path(cfg).read_text(), re.M).group(1))  # type: ignore[union-attr]
    net = cv2.dnn.readNetFromDarknet(cfg, weights)
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    names = net.getUnconnectedOutLayersNames()
    picture = cv2.imread(str(PICTURE))

    def best() -> float:
        taken = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            net.setInput(cv2.dnn.blobFromImage(picture, 1 / 255, (size, size), swapRB=True))
            net.forward(names)
            taken.append(time.perf_counter() - begin)
        return min(taken) * 1e3

    best()
    for _ in sys.stdin:
        print(f"{best():.4f}", flush=True)
    return 0


class Side:
    """A process that answers with milliseconds."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
        )

    def measure(self) -> float:
        """One measurement."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"detector_peers: {self._process.args!r} ended")
        return float(line)

    def close(self) -> None:
        """End it: it reads to the end of its input."""
        self._process.communicate()


def compare(cfg: Path, programs: "Dict[str, List[str]]", rounds: int) -> "Dict[str, Any]":
    """All sides on one network."""
    files = (str(cfg), str(cfg.with_suffix(".weights")))
    sides: "Dict[str, Side]" = {}
    try:
        for name, command in programs.items():
            sides[name] = Side(*command, *files, *([] if name == OPENCV else [str(PICTURE)]))
        taken: "Dict[str, List[float]]" = {name: [] for name in sides}
        for _ in range(rounds):
            for name, side in sides.items():
                taken[name].append(side.measure())
    finally:
        for side in sides.values():
            side.close()
    row: "Dict[str, Any]" = {"network": cfg.stem}
    for name, values in taken.items():
        ratios = sorted(value / ours for value, ours in zip(values, taken["ours"]))
        row[name] = {"milliseconds": round(statistics.median(values), 2), "x": round(statistics.median(ratios), 2)}
        row[name]["x_range"] = [round(ratios[0], 2), round(ratios[-1], 2)]
    return row


def peers(folder: Path) -> "Dict[str, List[str]]":
    """What there is to compare, and how it is started."""
    found = {
        "ours": [str(build(folder / "fast", True))],
        "stock": [str(build(folder / "stock", False))],
    }
    for python in dict.fromkeys(("/usr/bin/python3", sys.executable)):
        if subprocess.run([python, "-c", "import cv2"], capture_output=True, check=False).returncode == 0:
            found[OPENCV] = [python, str(Path(__file__).resolve()), OPENCV]
            break
    else:
        print("detector_peers: without OpenCV (Debian: python3-opencv)", file=sys.stderr)
    return found


def main() -> int:
    """Measure and tell."""
    if sys.argv[1:2] == [OPENCV]:
        return opencv(*sys.argv[2:4])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, metavar="FOLDER", help="networks beside the project's own")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="rounds (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    arguments = parser.parse_args()
    networks = [MEDIA / "shapes.cfg"]
    if arguments.models:
        networks += [cfg for cfg in sorted(arguments.models.glob("*.cfg")) if cfg.with_suffix(".weights").exists()]
    report: "Dict[str, Any]" = {
        "format": "shmlab-detector/1",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command": f"detector_peers.py --models FOLDER --rounds {arguments.rounds}",
        "machine": {"cpu": cpu_name(), "cpus": os.cpu_count(), "kernel": f"Linux {platform.release()}"},
        "networks": [],
    }
    with tempfile.TemporaryDirectory(prefix="detector_peers.") as folder:
        programs = peers(Path(folder))
        for cfg in networks:
            row = compare(cfg, programs, arguments.rounds)
            report["networks"].append(row)
            sides = ", ".join(f"{name} {row[name]['milliseconds']} ms ({row[name]['x']} x)" for name in programs)
            print(f"{row['network']}: {sides}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def cpu_name() -> str:
    """As the kernel calls it."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    return found.group(1) if found else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
