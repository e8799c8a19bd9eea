"""The messages to the host of a series: whether the next game takes place, and that it could not be made."""

from collections.abc import Iterable
from datetime import datetime

from games.core import choices
from games.core.choices import PromptChoice
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notifications import common_game_texts, game_message, game_of_notification, host_recipient
from games.core.payloads import SeriesProblemPayload
from games.core.states import State
from games.models import Game
from games.series import host_decision, wording
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
        PromptChoice(host_decision.PROMPT, game.pk, number, host_decision.TAKES_PLACE).button(
            wording.TAKES_PLACE, "primary"
        ),
        PromptChoice(host_decision.PROMPT, game.pk, number, host_decision.NOT_THIS_TIME).button(wording.NOT_THIS_TIME),
    )
    return game_message(delivery, game, wording.ask_host(*common_game_texts(delivery, game)), now, *buttons)


def _not_made_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.series is None or not game.series.problem_code:
        return Skip(GameSkipCode.SEEN_TO)
    code = SeriesProblemPayload.of(delivery.notification).code
    return game_message(delivery, game, wording.not_repeated(*common_game_texts(delivery, game), code), now)


choices.register_handler(host_decision.PROMPT, host_decision.answer_host)

register(
    NotificationType(NotificationKind.SERIES_ASK_HOST, recipients=_ask_host_recipients, build_message=_ask_host_message)
)
register(NotificationType(NotificationKind.SERIES_NOT_MADE, recipients=host_recipient, build_message=_not_made_message))
