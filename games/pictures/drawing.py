"""Draws a cover from a game's title, in a colour near its server's: the same one each time; and texts on pictures."""

import colorsys
import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

from games.pictures.encoding import EncodedPicture, encode_still
from gamesched.lib.colours import TEXT_CONTRAST, Colour, contrast, parse_colour

VERSION = 2  # counts changes of what is drawn
WIDTH, HEIGHT, MARGIN = 1200, 400, 72
SIZES = (92, 78, 66, 56, 48, 42)  # of letters, in pixels
LINES_MAX = 3
FONT = Path(__file__).with_name("DejaVuSans-Bold.ttf")
RIGHT_TO_LEFT = {"R", "AL"}
# What orders such letters; of it, Pillow has all but a library of the system, which the image has: libfribidi.
ORDERS_LETTERS = bool(features.check("raqm"))

WHITE: Colour = (255, 255, 255)
SPREAD = 1 / 6  # of the circle of hues, to both sides of the server's own: near its accent, and told apart
VEIL = 46  # how much of the pattern covers what it lies on, of 255


def draw_cover(title: str, guild_id: int, colour: str = "", letters: bool = True) -> EncodedPicture:
    """Return the cover of a title; without letters where the font has none, or where they run to the left.

    `colour`: that of the server's icon, as #rrggbb; '' without one.
    """
    image = draw_ground(title, guild_id, colour, (WIDTH, HEIGHT))
    if letters:
        _write(image, title)
    return encode_still(image)


def draw_ground(title: str, guild_id: int, colour: str, size: tuple[int, int]) -> Image.Image:
    """Return what lies under the letters of a cover: a gradient of a hue near its server's, and a pattern."""
    digest = _digest(title)
    hue = _hue(guild_id, colour) + (digest[18] / 255 * 2 - 1) * SPREAD
    over = _colour(hue + 0.04, 0.8, 0.7)
    image = _background(hue, over, size)
    _draw_pattern(image, digest, over)
    return image


def _hue(guild_id: int, colour: str) -> float:
    """Return the hue of a server: its icon's, else one that follows from its id."""
    if not colour:
        return _digest(str(guild_id))[0] / 256
    red, green, blue = (part / 255 for part in parse_colour(colour))
    return colorsys.rgb_to_hls(red, green, blue)[0]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _dark(hue: float, lightness: float, saturation: float, over: Colour) -> Colour:
    """Return a colour, of at most a lightness, on which white letters are readable, also where the pattern is."""
    for step in range(round(lightness * 100), 0, -1):
        colour = _colour(hue, step / 100, saturation)
        red, green, blue = (below + (above - below) * VEIL // 255 for below, above in zip(colour, over, strict=True))
        # More than is asked for, since a picture is stored with losses.
        if contrast(WHITE, (red, green, blue)) >= TEXT_CONTRAST + 0.3:
            break
    return colour


def _background(hue: float, over: Colour, size: tuple[int, int]) -> Image.Image:
    """Return a gradient from one corner to the other, dark enough for white letters."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    mask = Image.blend(across, down, 0.35)
    return Image.composite(
        Image.new("RGB", size, _dark(hue + 0.08, 0.2, 0.6, over)),
        Image.new("RGB", size, _dark(hue, 0.36, 0.5, over)),
        mask,
    )


def _draw_pattern(image: Image.Image, digest: bytes, over: Colour) -> None:
    """Draw shapes of a kind, at places, and of sizes that follow from the title."""
    pattern = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(pattern)
    draw = PATTERNS[digest[19] % len(PATTERNS)]
    for at in range(0, 18, 3):
        x, y, size = digest[at], digest[at + 1], digest[at + 2]
        # More to the right, where there are fewer letters.
        centre = (image.width * (0.45 + 0.6 * x / 255), image.height * (y / 255))
        draw(pen, centre, size, (*over, VEIL))
    image.paste(pattern, (0, 0), pattern)


Pen = ImageDraw.ImageDraw
Place = tuple[float, float]
Ink = tuple[int, int, int, int]


def _ring(pen: Pen, centre: Place, size: int, ink: Ink) -> None:
    pen.circle(centre, 40 + size * 0.7, outline=ink, width=10 + size % 24)


def _tile(pen: Pen, centre: Place, size: int, ink: Ink) -> None:
    """Draw a square or a hexagon, as a board has them."""
    pen.regular_polygon(
        (*centre, 50 + size * 0.7), 4 + 2 * (size % 2), rotation=size, outline=ink, width=10 + size % 24
    )


def _band(pen: Pen, centre: Place, size: int, ink: Ink) -> None:
    x, y = centre
    pen.line((x - 900, y + 1500, x + 900, y - 1500), fill=ink, width=12 + size // 5)


PATTERNS: tuple[Callable[[Pen, Place, int, Ink], None], ...] = (_ring, _tile, _band)


def _write(image: Image.Image, title: str) -> None:
    text = readable(title)
    if not text:
        return
    size, lines = fitted(text, SIZES, WIDTH - 2 * MARGIN)
    height = line_height(size)
    top = (HEIGHT - height * len(lines)) // 2
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((MARGIN, top + number * height), line, font=font(size), fill="white")


def fitted(text: str, sizes: Sequence[int], room: int) -> tuple[int, list[str]]:
    """Return the size of letters, the largest that fits, and the text in at most three lines, cut where none does."""
    for size in sizes:
        lines = _lines(text, size, room)
        if len(lines) <= LINES_MAX and all(_length(line, size) <= room for line in lines):
            break
    lines = [_shortened(line, size, room) for line in lines]
    if len(lines) > LINES_MAX:
        lines = [*lines[: LINES_MAX - 1], _shortened(f"{lines[LINES_MAX - 1]}…", size, room)]
    return size, lines


def line_height(size: int) -> int:
    return round(size * 1.22)


def readable(title: str, orders_letters: bool = False) -> str:
    """Return the title without what the font has no letters for; '' where hardly any are left.

    Letters that run to the left stay where they are put in order.
    """
    title = unicodedata.normalize("NFC", title)
    kept = "".join(
        char for char in title if char.isspace() or (_has_letter(char) and (orders_letters or not _runs_left(char)))
    )
    letters = sum(char.isalnum() for char in title)
    left = sum(char.isalnum() for char in kept)
    return " ".join(kept.split()) if left * 2 >= letters and left else ""


@lru_cache(maxsize=2048)
def _has_letter(char: str) -> bool:
    return char.isprintable() and bytes(font(32).getmask(char)) != bytes(font(32).getmask("\uffff"))


def _runs_left(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text)


def font(size: int, text: str = "") -> ImageFont.FreeTypeFont:
    """Return the letters of pictures, in a size in pixels, for a text."""
    # All others are drawn the same everywhere: the other engine needs a library of the system.
    engine = ImageFont.Layout.RAQM if ORDERS_LETTERS and _runs_left(text) else ImageFont.Layout.BASIC
    return _font(size, engine)


@lru_cache(maxsize=32)
def _font(size: int, engine: ImageFont.Layout) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, size, layout_engine=engine)


def _length(text: str, size: int) -> float:
    return font(size, text).getlength(text)


def _lines(text: str, size: int, room: int) -> list[str]:
    """Return a text in lines of whole words."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and _length(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _shortened(line: str, size: int, room: int) -> str:
    while _length(line, size) > room:
        line = f"{line.rstrip('…')[:-1]}…"
    return line
