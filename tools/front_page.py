#!/usr/bin/env python3
"""Make the pictures of the README's first screen: what `make demo` streams, and what `make lab3` says about a race.

    front_page.py [--build BUILD]        writes docs/img/demo.gif and docs/img/race.svg

Both show programs as they are: the stream of lab 6's producer and consumer, and the verdict on a wrong solution of lab 3 (one
of tests/mutants), taken from a terminal of 80 columns. Needs ffmpeg for the first.
"""

from __future__ import annotations

import argparse
import html
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

import selfcheck  # noqa: E402

IMAGES = ROOT / "docs" / "img"
MUTANT = ROOT / "tests" / "mutants" / "lab3_handshake" / "flag_first.mutant"
FRAMES = 60  # of the stream
EVERY = 2  # of them is in the picture
COLUMNS = 80
CELL, LINE = 7.8, 18  # pixels of a character of 13 px, and from one line to the next
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341"}  # by number of the terminal's colour


def demo_write(build: Path, scratch: Path) -> None:
    """Stream the scene through the queue, and put the consumer's pictures together."""
    lab = build / "solutions" / "lab6_yolo_queue"
    names = ["--prefix", f"shmlabfront_{os.getpid()}"]
    frames = scratch / "frames"
    frames.mkdir()
    with subprocess.Popen([str(lab / "producer"), *names, "--quiet", "--frames", str(FRAMES), "--source", "scene:1"],
                          stdout=subprocess.DEVNULL) as producer:
        subprocess.run([str(ROOT / "solutions" / "lab6_yolo_queue" / "consumer.py"), *names, "--view", "png", "--output", str(frames),
                        "--every", str(EVERY)], check=True, stdout=subprocess.DEVNULL)
    if producer.returncode != 0:
        raise SystemExit(f"front_page.py: the producer ended with status {producer.returncode}")
    colours = "fps=10,scale=480:-1:flags=lanczos,split[a][b];[a]palettegen=max_colors=48[p];[b][p]paletteuse=dither=none"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-framerate", "10", "-pattern_type", "glob", "-i", str(frames / "*.png"), "-vf",
                    colours, str(IMAGES / "demo.gif")], check=True)


def terminal(command: List[str]) -> str:
    """What a program prints on a terminal of COLUMNS columns."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", str(COLUMNS), "rows", "60"], stdin=follower, check=True)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env={**os.environ, "TERM": "xterm"}):
        os.close(follower)
        parts: List[bytes] = []
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # EIO: the last program that has the terminal is gone
                break
            if not part:
                break
            parts.append(part)
    os.close(leader)
    text = b"".join(parts).decode("utf-8").replace("\r\n", "\n")
    return "\n".join(line.split("\r")[-1] for line in text.split("\n"))  # a status line is written over


def spans(line: str) -> List[Tuple[str, str]]:
    """Style (an SVG attribute) and text of each piece of a line; other control sequences are left out."""
    pieces: List[Tuple[str, str]] = []
    style = ""
    for text, codes, _ in re.findall(r"([^\x1b]+)|\x1b\[([0-9;]*)m|(\x1b\[[0-9;?]*[A-Za-ln-z])", line):
        if text:
            pieces.append((style, text))
            continue
        for code in codes.split(";"):
            if code in COLOURS:
                style += f' fill="{COLOURS[code]}"' if "fill" not in style else ""
            elif code == "1":
                style += ' font-weight="bold"' if "weight" not in style else ""
            else:
                style = ""
    return pieces


def svg(text: str, title: str) -> str:
    """The terminal as a picture."""
    lines = text.rstrip("\n").split("\n")
    width, height = round(COLUMNS * CELL + 24), len(lines) * LINE + 24
    body = []
    for number, line in enumerate(lines):
        words = "".join("<tspan" + style + ">" + html.escape(piece).replace(" ", "\u00a0") + "</tspan>" for style, piece in spans(line))
        if words:
            body.append(f'<text x="12" y="{24 + number * LINE}">{words}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'aria-label="{html.escape(title)}">\n<title>{html.escape(title)}</title>\n'
            f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>\n'
            '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="13" '
            'fill="#e6edf3" xml:space="preserve">\n' + "\n".join(body) + "\n</g>\n</svg>\n")


def race_write(build: Path, scratch: Path) -> None:
    """Judge a writer that sets the flag before the message is complete."""
    tree = selfcheck.tree_copy(scratch / "mutant")
    selfcheck.mutant_apply(selfcheck.mutant_read(MUTANT), tree / MUTANT.parent.name)
    text = terminal([str(build / "bin" / "lab"), "check", "3", "--tree", str(tree), "--check", "race"])
    text = text.replace(f"{scratch}/mutant/tree", "labs")
    command = "\x1b[1m$ make lab3 CHECK=race\x1b[0m\n"
    (IMAGES / "race.svg").write_text(svg(command + text, "A verdict: the flag is set before the message is complete"), encoding="utf-8")


def main() -> int:
    """Write both pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build tree (default: %(default)s)")
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shmlab-front-") as scratch:
        demo_write(options.build, Path(scratch))
        race_write(options.build, Path(scratch))
    for name in ("demo.gif", "race.svg"):
        print(f"{(IMAGES / name).relative_to(ROOT)}: {(IMAGES / name).stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
