#!/usr/bin/env python3
"""Lab 5, reader: print the detections of the snapshot and draw them on the picture.

    producer dog.jpg             writes the snapshot and ends; the snapshot stays
    reader.py --image dog.jpg    any time later: prints it and writes snapshot.png
    producer --unlink ...        removes it, or rm /dev/shm/ipc_dog_shm

The object is mapped read-only and copied once; nothing in the copy is believed before it was checked, the count least
of all: a program that may write to the object may write anything.
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path
from typing import List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "common" / "python"))

from shmlab import class_names, colours, detection, draw, options, picture_file, posix_shm  # noqa: E402
from shmlab import program, snapshot, viewer_png  # noqa: E402
from shmlab.class_names import ClassNames  # noqa: E402
from shmlab.detection import Detection  # noqa: E402
from shmlab.draw import Mark  # noqa: E402
from shmlab.errors import ShmlabError  # noqa: E402
from shmlab.picture import Picture  # noqa: E402
from shmlab.snapshot import Snapshot  # noqa: E402

CANVAS_MAX = 8192  # pixels a side: boxes on a picture that we cannot see may claim anything
CANVAS_MIN = 320
CANVAS_MARGIN = 16


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__)
    parser.add_argument(
        "--name",
        type=options.object_name,
        default=snapshot.NAME,
        help="name of the shared memory object (default: %(default)s)",
    )
    parser.add_argument("--image", type=Path, help="the picture that the producer looked at: PNG, PPM or JPEG")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("snapshot.png"),
        metavar="FILE.png",
        help="where to write the annotated picture (default: %(default)s)",
    )
    class_names.add_options(parser, usual=class_names.COCO)
    return parser.parse_args()


def unpack(raw: bytes) -> Snapshot:
    """A snapshot from a private copy of its bytes: never from the shared memory, which may change meanwhile."""
    # shmlab:cut 5 The count is the first four bytes: believe 0 to snapshot.RECORDS of it, whatever it says. So many records
    # shmlab:text follow (detection.records, detection.split); leave out those that make no sense (Detection.is_sane).
    # shmlab:give del raw
    # shmlab:give return Snapshot(0, [], 0)
    # slide:unpack
    (count,) = struct.unpack_from("<i", raw)
    believed = max(0, min(count, snapshot.RECORDS))
    numbers = detection.records(believed).unpack_from(raw, snapshot.SnapshotLayout.records.offset)
    found = detection.split(numbers)
    sane = [each for each in found if each.is_sane()]
    return Snapshot(count, sane, believed - len(sane))
    # slide:end
    # shmlab:end


# slide:take
def take(name: str) -> Snapshot:
    """The snapshot, from a copy."""
    # shmlab:cut 6 Open the object for reading (posix_shm.open_existing), map it, copy its snapshot.SIZE bytes, and
    # shmlab:text only then look into the copy: unpack.
    # shmlab:give del name
    # shmlab:give return unpack(bytes(snapshot.SIZE))
    with posix_shm.open_existing(name, "run the producer first, or pass its --name") as shared:
        return unpack(bytes(shared.map(snapshot.SIZE)))
    # shmlab:end
# slide:end


def report(taken: Snapshot, names: ClassNames) -> None:
    """Print the detections, and what was not believed."""
    # shmlab:cut 7 Say "2 detections" (program.say), then print a line for each, as in the handout: number, name,
    # shmlab:text confidence, box. Complain (program.complain): "the count is 51, ..." when it was claimed to be outside
    # shmlab:text 0 to snapshot.RECORDS, and "3 records make no sense ..." when some were dropped.
    # shmlab:give del taken, names
    program.say(f"{len(taken.detections)} detection{'' if len(taken.detections) == 1 else 's'}")
    for number, each in enumerate(taken.detections, 1):
        print(
            f"{number:3d}  {names[each.class_id]:<14s} {each.confidence:.2f}"
            f"  x {each.x}  y {each.y}  width {each.width}  height {each.height}"
        )
    if not 0 <= taken.claimed <= snapshot.RECORDS:
        program.complain(f"the count is {taken.claimed}, not 0 to {snapshot.RECORDS}: read as the nearest of these")
    if taken.dropped:
        program.complain(f"{taken.dropped} records make no sense and were left out")
    # shmlab:end


def canvas_for(detections: List[Detection]) -> Picture:
    """A black picture that is large enough for the boxes."""
    right = max([each.x + each.width for each in detections], default=0)
    bottom = max([each.y + each.height for each in detections], default=0)
    width, height = (max(CANVAS_MIN, min(side + CANVAS_MARGIN, CANVAS_MAX)) for side in (right, bottom))
    return Picture.blank(width, height)


def background(image: Optional[Path], detections: List[Detection]) -> Picture:
    """The picture to draw on, or a black one when it cannot be decoded here."""
    if image is None:
        program.say("no --image: the boxes are drawn on black")
        return canvas_for(detections)
    try:
        return picture_file.read(image)
    except OSError as error:
        raise ShmlabError(str(image), "--image wants the producer's picture", error.errno or 0) from error
    except ValueError as error:
        program.complain(f"{image}: {error}: the boxes are drawn on black")
        return canvas_for(detections)


def main() -> int:
    """Copy, print, draw, save."""
    arguments = parse()
    names = class_names.load(arguments.model, arguments.names)
    taken = take(arguments.name)
    report(taken, names)
    amiss = names.complaint()
    if amiss is not None:
        program.complain(amiss)
    picture = background(arguments.image, taken.detections)
    # shmlab:cut 8 Draw a Mark for each detection (draw.annotate): its box, "dog 0.98", the colour of its class.
    # shmlab:give del names
    draw.annotate(
        picture,
        [
            Mark(
                each.x,
                each.y,
                each.width,
                each.height,
                f"{names[each.class_id]} {each.confidence:.2f}",
                colours.of_class(each.class_id),
            )
            for each in taken.detections
        ],
    )
    # shmlab:end
    viewer_png.write(arguments.output, picture)
    program.say(f"wrote {arguments.output} ({picture.width} x {picture.height})")
    return program.DONE


if __name__ == "__main__":
    program.run(main)
