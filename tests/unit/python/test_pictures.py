"""Pictures: files, scaling, drawing, the font."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import unittest
import unittest.mock
import zlib
from typing import Callable, List, Sequence, Set, Tuple

from support import LIMIT, Case

from shmlab import colours, draw, font, picture_file, png, ppm, viewer_png
from shmlab.draw import Mark
from shmlab.picture import Picture
from shmlab.viewer import Frame


def noise(width: int, height: int, channels: int = 3) -> bytes:
    """Bytes without a pattern, the same in every run."""
    state, out = 1, bytearray()
    for _ in range(width * height * channels):
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        out.append(state >> 16 & 0xFF)
    return bytes(out)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def plain_decode(data: bytes) -> Tuple[int, int, bytes]:
    """Width, height and RGB bytes of a PNG with filter 0 only: a decoder that shares no code with the package."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, idat = 8, b""
    head: Tuple[int, ...] = ()
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            idat += body
        last = kind
        at += 12 + length
    assert last == b"IEND" and head[2:] == (8, 2, 0, 0, 0)
    raw, stride = zlib.decompress(idat), head[0] * 3 + 1
    assert len(raw) == stride * head[1]
    assert all(raw[row * stride] == 0 for row in range(head[1]))
    return head[0], head[1], b"".join(raw[row * stride + 1 : (row + 1) * stride] for row in range(head[1]))


def filtered(rows: Sequence[bytes], step: int, kind: int) -> bytes:
    """Rows with a PNG filter applied, as an encoder does it."""
    out, above = b"", bytes(len(rows[0]))
    for row in rows:
        out += bytes([kind])
        for i, value in enumerate(row):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            up = above[i]
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda each: abs(guess - each))
            predicted = (0, left, up, (left + up) // 2, nearest)[kind]
            out += bytes([(value - predicted) % 256])
        above = row
    return out


def encoded(width: int, height: int, colour: int, raw: bytes, palette: bytes = b"", depth: int = 8, interlace: int = 0) -> bytes:
    """A PNG of rows that are filtered already."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    extra = chunk(b"PLTE", palette) if palette else b""
    half = len(zlib.compress(raw)) // 2  # in two IDAT chunks, as many encoders write them
    body = zlib.compress(raw)
    return png.SIGNATURE + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body[:half]) + chunk(
        b"IDAT", body[half:]
    ) + chunk(b"IEND", b"")


class Png(Case):
    def test_round_trip_through_another_decoder(self) -> None:
        picture = Picture(37, 21, bytearray(noise(37, 21)))
        self.assertEqual(plain_decode(png.encode(picture)), (37, 21, noise(37, 21)))
        self.assertEqual(png.decode(png.encode(picture)).pixels, picture.pixels)

    @unittest.skipUnless(shutil.which("pngcheck"), "pngcheck is not installed")
    def test_pngcheck_accepts_it(self) -> None:
        path = self.folder() / "x.png"
        path.write_bytes(png.encode(Picture(37, 21, bytearray(noise(37, 21)))))
        run = subprocess.run(["pngcheck", "-q", str(path)], capture_output=True, timeout=LIMIT, check=False)
        self.assertEqual(run.returncode, 0, run.stdout)

    def test_every_filter(self) -> None:
        data = noise(11, 9)
        rows = [data[at : at + 33] for at in range(0, len(data), 33)]
        for kind in range(5):
            with self.subTest(filter=kind):
                decoded = png.decode(encoded(11, 9, 2, filtered(rows, 3, kind)))
                self.assertEqual(decoded.pixels, data)

    def test_rgba_drops_transparency(self) -> None:
        data = noise(5, 4, 4)
        rows = [data[at : at + 20] for at in range(0, len(data), 20)]
        expected = b"".join(data[at : at + 3] for at in range(0, len(data), 4))
        self.assertEqual(png.decode(encoded(5, 4, 6, filtered(rows, 4, 4))).pixels, expected)

    def test_grey_with_and_without_alpha(self) -> None:
        data = noise(5, 4, 1)
        rows = [data[at : at + 5] for at in range(0, len(data), 5)]
        expected = b"".join(bytes([value] * 3) for value in data)
        self.assertEqual(png.decode(encoded(5, 4, 0, filtered(rows, 1, 1))).pixels, expected)
        rows = [b"".join(bytes([value, 7]) for value in row) for row in rows]
        self.assertEqual(png.decode(encoded(5, 4, 4, filtered(rows, 2, 2))).pixels, expected)

    def test_palette(self) -> None:
        palette = bytes(range(9))
        decoded = png.decode(encoded(3, 1, 3, b"\0\2\0\1", palette))
        self.assertEqual(decoded.pixels, bytes([6, 7, 8, 0, 1, 2, 3, 4, 5]))

    def test_refusals(self) -> None:
        good = png.encode(Picture.blank(4, 4))
        damaged = bytearray(good)
        damaged[20] ^= 1
        for data, reason in (
            (b"GIF89a", "not a PNG"),
            (bytes(damaged), "checksum"),
            (good[:-20], "middle of a chunk"),
            (png.SIGNATURE, "no header"),
            (encoded(4, 4, 2, bytes(52), depth=16), "8 bits"),
            (encoded(4, 4, 2, bytes(52), interlace=1), "interlacing"),
            (encoded(4, 5, 2, bytes(52)), "65 bytes of pixels expected, 52"),
            (encoded(40000, 40000, 2, b""), "too many"),
            (encoded(4, 4, 2, b"\5" + bytes(51)), "unknown filter 5"),
            (encoded(1, 1, 3, b"\0\3", bytes(9)), "palette"),
        ):
            with self.subTest(reason), self.assertRaisesRegex(ValueError, reason):
                png.decode(data)


class Ppm(Case):
    def test_round_trip(self) -> None:
        picture = Picture(7, 3, bytearray(noise(7, 3)))
        self.assertEqual(ppm.encode(picture)[:11], b"P6 7 3 255\n")
        self.assertEqual(ppm.decode(ppm.encode(picture)).pixels, picture.pixels)

    def test_comments(self) -> None:
        self.assertEqual(ppm.decode(b"P6\n# a comment\n2 # wide\n1\n255\nabcdef").pixels, b"abcdef")

    def test_refusals(self) -> None:
        for data, reason in (
            (b"P5 1 1 255\na", "not a binary"),
            (b"P6 2 2 255\nabc", "12 bytes"),
            (b"P6 1 1 65535\n", "65535"),
        ):
            with self.subTest(reason), self.assertRaisesRegex(ValueError, reason):
                ppm.decode(data)


class Files(Case):
    def test_png_and_ppm(self) -> None:
        picture = Picture(7, 3, bytearray(noise(7, 3)))
        encoders: List[Tuple[str, Callable[[Picture], bytes]]] = [("x.png", png.encode), ("x.ppm", ppm.encode)]
        for name, encode in encoders:
            path = self.folder() / name
            path.write_bytes(encode(picture))
            self.assertEqual(picture_file.read(path).pixels, picture.pixels)

    def converter(self, script: str) -> None:
        """Put a program of ours where build/bin/picture is looked for."""
        program = self.folder() / "bin" / "picture"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        program.chmod(0o755)
        patch = unittest.mock.patch.dict(os.environ, {"SHMLAB_BUILD": str(program.parents[1])})
        patch.start()
        self.addCleanup(patch.stop)

    def test_what_only_c_reads_is_asked_of_the_c_program(self) -> None:
        self.converter("printf 'P6 1 1 255 abc'")
        grey_16_bit = bytearray(png.encode(Picture.blank(1, 1, (0, 0, 0))))
        grey_16_bit[24] = 16  # the header's bit depth
        for name, data in (("x.jpg", b"\xff\xd8\xff"), ("x.png", bytes(grey_16_bit))):
            path = self.folder() / name
            path.write_bytes(data)
            self.assertEqual(bytes(picture_file.read(path).pixels), b"abc")

    def test_its_refusal_counts(self) -> None:
        self.converter("echo 'picture: x.jpg: CMYK' >&2; exit 1")
        path = self.folder() / "x.jpg"
        path.write_bytes(b"\xff\xd8\xff")
        with self.assertRaisesRegex(ValueError, "CMYK"):
            picture_file.read(path)

    def test_something_else_says_why(self) -> None:
        path = self.folder() / "x.txt"
        path.write_bytes(b"no picture at all")
        with self.assertRaisesRegex(ValueError, "picture|ffmpeg|Invalid"):
            picture_file.read(path)


class Scaling(Case):
    def test_halving_takes_the_mean_of_four(self) -> None:
        width, height = 10, 6
        data = noise(width, height)
        small = Picture(width, height, bytearray(data)).scaled(5, 3)

        def mean(a: int, b: int) -> int:
            return (a + b) // 2

        for y in range(3):
            for x in range(5):
                for c in range(3):
                    at = (2 * y * width + 2 * x) * 3 + c
                    expected = mean(mean(data[at], data[at + width * 3]), mean(data[at + 3], data[at + width * 3 + 3]))
                    self.assertEqual(small.pixels[(y * 5 + x) * 3 + c], expected, (x, y, c))

    def test_any_size(self) -> None:
        picture = Picture(2, 2, bytearray(b"aaabbbcccddd"))
        self.assertEqual(picture.scaled(4, 2).pixels, b"aaaaaabbbbbbccccccdddddd")
        self.assertEqual((picture.scaled(3, 5).width, picture.scaled(3, 5).height), (3, 5))
        self.assertEqual(picture.scaled(2, 2).pixels, picture.pixels)
        self.assertIsNot(picture.scaled(2, 2).pixels, picture.pixels)

    def test_bgr(self) -> None:
        self.assertEqual(Picture.from_bgr(2, 1, b"bgrBGR").pixels, b"rgbRGB")
        for wrong in (b"bgrBG", b"bgrBGRb"):
            with self.assertRaisesRegex(ValueError, "2 x 1, that is 6 bytes"):
                Picture.from_bgr(2, 1, wrong)

    def test_wrong_number_of_bytes(self) -> None:
        with self.assertRaises(ValueError):
            Picture(2, 2, bytearray(11))


class Drawing(Case):
    red = (255, 0, 0)

    def painted(self, picture: Picture) -> Set[Tuple[int, int]]:
        """The pixels that are not black."""
        return {(x, y) for y in range(picture.height) for x in range(picture.width) if any(picture.pixel(x, y))}

    def test_box(self) -> None:
        picture = Picture.blank(10, 8)
        draw.box(picture, 2, 1, 5, 4, self.red, 1)
        outline = {(x, y) for x in range(2, 7) for y in range(1, 5) if x in (2, 6) or y in (1, 4)}
        self.assertEqual(self.painted(picture), outline)
        self.assertEqual(picture.pixel(2, 1), self.red)

    def test_everything_is_clipped(self) -> None:
        for x in (-2000000000, -3, 8, 2000000000):
            for y in (-2000000000, -3, 6, 2000000000):
                picture = Picture.blank(10, 8)
                draw.box(picture, x, y, 5, 4, self.red, 1)
                draw.label(picture, x, y, "Ay", self.red)
                draw.paste(picture, Picture.blank(3, 3, self.red), x, y)
                self.assertEqual(len(picture.pixels), 10 * 8 * 3)
                inside = -5 < x < 10 and -4 < y < 8
                self.assertEqual(bool(self.painted(picture)), inside, (x, y))

    def test_negative_and_huge_sizes(self) -> None:
        picture = Picture.blank(4, 4)
        draw.box(picture, 1, 1, -5, 2, self.red)
        self.assertEqual(self.painted(picture), set())
        draw.fill(picture, -5, -5, 2**31, 2**31, self.red)
        self.assertEqual(len(self.painted(picture)), 16)

    def test_label_is_readable_on_its_ground(self) -> None:
        picture = Picture.blank(40, 12, (1, 2, 3))
        draw.label(picture, 2, 1, "I", (250, 250, 100))
        # "I" in a cell of 6 x 9 behind a margin of 1: its stem is the middle of 5 columns.
        for y in range(2, 9):
            self.assertEqual(picture.pixel(2 + 1 + 2, y), colours.BLACK, y)
        self.assertEqual(picture.pixel(2, 1), (250, 250, 100))
        self.assertEqual(picture.pixel(1, 1), (1, 2, 3))
        self.assertEqual(draw.label_size("I", 1), (8, 10))

    def test_annotation_stays_inside(self) -> None:
        picture = Picture.blank(200, 100)
        draw.annotate(picture, [Mark(190, 0, 50, 50, "person 0.99", self.red)], "frame 1")
        self.assertEqual(len(picture.pixels), 200 * 100 * 3)
        right = {x for x, y in self.painted(picture) if y in range(12, 20)}
        self.assertIn(199, right)
        self.assertLess(min(right), 190)  # the label moved left to fit

    def test_frames_keep_their_picture(self) -> None:
        frame = Frame(1, Picture.blank(64, 64), [Mark(4, 4, 20, 20, "a", self.red)], "frame 1")
        self.assertTrue(self.painted(frame.annotated()))
        self.assertFalse(self.painted(frame.picture))
        self.assertNotEqual(frame.with_note("paused").annotated().pixels, frame.annotated().pixels)


class Font(Case):
    def test_every_printable_character_is_there_and_different(self) -> None:
        seen = {font.glyph(chr(code), 1): chr(code) for code in range(33, 127)}
        self.assertEqual(len(seen), 94)
        self.assertFalse(any(b"".join(font.glyph(" ", 1))))
        self.assertTrue(all(any(b"".join(glyph)) for glyph in seen))

    def test_others_are_question_marks(self) -> None:
        self.assertEqual(font.glyph("\u00e4", 1), font.glyph("?", 1))

    def test_a_letter(self) -> None:
        rows = ["".join("#" if value else "." for value in row) for row in font.glyph("L", 1)]
        self.assertEqual(rows, ["#....."] * 6 + ["#####."] + ["......"] * 2)

    def test_enlargements(self) -> None:
        for scale in (2, 3, 4):
            glyph = font.glyph("g", scale)
            self.assertEqual((len(glyph), {len(row) for row in glyph}), (9 * scale, {6 * scale}))
            ink = sum(b"".join(glyph)) / (255 * scale * scale)
            plain = sum(b"".join(font.glyph("g", 1))) / 255
            self.assertAlmostEqual(ink, plain, delta=0.25 * plain)  # smooth corners, the same weight


class ContactSheets(Case):
    def test_long_runs_are_thinned_out(self) -> None:
        path = self.folder() / "sheet.png"
        sheet = viewer_png.ContactSheet(path)
        for number in range(1, 201):
            sheet.show(Frame(number, Picture.blank(64, 64, (number, 0, 0)), [], ""))
        sheet.close()
        picture = png.decode(path.read_bytes())
        # 200 frames are more than 48 and more than 96 and more than 192: every eighth is shown, 25 of them.
        self.assertEqual((picture.width, picture.height), (6 * 208 + 8, 5 * 218 + 8))
        self.assertEqual(picture.pixel(10, 10), (1, 0, 0))
        self.assertEqual(picture.pixel(8 + 208 + 2, 10), (9, 0, 0))

    def test_nothing_to_show(self) -> None:
        path = self.folder() / "sheet.png"
        viewer_png.ContactSheet(path).close()
        self.assertFalse(path.exists())


if __name__ == "__main__":
    unittest.main()
