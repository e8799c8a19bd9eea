"""What is sent, as plain values, and the opening through which it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.codes import ErrorCode


@dataclass(frozen=True)
class ForumPost:
    """A message in a forum begins a thread, which has its id. A nonce is not taken there.

    `name` is the thread's, up to 100 characters; with `rename`, it is called otherwise so far. Where the letter was
    tried before, the threads since are looked through for its mark before it is made.
    """

    name: str
    rename: bool = False


@dataclass(frozen=True)
class Button:
    """Something to press under a letter: it leads to `url`, or is heard as a click with `id`.

    `style` is primary, secondary, success or danger.
    """

    label: str
    id: str = ""
    url: str = ""
    style: str = "secondary"


@dataclass(frozen=True)
class OutgoingMessage:
    """One message to make, edit or delete.

    To a person (`user_id`, with `channel_id` where their direct-message channel is known) or a channel.
    `message_id` makes it an edit, and with `delete` a deletion. `post` is a view-model that the backend
    knows how to show; `text` is plain. Only `ping_users` and `ping_roles` are pinged, whatever the text says.
    `nonce` makes sending twice harmless for a few minutes: https://discord.com/developers/docs/resources/message#create-message
    With `doubt`, it may have been sent longer ago than that, so the channel is read for `mark` before it is
    sent again, from `tried_at`, its first try, on: text that only this letter has. `silent` makes no sound and no push.
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
    forum: ForumPost | None = None  # where `channel_id` is a forum


@dataclass(frozen=True)
class SentMessage:
    """Where a letter went."""

    channel_id: int
    message_id: int


class TemporaryError(Exception):
    """It may work later: Discord is down, slow or limits us. `retry_after` in seconds, where it said so."""

    code: str = ErrorCode.TEMPORARY

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RateLimited(TemporaryError):
    """It was not tried, or Discord took no notice of it: its turn is in `retry_after` seconds. Counts as no attempt."""

    code = ErrorCode.RATE_LIMITED
    retry_after: float

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason, retry_after)


class InternalError(TemporaryError):
    """Our own fault, so that waiting may not mend it: tried a few times only."""

    code = ErrorCode.INTERNAL


class PermanentError(Exception):
    """It will not work by trying again. `code` is an ErrorCode, or Discord's own number as text."""

    CLOSED_DMS = ErrorCode.CLOSED_DMS
    LEFT = ErrorCode.LEFT
    MISSING_PERMISSION = ErrorCode.MISSING_PERMISSION
    UNKNOWN_CHANNEL = ErrorCode.UNKNOWN_CHANNEL
    UNKNOWN_MESSAGE = ErrorCode.UNKNOWN_MESSAGE
    UNCERTAIN = ErrorCode.UNCERTAIN

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason)
        self.code = code


class TokenRefused(Exception):
    """Discord refused the bot's token: nothing can be sent until the operator mends it."""


class Backend(Protocol):
    """Speaks. Named by `settings.NOTIFICATION_BACKEND`, as Django's EMAIL_BACKEND is."""

    async def start(self) -> None:
        """Open what sending needs. Raises TokenRefused, or Passing while Discord is down."""

    async def send(self, message: OutgoingMessage) -> SentMessage:
        """Send one letter. Raises Passing, Permanent or TokenRefused."""

    async def newest_own_message_id(self, channel_ids: Sequence[int]) -> int | None:
        """The id of the newest message of ours among the last in these channels; what cannot be read is left out.

        Raises Passing or TokenRefused.
        """

    async def is_in_guild(self, guild_id: int) -> bool:
        """Whether the bot is still in a guild. Raises Passing or TokenRefused."""

    async def stop(self) -> None:
        """Close what was opened."""


def load_backend() -> Backend:
    """The backend that the settings name."""
    instance: Backend = import_string(settings.NOTIFICATION_BACKEND)()
    return instance
