"""Holding: nothing is said while the ledger may be older than what was said, as after a restored backup."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from gamesched.lib.pg_notify import ring
from notifications.models import Delivery, Heartbeat, Hold, Notification, Status
from notifications.queue import BELL, lock_game
from notifications.types import letter_kinds, post_kinds, silent_kinds

DROPPED = "it was due while everything was held, so it may have been said before"
UNWRITTEN_FOR = timedelta(minutes=2)  # how long a message may be out before it is written down, crashes included
LOOKED_AT = 20  # channels, for each of the two kinds of place
EPOCH = 1420070400000  # https://docs.discord.com/developers/reference#snowflakes


def open_hold() -> Hold | None:
    """The hold under which nothing is said, if there is one."""
    return Hold.objects.filter(released_at=None).first()


def hold(why: str, now: datetime) -> None:
    """Have nothing said until an operator releases it; a hold that is open stays as it is."""
    Hold.objects.bulk_create([Hold(why=why[:300], at=now)], ignore_conflicts=True)


def release(who: str, now: datetime) -> int:
    """End the hold; says how many letters were dropped, which is all that were due, since they may have been said.

    Posts are brought up to date, after a look for those that may be there. What is due later is said.
    """
    held = open_hold()
    if held is None:
        return 0
    due = Notification.objects.open().filter(due_at__lte=now)
    dropped = sum(_let_go(game_id, now) for game_id in due.values_list("game_id", flat=True).distinct())
    left = Delivery.objects.filter(status=Status.PENDING)
    dropped += left.update(status=Status.DROPPED, error=DROPPED, leased_until=None)
    Hold.objects.filter(pk=held.pk).update(released_at=now, released_by=who[:100])
    ring(BELL)
    return dropped


@transaction.atomic
def _let_go(game_id: int | None, now: datetime) -> int:
    lock_game(game_id)
    same_game = Q(game_id=game_id) if game_id else Q(game=None)
    due = Notification.objects.open().filter(same_game, due_at__lte=now)
    due.filter(kind__in=post_kinds(), first_tried_at=None).update(first_tried_at=F("created_at"))
    letters = due.filter(kind__in=letter_kinds()).exclude(kind__in=silent_kinds())
    return letters.update(closed_at=now, dropped=DROPPED)


# --- whether the ledger is older than what was said ------------------------------------------------------


def places_to_look() -> list[int]:
    """The channels in which a message newer than the ledger would be: where it last wrote, and is to write next."""
    last = Delivery.objects.filter(channel_id__isnull=False).order_by("-pk").values_list("channel_id", flat=True)
    soon = Notification.objects.open().filter(game__isnull=False).order_by("due_at")
    channels = [*last[: LOOKED_AT * 5], *soon.values_list("game__channel_id", flat=True)[: LOOKED_AT * 5]]
    return list(dict.fromkeys(int(channel) for channel in channels if channel))[: LOOKED_AT * 2]


def is_older(newest_message_id: int | None, speaker: str) -> bool:
    """Whether a message of ours is in Discord that a ledger as new as it would have. Both times are Discord's own."""
    known = Heartbeat.objects.filter(name=speaker).values_list("newest_message_id", flat=True).first()
    if newest_message_id is None or known is None:
        return False
    return made_at(newest_message_id) - made_at(known) > UNWRITTEN_FOR


def made_at(snowflake: int) -> datetime:
    """When Discord made what bears this id."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH) / 1000, UTC)
