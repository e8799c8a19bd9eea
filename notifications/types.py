"""The registry of notification types. Higher layers register theirs; nothing here knows them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import translation

from notifications.messages import Answer, OutgoingMessage, PermanentError, SentMessage
from notifications.models import Delivery, Notification


@dataclass(frozen=True)
class Skip:
    """Send nothing, and keep why: a code for rules, with a sentence for people, by default the code's label."""

    code: models.TextChoices
    text: str = ""

    @property
    def reason(self) -> str:
        """The sentence for people, as it is stored: in English, since many read it."""
        with translation.override(settings.LANGUAGE_CODE):
            return self.text or str(self.code.label)


@dataclass(frozen=True)
class SharedMessage:
    """One message to several recipients, and by their ids why it leaves some out; None if it leaves all out."""

    message: OutgoingMessage | None
    skips: Mapping[int, Skip]


def withhold_nothing(row: Notification, user_ids: Collection[int], now: datetime) -> dict[int, Skip]:
    """Return no reasons: all recipients get the message."""
    return {}


def nobody(row: Notification, now: datetime) -> tuple[int, ...]:
    """Return no recipients."""
    return ()


def is_never_shared(row: Notification) -> bool:
    """Return False: each recipient gets a message of their own."""
    return False


def guild_of_game(row: Notification) -> int | None:
    """Return the guild of the row's game; None for a row without a game."""
    return row.game.guild_id if row.game is not None else None


@dataclass(frozen=True)
class NotificationType:
    """A message to people.

    `recipients(row, now)` returns the recipients, inside the transaction and under the game's lock; it may also change
    rows (a game's start updates its post). `build_message(delivery, now)` renders the message just before it is sent,
    outside any lock, or skips it if it no longer applies. `guild(row)` is the guild of the recipients' preferences
    (delivery method, quiet hours); None if they have no choice.

    `withheld(row, user_ids, now)` is by id why some recipients get none; that is written down for each.

    `recipients_together(rows, now)` returns, in place of `recipients`, those of rows of different games by the rows'
    keys, in a fixed number of statements; it locks nothing.

    Where `is_shared(row)`, recipients are mentioned together by as few messages in a channel as it takes, and
    `build_shared(delivery, user_ids, now)` renders one of them.
    """

    name: str
    recipients: Callable[[Notification, datetime], Iterable[int] | Skip] = nobody
    recipients_together: Callable[[Sequence[Notification], datetime], Mapping[int, Iterable[int] | Skip]] | None = None
    build_message: Callable[[Delivery, datetime], OutgoingMessage | Skip] | None = None
    guild: Callable[[Notification], int | None] = guild_of_game
    withheld: Callable[[Notification, Collection[int], datetime], Mapping[int, Skip]] = withhold_nothing
    is_shared: Callable[[Notification], bool] = is_never_shared
    build_shared: Callable[[Delivery, Sequence[int], datetime], SharedMessage | Skip] | None = None

    def find_recipients(self, rows: Sequence[Notification], now: datetime) -> Mapping[int, Iterable[int] | Skip]:
        """Return the recipients of rows of this type, by the rows' keys."""
        if self.recipients_together is not None:
            return self.recipients_together(rows, now) if rows else {}
        return {row.pk: self.recipients(row, now) for row in rows}


@dataclass(frozen=True)
class BuiltPost:
    """A post's message, and the version of the game that it shows."""

    message: OutgoingMessage
    post_version: int


def never_again(row: Notification, now: datetime) -> datetime | None:
    """Return None: what is in sync stays so until something changes."""
    return None


@dataclass(frozen=True)
class SyncedPost:
    """A message kept in sync with its game: one row, and edits until it shows the current state.

    `build_message(row, now)` renders it. `on_synced(row, rendered, sent, now)` saves what is now shown, in the
    transaction that closes the row. `on_failed(row, error, now)` saves the failure, and returns whether to try again
    at once. `next_at(row, now)` returns when to look at it again although nothing changed; its row stays open for that.

    One with `on_answered` sends requests to other programs in place of messages, and is told of each what became of
    it, good or bad. How slow those are is up to others, so few of them are in flight at once.
    """

    name: str
    build_message: Callable[[Notification, datetime], BuiltPost | Skip]
    on_synced: Callable[[Notification, BuiltPost, SentMessage, datetime], None]
    on_failed: Callable[[Notification, PermanentError, datetime], bool]
    next_at: Callable[[Notification, datetime], datetime | None] = never_again
    on_answered: Callable[[Notification, BuiltPost, Answer, datetime], None] | None = None


Reader = Callable[[Sequence[Delivery], datetime], None]
_readers: list[Reader] = []


def register_reader(reader: Reader) -> None:
    """Register what reads, for all deliveries of a turn together, what building their messages needs."""
    _readers.append(reader)


def read_ahead(deliveries: Sequence[Delivery], now: datetime) -> None:
    """Read what building the messages of these deliveries needs, for all of them together."""
    for reader in _readers:
        reader(deliveries, now)


_types: dict[str, NotificationType | SyncedPost] = {}


def register(notification_type: NotificationType | SyncedPost) -> None:
    """Register a type; called when an app's `notifications` module is imported."""
    _types[str(notification_type.name)] = notification_type


def expanded_types() -> list[str]:
    """Return names of the types that are expanded into deliveries."""
    return [name for name, kind in _types.items() if isinstance(kind, NotificationType)]


def user_message_types() -> list[str]:
    """Return names of the types that write to users."""
    return [
        name for name, kind in _types.items() if isinstance(kind, NotificationType) and kind.build_message is not None
    ]


def internal_types() -> list[str]:
    """Return names of the types that send nothing: they only act at a time."""
    return [name for name, kind in _types.items() if isinstance(kind, NotificationType) and kind.build_message is None]


def post_types(requests: bool = True) -> list[str]:
    """Return names of the types that keep a post in sync, with or without those that send requests."""
    posts = ((name, kind) for name, kind in _types.items() if isinstance(kind, SyncedPost))
    return [name for name, kind in posts if requests or kind.on_answered is None]


def get_message_type(name: str) -> NotificationType:
    notification_type = _types[name]
    if not isinstance(notification_type, NotificationType):
        raise TypeError(f"{name} is a post")
    return notification_type


def get_post_type(name: str) -> SyncedPost:
    notification_type = _types[name]
    if not isinstance(notification_type, SyncedPost):
        raise TypeError(f"{name} is not a post")
    return notification_type
