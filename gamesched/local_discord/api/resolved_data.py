"""Looks up people, roles and channels that an interaction names by id, for its `resolved` data.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-resolved-data-structure
"""

from gamesched.local_discord.api.uploads import Upload, read_attachments, save_upload
from gamesched.local_discord.api.validation import parse_snowflake
from gamesched.local_discord.errors import invalid_form_body
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Json, Message
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State


class ResolvedData:
    """Collects resolved data, as the person sees it from this channel. Raises 50035 for unknown ids."""

    def __init__(self, state: State, channel: Channel, user_id: int) -> None:
        self._state = state
        self._channel = channel
        self._guild = state.guild_of(channel)
        self._user_id = user_id
        self.payload: Json = {}

    def add_user(self, value: object, *path: str | int) -> str:
        user = self._state.users.get(parse_snowflake(value, *path))
        if user is None:
            raise invalid_form_body(path, "INVALID_USER", f'Could not find a user with ID "{value}"')
        key = str(user.id)
        self.payload.setdefault("users", {})[key] = payloads.user(user)
        if self._guild is not None and user.id in self._guild.members:
            member = payloads.member(self._guild.members[user.id], None)
            member = {name: each for name, each in member.items() if name not in ("deaf", "mute")}
            member["permissions"] = str(self._state.guild_permissions(self._guild, user.id))
            self.payload.setdefault("members", {})[key] = member
        return key

    def add_role(self, value: object, *path: str | int) -> str:
        role_id = parse_snowflake(value, *path)
        if self._guild is None or role_id not in self._guild.roles:
            raise invalid_form_body(path, "INVALID_ROLE", f'Could not find a role with ID "{value}"')
        self.payload.setdefault("roles", {})[str(role_id)] = payloads.role(self._guild, self._guild.roles[role_id])
        return str(role_id)

    def add_mentionable(self, value: object, *path: str | int) -> str:
        if self._guild is not None and parse_snowflake(value, *path) in self._guild.roles:
            return self.add_role(value, *path)
        return self.add_user(value, *path)

    def add_channel(self, value: object, types: list[int] | None, *path: str | int) -> str:
        """Add a channel that the person sees, of one of the `types`."""
        channel = self._state.channels.get(parse_snowflake(value, *path))
        bits = 0 if channel is None else self._state.permissions(channel, self._user_id)
        if (
            channel is None
            or self._guild is None
            or channel.guild_id != self._guild.id
            or not bits & Permission.VIEW_CHANNEL
        ):
            raise invalid_form_body(path, "INVALID_CHANNEL", f'Could not find a channel with ID "{value}"')
        if types and channel.type not in types:
            raise invalid_form_body(path, "INVALID_CHANNEL_TYPE", f"Channel type must be one of {set(types)}")
        payload = payloads.channel(channel, []) | {"permissions": str(bits)}
        payload["app_permissions"] = str(self._state.permissions(channel, APPLICATION_ID))
        self.payload.setdefault("channels", {})[str(channel.id)] = payload
        return str(channel.id)

    def add_attachment(self, upload: Upload) -> str:
        """Save a file that came with a command, for its user and the bot alone."""
        filename = read_attachments({}, [upload]).filename_of(upload)
        attachment = save_upload(self._state, self._channel.id, upload, filename)
        self.payload.setdefault("attachments", {})[attachment["id"]] = attachment | {"ephemeral": True}
        return str(attachment["id"])

    def add_message(self, message: Message) -> str:
        self.payload.setdefault("messages", {})[str(message.id)] = self._state.message_payload(message)
        return str(message.id)
