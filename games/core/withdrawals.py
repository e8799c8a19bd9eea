"""What all ways to leave a game share."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from games.core.codes import NotificationKind
from games.core.payloads import DroppedOutPayload
from games.core.queue import notify
from games.models import Game, Signup
from guilds.names import shown_name

LATE_LEAVE_MINUTES = 120  # minutes before the start, for games that never offer free seats


def withdraw(game: Game, signup: Signup, now: datetime) -> None:
    """Take a person out of a game at their own wish; notify the host if somebody else added them.

    Needs the game's lock; the caller then runs `assign_seats`.
    """
    assert signup.user_id is not None, "a placeholder wishes nothing"
    late = game.starts_at - now <= timedelta(minutes=game.settings.offer_within or LATE_LEAVE_MINUTES)
    signup.left_late = signup.seated_at is not None and late
    signup.left_at, signup.seated_at = now, None
    signup.save(update_fields=["left_at", "seated_at", "left_late"])
    if signup.added_by_other and signup.user_id != game.host_id:
        notify(
            game,
            NotificationKind.DROPPED_OUT,
            now,
            to=game.host_id,
            dedupe_key=signup.user_id,  # several may leave before notifyd next runs
            payload=DroppedOutPayload(signup.user_id),
            expires_at=game.starts_at,
        )


def guests_of(signup: Signup, signups: Iterable[Signup]) -> list[str]:
    """Return the names of whom a person brings, among the sign-ups; they leave with that person."""
    return [one.guest_name for one in signups if one.guest_of_id == signup.pk]


def guests_left_with(game: Game, user_id: int) -> list[str]:
    """Return the names of those who left a game with the person who brought them, when that person last left."""
    signup = game.signups.filter(user=user_id, left_at__isnull=False).order_by("-left_at", "-pk").first()
    if signup is None:
        return []
    guests = signup.guests.filter(left_at=signup.left_at).order_by("pk")
    return [shown_name(name) for name in guests.values_list("placeholder", flat=True)]


def remove_guests_of_left(current: Iterable[Signup], now: datetime) -> bool:
    """Remove guests whose inviter has left in any way; return whether there were any."""
    left = [signup.pk for signup in current if signup.guest_of is not None and signup.guest_of.left_at is not None]
    return bool(left) and Signup.objects.filter(pk__in=left).update(left_at=now, seated_at=None) > 0


def unseat_guests_of_waiting(current: Iterable[Signup]) -> bool:
    """Unseat guests whose inviter is on standby, unless a host seated them; return whether there were any.

    They get a seat again with their inviter.
    """
    alone = [
        one.pk for one in current if one.guest_of is not None and one.guest_of.on_standby and not one.added_by_other
    ]
    return bool(alone) and Signup.objects.filter(pk__in=alone, seated_at__isnull=False).update(seated_at=None) > 0
