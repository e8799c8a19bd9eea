"""The notifications about a host who left, and the messages from hosts to players."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from games.core import choices, message_limits, wording
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notifications import (
    acting_user_name,
    common_game_texts,
    game_message,
    game_of_notification,
    only_recipient,
    skip_for_state,
)
from games.core.payloads import (
    HandOverAnswerPayload,
    HandOverPayload,
    HostActionPayload,
    HostLeftPayload,
    PlayerMessagePayload,
)
from games.core.read_ahead import current_signup
from games.core.states import GameAction, is_allowed
from games.hosts import actions as host_actions
from games.hosts import notification_wording as host_notification_wording
from games.hosts import takeover
from games.hosts import wording as host_wording
from games.hosts.messages import audience_ids
from games.hosts.rules import Audience
from games.models import Game
from games.signups.responses import has_responded
from guilds.display_names import display_names
from guilds.models import Member
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import NotificationType, Skip, register

# --- the host left -----------------------------------------------------------------------------------------


def _skip_if_host_present(row: Notification, game: Game, now: datetime) -> Skip | None:
    if game.state(now).over:
        return skip_for_state(game, now)
    if game.host_id != HostLeftPayload.of(row).host_id:
        return Skip(GameSkipCode.TAKEN_OVER)
    return None if takeover.host_has_left(game) else Skip(GameSkipCode.HOST_BACK)


def _host_left_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of_notification(row)
    if (skip := _skip_if_host_present(row, game, now)) is not None:
        return skip
    return dict.fromkeys([*takeover.known_manager_ids(game.guild), *_present_cohost_ids(game)])


def _present_cohost_ids(game: Game) -> list[int]:
    members = Member.objects.filter(guild_id=game.guild_id, left_at=None, user__in=game.cohosts.values("pk"))
    return list(members.order_by("user_id").values_list("user_id", flat=True))


def _host_left_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_if_host_present(delivery.notification, game, now)) is not None:
        return skip
    host = escape_markdown(display_names(game.guild_id, [game.host_id])[game.host_id].text)
    take = PromptChoice(PromptKind.TAKE_OVER, game.pk, game.host_id, takeover.TAKE).button(
        gettext(host_notification_wording.TAKE_LABEL), "primary"
    )
    return game_message(
        delivery, game, host_notification_wording.host_left(*common_game_texts(delivery, game), host), now, take
    )


def _is_open_hand_over(row: Notification, game: Game, user_id: int) -> bool:
    return game.next_host_id == user_id and game.handover_number == HandOverPayload.of(row).number


def _hand_over_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    row, game = delivery.notification, game_of_notification(delivery.notification)
    if not is_allowed(GameAction.CHOOSE_HOSTS, game.state(now)):
        return skip_for_state(game, now)
    if not _is_open_hand_over(row, game, delivery.recipient_id):
        return Skip(GameSkipCode.HAND_OVER_CLOSED)
    payload = HandOverPayload.of(row)
    by = acting_user_name(payload.by_id, game)
    accept, decline = (
        PromptChoice(PromptKind.HAND_OVER, game.pk, payload.number, choice)
        for choice in (host_actions.ACCEPT, host_actions.DECLINE)
    )
    buttons = (
        accept.button(gettext(host_wording.ACCEPT_LABEL), "success"),
        decline.button(gettext(host_wording.DECLINE_LABEL)),
    )
    text = host_wording.hand_over(*common_game_texts(delivery, game), by)
    return game_message(delivery, game, text, now, *buttons)


def _host_chosen_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now).over:
        return skip_for_state(game, now)
    if game.host_id != delivery.recipient_id:
        return Skip(GameSkipCode.TAKEN_OVER)
    by = acting_user_name(HostActionPayload.of(delivery.notification).by_id, game)
    return game_message(delivery, game, host_wording.host_chosen(*common_game_texts(delivery, game), by), now)


def _hand_over_answered_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game, payload = game_of_notification(delivery.notification), HandOverAnswerPayload.of(delivery.notification)
    if game.state(now).over:
        return skip_for_state(game, now)
    who = acting_user_name(payload.user_id, game)
    text = host_wording.hand_over_answered(*common_game_texts(delivery, game), who, payload.accepted)
    return game_message(delivery, game, text, now)


def _player_message_recipients(row: Notification, now: datetime) -> Iterable[int]:
    payload = PlayerMessagePayload.of(row)
    return audience_ids(game_of_notification(row), Audience(payload.audience), payload.by_id, now)


def _player_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    payload = PlayerMessagePayload.of(delivery.notification)
    if payload.audience == Audience.UNANSWERED:
        if has_responded(game, delivery.recipient_id):
            return Skip(GameSkipCode.ANSWERED_MEANWHILE)
    elif current_signup(game, delivery.recipient_id) is None:
        return Skip(GameSkipCode.LEFT)
    by = acting_user_name(payload.by_id, game) or gettext(wording.OPERATOR)
    text = escape_markdown(payload.text)
    return game_message(delivery, game, host_wording.player_message(*common_game_texts(delivery, game), by, text), now)


register(
    NotificationType(NotificationKind.HOST_LEFT, recipients=_host_left_recipients, build_message=_host_left_message)
)
choices.register_handler(PromptKind.TAKE_OVER, takeover.answer_take_over)


register(
    NotificationType(
        NotificationKind.HAND_OVER,
        recipients=only_recipient,
        build_message=_hand_over_message,
        withheld=message_limits.withheld,
    )
)
register(NotificationType(NotificationKind.HOST_CHOSEN, recipients=only_recipient, build_message=_host_chosen_message))
register(
    NotificationType(
        NotificationKind.HAND_OVER_ANSWERED, recipients=only_recipient, build_message=_hand_over_answered_message
    )
)
choices.register_handler(PromptKind.HAND_OVER, host_actions.answer_hand_over)


register(
    NotificationType(
        NotificationKind.PLAYER_MESSAGE,
        recipients=_player_message_recipients,
        build_message=_player_message,
        withheld=message_limits.withheld,
    )
)
