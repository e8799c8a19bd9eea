"""Pictures made in code: good ones of every kind, and bad ones."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


def picture(size: tuple[int, int] = (64, 48), mode: str = "RGB", colour: Any = "teal") -> Image.Image:
    """A picture with a mark in its upper left quarter."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill="white")
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def animation(kind: str, count: int = 3, size: tuple[int, int] = (32, 24), **options: Any) -> bytes:
    """Frames that differ, so that no encoder takes two for one."""
    frames = [Image.new("RGB", size, (number % 256, number * 7 % 256, 90)) for number in range(count)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=120, **options)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """A tiny file whose header says that it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000), 9)
    return PNG_SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def with_place() -> bytes:
    """A JPEG that says where it was taken, and by what, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation
    exif[0x010F] = "Secret Phone"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return encoded(picture((80, 40)), "JPEG", exif=exif, comment=b"Secret Comment")


def scan_bomb() -> bytes:
    """A progressive JPEG that goes over itself again and again."""
    good = encoded(picture((64, 64)), "JPEG", progressive=True)
    scans = good.index(b"\xff\xda")
    return good[:-2] + good[scans:-2] * 200 + good[-2:]


def exif_bomb() -> bytes:
    """A JPEG of half a million parts, for each of which all before it are copied."""
    good = encoded(picture((64, 64)), "JPEG")
    part = b"Exif\0\0" + b"x" * 4
    return good[:2] + (b"\xff\xe1" + struct.pack(">H", 2 + len(part)) + part) * 500_000 + good[2:]


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image
