"""Storing pictures, keeping those that are used, and removing the others.

A picture is stored as soon as it is accepted, before the form that it came with: so it is not lost when another field
of that form is refused. One that nothing names is removed a week later.
"""

import threading
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils.translation import gettext

from games.core.settings import PICTURE_SETTINGS
from games.models import ChannelDefaults, Game, GameTemplate, GuildDefaults, Picture, Series
from games.pictures.addresses import drawn_from
from games.pictures.drawing import draw_cover
from games.pictures.encoding import BYTES_MAX, BadPicture, EncodedPicture, PictureProblem, as_jpeg, encode_picture
from games.pictures.wording import BUSY, PROBLEMS
from guilds.directory.lookup import is_for_pages
from guilds.sent_forms.resubmission import FormTriedAgain

# At two daily runs at least, so that a form which was shown a picture can still be sent.
KEPT_UNUSED = timedelta(days=7)
UPLOADS_MAX, UPLOADS_WINDOW = 20, 600  # pictures of one person, in seconds; as long as the cache keeps anything


# Requests for pages that read pictures at a time, in each process: one picture is read at a time, and who waits for
# that would keep a thread from all pages.
_place = threading.BoundedSemaphore(1)


@contextmanager
def place_to_read() -> Iterator[None]:
    """Let this thread read a form's pictures. Raise FormTriedAgain where it is for pages, and another one reads."""
    if not is_for_pages():
        yield
        return
    if not _place.acquire(blocking=False):
        raise FormTriedAgain(gettext(BUSY))
    try:
        yield
    finally:
        _place.release()


def store_picture(sent: bytes) -> str:
    """Store a picture that somebody sent, and return its name. Raises BadPicture."""
    return store_encoded(encode_picture(sent))


def store_encoded(picture: EncodedPicture) -> str:
    """Store a picture that is read already, and return its name."""
    row = _row(picture)
    # Sent again, it is not about to be removed any more.
    Picture.objects.bulk_create([row], update_conflicts=True, unique_fields=["name"], update_fields=["unused_since"])
    return row.name


def store_drawn_cover(game: Game, letters: bool = True) -> Picture:
    """Draw a cover, and store it by what it is drawn from."""
    row = _row(draw_cover(game.title, game.guild_id, game.guild.colour, letters), drawn_from(game, letters))
    Picture.objects.bulk_create([row], ignore_conflicts=True)  # two people may look at a game at once
    return row


def drawn_cover_name(game: Game) -> str:
    """Return the name of the stored cover that is drawn for a game, drawn now if nobody asked for it so far."""
    name = Picture.objects.filter(drawn_from=drawn_from(game)).values_list("name", flat=True).first()
    return name or store_drawn_cover(game).name


def as_data_uri(name: str) -> str | None:
    """Return a stored picture as JPEG in a data URI, as Discord takes it for a cover; None if it is not stored."""
    content = Picture.objects.filter(name=name).values_list("content", flat=True).first()
    return f"data:image/jpeg;base64,{b64encode(as_jpeg(bytes(content))).decode()}" if content is not None else None


def _row(picture: EncodedPicture, drawn_from: str | None = None) -> Picture:
    return Picture(name=picture.name, content=picture.content, small=picture.small, drawn_from=drawn_from)


def count_upload(user_id: int) -> None:
    """Count a picture that a person sends, before it is read; raise BadPicture for one too many.

    Counted in the cache, so nothing says afterwards who sent any.
    """
    key = f"pictures-of-{user_id}"
    if cache.add(key, 1, UPLOADS_WINDOW):
        return
    try:
        count = cache.incr(key)
    except ValueError:  # it has just run out, or Redis is away
        return
    if count > UPLOADS_MAX:
        raise BadPicture(PictureProblem.TOO_MANY)


def read_bounded(file: Any) -> bytes:
    """Return what a file holds, of one that is too large no more than shows that it is."""
    file.seek(0)
    content: bytes = file.read(BYTES_MAX + 1)
    return content


def keep_pictures(values: Mapping[str, Any], kept: Collection[str | None] = ()) -> dict[str, str]:
    """Keep the pictures that settings are about to name; return the problem with each that is not stored.

    In the transaction that names them: their rows are locked, so they are not removed meanwhile. `kept`: those named
    already.
    """
    chosen = {name: values[name] for name in PICTURE_SETTINGS if values.get(name) and values[name] not in kept}
    if not chosen:
        return {}
    rows = Picture.objects.filter(name__in=sorted({*chosen.values()})).order_by("name")
    stored = set(rows.select_for_update(no_key=True).values_list("name", flat=True))
    Picture.objects.filter(name__in=stored).exclude(unused_since=None).update(unused_since=None)
    return {name: gettext(PROBLEMS[PictureProblem.GONE]) for name, picture in chosen.items() if picture not in stored}


def pictures_of(layer: Any) -> set[str | None]:
    """Return the pictures that a game or a layer of settings names."""
    return {getattr(layer, name) for name in PICTURE_SETTINGS}


def delete_unused(now: datetime) -> int:
    """Delete pictures that nothing has named for a week, and return how many; see which nothing names now."""
    unused = Picture.objects.exclude(name__in=_named())
    deleted, _ = unused.filter(unused_since__lt=now - KEPT_UNUSED).delete()
    unused.filter(unused_since=None).update(unused_since=now)
    # One that was named while this looked, whose week must not have passed when it is named no more.
    Picture.objects.exclude(unused_since=None).filter(name__in=_named()).update(unused_since=None)
    return deleted


def _named() -> QuerySet[Any, Any]:
    """Return the names of pictures that a game, a layer of settings or a series names."""
    queries = [
        model.objects.order_by().filter(**{f"{name}__gt": ""}).values_list(name)
        for model in (Game, GameTemplate, ChannelDefaults, GuildDefaults)
        for name in PICTURE_SETTINGS
    ]
    for name in PICTURE_SETTINGS:
        value = KeyTextTransform(name, KeyTransform("settings", F("game_values")))
        queries.append(Series.objects.order_by().annotate(picture=value).filter(picture__gt="").values_list("picture"))
    return queries[0].union(*queries[1:])
