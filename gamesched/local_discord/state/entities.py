"""The entities of Discord: users, guilds, roles, channels, members, messages, interactions. Plain values."""

import base64
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

APPLICATION_ID = 1100000000000000001  # also the id of the bot's user, as for every application made since 2016
CLIENT_SECRET = "local-discord-secret"  # noqa: S105 (open to everyone by design: anyone can be anyone here)

# https://discord.com/developers/docs/resources/channel#channel-object-channel-types
TEXT, DM, VOICE, CATEGORY, ANNOUNCEMENT, STAGE, FORUM = 0, 1, 2, 4, 5, 13, 15
ANNOUNCEMENT_THREAD, PUBLIC_THREAD, PRIVATE_THREAD = 10, 11, 12
REQUIRE_TAG = 1 << 4  # a channel's flag, of forums
EPHEMERAL, LOADING = (
    1 << 6,
    1 << 7,
)  # https://discord.com/developers/docs/resources/message#message-object-message-flags
HAS_THREAD = 1 << 5
CROSSPOSTED, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, IS_COMPONENTS_V2 = 1 << 0, 1 << 2, 1 << 12, 1 << 15

DISCORD_EPOCH = 1420070400.0  # seconds: 2015-01-01


def bot_token(application_id: int = APPLICATION_ID) -> str:
    """Return a token whose first part is the application's id, as in Discord's own."""
    return base64.urlsafe_b64encode(str(application_id).encode()).decode().rstrip("=") + ".local.discord"


def avatar_path(user: "User") -> str:
    """Return where a person's picture is, or the default one."""
    if user.avatar:
        return f"/avatars/{user.id}/{user.avatar}.png?size=64"
    return f"/embed/avatars/{user.id % 6}.png"


def snowflake_time(snowflake: int) -> float:
    """Return when an id was created, in seconds since 1970."""
    return (snowflake >> 22) / 1000 + DISCORD_EPOCH


@dataclass
class User:
    id: int
    username: str
    global_name: str | None = None
    token: str = ""  # for the Authorization header of this person's requests
    bot: bool = False
    dms_open: bool = True
    avatar: str | None = None  # a hash


@dataclass
class Role:
    id: int
    name: str
    permissions: int
    position: int
    color: int = 0
    bot_id: int | None = None  # the managed role that came with a bot
    mentionable: bool = False
    hoist: bool = False


@dataclass
class Overwrite:
    id: int
    type: int  # 0 role, 1 member
    allow: int = 0
    deny: int = 0


@dataclass
class Thread:
    """The fields of a channel that only a thread has. Times are seconds since 1970."""

    owner_id: int
    created_at: float
    archive_changed_at: float
    archived: bool = False
    locked: bool = False
    invitable: bool = True  # a private one: whether its members may bring in others
    auto_archive_duration: int = 4320  # minutes without a message
    message_count: int = 0
    total_sent: int = 0
    applied_tags: list[int] = field(default_factory=list)
    members: dict[int, float] = field(default_factory=dict)  # when each joined


@dataclass
class Channel:
    id: int
    type: int = TEXT
    name: str = ""
    guild_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    recipients: list[int] = field(default_factory=list)  # of a DM: both
    last_message_id: int | None = None
    parent_id: int | None = None  # the category, or the channel of a thread
    rate_limit_per_user: int = 0  # seconds
    thread: Thread | None = None
    flags: int = 0
    available_tags: list[Json] = field(default_factory=list)  # of a forum: id, name, moderated
    bitrate: int = 64_000  # of a voice or stage channel
    user_limit: int = 0  # of a voice or stage channel: how many people fit; 0: any number
    nsfw: bool = False
    default_auto_archive_duration: int | None = None  # minutes, of the threads that are started in it


@dataclass
class Member:
    user_id: int
    roles: list[int] = field(default_factory=list)
    nick: str | None = None
    joined_at: float = 0.0
    timed_out_until: float | None = None
    pending: bool = False  # has not passed the guild's membership screening
    mute: bool = False  # in its voice channels, by a moderator
    deaf: bool = False


@dataclass
class VoiceState:
    """That a member is in a voice or stage channel."""

    user_id: int
    channel_id: int
    session_id: str
    suppress: bool = False  # in a stage channel: only listens


@dataclass
class ScheduledEvent:
    """A scheduled event of a guild, in a channel or at a `location`. Times are seconds since 1970."""

    id: int
    guild_id: int
    creator_id: int
    name: str
    starts_at: float
    entity_type: int  # 1 stage, 2 voice, 3 external
    ends_at: float | None = None
    description: str | None = None
    channel_id: int | None = None
    location: str | None = None
    status: int = 1  # 1 scheduled, 2 active, 3 completed, 4 cancelled
    interested: list[int] = field(default_factory=list)
    image: str | None = None  # a hash; as a number, the id of the file
    empty_since: float = 0.0  # active, and since when nobody is in its channel


@dataclass
class Guild:
    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    unavailable: bool = False
    bans: dict[int, str | None] = field(default_factory=dict)  # with the reason
    scheduled: dict[int, ScheduledEvent] = field(default_factory=dict)
    voice: dict[int, VoiceState] = field(default_factory=dict)  # by member
    icon: str | None = None  # a hash


@dataclass
class Message:
    id: int
    channel_id: int
    author_id: int
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    flags: int = 0
    edited_at: float | None = None
    nonce: str | int | None = None
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    only_for: int | None = None  # an ephemeral answer: the one person who sees it
    interaction: Json | None = None  # id, type, user, name: of the interaction that it answers
    attachments: list[Json] = field(default_factory=list)
    replies_to: int | None = None  # the message of the same channel that it replies to
    pinned_at: float | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)  # by emoji, as in a path: who reacted
    is_pin_notice: bool = False  # that its author pinned the message in `replies_to`


@dataclass
class Interaction:
    id: int
    token: str
    type: int  # 2 command, 3 component, 4 autocomplete, 5 modal
    user_id: int
    channel_id: int
    guild_id: int | None
    message_id: int | None  # the message that carries the component, or the one that opened the modal
    data: Json
    created_at: float
    responded_at: float | None = None
    response_type: int | None = None
    original_message_id: int | None = None  # the message that the first response made or belongs to
    nonce: str | None = None  # of the person's client, to find it again
    responded_late: bool = False  # a first response came after the deadline
    followup_count: int = 0
    opened_by_id: int | None = None  # a submitted modal: the interaction that was answered with it
    modal: Json | None = None  # the answer was this modal
    choices: list[Json] | None = None  # the answer to an autocomplete
