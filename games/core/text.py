"""Free text as a guild's people read it, with whom and what it mentions looked up among those known."""

import re
from collections import defaultdict

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.safestring import SafeString

from games.core import wording
from games.core.mentions import EMBED_DESCRIPTION, Mention, Piece, for_discord, for_page, for_reading, pieces, wanted
from gamesched.lib.ids import MAX_ID
from guilds.display_names import normalize_name, display_names
from guilds.models import Channel, Member

CATEGORY = 4  # a heading over channels, not a place
_ADDRESS = re.compile(r"(https?://[^\s<>\[\]*|`\\]+)")


def discord_text(guild_id: int, text: str, limit: int = EMBED_DESCRIPTION) -> str:
    """The text for an embed, with mentions, as many as fit."""
    return for_discord(_pieces(guild_id, text), limit)


def discord_place(guild_id: int, text: str, limit: int) -> str:
    """A place for an embed: mentions, and addresses (of a voice channel, of a table) as links; all else as typed."""
    return for_discord(_pieces(guild_id, text), limit, plain_beside_addresses)


def plain_beside_addresses(text: str) -> str:
    """Text as it was typed, for Discord, in which addresses are links. None hides behind other words."""
    return "".join(part if _ADDRESS.fullmatch(part) else wording.plain(part) for part in _ADDRESS.split(text))


def page_text(guild_id: int, text: str) -> SafeString:
    """The text for a page, with names."""
    found = _pieces(guild_id, text)
    return for_page(found, _names(guild_id, found))


def plain_text(guild_id: int, text: str) -> str:
    """The text with names, for places that know no marks."""
    found = _pieces(guild_id, text)
    return for_reading(found, _names(guild_id, found))


def _names(guild_id: int, found: list[Piece]) -> dict[int, str]:
    """What those are called that are mentioned."""
    people = [piece.id for piece in found if isinstance(piece, Mention) and piece.mark == "@"]
    names = {user_id: name.text for user_id, name in (display_names(guild_id, people) if people else {}).items()}
    places = [piece.id for piece in found if isinstance(piece, Mention) and piece.mark == "#"]
    if places:
        names |= dict(Channel.objects.filter(pk__in=places).values_list("pk", "name"))
    return names


def _pieces(guild_id: int, text: str) -> list[Piece]:
    asked = wanted(text)
    people: dict[str, set[int]] = defaultdict(set)
    channels: dict[str, set[int]] = defaultdict(set)
    known: set[int] = set()
    if asked.people or asked.ids:
        ids = [one for one in asked.ids if one <= MAX_ID]
        called = Q(low_nick__in=asked.people) | Q(low_handle__in=asked.people) | Q(low_name__in=asked.people)
        fits = Member.objects.filter(guild_id=guild_id, left_at=None).annotate(
            low_nick=Lower("nick"), low_handle=Lower("user__handle"), low_name=Lower("user__global_name")
        )
        for member in fits.filter(called | Q(user_id__in=ids)).select_related("user"):
            known.add(member.user_id)
            for name in filter(None, (member.nick, member.user.handle, member.user.global_name)):
                people[normalize_name(name)].add(member.user_id)
    if asked.channels:
        places = Channel.objects.filter(guild_id=guild_id, gone_at=None, parent=None).exclude(type=CATEGORY)
        for pk, name in places.values_list("pk", "name"):
            channels[normalize_name(name)].add(pk)
    if ids := [one for one in asked.channel_ids if one <= MAX_ID]:
        living = Channel.objects.filter(guild_id=guild_id, gone_at=None, pk__in=ids)
        known.update(living.values_list("pk", flat=True))
    return pieces(text, people, channels, known)
