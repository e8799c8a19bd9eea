"""What every letter has in common: its game and mark, that it is late, and where to change what one is told."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games.core import notification_wording, wording
from games.core.kinds import GameSkipCode
from games.core.payloads import StartPayload
from games.core.states import State
from games.models import Game
from guilds.display_names import display_names
from notifications.codes import SkipCode
from notifications.messages import Button, OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.policy import LATE_AFTER, earlier_attempt_at, is_maybe_sent
from notifications.types import Skip

TITLE_SHOWN, GUILD_SHOWN = 220, 120  # characters; those full of marks are cut, to leave room for all else


def preferences_url(guild_id: int | None) -> str:
    """The whole address of the page where a person chooses what they are told in a guild; None: in which guild."""
    path = reverse("guild-notifications", args=[guild_id]) if guild_id is not None else reverse("notifications")
    return settings.PUBLIC_URL + path


def escape_and_shorten(text: str, most: int) -> str:
    """Text from people for Discord, cut where it would take more characters than that."""
    shown = wording.escape_markdown(text)
    while len(shown) > most:
        text = text[: len(text) * 9 // 10]
        shown = wording.escape_markdown(text) + "…"
    return shown


def direct_message(delivery: Delivery, text: str, now: datetime) -> OutgoingMessage:
    """A direct message to the delivery's recipient. The text holds the delivery's nonce."""
    person = delivery.recipient
    return OutgoingMessage(
        user_id=person.pk,
        channel_id=person.dm_channel_id,
        text=text,
        nonce=delivery.nonce,
        dedupe_marker=delivery.nonce,
        maybe_sent=is_maybe_sent(delivery.first_attempt_at, now),
        first_attempt_at=earlier_attempt_at(delivery.first_attempt_at, now),
    )


def build_message(
    delivery: Delivery, text: str, guild_id: int | None, channel_id: int, now: datetime
) -> OutgoingMessage:
    """A letter to its recipient, or, `in_channel`, a mention of them there."""
    due_at = delivery.notification.due_at
    if now - due_at > LATE_AFTER and delivery.resend_of_id is None:
        text = notification_wording.with_late_notice(text, due_at)
    message = direct_message(delivery, notification_wording.with_preferences_link(text, preferences_url(guild_id)), now)
    if not delivery.in_channel:
        return message
    user_id = message.user_id or 0
    return replace(
        message, user_id=None, channel_id=channel_id, text=f"<@{user_id}> {message.text}", ping_users=(user_id,)
    )


# --- about a game ----------------------------------------------------------------------------------------


def game_of_notification(row: Notification) -> Game:
    """The game that a row is about."""
    return Game.objects.with_settings().select_related("announcement__channel").get(pk=row.game_id or 0)


def only_recipient(row: Notification, now: datetime) -> list[int] | Skip:
    """Who is meant by a row for one person."""
    return [row.recipient_id] if row.recipient_id else Skip(SkipCode.NO_RECIPIENT)


def host_recipient(row: Notification, now: datetime) -> list[int]:
    """The game's host, by when the row is due."""
    return [game_of_notification(row).host_id]


def skip_unless_scheduled(game: Game, now: datetime) -> Skip | None:
    """Why nothing is said of a game that players no longer wait for."""
    state = game.state(now)
    return None if state is State.SCHEDULED else skip_for_state(game, now)


def skip_for_state(game: Game, now: datetime) -> Skip:
    """Skip since the game is in a state in which nobody needs it; the sentence names the state."""
    return Skip(GameSkipCode.WRONG_STATE, f"the game is {game.state(now).replace('_', ' ')}")


def skip_if_moved(row: Notification, game: Game, now: datetime) -> Skip | None:
    """Why a row planned for one start of a game is of no use any more."""
    moved = StartPayload.of(row).starts_at != game.starts_at
    return skip_unless_scheduled(game, now) or (Skip(GameSkipCode.MOVED) if moved else None)


def with_nonce(delivery: Delivery, url: str) -> str:
    """An address with the mark by which this one letter is known again."""
    return f"{url}?d={delivery.nonce}"


def common_game_texts(delivery: Delivery, game: Game) -> tuple[str, str, datetime, str]:
    """What every letter about a game says: which, where, when, and its page."""
    title, guild = escape_and_shorten(game.title, TITLE_SHOWN), escape_and_shorten(game.guild.name, GUILD_SHOWN)
    return title, guild, game.starts_at, with_nonce(delivery, game.url)


def acting_user_name(user_id: int | None, game: Game) -> str:
    """The name in the guild of who did what a message tells of; '' for an operator."""
    name = display_names(game.guild_id, [user_id or 0])
    return "".join(wording.escape_markdown(one.text) for one in name.values())


def game_message(delivery: Delivery, game: Game, text: str, now: datetime, *buttons: Button) -> OutgoingMessage:
    """A letter about a game; where direct messages are closed, its recipient is called where its post is."""
    return replace(
        build_message(delivery, text, game.guild_id, game.announcement.message_channel_id, now), buttons=buttons
    )
