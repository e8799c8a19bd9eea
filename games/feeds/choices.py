"""What a person may have a calendar address of: their own games, or those of a guild, a channel or a template."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext

from games.core.permissions import Memberships, Viewer, used_channels
from games.feeds import wording
from games.feeds.contents import calendar_name
from games.models import CalendarFeed, GameTemplate
from gamesched.lib.ids import parse_id
from guilds.models import Channel, Guild

_CHOICE = re.compile("(guild|channel|template)-([0-9]{1,19})")


@dataclass(frozen=True)
class FeedChoice:
    """What an address is to be of; with nothing, the person's own games of all guilds."""

    guild_id: int | None = None
    channel_id: int | None = None
    template_id: int | None = None

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what forms and links name, as `CalendarFeed.what` writes it; None for anything else."""
        if not text:
            return cls()
        found = _CHOICE.fullmatch(text)
        pk = parse_id(found[2]) if found is not None else None
        return cls(**{f"{found[1]}_id": pk}) if found is not None and pk else None

    @property
    def columns(self) -> dict[str, int | None]:
        """Return the columns of a feed of it."""
        return {"guild_id": self.guild_id, "channel_id": self.channel_id, "template_id": self.template_id}


OWN_GAMES = FeedChoice()


@dataclass(frozen=True)
class ChoiceGroup:
    """What a person may choose in one guild: pairs of what forms name, and its words."""

    guild: Guild
    choices: list[tuple[str, str]]


def choices_of(memberships: Memberships) -> Iterator[ChoiceGroup]:
    """Yield what a person may have an address of in each guild; takes two queries."""
    guild_ids = [*memberships.by_guild]
    used = used_channels().filter(guild__in=guild_ids, deleted_at=None).select_related("parent")
    # Threads belong to their channel.
    channels = {one.settings_channel.pk: one.settings_channel for one in used if memberships.may_view(one)}
    templates = GameTemplate.objects.filter(guild__in=guild_ids, deleted_at=None).select_related("channel__parent")
    for member in memberships.by_guild.values():
        guild = member.guild
        offered = [(f"guild-{guild.pk}", wording.all_games_of(guild.name))]
        offered += [(f"channel-{one.pk}", str(one)) for one in _in_order(channels, guild)]
        offered += [
            (f"template-{one.pk}", one.name)
            for one in templates
            if one.guild_id == guild.pk and (one.channel is None or memberships.may_view(one.channel))
        ]
        yield ChoiceGroup(guild, offered)


def _in_order(channels: dict[int, Channel], guild: Guild) -> list[Channel]:
    found = [one for one in channels.values() if one.guild_id == guild.pk]
    return sorted(found, key=lambda one: (one.position, one.pk))


def feed_title(feed: CalendarFeed, memberships: Memberships) -> str:
    """Return what a person's feed is about, for its page; nothing of what they may not see."""
    if not feed.what:
        return gettext(wording.OWN_GAMES)
    member = memberships.by_guild.get(feed.only_guild_id or 0)
    viewer = Viewer(memberships.user, member.guild_id, member) if member is not None else None
    if member is not None and feed.guild_id:
        return wording.all_games_of(member.guild.name)
    return calendar_name(feed, viewer) or gettext(wording.HIDDEN)
