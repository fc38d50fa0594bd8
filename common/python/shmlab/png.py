"""PNG files: written as 8-bit RGB, read as far as pictures usually go (8 bits a channel, not interlaced).

Source of formats and numbers: the PNG specification, third edition (ISO/IEC 15948).
"""

from __future__ import annotations

import struct
import zlib
from typing import Iterator, Tuple

from shmlab.picture import CHANNELS, Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL_FAST = 1  # zlib level: three times as fast as the default for a few percent more bytes
PIXELS_MAX = 1 << 26  # refuse larger pictures: a small file may promise a huge one

_HEADER = struct.Struct(">IIBBBBB")  # width, height, bit depth, colour type, compression, filter, interlace
_GAMMA_OF_SRGB = struct.pack(">I", 45455)  # 1 / 2.2, times 100,000
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6  # colour types
_BYTES_PER_PIXEL = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encode(picture: Picture, level: int = LEVEL_FAST) -> bytes:
    """The picture as a PNG file."""
    stride = picture.width * CHANNELS
    # Filter 0 (none) before each row: prediction costs Python more than it saves.
    raw = b"".join(b"\0" + picture.pixels[at : at + stride] for at in range(0, len(picture.pixels), stride))
    header = _HEADER.pack(picture.width, picture.height, 8, _RGB, 0, 0, 0)
    return (
        SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, level)) + _chunk(b"IEND", b"")
    )


def _chunks(data: bytes) -> Iterator[Tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        if at + 12 + length > len(data):
            raise ValueError("the file ends in the middle of a chunk")
        if zlib.crc32(kind + body) == struct.unpack_from(">I", data, at + 8 + length)[0]:
            yield kind, body
        elif kind[:1].isupper():  # one that the picture cannot do without; libpng drops others as well
            raise ValueError(f"the checksum of chunk {kind.decode('latin-1')!r} is wrong")
        at += 12 + length


def is_plain(data: bytes) -> bool:
    """Can `decode` read it, and are the numbers in it what is to be shown: nothing transparent, no other curve than sRGB's?"""
    header = data[len(SIGNATURE) + 8 : len(SIGNATURE) + 8 + _HEADER.size]
    if len(header) != _HEADER.size:
        return True  # damaged: let decode say how
    _, _, depth, colour, _, _, interlace = _HEADER.unpack(header)
    before = data[: data.find(b"IDAT")]
    at = before.find(b"gAMA")
    curved = b"iCCP" in before or (at != -1 and before[at + 4 : at + 8] != _GAMMA_OF_SRGB)
    return depth == 8 and not interlace and colour in (_GREY, _RGB, _PALETTE) and b"tRNS" not in before and not curved


def decode(data: bytes) -> Picture:
    """A picture from a PNG file; transparency is dropped. ValueError says what is wrong or not supported."""
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    header, palette, compressed = b"", b"", b""
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            header = body
        elif kind == b"PLTE":
            palette = body
        elif kind == b"IDAT":
            compressed += body
    if len(header) != _HEADER.size:
        raise ValueError("the file has no header")
    width, height, depth, colour, _, _, interlace = _HEADER.unpack(header)
    if depth != 8 or interlace or colour not in _BYTES_PER_PIXEL:
        raise ValueError("only PNGs with 8 bits a channel and without interlacing are read here")
    if not 0 < width * height <= PIXELS_MAX:
        raise ValueError(f"{width} x {height} pixels are too many or none")
    step = _BYTES_PER_PIXEL[colour]
    inflater = zlib.decompressobj()
    needed = height * (width * step + 1)
    try:
        raw = inflater.decompress(compressed, needed)
    except zlib.error as error:
        raise ValueError(f"the pixels do not decompress: {error}") from None
    if len(raw) != needed:
        raise ValueError(f"{needed} bytes of pixels expected, {len(raw)} found")
    return Picture(width, height, _to_rgb(_unfiltered(raw, width * step, step), colour, palette))


def _unfiltered(raw: bytes, stride: int, step: int) -> bytearray:
    """Undo the prediction of each row from its neighbours (section 9.2 of the specification)."""
    plain = bytearray()
    above = bytearray(stride)
    for at in range(0, len(raw), stride + 1):
        row = bytearray(raw[at + 1 : at + 1 + stride])
        _unfilter_row(raw[at], row, above, step)
        plain += row
        above = row
    return plain


def _unfilter_row(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    if kind == 0:
        return
    if kind == 1:  # Sub
        for i in range(step, len(row)):
            row[i] = (row[i] + row[i - step]) & 0xFF
    elif kind == 2:  # Up
        row[:] = bytes((a + b) & 0xFF for a, b in zip(row, above))
    elif kind == 3:  # Average
        for i, up in enumerate(above):
            left = row[i - step] if i >= step else 0
            row[i] = (row[i] + (left + up) // 2) & 0xFF
    elif kind == 4:  # Paeth
        for i, up in enumerate(above):
            left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
            row[i] = (row[i] + _paeth(left, up, corner)) & 0xFF
    else:
        raise ValueError(f"a row has the unknown filter {kind}")


def _paeth(left: int, up: int, corner: int) -> int:
    """Whichever of the three is nearest to left + up - corner."""
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


def _to_rgb(pixels: bytearray, colour: int, palette: bytes) -> bytearray:
    if colour == _RGB:
        return pixels
    step = _BYTES_PER_PIXEL[colour]
    if colour == _PALETTE:
        if 3 * max(pixels) + 3 > len(palette):
            raise ValueError("a pixel's colour is not in the palette")
        channels = [pixels.translate(palette[c::3].ljust(256, b"\0")) for c in range(CHANNELS)]
    elif colour == _RGBA:
        channels = [pixels[c::step] for c in range(CHANNELS)]
    else:
        channels = [pixels[0::step]] * CHANNELS
    rgb = bytearray(len(channels[0]) * CHANNELS)
    for c, values in enumerate(channels):
        rgb[c::CHANNELS] = values
    return rgb
