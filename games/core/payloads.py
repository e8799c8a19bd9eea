"""What the notifications about games carry. JSON keeps the keys under which rows were first stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from notifications.payloads import Payload, Stored, stored_id, stored_time


@dataclass(frozen=True)
class StartPayload(Payload):
    """Reminders, NUDGE and TOO_FEW_PLAYERS: the start that they were scheduled for.

    `place` is CHANNEL or THREAD where one message there reminds everyone.
    """

    starts_at: Annotated[datetime | None, stored_time("starts_at")] = None
    place: str = ""


@dataclass(frozen=True)
class HostActionPayload(Payload):
    """ADDED, REMOVED, INVITED: the id of who did it, None for an operator, and what they wrote to it.

    `was_seated`: whether who was removed had a seat, for when they are added again before they hear of it.
    """

    by_id: Annotated[int | None, Stored("by")] = None
    reason: Annotated[str, Stored("word")] = ""
    was_seated: Annotated[bool, Stored("seated")] = False


@dataclass(frozen=True)
class HandOverPayload(Payload):
    """HAND_OVER: which hand-over, and the id of who asks."""

    number: int
    by_id: Annotated[int | None, Stored("by")] = None


@dataclass(frozen=True)
class HandOverAnswerPayload(Payload):
    """HAND_OVER_ANSWERED: the id of who was asked, and whether they took it."""

    user_id: Annotated[int, stored_id("person")]
    accepted: bool = False


@dataclass(frozen=True)
class SeatChangePayload(Payload):
    """SEAT_CHANGE: whether they had a seat when they last heard."""

    was_seated: bool


@dataclass(frozen=True)
class LostSeatPayload(Payload):
    """LOST_SEAT: whether by leaving the server, or as the channel is hidden from them.

    Who it is, the row's dedupe key says, and `user_ids` where several lost it at a time.
    """

    left_server: Annotated[bool, Stored("left")]
    hidden: bool = False
    user_ids: Annotated[Sequence[int], Stored("people")] = ()


@dataclass(frozen=True)
class LostAccessPayload(Payload):
    """LOST_ACCESS: the ids of those who may no longer view the game's channel."""

    user_ids: Annotated[Sequence[int], Stored("people")]


@dataclass(frozen=True)
class DroppedOutPayload(Payload):
    """DROPPED_OUT: who left that the host had added."""

    user_id: Annotated[int, stored_id("person")]


@dataclass(frozen=True)
class OfferPayload(Payload):
    """OFFER, OFFER_END: which offer, and until when it is open."""

    offer_number: Annotated[int, Stored("offer")]
    until: Annotated[datetime | None, stored_time("until")] = None


@dataclass(frozen=True)
class EditPayload(Payload):
    """EDITED, CONFIRMATION: the values that the recipient knows of what changed since.

    `confirmation_number` is 0 where nothing is to be confirmed; `rescheduled`: because the game was scheduled again.
    """

    before: Mapping[str, Any]
    confirmation_number: Annotated[int, Stored("number")] = 0
    rescheduled: Annotated[bool, Stored("again")] = False


@dataclass(frozen=True)
class ConfirmationEndPayload(Payload):
    """CONFIRMATION_END: which confirmation, and the ids of those who got it."""

    confirmation_number: Annotated[int, Stored("number")]
    user_ids: Annotated[Sequence[int], Stored("people")]


@dataclass(frozen=True)
class ConfirmationSummaryPayload(Payload):
    """CONFIRMATION_SUMMARY: how many come, left and did not answer, and whether the last lost their seats."""

    confirmed: Annotated[int, Stored("come")]
    left: int
    unconfirmed: Annotated[int, Stored("silent")]
    dropped: Annotated[bool, Stored("freed")]


@dataclass(frozen=True)
class CancellationPayload(Payload):
    """CANCELLED: who cancelled, None for an operator, and when, as it stands in the game."""

    actor_id: Annotated[int | None, Stored("actor")] = None
    cancelled_at: Annotated[datetime | None, stored_time("at")] = None


@dataclass(frozen=True)
class PlayerMessagePayload(Payload):
    """PLAYER_MESSAGE: what a host wrote, to whom (an Audience), and the author's id."""

    text: str
    audience: Annotated[str, Stored("to")]
    by_id: Annotated[int | None, Stored("by")] = None


@dataclass(frozen=True)
class HostLeftPayload(Payload):
    """HOST_LEFT: the id of the host who left."""

    host_id: Annotated[int, stored_id("host")]


@dataclass(frozen=True)
class TakedownPayload(Payload):
    """TAKEDOWN: the message to delete."""

    channel_id: Annotated[int, stored_id("channel")]
    message_id: Annotated[int, stored_id("message")]


@dataclass(frozen=True)
class PostDeletedPayload(Payload):
    """POST_DELETED: which deletion the host decides about."""

    deletion_number: Annotated[int, Stored("number")]


@dataclass(frozen=True)
class SeriesProblemPayload(Payload):
    """SERIES_NOT_MADE: the code of the refusal."""

    code: str


@dataclass(frozen=True)
class DigestPayload(Payload):
    """DIGEST: the ids of the games in it, so that they are not in another."""

    game_ids: Annotated[Sequence[int], Stored("games")] = ()


@dataclass(frozen=True)
class GuildPayload(Payload):
    """WELCOME, TEST_REMINDER, AGENDA: the server that they are about."""

    guild_id: Annotated[int, stored_id("guild")]


@dataclass(frozen=True)
class ChannelTestPayload(GuildPayload):
    """CHANNEL_TEST: the channel, and the nonce by which its message is known again."""

    channel_id: Annotated[int, stored_id("channel")]
    nonce: str


@dataclass(frozen=True)
class PollPayload(GuildPayload):
    """TIME_POLL, TIME_POLL_END, TIME_POLL_GAME: the poll."""

    poll_id: Annotated[int, Stored("poll")]


@dataclass(frozen=True)
class WebhookEventPayload(Payload):
    """WEBHOOK_EVENT: what happened, when, and to which sign-up. The SQL function of migration 0068 writes it."""

    event: str
    at: Annotated[datetime, stored_time("at")]
    signup_id: Annotated[int | None, Stored("signup")] = None


@dataclass(frozen=True)
class WebhookPayload(GuildPayload):
    """WEBHOOK_PAUSED: the webhook."""

    webhook_id: Annotated[int, Stored("webhook")]
