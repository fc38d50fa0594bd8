"""The mirrors against literals, and the check itself against mirrors that are wrong."""

from __future__ import annotations

import ctypes
import json
import sys
import unittest
from typing import Any, Dict, List, Tuple, Type

from support import SOLUTIONS, Case

from shmlab import bounded_buffer, detection, mailbox, snapshot, wire, yolo_queue

sys.path.insert(0, str(SOLUTIONS / "lab1_layout"))
import shared_data  # noqa: E402


def offsets(mirror: Type[ctypes.Structure]) -> Dict[str, Tuple[int, int]]:
    """Offset and size of each member that is no padding."""
    return {
        name: (getattr(mirror, name).offset, getattr(mirror, name).size)
        for name, *_ in mirror._fields_
        if not name.startswith("_")
    }


class Mirrors(Case):
    """Every number here is written out, from the published tables."""

    def test_shared_data(self) -> None:
        self.assertEqual(ctypes.sizeof(shared_data.SharedData), 640)
        self.assertEqual(
            offsets(shared_data.SharedData),
            {
                "process_id": (0, 4),
                "message": (4, 500),
                "data_ready": (504, 1),
                "counter": (508, 4),
                "temperature": (512, 8),
                "coordinates": (520, 12),
                "user_name": (532, 50),
                "timestamp": (588, 8),
                "data_array": (596, 40),
            },
        )

    def test_mailbox(self) -> None:
        self.assertEqual(ctypes.sizeof(mailbox.Mailbox), 108)
        self.assertEqual(offsets(mailbox.Mailbox), {"counter": (0, 4), "message": (4, 100), "ready": (104, 1)})
        self.assertEqual((mailbox.KEY_PATH, mailbox.KEY_ID, mailbox.MESSAGES), ("/tmp", 65, 5))

    def test_bounded_buffer(self) -> None:
        self.assertEqual(bounded_buffer.MAGIC, 0x46554253)
        self.assertEqual((bounded_buffer.HEADER_SIZE, bounded_buffer.MESSAGE_SIZE), (32, 64))
        self.assertEqual(
            offsets(bounded_buffer.BufferMessage), {"producer": (0, 4), "sequence": (4, 4), "text": (8, 56)}
        )
        self.assertEqual(
            offsets(bounded_buffer.BoundedBuffer),
            {
                "magic": (0, 4),
                "version": (4, 4),
                "element_size": (8, 4),
                "capacity": (12, 4),
                "head": (16, 4),
                "tail": (20, 4),
                "count": (24, 4),
                "reserved": (28, 4),
            },
        )

    def test_snapshot(self) -> None:
        self.assertEqual((snapshot.SIZE, snapshot.RECORDS, detection.SIZE), (244, 10, 24))
        self.assertEqual(offsets(snapshot.SnapshotLayout), {"count": (0, 4), "records": (4, 240)})
        self.assertEqual(
            offsets(detection.DetectionRecord),
            {
                "class_id": (0, 4),
                "confidence": (4, 4),
                "x": (8, 4),
                "y": (12, 4),
                "width": (16, 4),
                "height": (20, 4),
            },
        )

    def test_yolo_queue(self) -> None:
        self.assertEqual((yolo_queue.SIZE, yolo_queue.SLOT_SIZE), (6_168_112, 1_233_620))
        self.assertEqual(yolo_queue.SLOT_OFFSETS, (12, 1_233_632, 2_467_252, 3_700_872, 4_934_492))
        self.assertEqual((yolo_queue.DETECTIONS_OFFSET, yolo_queue.PIXELS_OFFSET), (20, 4820))
        self.assertEqual((yolo_queue.WRITE_IDX, yolo_queue.READ_IDX, yolo_queue.COUNT), (0, 1, 2))
        self.assertEqual(yolo_queue.PIXEL_BYTES, 640 * 640 * 3)


class Check(Case):
    """A mirror with one thing wrong must not be imported."""

    def wrong(self, fields: List[Tuple[str, Any]], expected: str) -> None:
        mirror = type("Mirror", (ctypes.LittleEndianStructure,), {"_pack_": 1, "_layout_": "ms", "_fields_": fields})
        with self.assertRaisesRegex(ImportError, expected):
            wire.check("mailbox", mirror)

    def test_moved_field(self) -> None:
        fields = [("counter", ctypes.c_int32), ("_gap", ctypes.c_uint8), ("message", ctypes.c_char * 100)]
        fields += [("ready", ctypes.c_uint8), ("_end", ctypes.c_uint8 * 2)]
        self.wrong(fields, "mailbox: field message: expected 100 bytes at offset 4, found 100 bytes at offset 5")

    def test_field_of_another_size(self) -> None:
        fields = [("counter", ctypes.c_int32), ("message", ctypes.c_char * 99), ("ready", ctypes.c_uint8)]
        self.wrong(fields, "mailbox: field message: expected 100 bytes at offset 4, found 99")

    def test_missing_field(self) -> None:
        self.wrong([("counter", ctypes.c_int32)], "mailbox: field message is missing")

    def test_additional_field(self) -> None:
        fields = [*mailbox.Mailbox._fields_, ("more", ctypes.c_uint8)]
        self.wrong(fields, "field more is not in wire_formats.json")

    def test_total_size(self) -> None:
        self.wrong(mailbox.Mailbox._fields_[:-1], "mailbox: expected 108 bytes, found 105")

    def test_unknown_struct(self) -> None:
        with self.assertRaisesRegex(ImportError, "struct nobody is not in"):
            wire.check("nobody", mailbox.Mailbox)

    def test_every_struct_of_the_table_has_a_mirror(self) -> None:
        mirrored = {
            "shared_data",
            "mailbox",
            "buffer_message",
            "bounded_buffer",
            "detection",
            "snapshot",
            "queue_slot",
            "yolo_queue",
        }
        # Lab 6's rings live by the order of atomic operations, which Python has not got.
        only_c = {
            "spsc",
            "spsc_message",
            "fanout",
            "fanout_reader",
            "fanout_message",
            "record_ring",
            "record_header",
        }
        self.assertEqual(set(json.loads(wire.TABLE.read_text())["structs"]), mirrored | only_c)


class Text(Case):
    """What a terminal would obey must not get there."""

    def test_ends_at_nul(self) -> None:
        self.assertEqual(wire.text(b"ab\0cd"), "ab")

    def test_without_nul(self) -> None:
        self.assertEqual(wire.text(b"abcd"), "abcd")

    def test_escape_sequences_are_defused(self) -> None:
        self.assertEqual(wire.text(b"a\x1b[2Jb\n"), "a\ufffd[2Jb\ufffd")

    def test_kept_characters(self) -> None:
        self.assertEqual(wire.text(b"a\nb\r", keep="\n"), "a\nb\ufffd")

    def test_bytes_that_are_no_utf8(self) -> None:
        self.assertEqual(wire.text(b"\xff\xc3\xa4"), "\ufffd\u00e4")


if __name__ == "__main__":
    unittest.main()
