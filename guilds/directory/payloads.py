"""Discord's people and places as plain values, whether they came by event, interaction or look-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class UserPayload:
    """https://discord.com/developers/docs/resources/user#user-object"""

    id: int
    handle: str
    global_name: str = ""
    avatar: str = ""

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> "UserPayload":
        return cls(int(data["id"]), data["username"], data.get("global_name") or "", data.get("avatar") or "")


@dataclass(frozen=True)
class MemberPayload:
    """https://discord.com/developers/docs/resources/guild#guild-member-object"""

    user: UserPayload
    nick: str = ""
    avatar: str = ""
    role_ids: tuple[int, ...] = ()
    pending: bool = False
    timed_out_until: datetime | None = None

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> "MemberPayload":
        return cls(
            UserPayload.from_api(data["user"]),
            data.get("nick") or "",
            data.get("avatar") or "",
            tuple(int(role) for role in data["roles"]),
            bool(data.get("pending")),
            datetime.fromisoformat(until) if (until := data.get("communication_disabled_until")) else None,
        )


@dataclass(frozen=True)
class OverwritePayload:
    """What a role or a member is allowed and denied in a channel.

    https://discord.com/developers/docs/resources/channel#overwrite-object
    """

    id: int
    allow: int
    deny: int


@dataclass(frozen=True)
class ChannelPayload:
    """A guild channel or active thread, with the bot's permission bits in it.

    `lacks_tag`: the forum requires a tag and has none for the bot. `parent_id`: the channel of a thread. `hidden`: the
    bot may not view it, so Discord tells neither its name nor who may.
    """

    id: int
    name: str
    type: int
    position: int
    bot_permissions: int
    lacks_tag: bool = False
    parent_id: int | None = None
    locked: bool = False
    hidden: bool = False
    overwrites: tuple[OverwritePayload, ...] = ()  # none for a thread, which has those of its channel


@dataclass(frozen=True)
class RolePayload:
    """https://discord.com/developers/docs/topics/permissions#role-object"""

    id: int
    name: str
    position: int
    permissions: int


@dataclass(frozen=True)
class GuildPayload:
    """A complete guild, as the gateway sends it when the bot connects or is invited."""

    id: int
    name: str
    icon: str
    owner_id: int
    channels: tuple[ChannelPayload, ...]
    roles: tuple[RolePayload, ...]
