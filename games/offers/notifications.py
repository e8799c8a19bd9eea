"""The message that offers a seat, and the end of the time to accept it."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from games.core import choices
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notifications import common_game_texts, game_message, game_of_notification
from games.core.payloads import OfferPayload
from games.core.seating import offer_number
from games.core.states import State
from games.core.wording import timestamp
from games.models import Game, Signup
from games.offers import actions as offers
from games.offers import wording as offer_wording
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import NotificationType, Skip, register


def _open_offer(game: Game, row: Notification) -> Signup | None:
    """Return the sign-up that has the notification's offer, while it is open; else None."""
    signup = game.signups.current().of(row.recipient).first()
    return signup if signup is not None and offer_number(signup) == OfferPayload.of(row).offer_number else None


def _offer_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    is_open = row.recipient_id is not None and _open_offer(game_of_notification(row), row) is not None
    return [row.recipient_id or 0] if is_open else Skip(GameSkipCode.OFFER_OVER)


def _offer_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    row = delivery.notification
    game = game_of_notification(row)
    signup = _open_offer(game, row)
    if game.state(now) is not State.SCHEDULED or signup is None or signup.offered_until is None:
        return Skip(GameSkipCode.OFFER_OVER)
    until = f"{timestamp(signup.offered_until, 't')} ({timestamp(signup.offered_until, 'R')})"
    number = offer_number(signup)
    take_choice, decline_choice = (
        PromptChoice(PromptKind.OFFER, game.pk, number, choice) for choice in ("take", "pass")
    )
    buttons = (
        take_choice.button(gettext(offer_wording.TAKE), "success"),
        decline_choice.button(gettext(offer_wording.DECLINE)),
    )
    return game_message(
        delivery, game, offer_wording.offer(*common_game_texts(delivery, game), until), now, *buttons, public=True
    )


def _expire_offer(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Expire the offer; nobody is notified, the place in line is kept and the next gets an offer."""
    game = game_of_notification(row)
    signup = _open_offer(game, row)
    if signup is None:
        return Skip(GameSkipCode.OFFER_ANSWERED)
    offers.expire_offer(game, signup, now)
    return ()


register(NotificationType(NotificationKind.OFFER, recipients=_offer_recipients, build_message=_offer_message))
register(NotificationType(NotificationKind.OFFER_END, recipients=_expire_offer))
choices.register_handler(PromptKind.OFFER, offers.answer_offer)
