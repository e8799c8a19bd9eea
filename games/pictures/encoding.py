"""Reads a picture that somebody sent, within bounds, and encodes it anew as WebP.

What is sent is never served: only pixels, their order in time and their colours survive. So no metadata, no second
file inside, no script. Formats are recognized by content; a name or a content type counts for nothing.

It is read by a program of its own (`child.py`), whose time and memory are bounded: a header bounds neither. An AVIF of
2 KB may say 64 × 64 and hold 16,384 × 16,384, and a JPEG of many empty parts took minutes, in which no page was shown.
"""

import hashlib
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
MEGABYTES_MAX = 8
BYTES_MAX = MEGABYTES_MAX * 1024 * 1024
PIXELS_MAX = 36_000_000  # 6000 × 6000: 144 MB while it is decoded
FRAMES_MAX = 150
FRAME_PIXELS_MAX = 60_000_000  # of all frames together, as sent
SCANS_MAX = 100  # of a progressive JPEG: each goes over the whole picture, and 8 MB hold a million empty ones
EXIF_PARTS_MAX = 100  # of a JPEG: Pillow copies all parts before for each
SECONDS_MAX, MEMORY_MAX = 20, 1024  # for reading one picture; in MB, with the program that reads
SIDE_MAX, ANIMATED_SIDE_MAX, SMALL_SIDE_MAX = 1280, 640, 320
QUALITY, ANIMATED_QUALITY = 82, 70
FRAME_MS, FRAME_MS_MIN, FRAME_MS_MAX = 100, 20, 60_000

# Pillow refuses a header that says more than twice this, before it takes memory; also in the middle of a GIF.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each takes address space, which is bounded
# One at a time in each process, so that many at once take no more memory than one.
_decoding = threading.Lock()
ROOT = Path(__file__).resolve().parents[2]
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # what Python needs to start


class PictureProblem(StrEnum):
    """Why a picture is refused."""

    TOO_LARGE = "too_large"
    NO_PICTURE = "no_picture"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG = "too_long"
    GONE = "gone"
    TOO_MANY = "too_many"


class BadPicture(Exception):
    """A picture is refused, for this problem."""

    def __init__(self, problem: PictureProblem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class EncodedPicture:
    """A picture in WebP, and small: as it is stored and served."""

    content: bytes
    small: bytes
    width: int
    height: int

    @property
    def name(self) -> str:
        """Return what tells it from all others, and how large it is."""
        return f"{hashlib.sha256(self.content).hexdigest()}-{self.width}x{self.height}"

    def packed(self) -> bytes:
        """Return it as the program that reads writes it."""
        return b"%d %d %d\n" % (self.width, self.height, len(self.content)) + self.content + self.small

    @staticmethod
    def packed_problem(problem: PictureProblem) -> bytes:
        """Return a problem as the program that reads writes it."""
        return problem.value.encode() + b"\n"

    @classmethod
    def unpacked(cls, packed: bytes) -> "EncodedPicture":
        """Return what the program that reads wrote. Raises BadPicture."""
        first, _, rest = packed.partition(b"\n")
        said = first.decode("ascii", "replace")
        if said in list(PictureProblem):
            raise BadPicture(PictureProblem(said))
        try:
            width, height, length = map(int, said.split())
        except ValueError:  # it ended in the middle
            raise BadPicture(PictureProblem.BROKEN) from None
        return cls(rest[:length], rest[length:], width, height)


def encode_picture(sent: bytes) -> EncodedPicture:
    """Return a picture that somebody sent as WebP. Raises BadPicture."""
    if len(sent) > BYTES_MAX:
        raise BadPicture(PictureProblem.TOO_LARGE)
    with _decoding:
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "games.pictures.child", str(MEMORY_MAX)],
                input=sent,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
                timeout=SECONDS_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BadPicture(PictureProblem.BROKEN) from None
    return EncodedPicture.unpacked(done.stdout)


def read_picture(sent: bytes) -> EncodedPicture:
    """Return a picture that somebody sent as WebP, read in this program. Raises BadPicture."""
    try:
        return _encode(sent)
    except Image.DecompressionBombError:
        raise BadPicture(PictureProblem.TOO_MANY_PIXELS) from None
    except UnidentifiedImageError:
        raise BadPicture(PictureProblem.NO_PICTURE) from None
    except BadPicture:
        raise
    except Exception:  # decoders raise whatever a bad file leads them to: OSError, ValueError, struct.error, …
        raise BadPicture(PictureProblem.BROKEN) from None


def encode_still(image: Image.Image) -> EncodedPicture:
    """Return a picture without motion, in memory, as WebP."""
    content = BytesIO()
    image.save(content, "WEBP", quality=QUALITY, method=4)
    return EncodedPicture(content.getvalue(), _small(image), *image.size)


def as_jpeg(stored: bytes) -> bytes:
    """Return a picture that we encoded as JPEG, of an animation the first frame: Discord takes it everywhere."""
    content = BytesIO()
    with Image.open(BytesIO(stored), formats=["WEBP"]) as image:
        picture = image.convert("RGBA")
        plain = Image.new("RGB", picture.size, "white")
        plain.paste(picture, mask=picture.getchannel("A"))
    plain.save(content, "JPEG", quality=QUALITY)
    return content.getvalue()


def _encode(sent: bytes) -> EncodedPicture:
    if sent.startswith(b"\xff\xd8") and sent.count(b"Exif\0\0") > EXIF_PARTS_MAX:
        raise BadPicture(PictureProblem.BROKEN)
    with Image.open(BytesIO(sent), formats=FORMATS) as image:
        if image.width * image.height > PIXELS_MAX:
            raise BadPicture(PictureProblem.TOO_MANY_PIXELS)
        # A marker cannot stand in compressed data, where it is escaped.
        if image.format in {"JPEG", "MPO"} and sent.count(b"\xff\xda") > SCANS_MAX:
            raise BadPicture(PictureProblem.BROKEN)
        # A JPEG may hold several pictures that are no animation.
        if image.format not in {"JPEG", "MPO"} and getattr(image, "is_animated", False):
            return _encode_frames(image)
        return encode_still(_still(image))


def _still(image: Image.Image) -> Image.Image:
    # A large JPEG is decoded at a fraction of its size.
    image.draft(None, (SIDE_MAX, SIDE_MAX))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)  # not a copy, of which there would be two
    return _plain(image, SIDE_MAX)


def _encode_frames(image: Image.Image) -> EncodedPicture:
    frames: list[Image.Image] = []
    durations: list[int] = []
    for frame in _frames(image):
        frames.append(_plain(frame, ANIMATED_SIDE_MAX))
        shown_for = int(frame.info.get("duration") or FRAME_MS)
        durations.append(min(max(shown_for, FRAME_MS_MIN), FRAME_MS_MAX))
    if len(frames) == 1:
        return encode_still(frames[0])
    content = BytesIO()
    frames[0].save(
        content,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        # A GIF that does not say so is shown once.
        loop=int(image.info.get("loop", 1 if image.format == "GIF" else 0)),
        quality=ANIMATED_QUALITY,
        method=2,
    )
    return EncodedPicture(content.getvalue(), _small(frames[0]), *frames[0].size)


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """Yield the frames of an animation, decoded one by one, and no more than are allowed."""
    number = 1 if getattr(image, "default_image", False) else 0  # a PNG may begin with what others show in its place
    count = pixels = 0
    while True:
        try:
            image.seek(number)
        except EOFError:
            break
        number, count, pixels = number + 1, count + 1, pixels + image.width * image.height
        if count > FRAMES_MAX or pixels > FRAME_PIXELS_MAX:
            raise BadPicture(PictureProblem.TOO_LONG)
        image.load()
        yield image
    if not count:
        raise BadPicture(PictureProblem.BROKEN)


def _plain(image: Image.Image, side: int) -> Image.Image:
    """Return pixels alone: 8 bits, in sRGB, at most `side` wide and high, without any metadata."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16 bits of grey; `convert` would cut off what is brighter than 255.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    is_transparent = image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info
    if image.mode in {"1", "P"} or is_transparent:
        image = image.convert("RGBA" if is_transparent else "RGB")
    plain = _in_srgb(_within(image, side), profile).convert("RGBA" if is_transparent else "RGB")
    plain.info.clear()
    return plain


def _within(image: Image.Image, side: int) -> Image.Image:
    """Return a copy that is at most `side` wide and high."""
    scale = side / max(image.size)
    if scale >= 1:
        return image.copy()
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture with its colours as screens show them; as it is where its profile is none."""
    if not profile:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted or image


def _small(image: Image.Image) -> bytes:
    content = BytesIO()
    _within(image, SMALL_SIDE_MAX).save(content, "WEBP", quality=QUALITY, method=4)
    return content.getvalue()
