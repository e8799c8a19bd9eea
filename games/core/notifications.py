"""What every letter has in common: its game and mark, that it is late, and where to change what one is told."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games.core import notification_wording, wording
from games.core.states import State
from games.models import Game
from guilds.display_names import display_names
from notifications.messages import Button, OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.policy import LATE_AFTER, is_maybe_sent, earlier_attempt_at
from notifications.types import Skip

TITLE_SHOWN, GUILD_SHOWN = 220, 120  # characters; those full of marks are cut, to leave room for all else


def choices_address(guild_id: int | None) -> str:
    """The whole address of the page where a person chooses what they are told in a guild; None: in which guild."""
    path = reverse("guild-notifications", args=[guild_id]) if guild_id is not None else reverse("notifications")
    return settings.PUBLIC_URL + path


def fitting(text: str, most: int) -> str:
    """Text from people for Discord, cut where it would take more characters than that."""
    shown = wording.plain(text)
    while len(shown) > most:
        text = text[: len(text) * 9 // 10]
        shown = wording.plain(text) + "…"
    return shown


def to_person(delivery: Delivery, text: str, now: datetime) -> OutgoingMessage:
    """A direct message to the delivery's recipient. The text holds the delivery's nonce."""
    person = delivery.recipient
    return OutgoingMessage(
        user_id=person.pk,
        channel_id=person.dm_channel_id,
        text=text,
        nonce=delivery.nonce,
        dedupe_marker=delivery.nonce,
        maybe_sent=is_maybe_sent(delivery.first_tried_at, now),
        first_attempt_at=earlier_attempt_at(delivery.first_tried_at, now),
    )


def letter(delivery: Delivery, text: str, guild_id: int | None, channel_id: int, now: datetime) -> OutgoingMessage:
    """A letter to its recipient, or, `in_channel`, a mention of them there."""
    due_at = delivery.notification.due_at
    if now - due_at > LATE_AFTER and delivery.again_id is None:
        text = notification_wording.late(text, due_at)
    made = to_person(delivery, notification_wording.with_choices(text, choices_address(guild_id)), now)
    if not delivery.in_channel:
        return made
    called = made.user_id or 0
    return replace(made, user_id=None, channel_id=channel_id, text=f"<@{called}> {made.text}", ping_users=(called,))


# --- about a game ----------------------------------------------------------------------------------------


def game_of(row: Notification) -> Game:
    """The game that a row is about."""
    return Game.objects.with_levels().select_related("announcement__channel").get(pk=row.game_id or 0)


def to_recipient(row: Notification, now: datetime) -> list[int] | Skip:
    """Who is meant by a row for one person."""
    return [row.recipient_id] if row.recipient_id else Skip("nobody to tell")


def to_host(row: Notification, now: datetime) -> list[int]:
    """The game's host, by when the row is due."""
    return [game_of(row).host_id]


def not_to_come(game: Game, now: datetime) -> Skip | None:
    """Why nothing is said of a game that players no longer wait for."""
    state = game.state(now)
    return None if state is State.SCHEDULED else Skip(f"the game is {state.replace('_', ' ')}")


def stale(row: Notification, game: Game, now: datetime) -> Skip | None:
    """Why a row planned for one start of a game is of no use any more."""
    moved = row.facts.get("starts_at") != game.starts_at.isoformat()
    return not_to_come(game, now) or (Skip("the game was moved") if moved else None)


def marked(delivery: Delivery, url: str) -> str:
    """An address with the mark by which this one letter is known again."""
    return f"{url}?d={delivery.nonce}"


def about(delivery: Delivery, game: Game) -> tuple[str, str, datetime, str]:
    """What every letter about a game says: which, where, when, and its page."""
    title, guild = fitting(game.title, TITLE_SHOWN), fitting(game.guild.name, GUILD_SHOWN)
    return title, guild, game.starts_at, marked(delivery, game.url)


def done_by(delivery: Delivery, game: Game) -> str:
    """Who did what a letter tells of, by their name in the guild; '' for an operator."""
    name = display_names(game.guild_id, [delivery.notification.facts.get("by") or 0])
    return "".join(wording.plain(one.text) for one in name.values())


def about_game(delivery: Delivery, game: Game, text: str, now: datetime, *buttons: Button) -> OutgoingMessage:
    """A letter about a game; where direct messages are closed, its recipient is called where its post is."""
    return replace(letter(delivery, text, game.guild_id, game.announcement.place_id, now), buttons=buttons)
