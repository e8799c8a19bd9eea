"""Notifications about too few players: the nudge, and the question to the host."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games.core import choices
from games.core.choices import Ask
from games.core.minimum import is_short, seated
from games.core.notifications import about, about_game, game_of, stale
from games.hosts import notification_wording as host_notification_wording
from games.minimum_players import actions as minimum_players
from games.minimum_players import notification_wording as minimum_notification_wording
from games.models import Game
from games.signups.responses import unanswered
from notifications.messages import Button, OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip, NotificationType, register


def _not_short(row: Notification, game: Game, now: datetime) -> Skip | None:
    return stale(row, game, now) or (None if is_short(game) else Skip("enough signed up"))


def _nudged(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    if (drop := _not_short(row, game, now)) is not None:
        return drop
    return unanswered(game, now)


def _nudge(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if (drop := _not_short(delivery.notification, game, now)) is not None:
        return drop
    if delivery.recipient_id not in unanswered(game, now):
        return Skip("they answered, or cannot sign up any more")
    text = minimum_notification_wording.nudge(*about(delivery, game), game.effective.minimum, seated(game))
    return about_game(delivery, game, text, now)


def _host_asked(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    return _not_short(row, game, now) or [game.host_id]


def _short(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if (drop := _not_short(delivery.notification, game, now)) is not None:
        return drop
    if not minimum_players.is_asked(game, now):
        return Skip("it was decided on already")
    text = minimum_notification_wording.short(*about(delivery, game), game.effective.minimum, seated(game))
    buttons = (
        Ask("short", game.pk, minimum_players.number(game), minimum_players.KEEP).button(
            host_notification_wording.KEEP_LABEL, "primary"
        ),
        Button(host_notification_wording.MOVE_LABEL, url=settings.PUBLIC_URL + reverse("game-edit", args=[game.pk])),
        Ask("short", game.pk, minimum_players.number(game), minimum_players.CANCEL).button(
            host_notification_wording.CANCEL_LABEL, "danger"
        ),
    )
    return about_game(delivery, game, text, now, *buttons)


choices.register("short", minimum_players.answer)


register(NotificationType("nudge", recipients=_nudged, build_message=_nudge))
register(NotificationType("short", recipients=_host_asked, build_message=_short))
