"""What every letter has in common: its mark, that it is late, and where to change what one is told."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games import choice_messages, letter_messages, messages
from notifications.letter import Letter
from notifications.models import Delivery
from notifications.rules import LATE, in_doubt, tried_before


def choices_address(guild_id: int | None) -> str:
    """The whole address of the page where a person chooses what they are told in a guild; None: in which guild."""
    path = reverse("guild-notifications", args=[guild_id]) if guild_id is not None else reverse("notifications")
    return settings.PUBLIC_URL + path


def fitting(text: str, most: int) -> str:
    """Text from people for Discord, cut where it would take more characters than that."""
    shown = messages.plain(text)
    while len(shown) > most:
        text = text[: len(text) * 9 // 10]
        shown = messages.plain(text) + "…"
    return shown


def to_person(delivery: Delivery, text: str, now: datetime) -> Letter:
    """A direct message to the delivery's recipient. The text holds the delivery's nonce."""
    person = delivery.recipient
    return Letter(
        user_id=person.pk,
        channel_id=person.dm_channel_id,
        text=text,
        nonce=delivery.nonce,
        mark=delivery.nonce,
        doubt=in_doubt(delivery.first_tried_at, now),
        tried_at=tried_before(delivery.first_tried_at, now),
    )


def letter(delivery: Delivery, text: str, guild_id: int | None, channel_id: int, now: datetime) -> Letter:
    """A letter to its recipient, or, `in_channel`, a mention of them there."""
    due_at = delivery.notification.due_at
    if now - due_at > LATE and delivery.again_id is None:
        text = letter_messages.late(text, due_at)
    made = to_person(delivery, choice_messages.with_choices(text, choices_address(guild_id)), now)
    if not delivery.in_channel:
        return made
    called = made.user_id or 0
    return replace(made, user_id=None, channel_id=channel_id, text=f"<@{called}> {made.text}", ping_users=(called,))
