"""Free text as a guild's people read it, with whom and what it mentions looked up among those known."""

from collections import defaultdict

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.safestring import SafeString

from games.mentions import Mention, Piece, for_discord, for_page, pieces, wanted
from gamesched.lib.ids import MAX_ID
from guilds.models import Channel, Member
from guilds.names import fold, names_in

CATEGORY = 4  # a heading over channels, not a place


def discord_text(guild_id: int, text: str) -> str:
    """The text for an embed, with mentions."""
    return for_discord(_pieces(guild_id, text))


def page_text(guild_id: int, text: str) -> SafeString:
    """The text for a page, with names."""
    found = _pieces(guild_id, text)
    people = [piece.id for piece in found if isinstance(piece, Mention) and piece.mark == "@"]
    names = names_in(guild_id, people) if people else {}
    return for_page(found, {user_id: name.text for user_id, name in names.items()})


def _pieces(guild_id: int, text: str) -> list[Piece]:
    asked = wanted(text)
    people: dict[str, set[int]] = defaultdict(set)
    channels: dict[str, set[int]] = defaultdict(set)
    members: set[int] = set()
    if asked.people or asked.ids:
        ids = [one for one in asked.ids if one <= MAX_ID]
        called = Q(low_nick__in=asked.people) | Q(low_handle__in=asked.people) | Q(low_name__in=asked.people)
        fits = Member.objects.filter(guild_id=guild_id, left_at=None).annotate(
            low_nick=Lower("nick"), low_handle=Lower("user__handle"), low_name=Lower("user__global_name")
        )
        for member in fits.filter(called | Q(user_id__in=ids)).select_related("user"):
            members.add(member.user_id)
            for name in filter(None, (member.nick, member.user.handle, member.user.global_name)):
                people[fold(name)].add(member.user_id)
    if asked.channels:
        places = Channel.objects.filter(guild_id=guild_id, gone_at=None, parent=None).exclude(type=CATEGORY)
        for pk, name in places.values_list("pk", "name"):
            channels[fold(name)].add(pk)
    return pieces(text, people, channels, members)
