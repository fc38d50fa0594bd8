"""Lab 6's circular queue: the mirror of common/include/shmlab/yolo_queue.h."""

from __future__ import annotations

import ctypes
import struct
import sys

from shmlab import wire
from shmlab.detection import DetectionRecord

PREFIX = "YOLO"
SLOTS = 5
DETECTIONS = 200
WIDTH = 640  # pixels
HEIGHT = 640
CHANNELS = 3  # blue, green, red
PIXEL_BYTES = WIDTH * HEIGHT * CHANNELS

# Lock bytes on the shared memory object, see presence.py: each held by the process in that role.
PRESENCE_PRODUCER = 0
PRESENCE_CONSUMER = 1
PRESENCE_REPAIR = 2  # for moments: a producer that puts right what a dead consumer left, a consumer that comes in
PRESENCE_KNOWN = 3  # by a producer that has seen its consumer; one that is not known touches no semaphore


class QueueSlot(ctypes.LittleEndianStructure):
    """One frame."""

    _fields_ = [
        ("frame_id", ctypes.c_int32),  # 1, 2, 3 ... without a gap
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("channels", ctypes.c_int32),
        ("num_detections", ctypes.c_int32),
        ("detections", DetectionRecord * DETECTIONS),
        ("pixels", ctypes.c_uint8 * PIXEL_BYTES),
    ]


class YoloQueue(ctypes.LittleEndianStructure):
    """The control block and the slots."""

    _fields_ = [
        ("write_idx", ctypes.c_int32),  # slot that is filled next
        ("read_idx", ctypes.c_int32),  # slot that is read next
        ("count", ctypes.c_int32),  # slots published and not yet released
        ("slots", QueueSlot * SLOTS),
    ]


wire.check("queue_slot", QueueSlot)
wire.check("yolo_queue", YoloQueue)

SIZE = ctypes.sizeof(YoloQueue)
SLOT_SIZE = ctypes.sizeof(QueueSlot)
HEADER = struct.Struct("<5i")  # frame_id, width, height, channels, num_detections
SLOT_OFFSETS = tuple(YoloQueue.slots.offset + k * SLOT_SIZE for k in range(SLOTS))
DETECTIONS_OFFSET = QueueSlot.detections.offset  # within a slot
PIXELS_OFFSET = QueueSlot.pixels.offset  # within a slot

# The control block as a row of ints, for memoryview.cast("i"): each store is one store of the machine. Struct.pack_into
# would do for the values, but it clears the bytes first, and a reader that looks in between, also after our death, finds zeros.
CONTROL_SIZE = YoloQueue.slots.offset
WRITE_IDX, READ_IDX, COUNT = (field.offset // 4 for field in (YoloQueue.write_idx, YoloQueue.read_idx, YoloQueue.count))

if HEADER.size != DETECTIONS_OFFSET:
    raise ImportError(f"the header's format unpacks {HEADER.size} bytes, not {DETECTIONS_OFFSET}")
if sys.byteorder != "little":
    raise ImportError("the control block is read in the machine's byte order, which must be little-endian")
