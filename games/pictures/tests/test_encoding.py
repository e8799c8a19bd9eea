"""What becomes of a picture: WebP without anything but pixels, or a refusal with its reason."""

import struct
import sys
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from games.pictures import wording
from games.pictures.encoding import (
    ANIMATED_SIDE_MAX,
    BYTES_MAX,
    FRAMES_MAX,
    MEGABYTES_MAX,
    PIXELS_MAX,
    SIDE_MAX,
    BadPicture,
    EncodedPicture,
    PictureProblem,
    encode_picture,
    read_picture,
)
from games.pictures.tests.samples import (
    PNG_SIGNATURE,
    SVG,
    animation,
    encoded,
    exif_bomb,
    opened,
    picture,
    png_of_size,
    scan_bomb,
    with_place,
)


def near(pixel: Any, expected: tuple[int, ...], by: int = 14) -> bool:
    return all(abs(one - other) <= by for one, other in zip(pixel, expected, strict=True))


def pixel(image: Image.Image, at: tuple[int, int], mode: str = "RGB") -> tuple[int, ...]:
    found = image.convert(mode).getpixel(at)
    assert isinstance(found, tuple)
    return found


def transparent_palette() -> bytes:
    image = picture().convert("P")
    return encoded(image, "PNG", transparency=image.getpixel((60, 40)))


GOOD: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded(picture(), "PNG"),
    "JPEG": lambda: encoded(picture(), "JPEG"),
    "GIF": lambda: encoded(picture(), "GIF"),
    "WebP": lambda: encoded(picture(), "WEBP"),
    "AVIF": lambda: encoded(picture(), "AVIF"),
    "CMYK": lambda: encoded(picture(mode="CMYK"), "JPEG"),
    "grey": lambda: encoded(picture(mode="L"), "PNG"),
    "one bit": lambda: encoded(picture(mode="1"), "PNG"),
    "grey, 16 bits": lambda: encoded(picture(mode="L").convert("I").point(lambda v: v * 257).convert("I;16"), "PNG"),
    "palette": lambda: encoded(picture().convert("P"), "PNG"),
    "palette, transparent": transparent_palette,
    "grey and transparent": lambda: encoded(picture(mode="LA"), "PNG"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_each_kind_is_encoded_and_looks_the_same(kind: str) -> None:
    made = read_picture(GOOD[kind]())
    shown = opened(made.content)
    assert (shown.format, shown.size, (made.width, made.height)) == ("WEBP", (64, 48), (64, 48))
    assert near(pixel(shown, (8, 8)), (255, 255, 255))
    corner = pixel(shown, (60, 40), "RGBA")
    if kind == "palette, transparent":
        assert corner[3] == 0
    elif kind in {"grey", "grey, 16 bits", "grey and transparent"}:
        assert near(corner[:3], (90, 90, 90))
    elif kind != "one bit":
        assert near(corner[:3], (0, 128, 128), 24)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_moves_on_in_the_same_time(kind: str) -> None:
    made = read_picture(animation(kind))
    shown = opened(made.content)
    assert (shown.n_frames, shown.size) == (3, (32, 24))  # type: ignore[attr-defined]
    shown.seek(1)
    shown.load()
    assert shown.info["duration"] == 120
    assert not getattr(opened(made.small), "is_animated", False)


def test_a_large_picture_is_made_smaller_and_a_long_one_keeps_its_shape() -> None:
    made = read_picture(encoded(picture((3000, 1000)), "JPEG"))
    assert (made.width, made.height) == (SIDE_MAX, 427)
    assert opened(made.small).size == (320, 107)
    moving = read_picture(animation("WEBP", 2, (1000, 500)))
    assert (moving.width, moving.height) == (ANIMATED_SIDE_MAX, 320)
    line = read_picture(encoded(picture((5000, 2)), "PNG"))
    assert (line.width, line.height) == (SIDE_MAX, 1)


def test_it_is_turned_upright_and_says_nothing_of_where_it_was_taken() -> None:
    sent = with_place()
    assert Image.open(BytesIO(sent)).getexif().get_ifd(0x8825)
    made = read_picture(sent)
    shown = opened(made.content)
    assert shown.size == (40, 80)
    assert near(pixel(shown, (36, 4)), (255, 255, 255))  # was on the left
    for content in (made.content, made.small):
        assert not opened(content).getexif()
        assert b"Secret" not in content
        assert b"EXIF" not in content
        assert not {"exif", "icc_profile", "xmp", "comment"} & opened(content).info.keys()


def test_its_colours_are_those_of_its_profile() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    same = read_picture(encoded(picture(colour="red"), "PNG", icc_profile=profile.tobytes()))
    broken = read_picture(encoded(picture(colour="red"), "PNG", icc_profile=b"no profile"))
    for made in (same, broken):
        assert near(pixel(opened(made.content), (60, 40)), (255, 0, 0))
        assert "icc_profile" not in opened(made.content).info


def test_what_hides_behind_a_picture_is_gone() -> None:
    page = b"<html><script>alert(document.cookie)</script></html>"
    for sent in (encoded(picture(), "GIF") + page, encoded(picture(), "PNG") + page, encoded(picture(), "JPEG") + page):
        assert b"script" not in read_picture(sent).content


def test_the_same_picture_has_the_same_name_and_another_has_another() -> None:
    first, again, other = (read_picture(encoded(picture(colour=c), "PNG")) for c in ("teal", "teal", "navy"))
    assert first.name == again.name != other.name
    assert first.name.endswith("-64x48")


def half(kind: str) -> bytes:
    whole = GOOD[kind]()
    return whole[: len(whole) // 2]


PROBLEMS: dict[str, tuple[Callable[[], bytes], PictureProblem]] = {
    "nothing": (lambda: b"", PictureProblem.NO_PICTURE),
    "text": (lambda: b"just some words", PictureProblem.NO_PICTURE),
    "SVG": (lambda: SVG, PictureProblem.NO_PICTURE),
    "BMP": (lambda: encoded(picture(), "BMP"), PictureProblem.NO_PICTURE),
    "TIFF": (lambda: encoded(picture(), "TIFF"), PictureProblem.NO_PICTURE),
    "PDF": (lambda: encoded(picture(), "PDF"), PictureProblem.NO_PICTURE),
    "a signature alone": (lambda: PNG_SIGNATURE + bytes(200), PictureProblem.NO_PICTURE),
    "30,000 × 30,000": (lambda: png_of_size(30_000, 30_000), PictureProblem.TOO_MANY_PIXELS),
    "just too many pixels": (lambda: png_of_size(6001, 6000), PictureProblem.TOO_MANY_PIXELS),
    "a thousand frames": (lambda: animation("GIF", 1000, (8, 8)), PictureProblem.TOO_LONG),
    "many frames in WebP": (lambda: animation("WEBP", 200, (8, 8)), PictureProblem.TOO_LONG),
    "a JPEG of half a million parts": (exif_bomb, PictureProblem.BROKEN),
    "a JPEG of many scans": (scan_bomb, PictureProblem.BROKEN),
    "too many bytes": (lambda: encoded(picture(), "PNG") + bytes(BYTES_MAX), PictureProblem.TOO_LARGE),
    "fewer rows than it says": (lambda: png_of_size(3000, 3000), PictureProblem.BROKEN),
    **{
        f"half a {kind}": (partial(half, kind), PictureProblem.BROKEN)
        for kind in ("PNG", "JPEG", "GIF", "WebP", "AVIF")
    },
    "half an animation": (lambda: animation("WEBP", 9)[:-40], PictureProblem.BROKEN),
}


@pytest.mark.parametrize("what", PROBLEMS)
def test_a_bad_picture_is_refused(what: str) -> None:
    make, problem = PROBLEMS[what]
    with pytest.raises(BadPicture) as refused:
        encode_picture(make())
    # Of half a file it may not even be clear that it was a picture.
    expected = {problem, PictureProblem.NO_PICTURE} if what.startswith("half") else {problem}
    assert refused.value.problem in expected


def test_an_animation_may_not_have_too_many_pixels_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = animation("GIF", 4, (50, 50))
    monkeypatch.setattr("games.pictures.encoding.FRAME_PIXELS_MAX", 10_000)
    read_picture(sent)
    monkeypatch.setattr("games.pictures.encoding.FRAME_PIXELS_MAX", 9_999)
    with pytest.raises(BadPicture) as refused:
        read_picture(sent)
    assert refused.value.problem is PictureProblem.TOO_LONG


def test_it_is_read_by_a_program_of_its_own_which_returns_all_of_it() -> None:
    sent = animation("GIF")
    assert encode_picture(sent) == read_picture(sent)


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("games.pictures.encoding.SECONDS_MAX", 0.01)
    with pytest.raises(BadPicture) as refused:
        encode_picture(encoded(picture(), "PNG"))
    assert refused.value.problem is PictureProblem.BROKEN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a program")
def test_a_picture_that_takes_more_memory_than_it_says_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    size = (6000, 6000)
    sent = encoded(Image.new("L", size), "AVIF", speed=10)
    assert struct.pack(">II", *size) in sent
    sent = sent.replace(struct.pack(">II", *size), struct.pack(">II", 64, 64))
    assert encode_picture(sent).width == 64
    monkeypatch.setattr("games.pictures.encoding.MEMORY_MAX", 64)
    with pytest.raises(BadPicture) as refused:
        encode_picture(sent)
    assert refused.value.problem is PictureProblem.BROKEN


def test_refusals_name_the_limits_that_hold() -> None:
    limits = {
        PictureProblem.TOO_LARGE: MEGABYTES_MAX,
        PictureProblem.TOO_MANY_PIXELS: PIXELS_MAX // 1_000_000,
        PictureProblem.TOO_LONG: FRAMES_MAX,
    }
    for problem, limit in limits.items():
        assert f" {limit} " in wording.PROBLEMS[problem], problem


def test_a_program_that_dies_of_a_picture_says_that_it_is_broken() -> None:
    for said in (b"", b"64 48", b"12 13 x\n"):
        with pytest.raises(BadPicture) as refused:
            EncodedPicture.unpacked(said)
        assert refused.value.problem is PictureProblem.BROKEN
