"""What is said of a game's life: announcing it at its time, that it is on again, and that its post was deleted."""

from collections.abc import Iterable
from datetime import datetime

from games.core import wording
from games.core.notifications import about, about_game, game_of, to_host
from games.core.scheduling import touch
from games.core.states import allowed
from games.models import Game
from games.scheduling import wording as schedule_wording
from games.scheduling.publishing import announce_planned, heard_last
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register

# --- announcing ------------------------------------------------------------------------------------------


def _announce(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Nobody is written to by this row itself."""
    game = game_of(row)
    if not allowed("announce", game.state(now)) or game.announce_at is None:
        return Skip("it was announced or cancelled before")
    announce_planned(game, now)
    return ()


def _not_announced(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if not game.state(now).hidden or game.announce_at is not None or game.starts_at > now:
        return Skip("its host has seen to it")
    return about_game(delivery, game, schedule_wording.not_announced(*about(delivery, game)), now)


# --- on again --------------------------------------------------------------------------------------------


def _who_heard(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    if game.state(now).over:
        return Skip("the game is over, or cancelled once more")
    return sorted(heard_last(game.pk))


def _on_again(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if game.state(now).over:
        return Skip("the game is over, or cancelled once more")
    return about_game(delivery, game, schedule_wording.on_again(*about(delivery, game)), now)


# --- a deleted post --------------------------------------------------------------------------------------


def _touched(row: Notification, now: datetime) -> Iterable[int]:
    """Nobody is written to: the post is rendered again, without its buttons, and open pages look again."""
    touch(Game.objects.get(pk=row.game_id or 0), now)
    return ()


def _told_of_cancellation(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    if not _still_cancelled(row, game):
        return Skip("the cancellation was undone")
    signed_up = game.signups.current().filter(user__isnull=False).values_list("user_id", flat=True)
    everyone = dict.fromkeys([game.host_id, *signed_up])
    # It was undone, and cancelled again before anybody heard that it was on.
    known = {*heard_last(game.pk), row.facts.get("actor")}
    return [user_id for user_id in everyone if user_id not in known]


def _still_cancelled(row: Notification, game: Game) -> bool:
    """Whether this cancellation holds: it was not undone, nor did another follow it."""
    return game.cancelled_at is not None and row.facts.get("at") in {None, game.cancelled_at.isoformat()}


def _cancelled(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if not _still_cancelled(delivery.notification, game):
        return Skip("the cancellation was undone")
    text = schedule_wording.cancellation(*about(delivery, game), wording.plain(game.cancel_reason))
    return about_game(delivery, game, text, now)


register(NotificationType("announce", recipients=_announce))
register(NotificationType("not_announced", recipients=to_host, build_message=_not_announced))
register(NotificationType("on_again", recipients=_who_heard, build_message=_on_again))
register(NotificationType("start", recipients=_touched))
register(NotificationType("end", recipients=_touched))
register(NotificationType("cancelled", recipients=_told_of_cancellation, build_message=_cancelled))
