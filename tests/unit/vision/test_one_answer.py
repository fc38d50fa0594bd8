"""One picture, one answer: what C and Python make of the same file, pixel by pixel, over made-up files of every kind.

SHMLAB_BUILD in the environment: the folder of the build, whose bin/picture is asked what the C programs see.
"""
import ctypes
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

TOP = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "common" / "python"))

from shmlab import colours, picture_file, ppm  # noqa: E402

C_PROGRAM = Path(os.environ["SHMLAB_BUILD"]) / "bin" / "picture"
WIDTH, HEIGHT = 13, 9  # no multiple of anything
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG's colour types: grey, RGB, palette, grey and alpha, RGB and alpha
PALETTE = [((37 * i) & 255, (91 * i + 40) & 255, (255 - 3 * i) & 255) for i in range(256)]


def sample(x: int, y: int, channel: int, depth: int) -> int:
    """Some value of that many bits."""
    return (x * 7919 + y * 104729 + channel * 31337 + x * y * 17) % (1 << depth)


def row(kind: int, depth: int, y: int, columns: "range") -> bytes:
    """A row of a PNG without its filter byte."""
    values = [sample(x, y, channel, depth) for x in columns for channel in range(CHANNELS[kind])]
    if depth == 16:
        return struct.pack(f">{len(values)}H", *values)
    bits = "".join(f"{value:0{depth}b}" for value in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def png(kind: int, depth: int, interlaced: bool = False, transparent: bytes = b"", before: "Tuple[bytes, bytes]" = (b"", b"")) -> bytes:
    """A PNG of that colour type. before: a chunk before the pixels."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    passes = [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)]
    raw = b""
    for x, dx, y, dy in passes if interlaced else [(0, 1, 0, 1)]:
        columns = range(x, WIDTH, dx)
        raw += b"".join(b"\0" + row(kind, depth, line, columns) for line in range(y, HEIGHT, dy) if columns)
    made = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, interlaced))
    if kind == 3:
        made += chunk(b"PLTE", bytes(value for colour in PALETTE[: 1 << depth] for value in colour))
    if before[0]:
        made += chunk(*before)
    if transparent:
        made += chunk(b"tRNS", transparent)
    return made + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def png_pixels(kind: int, depth: int) -> Optional[bytes]:
    """What such a PNG shows, where no arithmetic is needed."""
    if kind in (4, 6):
        return None
    shown = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            values = [sample(x, y, channel, depth) for channel in range(CHANNELS[kind])]
            if kind == 3:
                shown += bytes(PALETTE[values[0]])
            else:
                most = (1 << depth) - 1
                shown += bytes((value * 255 + most // 2) // most for value in (values * 3 if kind == 0 else values))
    return bytes(shown)


class TurboJpeg:
    """libturbojpeg, which the C programs read with; here it writes."""

    FORMATS = {"rgb": (0, 3), "grey": (6, 1), "cmyk": (11, 4)}  # TJPF_RGB, TJPF_GRAY, TJPF_CMYK; bytes a pixel

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libturbojpeg.so.0")
        self._library.tjInitCompress.restype = ctypes.c_void_p
        self._library.tjFree.argtypes = [ctypes.c_void_p]

    def jpeg(self, form: str, subsampling: int = 0) -> bytes:
        """A JPEG of 26 x 18 pixels."""
        step = self.FORMATS[form][1]
        pixels = bytes((x * 9 + y * 5 + c * 60) & 255 for y in range(18) for x in range(26) for c in range(step))
        return self.encode(pixels, 26, 18, form, subsampling)

    def encode(self, pixels: bytes, width: int, height: int, form: str = "rgb", subsampling: int = 0) -> bytes:
        """A JPEG of these."""
        number = self.FORMATS[form][0]
        out, size = ctypes.c_void_p(), ctypes.c_ulong()
        handle = ctypes.c_void_p(self._library.tjInitCompress())
        failed = self._library.tjCompress2(handle, pixels, width, 0, height, number, ctypes.byref(out), ctypes.byref(size),
                                           subsampling, 90, 0)
        assert failed == 0
        made = ctypes.string_at(out.value or 0, size.value)
        self._library.tjFree(out)
        self._library.tjDestroy(handle)
        return made


def exif(jpeg: bytes, orientation: int, order: str) -> bytes:
    """The same as a camera that was held so writes it."""
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    data = b"Exif\0\0" + mark + struct.pack(order + "HIH", 42, 8, 1) + entry + struct.pack(order + "I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + jpeg[2:]


def files() -> "Iterator[Tuple[str, bytes]]":
    """Name and content of each."""
    for kind, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
        for depth in depths:
            yield f"png type {kind}, {depth} bits", png(kind, depth)
    for kind, depth in ((0, 1), (2, 8), (3, 4), (0, 16), (2, 16), (4, 16), (6, 16)):
        yield f"png type {kind}, {depth} bits, interlaced", png(kind, depth, interlaced=True)
    yield "png palette with transparency", png(3, 8, transparent=bytes(range(0, 256, 2)))
    yield "png grey with one transparent value", png(0, 8, transparent=struct.pack(">H", sample(0, 0, 0, 8)))
    yield "png RGB with one transparent value", png(2, 8, transparent=struct.pack(">3H", *(sample(3, 3, c, 8) for c in range(3))))
    for name, chunk in (("another curve", (b"gAMA", struct.pack(">I", 100000))), ("the usual curve", (b"gAMA", struct.pack(">I", 45455))),
                        ("sRGB", (b"sRGB", b"\0"))):
        yield f"png with {name}", png(2, 8, before=chunk)
    yield "png with a damaged remark", png(2, 8, before=(b"tEXt", b"remark")).replace(b"remark", b"remork")
    yield "png of a pixel", png(2, 8)[:16] + b"\0\0\0\1" * 2 + png(2, 8)[24:]
    turbo = TurboJpeg()
    upright = turbo.jpeg("rgb")
    yield "jpeg", upright
    for orientation in range(10):  # 0 and 9 are nonsense
        yield f"jpeg held {orientation}", exif(upright, orientation, "<>"[orientation % 2])
    yield "jpeg 4:2:0", turbo.jpeg("rgb", 2)
    yield "jpeg grey", turbo.jpeg("grey", 3)
    yield "jpeg CMYK", turbo.jpeg("cmyk")
    adobe = b"\xff\xee" + struct.pack(">H5sHHHB", 14, b"Adobe", 100, 0, 0, 0)
    yield "jpeg with Adobe's mark", upright[:2] + adobe + upright[2:]
    yield "jpeg in RGB", upright[:2] + adobe + upright[4 + int.from_bytes(upright[4:6], "big") :]
    yield "jpeg with more after its end", upright + b"and more"
    yield "jpeg with EXIF data that are none", upright[:2] + b"\xff\xe1\0\x20Exif\0\0II*\0" + b"\xff" * 20 + upright[2:]
    yield "jpeg truncated", upright[: len(upright) * 2 // 3]
    yield "jpeg header only", upright[:4]
    whole = png(2, 8)
    yield "png truncated", whole[: len(whole) // 2]
    yield "png without its end", whole[:-12]
    yield "png damaged", whole[:60] + bytes([whole[60] ^ 64]) + whole[61:]
    plain = bytes(sample(x, y, c, 8) for y in range(HEIGHT) for x in range(WIDTH) for c in range(3))
    yield "ppm", b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + plain
    yield "ppm to 7", b"P6 %d %d 7\n" % (WIDTH, HEIGHT) + bytes(value & 7 for value in plain)
    yield "ppm with comments", b"P6\n# made up\n%d\n# and so is this\n%d 255\n" % (WIDTH, HEIGHT) + plain
    yield "ppm 16 bits", b"P6 %d %d 65535\n" % (WIDTH, HEIGHT) + plain + plain
    yield "ppm truncated", b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + plain[:-5]
    yield "ppm without pixels", b"P6 0 0 255\n"
    yield "text", b"this is no picture\n"
    yield "nothing", b""


Answer = Tuple[Optional[Tuple[int, int, bytes]], str]  # width, height, RGB; or None and why


class OneAnswer(unittest.TestCase):
    """The same pixels, or both refuse."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="shmlab-pictures-")
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "picture"

    def by_c(self) -> Answer:
        run = subprocess.run([str(C_PROGRAM), str(self.path)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if run.returncode != 0:
            self.assertEqual(run.returncode, 1)
            return None, run.stderr.decode()
        read = ppm.decode(run.stdout)
        return (read.width, read.height, bytes(read.pixels)), ""

    def by_python(self) -> Answer:
        try:
            read = picture_file.read(self.path)
        except ValueError as error:
            return None, str(error)
        return (read.width, read.height, bytes(read.pixels)), ""

    def test_every_file(self) -> None:
        looked: Dict[str, Answer] = {}
        for name, content in files():
            with self.subTest(name):
                self.path.write_bytes(content)
                c, python = self.by_c(), self.by_python()
                self.assertEqual(c[0] is None, python[0] is None, f"C: {c[1] or 'reads it'}; Python: {python[1] or 'reads it'}")
                self.assertEqual(c[0], python[0])
                if c[0] is None:
                    self.assertTrue(c[1] and python[1])
                looked[name] = c
                if "interlaced" in name:  # its pixels are those of the same file without that, or none
                    whole = looked[name.replace(", interlaced", "")]
                    self.assertEqual(c[0], None if "16 bits" in name else whole[0])
        self.assertGreaterEqual(len(looked), 61)
        self.assertIn("CMYK", looked["jpeg CMYK"][1])
        self.assertIn("an interlaced PNG with 16 bits", looked["png type 4, 16 bits, interlaced"][1])
        sizes = [looked[f"jpeg held {orientation}"][0] for orientation in (1, 3, 6, 8)]
        self.assertEqual([each[:2] for each in sizes if each], [(26, 18), (26, 18), (18, 26), (18, 26)])

    def test_pixels_that_are_known(self) -> None:
        ways = ((0, 1, False), (0, 2, False), (0, 4, True), (0, 8, False), (0, 16, False), (2, 8, True), (2, 16, False), (3, 2, False), (3, 8, True))
        for kind, depth, interlaced in ways:
            with self.subTest(kind=kind, depth=depth):
                self.path.write_bytes(png(kind, depth, interlaced))
                self.assertEqual(self.by_python()[0], (WIDTH, HEIGHT, png_pixels(kind, depth)))


class Phone(unittest.TestCase):
    """From a telephone's photograph to the drawing: the boxes are where the objects are, however it was held."""

    SHAPES = [option for name in ("cfg", "weights", "names") for option in (f"--{name}", str(TOP / f"common/media/shapes.{name}"))]

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="shmlab-phone-")
        self.addCleanup(folder.cleanup)
        self.photo, self.drawn = Path(folder.name) / "photo.jpg", Path(folder.name) / "drawn.png"
        self.object = f"/shmlabphone{os.getpid()}"
        self.producer = str(C_PROGRAM.parents[1] / "solutions/lab5_snapshot/producer")
        self.upright = picture_file.read(TOP / "common/media/shapes.png")

    def take(self, orientation: int) -> None:
        """The photograph, held so."""
        width, height = self.upright.width, self.upright.height
        turned: "Dict[int, Tuple[int, int, Callable[[int, int], Tuple[int, int]]]]" = {
            1: (width, height, lambda x, y: (x, y)),
            3: (width, height, lambda x, y: (width - 1 - x, height - 1 - y)),
            6: (height, width, lambda x, y: (width - 1 - y, x)),
            8: (height, width, lambda x, y: (y, height - 1 - x)),
        }
        stored_width, stored_height, where = turned[orientation]
        pixels = bytearray()
        for y in range(stored_height):
            for x in range(stored_width):
                at = where(x, y)
                begin = (at[1] * width + at[0]) * 3
                pixels += self.upright.pixels[begin : begin + 3]
        self.photo.write_bytes(exif(TurboJpeg().encode(bytes(pixels), stored_width, stored_height), orientation, "<"))

    def look(self) -> "Dict[str, List[int]]":
        """Class and box of what the producer finds; reader.py draws it."""
        name = ["--name", self.object]
        said = subprocess.run([self.producer, *name, "--class", "all", *self.SHAPES, str(self.photo)], capture_output=True, text=True)
        if "built without libdarknet" in said.stderr:
            self.skipTest("built without libdarknet")
        self.addCleanup(lambda: subprocess.run([self.producer, *name, "--unlink"], stdout=subprocess.DEVNULL, check=False))
        reader = [sys.executable, str(TOP / "solutions/lab5_snapshot/reader.py"), *name, "--image", str(self.photo)]
        subprocess.run([*reader, "--names", self.SHAPES[-1], "--output", str(self.drawn)], check=True, stdout=subprocess.DEVNULL)
        lines = re.findall(r"producer: (\w+) [\d.]+ at \((\d+), (\d+)\), (\d+) x (\d+)", said.stdout)
        return {kind: [int(each) for each in box] for kind, *box in lines}

    def test_boxes_are_where_the_objects_are(self) -> None:
        names = (TOP / "common/media/shapes.names").read_text().split()
        boxes: "Dict[str, List[int]]" = {}
        for orientation in (1, 3, 6, 8):
            with self.subTest(orientation):
                self.take(orientation)
                found = self.look()
                boxes = boxes or found
                self.assertEqual(sorted(found), sorted(names))
                drawn = picture_file.read(self.drawn)
                self.assertEqual((drawn.width, drawn.height), (self.upright.width, self.upright.height))
                for kind, (x, y, width, height) in found.items():
                    self.assertTrue(all(abs(a - b) <= 3 for a, b in zip(boxes[kind], (x, y, width, height))), found)
                    corner = ((y + height - 1) * drawn.width + x) * 3
                    self.assertEqual(tuple(drawn.pixels[corner : corner + 3]), colours.of_class(names.index(kind)))

    def test_demo_of_a_photograph(self) -> None:
        """`make demo PHOTO=FILE`, with the network of the shapes under the name of one of the world's."""
        models = self.photo.parent / "models"
        models.mkdir()
        for ours, its in (("shapes.cfg", "yolov3-tiny.cfg"), ("shapes.weights", "yolov3-tiny.weights"), ("shapes.names", "coco.names")):
            (models / its).symlink_to(TOP / "common/media" / ours)
        build = self.photo.parent / "build"
        build.mkdir()
        for name in ("bin", "solutions"):
            (build / name).symlink_to(C_PROGRAM.parents[1] / name)
        self.take(6)
        said = subprocess.run(["bash", TOP / "tools/demo", build, "--photo", self.photo], capture_output=True, text=True,
                              env={**os.environ, "SHMLAB_MODELS": str(models)}, check=False)
        if "built without libdarknet" in said.stderr:
            self.skipTest("built without libdarknet")
        self.assertEqual(said.returncode, 0, said.stderr)
        drawn = picture_file.read(build / "demo/photo.png")
        self.assertEqual((drawn.width, drawn.height), (self.upright.width, self.upright.height))
        boxes = re.findall(r"producer: \w+ [\d.]+ at \((\d+), (\d+)\), (\d+) x (\d+)", said.stdout)
        self.assertEqual(len(boxes), 4)
        for x, y, _width, height in (map(int, box) for box in boxes):
            corner = ((y + height - 1) * drawn.width + x) * 3
            self.assertIn(tuple(drawn.pixels[corner : corner + 3]), [colours.of_class(number) for number in range(4)])


if __name__ == "__main__":
    unittest.main()
