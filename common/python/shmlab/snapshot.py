"""Lab 5's snapshot: the mirror of common/include/shmlab/snapshot.h."""

from __future__ import annotations

import ctypes
import struct
from typing import List, NamedTuple

from shmlab import detection, wire
from shmlab.detection import Detection, DetectionRecord

NAME = "/ipc_dog_shm"
RECORDS = 10


class SnapshotLayout(ctypes.LittleEndianStructure):
    """The mirror itself."""

    _fields_ = [
        ("count", ctypes.c_int32),
        ("records", DetectionRecord * RECORDS),
    ]


wire.check("snapshot", SnapshotLayout)
SIZE = ctypes.sizeof(SnapshotLayout)
_COUNT = struct.Struct("<i")


class Snapshot(NamedTuple):
    """What a reader may rely on."""

    claimed: int  # the count as it stood in memory: anything at all
    detections: List[Detection]  # the sane ones among the first min(count, RECORDS)
    dropped: int  # records within count that were not sane


def unpack(raw: bytes) -> Snapshot:
    """A snapshot from a private copy of its SIZE bytes: never from the shared memory, which may change meanwhile."""
    # slide:unpack
    (count,) = _COUNT.unpack_from(raw)
    believed = max(0, min(count, RECORDS))
    found = detection.split(detection.records(believed).unpack_from(raw, SnapshotLayout.records.offset))
    sane = [each for each in found if each.is_sane()]
    return Snapshot(count, sane, believed - len(sane))
    # slide:end
