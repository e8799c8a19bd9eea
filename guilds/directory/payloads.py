"""Discord's people and places as plain values, whether they came by event, interaction or look-up.

Their names are tidied here, at the one door through which they come: see `guilds.names`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guilds.languages import known_locale
from guilds.names import tidy_name, without_unstorable

USER_NAME_MAX, PLACE_NAME_MAX = 64, 100  # characters that are stored; Discord allows 32 and 100


def _tidy(payload: Any, most: int, *fields: str) -> None:
    """Tidy these names of a frozen payload."""
    for field in fields:
        object.__setattr__(payload, field, tidy_name(getattr(payload, field))[:most].rstrip())


def _name_place(payload: Any, kind: str) -> None:
    """Tidy the name of a place; one that shows nothing is called by the end of its id."""
    _tidy(payload, PLACE_NAME_MAX, "name")
    if not payload.name:
        object.__setattr__(payload, "name", f"{kind} {str(payload.id)[-4:]}")


@dataclass(frozen=True)
class UserPayload:
    """https://discord.com/developers/docs/resources/user#user-object"""

    id: int
    handle: str
    global_name: str = ""
    avatar: str = ""
    bot: bool = False
    locale: str = ""  # of their Discord, which only they tell: by interactions and the log-in

    def __post_init__(self) -> None:
        _tidy(self, USER_NAME_MAX, "handle", "global_name")
        object.__setattr__(self, "avatar", without_unstorable(self.avatar))
        object.__setattr__(self, "locale", known_locale(self.locale))

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> "UserPayload":
        return cls(
            int(data["id"]),
            data["username"],
            data.get("global_name") or "",
            data.get("avatar") or "",
            bool(data.get("bot")),
        )


@dataclass(frozen=True)
class MemberPayload:
    """https://discord.com/developers/docs/resources/guild#guild-member-object"""

    user: UserPayload
    nick: str = ""
    avatar: str = ""
    role_ids: tuple[int, ...] = ()
    pending: bool = False
    timed_out_until: datetime | None = None

    def __post_init__(self) -> None:
        _tidy(self, USER_NAME_MAX, "nick")
        object.__setattr__(self, "avatar", without_unstorable(self.avatar))

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
class TagPayload:
    """A tag of a forum. https://discord.com/developers/docs/resources/channel#forum-tag-object"""

    id: int
    name: str
    moderated: bool = False

    def __post_init__(self) -> None:
        _tidy(self, PLACE_NAME_MAX, "name")


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
    category: str = ""  # the name of the category that shows it
    tags: tuple[TagPayload, ...] = ()

    def __post_init__(self) -> None:
        _name_place(self, "channel")
        _tidy(self, PLACE_NAME_MAX, "category")


@dataclass(frozen=True)
class RolePayload:
    """https://discord.com/developers/docs/topics/permissions#role-object"""

    id: int
    name: str
    position: int
    permissions: int
    is_bot_managed: bool = False  # it came with a bot, and no person can have it

    def __post_init__(self) -> None:
        _name_place(self, "role")


@dataclass(frozen=True)
class EventPayload:
    """An event of a guild: whether this bot made it, and the text by which it may be recognised.

    https://docs.discord.com/developers/resources/guild-scheduled-event#guild-scheduled-event-object
    """

    id: int
    by_bot: bool
    text: str = ""

    @classmethod
    def from_api(cls, data: Mapping[str, Any], bot_id: int) -> "EventPayload":
        place = (data.get("entity_metadata") or {}).get("location")
        text = without_unstorable(" ".join(filter(None, (place, data.get("description")))))
        return cls(int(data["id"]), str(data.get("creator_id")) == str(bot_id), text)


@dataclass(frozen=True)
class GuildPayload:
    """A complete guild, as the gateway sends it when the bot connects or is invited."""

    id: int
    name: str
    icon: str
    owner_id: int
    channels: tuple[ChannelPayload, ...]
    roles: tuple[RolePayload, ...]
    preferred_locale: str = ""

    def __post_init__(self) -> None:
        _name_place(self, "server")
        object.__setattr__(self, "icon", without_unstorable(self.icon))
        object.__setattr__(self, "preferred_locale", known_locale(self.preferred_locale))
