"""The companions of games, and the messages that come of them."""

from datetime import datetime

from django.utils.translation import gettext

from games.companions import event, event_wording, interest
from games.companions.base import CompanionType, register_companion
from games.companions.role import ROLE
from games.companions.thread import THREAD
from games.companions.voice import VOICE
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
from games.core.read_ahead import current_signup
from games.models import CompanionKind
from games.signups.rules import signup_closed_reason
from notifications.messages import OutgoingMessage
from notifications.models import Delivery
from notifications.types import NotificationType, Skip, register


def _interested_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := skip_unless_scheduled(game, now)) is not None:
        return skip
    if signup_closed_reason(game, now, None):
        return Skip(GameSkipCode.NO_SIGNUPS)
    if current_signup(game, delivery.recipient_id) is not None:
        return Skip(GameSkipCode.IN_ALREADY)
    button = PromptChoice(PromptKind.INTERESTED, game.pk, delivery.recipient_id, interest.JOIN)
    text = event_wording.ask_interested(*common_game_texts(delivery, game))
    join = button.button(gettext(event_wording.JOIN_LABEL), "success")
    return game_message(delivery, game, text, now, join, public=True)


choices.register_handler(PromptKind.INTERESTED, interest.answer_interested)
register(NotificationType(NotificationKind.INTERESTED, recipients=only_recipient, build_message=_interested_message))
register_companion(CompanionType(CompanionKind.EVENT, event.wanted, event.next_change, obstacle=event.obstacle))
register_companion(THREAD)
register_companion(VOICE)
register_companion(ROLE)
