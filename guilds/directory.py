"""Looking people up in Discord from a page or a chore, through `settings.DISCORD_DIRECTORY`."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string

from guilds.actions import see_member, see_member_gone
from guilds.models import Member
from guilds.seen import SeenMember

log = logging.getLogger(__name__)

# At most five look-ups at a time: the bot's request budget belongs to reminders first.
_lookups = ThreadPoolExecutor(5, thread_name_prefix="lookup")


class DirectoryDown(Exception):
    """Discord could not be asked just now; what is known stays."""


class Directory(Protocol):
    """What a directory offers: synchronous look-ups with the bot's own token."""

    def member(self, guild_id: int, user_id: int) -> SeenMember | None:
        """The member, or None for a person who is not one. Raises DirectoryDown."""

    def has_message(self, channel_id: int, message_id: int) -> bool:
        """Whether a message is still there; True too where the bot may not look. Raises DirectoryDown."""


def directory() -> Directory:
    """The directory that the settings name."""
    made: Directory = import_string(settings.DISCORD_DIRECTORY)()
    return made


def refresh_member(guild_id: int, user_id: int, now: datetime) -> None:
    """Ask Discord about one member and write down the answer."""
    seen = directory().member(guild_id, user_id)
    if seen is None:
        see_member_gone(guild_id, user_id, now)
    else:
        see_member(guild_id, seen, now)


def refresh_soon(user_id: int, guild_ids: Iterable[int], now: datetime) -> None:
    """Ask about one person's roles in each guild, in the background: the page at hand does not wait."""

    def one(guild_id: int) -> None:
        close_old_connections()
        try:
            refresh_member(guild_id, user_id, now)
        except DirectoryDown as reason:
            log.warning("The roles of person %s in server %s are not known yet: %s", user_id, guild_id, reason)
        except Exception:
            log.exception("Looking up person %s in server %s failed", user_id, guild_id)
        finally:
            close_old_connections()

    for guild_id in guild_ids:
        _lookups.submit(one, guild_id)


def refresh_stale(now: datetime, older_than: timedelta, limit: int) -> int:
    """Ask again about the members read longest ago, and say how many were. Stops when Discord is down."""
    stale = Member.objects.filter(left_at=None, guild__gone_at=None, guild__unavailable=False).exclude(
        roles_at__gt=now - older_than
    )
    done = 0
    for guild_id, user_id in stale.order_by("roles_at").values_list("guild_id", "user_id")[:limit]:
        refresh_member(guild_id, user_id, now)
        done += 1
    return done
