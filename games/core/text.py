"""Free text as a guild's people read it, with its mentions looked up among known members and channels."""

import re
from collections import defaultdict

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.safestring import SafeString

from games.core import wording
from games.core.mentions import EMBED_DESCRIPTION, Mention, Piece, candidates, parse, to_discord, to_html, to_plain_text
from gamesched.lib.ids import MAX_ID
from guilds.display_names import display_names, normalize_name
from guilds.models import Channel, Member

CATEGORY = 4  # a category of channels; cannot be mentioned
_URL = re.compile(r"(https?://[^\s<>\[\]*|`\\]+)")


def discord_text(guild_id: int, text: str, limit: int = EMBED_DESCRIPTION) -> str:
    """Return the text for an embed, with as many mentions as fit."""
    return to_discord(_parse_mentions(guild_id, text), limit)


def discord_location(guild_id: int, text: str, limit: int) -> str:
    """Return a location for an embed.

    Mentions and URLs (of a voice channel, of a table) are links; the rest is shown as typed.
    """
    return to_discord(_parse_mentions(guild_id, text), limit, escape_except_urls)


def escape_except_urls(text: str) -> str:
    """Return the text escaped for Discord, but with its URLs as links; none hides behind other words."""
    return "".join(part if _URL.fullmatch(part) else wording.escape_markdown(part) for part in _URL.split(text))


def text_as_html(guild_id: int, text: str) -> SafeString:
    """Return the text as HTML, with names for mentions."""
    pieces = _parse_mentions(guild_id, text)
    return to_html(pieces, _mentioned_names(guild_id, pieces))


def text_with_names(guild_id: int, text: str) -> str:
    """Return the text with names for mentions, where markup does not work."""
    pieces = _parse_mentions(guild_id, text)
    return to_plain_text(pieces, _mentioned_names(guild_id, pieces))


def _mentioned_names(guild_id: int, pieces: list[Piece]) -> dict[int, str]:
    """Return the display names of the mentioned people and channels, by id."""
    people = [piece.id for piece in pieces if isinstance(piece, Mention) and piece.symbol == "@"]
    names = {user_id: name.text for user_id, name in (display_names(guild_id, people) if people else {}).items()}
    places = [piece.id for piece in pieces if isinstance(piece, Mention) and piece.symbol == "#"]
    if places:
        names |= dict(Channel.objects.filter(pk__in=places).values_list("pk", "name"))
    return names


def _parse_mentions(guild_id: int, text: str) -> list[Piece]:
    names = candidates(text)
    people: dict[str, set[int]] = defaultdict(set)
    channels: dict[str, set[int]] = defaultdict(set)
    known: set[int] = set()
    if names.people or names.ids:
        ids = [one for one in names.ids if one <= MAX_ID]
        by_name = Q(low_nick__in=names.people) | Q(low_handle__in=names.people) | Q(low_name__in=names.people)
        members = Member.objects.filter(guild_id=guild_id, left_at=None).annotate(
            low_nick=Lower("nick"), low_handle=Lower("user__handle"), low_name=Lower("user__global_name")
        )
        for member in members.filter(by_name | Q(user_id__in=ids)).select_related("user"):
            known.add(member.user_id)
            for name in filter(None, (member.nick, member.user.handle, member.user.global_name)):
                people[normalize_name(name)].add(member.user_id)
    if names.channels:
        guild_channels = Channel.objects.filter(guild_id=guild_id, gone_at=None, parent=None).exclude(type=CATEGORY)
        for pk, name in guild_channels.values_list("pk", "name"):
            channels[normalize_name(name)].add(pk)
    if ids := [one for one in names.channel_ids if one <= MAX_ID]:
        existing = Channel.objects.filter(guild_id=guild_id, gone_at=None, pk__in=ids)
        known.update(existing.values_list("pk", flat=True))
    return parse(text, people, channels, known)
