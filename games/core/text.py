"""Free text as a guild's people read it, with whom and what it mentions looked up among those known."""

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

CATEGORY = 4  # a heading over channels, not a place
_URL = re.compile(r"(https?://[^\s<>\[\]*|`\\]+)")


def discord_text(guild_id: int, text: str, limit: int = EMBED_DESCRIPTION) -> str:
    """The text for an embed, with mentions, as many as fit."""
    return to_discord(_parse_mentions(guild_id, text), limit)


def discord_location(guild_id: int, text: str, limit: int) -> str:
    """A place for an embed: mentions, and addresses (of a voice channel, of a table) as links; all else as typed."""
    return to_discord(_parse_mentions(guild_id, text), limit, escape_except_urls)


def escape_except_urls(text: str) -> str:
    """Text as it was typed, for Discord, in which addresses are links. None hides behind other words."""
    return "".join(part if _URL.fullmatch(part) else wording.escape_markdown(part) for part in _URL.split(text))


def text_as_html(guild_id: int, text: str) -> SafeString:
    """The text for a page, with names."""
    pieces = _parse_mentions(guild_id, text)
    return to_html(pieces, _mentioned_names(guild_id, pieces))


def text_with_names(guild_id: int, text: str) -> str:
    """The text with names, for places that know no marks."""
    pieces = _parse_mentions(guild_id, text)
    return to_plain_text(pieces, _mentioned_names(guild_id, pieces))


def _mentioned_names(guild_id: int, pieces: list[Piece]) -> dict[int, str]:
    """What those are called that are mentioned."""
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
        called = Q(low_nick__in=names.people) | Q(low_handle__in=names.people) | Q(low_name__in=names.people)
        fits = Member.objects.filter(guild_id=guild_id, left_at=None).annotate(
            low_nick=Lower("nick"), low_handle=Lower("user__handle"), low_name=Lower("user__global_name")
        )
        for member in fits.filter(called | Q(user_id__in=ids)).select_related("user"):
            known.add(member.user_id)
            for name in filter(None, (member.nick, member.user.handle, member.user.global_name)):
                people[normalize_name(name)].add(member.user_id)
    if names.channels:
        places = Channel.objects.filter(guild_id=guild_id, deleted_at=None, parent=None).exclude(type=CATEGORY)
        for pk, name in places.values_list("pk", "name"):
            channels[normalize_name(name)].add(pk)
    if ids := [one for one in names.channel_ids if one <= MAX_ID]:
        existing = Channel.objects.filter(guild_id=guild_id, deleted_at=None, pk__in=ids)
        known.update(existing.values_list("pk", flat=True))
    return parse(text, people, channels, known)
