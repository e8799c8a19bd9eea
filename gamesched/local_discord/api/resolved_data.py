"""The people, roles and channels that an interaction names by id, looked up and told beside it as `resolved`.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-resolved-data-structure
"""

from gamesched.local_discord.api.messages import snowflake
from gamesched.local_discord.errors import invalid
from gamesched.local_discord.state import payloads, permissions
from gamesched.local_discord.state.entities import Channel, Json, Message
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import World


class Resolved:
    """Collects what ids name, as the person sees it from this channel. Raises 50035 for what is not there."""

    def __init__(self, world: World, channel: Channel, user_id: int) -> None:
        self._world = world
        self._guild = world.guild_of(channel)
        self._user_id = user_id
        self.told: Json = {}

    def user(self, value: object, *path: str | int) -> str:
        found = self._world.users.get(snowflake(value, *path))
        if found is None:
            raise invalid(path, "INVALID_USER", f'Could not find a user with ID "{value}"')
        key = str(found.id)
        self.told.setdefault("users", {})[key] = payloads.user(found)
        if self._guild is not None and found.id in self._guild.members:
            member = payloads.member(self._guild.members[found.id], None)
            member = {name: each for name, each in member.items() if name not in ("deaf", "mute")}
            member["permissions"] = str(permissions.in_guild(self._guild, found.id))
            self.told.setdefault("members", {})[key] = member
        return key

    def role(self, value: object, *path: str | int) -> str:
        role_id = snowflake(value, *path)
        if self._guild is None or role_id not in self._guild.roles:
            raise invalid(path, "INVALID_ROLE", f'Could not find a role with ID "{value}"')
        self.told.setdefault("roles", {})[str(role_id)] = payloads.role(self._guild, self._guild.roles[role_id])
        return str(role_id)

    def mentionable(self, value: object, *path: str | int) -> str:
        if self._guild is not None and snowflake(value, *path) in self._guild.roles:
            return self.role(value, *path)
        return self.user(value, *path)

    def channel(self, value: object, types: list[int] | None, *path: str | int) -> str:
        """A channel that the person sees, of one of the `types`."""
        found = self._world.channels.get(snowflake(value, *path))
        bits = 0 if found is None else self._world.permissions(found, self._user_id)
        if (
            found is None
            or self._guild is None
            or found.guild_id != self._guild.id
            or not bits & Permission.VIEW_CHANNEL
        ):
            raise invalid(path, "INVALID_CHANNEL", f'Could not find a channel with ID "{value}"')
        if types and found.type not in types:
            raise invalid(path, "INVALID_CHANNEL_TYPE", f"Channel type must be one of {set(types)}")
        told = payloads.channel(found, []) | {"permissions": str(bits)}
        self.told.setdefault("channels", {})[str(found.id)] = told
        return str(found.id)

    def message(self, found: Message) -> str:
        self.told.setdefault("messages", {})[str(found.id)] = self._world.message_payload(found)
        return str(found.id)
