"""Discord's markup as plain text, for calendars, previews and wherever else no markup is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop, pgettext
from markdown_it.token import Token

from games.core import wording
from games.core.addresses import shown_host
from games.core.markdown import read_markdown
from gamesched.lib.zones import zone_info
from guilds.templatetags.zoned_times import when, zone_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSHOWN = {
    "person": gettext_noop("@unknown-user"),
    "role": gettext_noop("@unknown-role"),
    "channel": wording.NO_ACCESS,
}  # as Discord says it


@dataclass(frozen=True)
class MarkupReader:
    """For whom markup is shown: in which zone, at what moment, and with which names.

    `names`: of what is mentioned, by kind (person, role, channel) and id; without those that must not be named.
    """

    zone: str = ""
    now: datetime | None = None
    names: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def mention_text(self, token: Token) -> str:
        """Return a mention with its name, or as Discord shows one without."""
        kind = token.meta["of"]
        return self.names.get((kind, token.meta["id"]), gettext(_UNSHOWN[kind]))

    def time_of(self, token: Token) -> datetime | None:
        """Return the moment of a timestamp; None for one that no calendar here reaches."""
        try:
            at = _EPOCH + timedelta(seconds=token.meta["seconds"])
            self._local(at)
        except (OverflowError, ValueError):
            return None
        return at

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(zone_info(self.zone))

    def time_texts(self, token: Token, at: datetime) -> tuple[str, str]:
        """Return a timestamp in its style, and in full.

        https://discord.com/developers/docs/reference#message-formatting-timestamp-styles
        """
        local, exact, style = self._local(at), when(at, self.zone), token.meta["style"]
        clock = f"{local:%H:%M:%S}" if style in "TS" else f"{local:%H:%M}"
        with_zone = f"{clock} {zone_name(local)}"
        if style in "tT":
            return with_zone, exact
        if style == "R":
            return (wording.relative_time(at, self.now), exact) if self.now else (exact, exact)
        if style == "F":
            return exact, exact
        pattern = pgettext("date format", "j F Y") if style in "Df" else pgettext("date format", "j M Y")
        date = date_format(local, pattern)
        return (date if style in "dD" else f"{date}, {with_zone}"), exact


def to_plain_text(text: str, reader: MarkupReader) -> str:
    """Return a text in Discord's markup as plain text; what a spoiler hides is left out."""
    return write_text(read_markdown(text), reader).strip()


def write_text(tokens: Sequence[Token], reader: MarkupReader) -> str:
    """Return tokens as plain text."""
    parts: list[str] = []
    for token in tokens:
        shown = _write_one(token, reader)
        if token.type in _BLOCKS and parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        parts.append(shown + "\n" if token.type in _BLOCKS else shown)
    return "".join(parts)


_BLOCKS = {"heading", "subtext", "quote", "bullet_list", "ordered_list", "code_block"}


def _write_one(token: Token, reader: MarkupReader) -> str:
    inside = write_text(token.children, reader) if token.children else ""
    match token.type:
        case "newline":
            return "\n"
        case "spoiler":
            return gettext(wording.SPOILER)
        case "mention":
            return reader.mention_text(token)
        case "time":
            at = reader.time_of(token)
            return token.content if at is None else reader.time_texts(token, at)[0]
        case "masked_link":
            return f"{inside} ({shown_host(token.content)})"
        case "bullet_list" | "ordered_list":
            return _write_list(token, reader)
        case _:
            return inside or token.content


def _write_list(token: Token, reader: MarkupReader) -> str:
    rows = []
    for number, item in enumerate(token.children or (), int(token.meta["start"] or 0)):
        sign = f"{number}." if token.type == "ordered_list" else "-"
        rows.append(f"{sign} {write_text(item.children or (), reader).rstrip()}".replace("\n", "\n  "))
    return "\n".join(rows)
