"""Draws the pictures of people and servers, as Discord's CDN would serve them: the same for the same hash."""

import hashlib
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

# https://docs.discord.com/developers/reference#image-formatting
SIZES = (16, 32, 64, 128, 256, 512, 1024)
CANVAS = 512  # pixels in which all is drawn, then made smaller
INK = "#241f33"
# Behind, and of the creature itself.
PALETTE = (
    ("#445069", "#c7d2e8"),
    ("#f26d5b", "#ffd9c7"),
    ("#2f9e8f", "#c9f2e4"),
    ("#e0a526", "#fff0c2"),
    ("#8254c8", "#eadcff"),
    ("#3f8fd2", "#d3ebff"),
    ("#d95389", "#ffd6e6"),
    ("#5f9e3f", "#dff3c8"),
    ("#9a6b4a", "#f0dcc8"),
    ("#5b6ee1", "#d7dcff"),
)
BRAND = ("#0f9d85", "#ffffff")
TOPS = ("ears", "horns", "cat", "antennae", "bunny", "hat", "tuft", "crown")
EYES = ("dots", "wide", "happy", "one", "glasses", "wink")
MOUTHS = ("smile", "laugh", "cat", "fang", "oh")
HEADS = ((132, 168, 380, 470, 124), (120, 176, 392, 452, 90), (108, 196, 404, 460, 130), (146, 150, 366, 480, 110))

Box = tuple[float, float, float, float]


def nearest_size(asked: str) -> int:
    """Return the size that Discord would serve for `?size=`: a power of two."""
    wanted = int(asked) if asked.isdecimal() and len(asked) < 6 else 128
    return next((size for size in SIZES if size >= wanted), SIZES[-1])


@lru_cache(maxsize=256)
def avatar(user_id: int, picture_hash: str, size: int) -> bytes:
    """Return a person's picture: a friendly creature. The id gives its colour, so that a few people differ by it."""
    dice = hashlib.sha256(picture_hash.encode()).digest()
    behind, skin = PALETTE[user_id % len(PALETTE)]
    image = Image.new("RGB", (CANVAS, CANVAS), behind)
    pen = ImageDraw.Draw(image)
    pen.ellipse((40, 400, 472, 760), fill=_mixed(behind, skin, 0.45))  # shoulders
    left, top, right, bottom, round_by = HEADS[dice[0] % len(HEADS)]
    hat = TOPS[user_id % len(TOPS)]
    if hat not in ("hat", "crown", "tuft"):
        _draw_top(pen, hat, behind, skin, (left, top, right, bottom))
    pen.rounded_rectangle((left, top, right, bottom), round_by, fill=skin)
    if hat in ("hat", "crown", "tuft"):
        _draw_top(pen, hat, behind, skin, (left, top, right, bottom))
    _draw_eyes(pen, EYES[dice[1] % len(EYES)], top + 130)
    _draw_mouth(pen, MOUTHS[dice[2] % len(MOUTHS)], top + 190)
    cheek = _mixed(skin, "#ff6f86", 0.5)
    for x in (left + 46, right - 46):
        pen.ellipse((x - 22, top + 168, x + 22, top + 196), fill=cheek)
    return _png(image, size)


@lru_cache(maxsize=64)
def icon(guild_id: int, picture_hash: str, size: int) -> bytes:
    """Return a server's picture: a die, a meeple or a d20."""
    behind, front = PALETTE[(guild_id // 1000 + guild_id + 3) % len(PALETTE)]
    image = Image.new("RGB", (CANVAS, CANVAS), behind)
    draw = (_draw_die, _draw_meeple, _draw_d20)[guild_id // 1000 % 3]
    draw(ImageDraw.Draw(image), behind, front)
    return _png(image, size)


@lru_cache(maxsize=8)
def bot_avatar(size: int) -> bytes:
    """Return the bot's picture: a calendar that is a die."""
    behind, front = BRAND
    image = Image.new("RGB", (CANVAS, CANVAS), behind)
    pen = ImageDraw.Draw(image)
    for x in (184, 328):
        pen.rounded_rectangle((x - 18, 84, x + 18, 180), 18, fill=front)
    pen.rounded_rectangle((104, 128, 408, 420), 64, fill=front)
    _draw_pips(pen, behind, (256, 276), 84, 30)
    pen.ellipse((226, 246, 286, 306), fill="#f2b632")
    return _png(image, size)


def _draw_top(pen: ImageDraw.ImageDraw, kind: str, behind: str, skin: str, head: Box) -> None:
    left, top, right, _ = head
    inner, middle = _mixed(behind, skin, 0.5), (left + right) / 2
    match kind:
        case "ears":
            for x in (left + 26, right - 26):
                pen.ellipse((x - 52, top - 22, x + 52, top + 82), fill=skin)
                pen.ellipse((x - 28, top + 2, x + 28, top + 58), fill=inner)
        case "cat":
            for x, towards in ((left + 8, 1), (right - 8, -1)):
                pen.polygon([(x, top + 110), (x + 4 * towards, top - 74), (x + 128 * towards, top + 30)], fill=skin)
                pen.polygon(
                    [(x + 18 * towards, top + 70), (x + 22 * towards, top - 34), (x + 88 * towards, top + 24)],
                    fill=inner,
                )
        case "horns":
            for x, towards in ((left + 30, -1), (right - 30, 1)):
                pen.polygon(
                    [(x - 30, top + 50), (x + 34 * towards, top - 84), (x + 30, top + 40)], fill=_mixed(INK, skin, 0.35)
                )
        case "antennae":
            for x, towards in ((middle - 50, -1), (middle + 50, 1)):
                tip = (x + 34 * towards, top - 82)
                pen.line([(x, top + 30), tip], fill=skin, width=16)
                pen.ellipse((tip[0] - 26, tip[1] - 26, tip[0] + 26, tip[1] + 26), fill=skin)
        case "bunny":
            for x in (middle - 66, middle + 66):
                pen.rounded_rectangle((x - 36, top - 132, x + 36, top + 90), 36, fill=skin)
                pen.rounded_rectangle((x - 16, top - 104, x + 16, top + 60), 16, fill=inner)
        case "hat":
            cloth = _mixed(behind, INK, 0.55)
            pen.polygon([(left + 14, top + 62), (middle + 40, top - 156), (right - 14, top + 62)], fill=cloth)
            pen.ellipse((left - 44, top + 28, right + 44, top + 92), fill=cloth)
            pen.regular_polygon((middle + 6, top - 26, 24), 4, fill="#ffd166")
        case "tuft":
            hair = _mixed(behind, INK, 0.6)
            pen.pieslice((left - 4, top - 30, right + 4, top + 190), 180, 360, fill=hair)
            pen.ellipse((middle - 20, top - 64, middle + 76, top + 30), fill=hair)
        case _:  # a crown
            points = [(left + 40, top + 40), (left + 30, top - 66), (left + 84, top - 12), (middle, top - 88)]
            points += [(right - 84, top - 12), (right - 30, top - 66), (right - 40, top + 40)]
            pen.polygon(points, fill="#ffd166")


def _draw_eyes(pen: ImageDraw.ImageDraw, kind: str, y: float) -> None:
    def disc(x: float, size: float, colour: str, down: float = 0) -> None:
        pen.ellipse((x - size, y + down - size, x + size, y + down + size), fill=colour)

    both = (204, 308)
    match kind:
        case "one":
            disc(256, 56, "#ffffff")
            disc(256, 30, INK)
            disc(268, 10, "#ffffff", -12)
        case "happy":
            for x in both:
                pen.arc((x - 30, y - 22, x + 30, y + 38), 200, 340, fill=INK, width=13)
        case "wink":
            disc(204, 20, INK)
            pen.arc((278, y - 22, 338, y + 38), 200, 340, fill=INK, width=13)
        case "wide":
            for x in both:
                disc(x, 38, "#ffffff")
                disc(x + 6, 21, INK, 4)
        case "glasses":
            for x in both:
                disc(x, 16, INK)
                pen.ellipse((x - 44, y - 44, x + 44, y + 44), outline=INK, width=11)
            pen.line([(248, y), (264, y)], fill=INK, width=11)
        case _:
            for x in both:
                disc(x, 21, INK)
                disc(x + 7, 7, "#ffffff", -7)


def _draw_mouth(pen: ImageDraw.ImageDraw, kind: str, y: float) -> None:
    match kind:
        case "laugh":
            pen.pieslice((212, y - 40, 300, y + 48), 0, 180, fill=INK)
            pen.chord((226, y + 16, 286, y + 52), 180, 360, fill="#ff7b7b")
        case "cat":
            for x in (232, 280):
                pen.arc((x - 26, y - 28, x + 26, y + 22), 10, 170, fill=INK, width=12)
        case "fang":
            pen.arc((204, y - 56, 308, y + 30), 15, 165, fill=INK, width=12)
            pen.polygon([(272, y + 22), (300, y + 8), (292, y + 42)], fill="#ffffff")
        case "oh":
            pen.ellipse((236, y - 16, 276, y + 30), fill=INK)
        case _:
            pen.arc((204, y - 56, 308, y + 30), 15, 165, fill=INK, width=13)


def _draw_pips(pen: ImageDraw.ImageDraw, colour: str, centre: tuple[float, float], apart: float, size: float) -> None:
    for right, down in ((-1, -1), (1, -1), (0, 0), (-1, 1), (1, 1)):
        x, y = centre[0] + right * apart, centre[1] + down * apart
        pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)


def _draw_die(pen: ImageDraw.ImageDraw, behind: str, front: str) -> None:
    pen.rounded_rectangle((116, 116, 396, 396), 66, fill=front)
    _draw_pips(pen, behind, (256, 256), 82, 32)


def _draw_meeple(pen: ImageDraw.ImageDraw, behind: str, front: str) -> None:
    half = ((0, 160), (54, 172), (160, 236), (160, 294), (88, 304), (140, 420), (44, 420), (0, 352))
    body = [(256 + x, y) for x, y in half] + [(256 - x, y) for x, y in reversed(half)]
    pen.polygon(body, fill=front)
    pen.line([*body, body[0]], fill=front, width=34, joint="curve")
    pen.ellipse((184, 72, 328, 216), fill=front)


def _draw_d20(pen: ImageDraw.ImageDraw, behind: str, front: str) -> None:
    pen.regular_polygon((256, 256, 190), 6, rotation=30, fill=front)
    pen.regular_polygon((256, 256, 108), 3, fill=behind)
    for x, y in ((256, 66), (92, 352), (420, 352)):
        near = (256 + (x - 256) * 0.6, 256 + (y - 256) * 0.6)
        pen.line([(x, y), near], fill=behind, width=12)


def _mixed(one: str, other: str, share: float) -> str:
    parts = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in parts).hex()


def _png(image: Image.Image, size: int) -> bytes:
    file = BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()
