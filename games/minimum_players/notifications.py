"""Notifications about too few players: the nudge, and the question to the host."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from games.core import choices
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import GameSkipCode, NotificationKind
from games.core.minimum import has_too_few_players, seated_count
from games.core.notifications import common_game_texts, game_message, game_of_notification, skip_if_moved
from games.hosts import notification_wording as host_notification_wording
from games.minimum_players import actions as minimum_players
from games.minimum_players import notification_wording as minimum_notification_wording
from games.models import Game
from games.signups.responses import users_without_response
from notifications.messages import Button, OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import NotificationType, Skip, register


def _skip_if_enough(row: Notification, game: Game, now: datetime) -> Skip | None:
    return skip_if_moved(row, game, now) or (None if has_too_few_players(game) else Skip(GameSkipCode.ENOUGH_PLAYERS))


def _nudge_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if (skip := _skip_if_enough(row, game, now)) is not None:
        return skip
    return users_without_response(game, now)


def _nudge_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_if_enough(delivery.notification, game, now)) is not None:
        return skip
    if delivery.recipient_id not in users_without_response(game, now):
        return Skip(GameSkipCode.ANSWERED_OR_BARRED)
    text = minimum_notification_wording.nudge(
        *common_game_texts(delivery, game), game.settings.minimum, seated_count(game)
    )
    return game_message(delivery, game, text, now)


def _too_few_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    return _skip_if_enough(row, game, now) or [game.host_id]


def _too_few_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_if_enough(delivery.notification, game, now)) is not None:
        return skip
    if not minimum_players.awaits_decision(game, now):
        return Skip(GameSkipCode.DECIDED)
    text = minimum_notification_wording.too_few_players(
        *common_game_texts(delivery, game), game.settings.minimum, seated_count(game)
    )
    buttons = (
        PromptChoice(
            PromptKind.TOO_FEW_PLAYERS, game.pk, minimum_players.start_number(game), minimum_players.KEEP
        ).button(gettext(host_notification_wording.KEEP_LABEL), "primary"),
        Button(
            gettext(host_notification_wording.MOVE_LABEL),
            url=settings.PUBLIC_URL + reverse("game-edit", args=[game.pk]),
        ),
        PromptChoice(
            PromptKind.TOO_FEW_PLAYERS, game.pk, minimum_players.start_number(game), minimum_players.CANCEL
        ).button(gettext(host_notification_wording.CANCEL_LABEL), "danger"),
    )
    return game_message(delivery, game, text, now, *buttons)


choices.register_handler(PromptKind.TOO_FEW_PLAYERS, minimum_players.answer_too_few)


register(NotificationType(NotificationKind.NUDGE, recipients=_nudge_recipients, build_message=_nudge_message))
register(
    NotificationType(NotificationKind.TOO_FEW_PLAYERS, recipients=_too_few_recipients, build_message=_too_few_message)
)
