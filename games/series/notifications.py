"""The messages to the host of a series: whether the next game takes place, and that it could not be made."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from games.core import choices
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notifications import (
    common_game_texts,
    game_message,
    game_of_notification,
    only_recipient,
    skip_unless_scheduled,
)
from games.core.payloads import SeriesProblemPayload
from games.core.read_ahead import current_signup
from games.core.states import State
from games.models import Game
from games.series import buttons, host_decision, substitutes, wording
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import NotificationType, Skip, register


def _skip_if_decided(game: Game, now: datetime) -> Skip | None:
    undecided = game.state(now) is State.DRAFT and game.starts_at > now
    return None if undecided else Skip(GameSkipCode.DECIDED)


def _ask_host_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    return _skip_if_decided(game, now) or [game.host_id]


def _ask_host_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_if_decided(game, now)) is not None:
        return skip
    number = host_decision.prompt_number(game)
    buttons = (
        PromptChoice(PromptKind.SERIES_GAME, game.pk, number, host_decision.TAKES_PLACE).button(
            gettext(wording.TAKES_PLACE), "primary"
        ),
        PromptChoice(PromptKind.SERIES_GAME, game.pk, number, host_decision.NOT_THIS_TIME).button(
            gettext(wording.NOT_THIS_TIME)
        ),
    )
    return game_message(delivery, game, wording.ask_host(*common_game_texts(delivery, game)), now, *buttons)


def _not_made_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.series is None or not game.series.problem_code:
        return Skip(GameSkipCode.HOST_ACTED)
    code = SeriesProblemPayload.of(delivery.notification).code
    return game_message(delivery, game, wording.not_repeated(*common_game_texts(delivery, game), code), now)


def _substitute_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if (skip := skip_unless_scheduled(game, now)) is not None:
        return skip
    recipient_id = substitutes.ask_next(game, now) if game.series_id is not None else None
    return [recipient_id] if recipient_id is not None else Skip(GameSkipCode.ENOUGH_PLAYERS)


def _substitute_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := skip_unless_scheduled(game, now)) is not None:
        return skip
    if current_signup(game, delivery.recipient_id) is not None:
        return Skip(GameSkipCode.IN_ALREADY)
    step_in, pass_on = (
        PromptChoice(PromptKind.SUBSTITUTE, game.pk, delivery.recipient_id, choice)
        for choice in (substitutes.STEP_IN, substitutes.PASS_ON)
    )
    buttons = (step_in.button(gettext(wording.STEP_IN), "success"), pass_on.button(gettext(wording.PASS_ON)))
    text = wording.ask_substitute(*common_game_texts(delivery, game))
    return game_message(delivery, game, text, now, *buttons, public=True)


choices.register_handler(PromptKind.SUBSTITUTE, substitutes.answer_substitute)
choices.register_handler(PromptKind.SERIES_GAME, host_decision.answer_host)
choices.register_handler(PromptKind.SERIES_DATES, buttons.answer_button)

register(
    NotificationType(NotificationKind.SERIES_ASK_HOST, recipients=_ask_host_recipients, build_message=_ask_host_message)
)
register(NotificationType(NotificationKind.SERIES_NOT_MADE, recipients=only_recipient, build_message=_not_made_message))
register(
    NotificationType(NotificationKind.SUBSTITUTE, recipients=_substitute_recipients, build_message=_substitute_message)
)
