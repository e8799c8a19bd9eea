"""A message as people's devices show it: plain text in the reader's zone, cut to what a push service takes."""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from games.core.codes import REMINDER_KINDS
from games.core.plain_text import MarkupReader, to_plain_text
from notifications.messages import OutgoingMessage, Push
from notifications.models import Delivery
from notifications.policy import GIVE_UP_AFTER, earlier_attempt_at

SITE_NAME = "Game Scheduler"
# Characters, of up to four bytes each. A record takes 3,993 bytes, and Firefox's service for phones a thousand fewer:
# https://github.com/bpolaszek/webpush-bundle/issues/48
TITLE_MAX, BODY_MAX = 100, 600
_COUNTDOWN = re.compile(r" \(<t:-?[0-9]+:R>\)")  # it stays as it is on a device, and would soon be wrong


def push_message(delivery: Delivery, text: str, title: str, now: datetime) -> OutgoingMessage:
    """Return a message to all devices of the delivery's recipient; the sender adds which these are."""
    address = re.search(rf"<?(https?://[^\s<>]+\?d={re.escape(delivery.nonce)})>?", text)
    if address is not None:  # it is what choosing the message opens
        text = text.replace(address[0], "")
    plain = to_plain_text(_COUNTDOWN.sub("", text), MarkupReader(delivery.recipient.zone))
    expires_at = delivery.expires_at or now + GIVE_UP_AFTER
    push = Push(
        title=_cut(title or SITE_NAME, TITLE_MAX),
        body=_cut(re.sub(r"\n{2,}", "\n", plain), BODY_MAX),
        url=address[1] if address is not None else settings.PUBLIC_URL,
        topic=_topic(delivery),
        seconds=max((expires_at - now) // timedelta(seconds=1), 0),
    )
    return OutgoingMessage(
        user_id=delivery.recipient_id,
        nonce=delivery.nonce,
        first_attempt_at=earlier_attempt_at(delivery.first_attempt_at, now),
        push=push,
    )


def _topic(delivery: Delivery) -> str:
    """Return by what a device tells messages apart: an attempt made once more replaces the first.

    A game's later reminder replaces an earlier one, too. Nothing else does: what a host wrote is not lost to a device
    that was away.
    """
    row = delivery.notification
    if row.kind not in REMINDER_KINDS:
        return delivery.nonce
    # To the push service it says nothing of the game.
    about = f"{row.game_id} {delivery.recipient_id}"
    return salted_hmac("games.core.push", about, algorithm="sha256").hexdigest()[:32]


def _cut(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
