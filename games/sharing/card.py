"""Draws what previews of a share link show: the cover, and over it title, time and seats."""

import threading
from dataclasses import astuple, dataclass
from io import BytesIO
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.utils import translation
from django.utils.crypto import salted_hmac
from PIL import Image, ImageDraw, ImageOps

from games.core.setting_kinds import PICTURE_NAME
from games.core.states import State
from games.models import Game, Picture
from games.pictures.drawing import ORDERS_LETTERS, draw_ground, fitted, font, line_height, readable
from games.sharing.shared_game import SharedGame
from guilds.languages import language_of_guild
from guilds.templatetags.zoned_times import when

VERSION = 3  # counts changes of what is drawn: an address never shows two cards
SIZE = WIDTH, HEIGHT = 1200, 630  # as previews show it whole
MARGIN = 72
TITLE_SIZES = (88, 76, 66, 58, 50)  # of letters, in pixels
WHEN_SIZE, SEATS_SIZE, NAME_SIZE, MARK_SIZE = 42, 34, 30, 52
PIPS_MAX = 12  # of seats that are drawn as dots
BYTES_MAX = 300_000
QUALITIES = (88, 80, 70, 58, 45, 30)
KEPT_FOR = 60 * 60  # seconds; who shows previews keeps them too
MARK = Path(settings.BASE_DIR, "static", "icons", "icon-192.png")
# White and tints that keep 4.5:1 on the shade below, whatever the cover is.
TEXT, QUIET, ACCENT, BAD = "#ffffff", "#d5dde8", "#7fe6cf", "#ffb3ad"
# One at a time in each process, so that many at once take no more memory than one.
_drawing = threading.Lock()


@dataclass(frozen=True)
class Card:
    """All that a card is drawn from."""

    title: str
    when: str
    state: str  # '' while people can join
    is_cancelled: bool
    seats_text: str
    seats: int
    seated: int
    cover: str  # the name of a stored picture, or ''
    guild_id: int
    colour: str = ""  # of the server's icon
    runs_left: bool = False  # it is written from right to left

    @property
    def mark(self) -> str:
        """Return what the address says of it: nobody but this site can say it."""
        return salted_hmac("games.sharing.card", repr((VERSION, *astuple(self))), algorithm="sha256").hexdigest()[:32]


def card_of(game: Game, shown: SharedGame) -> Card:
    """Return the card of a game that strangers may see, in its guild's language: everybody sees the same picture.

    In English, where letters that run to the left can't be put in order.
    """
    language = language_of_guild(game.guild)
    runs_left = language.split("-")[0] in settings.LANGUAGES_BIDI
    with translation.override("en" if runs_left and not ORDERS_LETTERS else language):
        return Card(
            title=shown.title,
            when=when(shown.starts_at, shown.zone),
            state="" if shown.is_open else shown.state_text,
            is_cancelled=shown.state is State.CANCELLED,
            seats_text=shown.seats_text,
            seats=shown.seats,
            seated=shown.seated,
            cover=game.settings.cover,
            guild_id=game.guild_id,
            colour=game.guild.colour,
            runs_left=runs_left and ORDERS_LETTERS,
        )


def card_file(card: Card) -> bytes:
    """Return a card as JPEG, drawn when it is first asked for."""
    key = f"share-card-{card.mark}"
    file = cast("bytes | None", cache.get(key))
    if file is None:
        with _drawing:
            file = cast("bytes | None", cache.get(key)) or draw_card(card)
            cache.set(key, file, KEPT_FOR)
    return file


def draw_card(card: Card) -> bytes:
    """Draw a card, as JPEG of at most 300 kB. What the font has no letters for is left out."""
    image = _shaded(_ground(card))
    pen, room = ImageDraw.Draw(image), WIDTH - 2 * MARGIN
    _draw_name(image, pen, card)
    bottom = _draw_seats(pen, card, HEIGHT - MARGIN)
    line = f"{card.state} · {card.when}" if card.state else card.when
    size, lines = fitted(line, (WHEN_SIZE, SEATS_SIZE), room)
    bottom = _write_up(pen, card, lines, size, bottom, BAD if card.is_cancelled else ACCENT)
    if title := readable(card.title, ORDERS_LETTERS):
        size, lines = fitted(title, TITLE_SIZES, room)
        _write_up(pen, card, lines, size, bottom - 8, TEXT)
    return _as_jpeg(image)


def _ground(card: Card) -> Image.Image:
    """Return the cover across the whole card, of an animation its first frame; else what drawn covers lie on."""
    stored = PICTURE_NAME.fullmatch(card.cover) and Picture.objects.filter(name=card.cover)
    content = stored.values_list("content", flat=True).first() if stored else None
    if content is None:
        return draw_ground(card.title, card.guild_id, card.colour, SIZE)
    # Stored pictures are those that we encoded ourselves, within bounds.
    with Image.open(BytesIO(content), formats=["WEBP"]) as image:
        picture = image.convert("RGBA")
    plain = Image.new("RGB", picture.size, "#0e1218")
    plain.paste(picture, (0, 0), picture)
    return ImageOps.fit(plain, SIZE, Image.Resampling.LANCZOS)


def _shaded(image: Image.Image) -> Image.Image:
    """Return a picture that is darker where letters stand: a little at the top, and more towards its lower end."""
    column = Image.new("L", (1, HEIGHT))
    for y in range(HEIGHT):
        place = y / HEIGHT
        column.putpixel((0, y), round(max(150 - 400 * place, min(226, 40 + 270 * place))))
    return Image.composite(Image.new("RGB", SIZE, "#070a0e"), image, column.resize(SIZE))


def _write(
    pen: ImageDraw.ImageDraw, card: Card, place: tuple[int, int], text: str, size: int, colour: str, anchor: str = "a"
) -> None:
    """Write a line that begins at a place, which is counted from the side where the card's language begins."""
    left, top = place
    side, left = ("r", WIDTH - left) if card.runs_left else ("l", left)
    pen.text((left, top), text, font=font(size, text), fill=colour, anchor=f"{side}{anchor}")


def _draw_name(image: Image.Image, pen: ImageDraw.ImageDraw, card: Card) -> None:
    """Put the site's mark and name at the top."""
    top = MARGIN - 12
    with Image.open(MARK) as icon:
        mark = icon.convert("RGBA").resize((MARK_SIZE, MARK_SIZE), Image.Resampling.LANCZOS)
    image.paste(mark, (WIDTH - MARGIN - MARK_SIZE if card.runs_left else MARGIN, top), mark)
    place = (MARGIN + MARK_SIZE + 18, top + MARK_SIZE // 2)
    _write(pen, card, place, "Game Scheduler", NAME_SIZE, TEXT, anchor="m")


def _draw_seats(pen: ImageDraw.ImageDraw, card: Card, bottom: int) -> int:
    """Write how many seats are taken, and draw a few as dots; return where the line begins."""
    top, left = bottom - line_height(SEATS_SIZE), MARGIN
    if 0 < card.seats <= PIPS_MAX:
        for number in range(card.seats):
            at = WIDTH - left - 24 if card.runs_left else left
            box = (at, top + 9, at + 24, top + 33)
            pen.ellipse(box, fill=ACCENT if number < card.seated else None, outline=ACCENT, width=3)
            left += 34
        left += 12
    _write(pen, card, (left, top), card.seats_text, SEATS_SIZE, QUIET)
    return top - 14


def _write_up(pen: ImageDraw.ImageDraw, card: Card, lines: list[str], size: int, bottom: int, colour: str) -> int:
    """Write lines that end at a height, and return where they begin."""
    top = bottom - line_height(size) * len(lines)
    for number, line in enumerate(lines):
        _write(pen, card, (MARGIN, top + number * line_height(size)), line, size, colour)
    return top - 8


def _as_jpeg(image: Image.Image) -> bytes:
    for quality in QUALITIES:
        file = BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        if file.tell() <= BYTES_MAX:
            break
    return file.getvalue()
