"""One detection, as labs 5 and 6 share it: the mirror of common/include/shmlab/detection.h.

Video is unpacked many times a second, so beside the ctypes mirror are struct.Struct formats: one call that unpacks
all records is some twenty times faster than reading ctypes attributes one by one.
"""

from __future__ import annotations

import ctypes
import math
import struct
from functools import lru_cache
from typing import List, NamedTuple, Tuple

from shmlab import wire

RECORD_FORMAT = "if4i"
FIELDS = 6  # numbers in a record


class DetectionRecord(ctypes.LittleEndianStructure):
    """The mirror itself; `Detection` is what programs work with."""

    _fields_ = [
        ("class_id", ctypes.c_int32),
        ("confidence", ctypes.c_float),
        ("x", ctypes.c_int32),
        ("y", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
    ]


wire.check("detection", DetectionRecord)
SIZE = ctypes.sizeof(DetectionRecord)
if struct.calcsize("<" + RECORD_FORMAT) != SIZE:
    raise ImportError(f"the format of a detection unpacks {struct.calcsize('<' + RECORD_FORMAT)} bytes, not {SIZE}")


class Detection(NamedTuple):
    """A detection; the box is the top-left corner and the size in pixels of the picture that the detector was given."""

    class_id: int  # line of the names file, from 0
    confidence: float  # 0 to 1
    x: int
    y: int
    width: int
    height: int

    def is_sane(self) -> bool:
        """False for what no detector writes: a confidence that is not a number or not in 0 ... 1, or an empty box."""
        return (
            math.isfinite(self.confidence)
            and 0.0 <= self.confidence <= 1.0
            and self.class_id >= 0
            and self.width > 0
            and self.height > 0
        )


@lru_cache(maxsize=None)
def records(count: int) -> struct.Struct:
    """A Struct that unpacks `count` records at once into count * FIELDS numbers."""
    return struct.Struct("<" + RECORD_FORMAT * count)


def split(numbers: Tuple[float, ...]) -> List[Detection]:
    """Detections from the numbers that `records` unpacked."""
    fields = iter(numbers)
    return [Detection._make(record) for record in zip(*[fields] * FIELDS)]
