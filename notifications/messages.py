"""Outgoing messages as plain values, and the interface of the backend that sends them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.codes import ErrorCode


@dataclass(frozen=True)
class ForumPost:
    """A message in a forum, which starts a thread with the same id. Forums take no nonce.

    `name` is the thread's, up to 100 characters; `rename` if it has another name so far. After an earlier attempt,
    the newer threads are searched for the dedupe marker before a post is created. `tag_id` is the tag that it is
    created with, if the forum has it. `archived`: it is archived, and an edit leaves it so.
    """

    name: str
    rename: bool = False
    tag_id: int = 0
    archived: bool = False


@dataclass(frozen=True)
class Button:
    """A button under a message: a link to `url`, or a component with the custom id `id`.

    `style` is primary, secondary, success or danger.
    """

    label: str
    id: str = ""
    url: str = ""
    style: str = "secondary"


@dataclass(frozen=True)
class Device:
    """A browser that takes notifications: the key of its row, where it is reached, and by which keys."""

    id: int
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True)
class Push:
    """A message to a person's devices, in plain text; choosing it opens `url`.

    A device that was away shows the last of one `topic`, unless that is older than `seconds`.
    """

    title: str
    body: str
    url: str
    topic: str
    seconds: int
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True)
class Request:
    """A POST to an address that people gave us. `secret` signs the body; `id` stays the same over all attempts."""

    url: str
    id: str
    body: str = field(repr=False)
    secret: str = field(repr=False)
    row_id: int = 0  # of whoever asked for it


@dataclass(frozen=True)
class OutgoingMessage:
    """One message to create, edit or delete.

    Goes to a person (`user_id`, with `channel_id` if their DM channel is known), to a channel, as a `push` to a
    person's devices, or as a `request` to another program.
    `message_id` makes it an edit, and with `delete` a deletion. `post` is a view-model that the backend
    can render; `text` is plain. Only `ping_users` and `ping_roles` are pinged, whatever the text contains.
    `nonce` makes sending twice harmless for a few minutes: https://discord.com/developers/docs/resources/message#create-message
    With `maybe_sent`, an attempt may have succeeded longer ago than that: before the next one the channel is searched
    for `dedupe_marker`, a text unique to this message, from `first_attempt_at` on. `silent` means no sound and no push.
    """

    user_id: int | None = None
    channel_id: int | None = None
    text: str = ""
    post: Any = None
    nonce: str = ""
    message_id: int | None = None
    delete: bool = False
    ping_users: tuple[int, ...] = ()
    ping_roles: tuple[int, ...] = ()
    maybe_sent: bool = False
    first_attempt_at: datetime | None = None
    dedupe_marker: str = ""
    silent: bool = False
    buttons: tuple[Button, ...] = ()
    is_published: bool = False  # to the servers that follow its channel: Discord takes few edits of it
    forum: ForumPost | None = None  # if `channel_id` is a forum
    # Where it goes if Discord refuses it there, as in a thread that was deleted or closed.
    fallback_channel_id: int | None = None
    push: Push | None = None
    request: Request | None = None


@dataclass(frozen=True)
class SentMessage:
    """The ids of a sent message."""

    channel_id: int
    message_id: int


@dataclass(frozen=True)
class Answer:
    """What became of a request: the status that was answered, or a code of what went wrong; how the answer began."""

    status: int | None = None
    text: str = ""
    problem: str = ""
    seconds: float = 0.0

    @property
    def is_taken(self) -> bool:
        """Return whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300


class TemporaryError(Exception):
    """A later attempt may work: Discord is down, slow or limits us. `retry_after` is Discord's, in seconds."""

    code: str = ErrorCode.TEMPORARY

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RateLimited(TemporaryError):
    """Not sent, or refused by a rate limit: its turn is in `retry_after` seconds. Does not count as an attempt."""

    code = ErrorCode.RATE_LIMITED
    retry_after: float

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason, retry_after)


class InternalError(TemporaryError):
    """Our own bug, which waiting may not fix: tried a few times only."""

    code = ErrorCode.INTERNAL


class PermanentError(Exception):
    """Trying again is useless. `code` is an ErrorCode, or Discord's own number as text."""

    CLOSED_DMS = ErrorCode.CLOSED_DMS
    LEFT = ErrorCode.LEFT
    NO_SHARED_GUILD = ErrorCode.NO_SHARED_GUILD
    BOT_FLAGGED = ErrorCode.BOT_FLAGGED
    MISSING_PERMISSION = ErrorCode.MISSING_PERMISSION
    UNKNOWN_CHANNEL = ErrorCode.UNKNOWN_CHANNEL
    UNKNOWN_MESSAGE = ErrorCode.UNKNOWN_MESSAGE
    LIMIT_REACHED = ErrorCode.LIMIT_REACHED
    UNCERTAIN = ErrorCode.UNCERTAIN
    NO_DEVICE = ErrorCode.NO_DEVICE

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class PushOutcome:
    """What became of a push: the devices that took it, those that are gone for good, and why it reached none."""

    taken_by: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    error: TemporaryError | PermanentError | None = None

    @property
    def result(self) -> "PushOutcome | TemporaryError | PermanentError":
        """The error if it reached no device, else this."""
        return self if self.error is None else self.error


class TokenRefused(Exception):
    """Discord refused the bot's token: nothing can be sent until the operator fixes it."""


class Backend(Protocol):
    """Sends messages. Named by `settings.NOTIFICATION_BACKEND`, like Django's EMAIL_BACKEND."""

    async def start(self) -> None:
        """Open what sending needs. Raise TokenRefused, or TemporaryError while Discord is down."""

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send one message. Raise TemporaryError, PermanentError or TokenRefused."""

    async def newest_own_message_id(self, channel_ids: Sequence[int]) -> int | None:
        """Return the id of our newest message among the last in these channels, skipping unreadable ones.

        Raise TemporaryError or TokenRefused.
        """

    async def is_in_guild(self, guild_id: int) -> bool:
        """Return whether the bot is still in a guild. Raise as `send` does."""

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        """Return whether a person is a member of a guild that the bot is in. Raise as `send` does."""

    async def stop(self) -> None:
        """Close what `start` opened."""


def load_backend() -> Backend:
    """Return the backend named in the settings."""
    instance: Backend = import_string(settings.NOTIFICATION_BACKEND)()
    return instance
