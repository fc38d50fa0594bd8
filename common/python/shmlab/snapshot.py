"""Lab 5's snapshot: the mirror of common/include/shmlab/snapshot.h."""

from __future__ import annotations

import ctypes
from typing import List, NamedTuple

from shmlab import wire
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


class Snapshot(NamedTuple):
    """What a reader may rely on."""

    claimed: int  # the count as it was in memory: anything at all
    detections: List[Detection]  # the sane ones among the first min(count, RECORDS)
    dropped: int  # records within count that were not sane
