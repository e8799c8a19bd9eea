"""The notifications about edits and confirmations, and what their deadlines end."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from games.confirmations import actions as confirmations
from games.confirmations import wording as confirmation_wording
from games.confirmations.edits import diff, snapshot
from games.confirmations.summary import discord_change_lines
from games.core import choices
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notification_schedule import bump_post_version
from games.core.notifications import (
    common_game_texts,
    game_message,
    game_of_notification,
    only_recipient,
)
from games.core.payloads import ConfirmationEndPayload, ConfirmationSummaryPayload, EditPayload
from games.core.read_ahead import current_signup
from games.core.states import State
from games.core.withdrawals import guests_left_with
from games.core.wording import timestamp
from games.models import Game, Signup
from guilds.display_names import DisplayNames
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import NotificationType, Skip, register

INSTRUCTIONS_SHOWN, LINES_SHOWN = 500, 50  # characters, and lines of them, so that everything fits one message


def _signup(game: Game, delivery: Delivery) -> Signup | None:
    return current_signup(game, delivery.recipient_id)


def _changes(delivery: Delivery, game: Game) -> tuple[list[str], str]:
    """Return the lines of what changed since the recipient was last notified, and changed instructions."""
    changes = diff(EditPayload.of(delivery.notification).before, snapshot(game))
    written = changes.get("instructions", ("", ""))[1].split("\n")
    shown = "\n".join([*written[:LINES_SHOWN], *(["…"] if len(written) > LINES_SHOWN else [])])
    return discord_change_lines(changes, DisplayNames(game.guild_id)), escape_markdown(shown, INSTRUCTIONS_SHOWN)


def _edited_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now).over or _signup(game, delivery) is None:
        return Skip(GameSkipCode.NOT_IN_OR_OVER)
    lines, instructions = _changes(delivery, game)
    if not lines:
        return Skip(GameSkipCode.UNCHANGED)
    return game_message(
        delivery, game, confirmation_wording.edited(*common_game_texts(delivery, game), lines, instructions), now
    )


def _confirmation_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game, payload = game_of_notification(delivery.notification), EditPayload.of(delivery.notification)
    signup = _signup(game, delivery)
    if game.state(now) is not State.SCHEDULED or signup is None:
        return Skip(GameSkipCode.NOT_IN_OR_STARTED)
    if signup.open_confirmation != payload.confirmation_number or game.confirm_by is None:
        # Who lost the seat meanwhile has nothing to confirm, and yet is to know what changed.
        return _edited_message(delivery, now) if signup.seated_at is None else Skip(GameSkipCode.CONFIRMATION_CLOSED)
    text = confirmation_wording.confirmation_request(
        *common_game_texts(delivery, game),
        *_changes(delivery, game),
        until=timestamp(game.confirm_by),
        drops_unconfirmed=game.drop_unconfirmed,
        rescheduled=payload.rescheduled,
    )
    choices = (
        ("yes", gettext(confirmation_wording.YES), "success"),
        ("no", gettext(confirmation_wording.NO), "danger"),
    )
    buttons = [
        PromptChoice(PromptKind.CONFIRMATION, game.pk, signup.open_confirmation, choice).button(label, style)
        for choice, label, style in choices
    ]
    return game_message(delivery, game, text, now, *buttons)


def _dropped_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now).over or _signup(game, delivery) is not None:
        return Skip(GameSkipCode.IN_AGAIN_OR_OVER)
    guests = escape_markdown(", ".join(guests_left_with(game, delivery.recipient_id)))
    text = confirmation_wording.dropped_unconfirmed(*common_game_texts(delivery, game), guests)
    return game_message(delivery, game, text, now)


def _summary_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now).over:
        return Skip(GameSkipCode.OVER)
    payload = ConfirmationSummaryPayload.of(delivery.notification)
    return game_message(
        delivery, game, confirmation_wording.confirmation_summary(*common_game_texts(delivery, game), payload), now
    )


def _end_confirmation(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """End the confirmation; the people to notify get rows of their own."""
    payload = ConfirmationEndPayload.of(row)
    skip = confirmations.end_confirmation(game_of_notification(row), payload.confirmation_number, payload.user_ids, now)
    return skip or ()


def _hide_changes(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Update the post, which no longer shows changes of a day ago."""
    game = game_of_notification(row)
    if game.state(now).over:
        return Skip(GameSkipCode.OVER)
    bump_post_version(game, now)
    return ()


register(NotificationType(NotificationKind.EDITED, recipients=only_recipient, build_message=_edited_message))
register(
    NotificationType(NotificationKind.CONFIRMATION, recipients=only_recipient, build_message=_confirmation_message)
)
register(
    NotificationType(NotificationKind.DROPPED_UNCONFIRMED, recipients=only_recipient, build_message=_dropped_message)
)
register(
    NotificationType(NotificationKind.CONFIRMATION_SUMMARY, recipients=only_recipient, build_message=_summary_message)
)
register(NotificationType(NotificationKind.CONFIRMATION_END, recipients=_end_confirmation))
register(NotificationType(NotificationKind.CHANGES_END, recipients=_hide_changes))
choices.register_handler(PromptKind.CONFIRMATION, confirmations.answer_confirmation)
