"""Discords that answer a look-up otherwise than what is stored, for `settings.DISCORD_DIRECTORY`."""

from dataclasses import replace

from conftest import GUILD, StoredDirectory
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload

EXILE = GUILD + 41


class NoRoles(StoredDirectory):
    """A Discord in which everybody has lost their roles."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        member = super().member(guild_id, user_id)
        return replace(member, role_ids=()) if member is not None else None


class Exiled(StoredDirectory):
    """A Discord in which everybody was just given a role that is denied channels."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        member = super().member(guild_id, user_id)
        return replace(member, role_ids=(*member.role_ids, EXILE)) if member is not None else None


class Away(StoredDirectory):
    """A Discord that does not answer."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        raise DirectoryUnavailable("it is away")


class Nobody(StoredDirectory):
    """A Discord that everybody has left."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        return None
