"""The notifications about sign-ups and seats: their recipients and messages."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from games.core import choices, message_limits, wording
from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notification_schedule import bump_post_version
from games.core.notifications import (
    acting_user_name,
    build_message,
    common_game_texts,
    game_message,
    game_of_notification,
    instructions_text,
    only_recipient,
    with_nonce,
)
from games.core.payloads import (
    DroppedOutPayload,
    HostActionPayload,
    LostAccessPayload,
    LostSeatPayload,
    SeatChangePayload,
)
from games.core.read_ahead import current_signup
from games.core.roster import place_of_user
from games.core.seating import notify_seat_change
from games.core.settings import SeatMethod
from games.core.states import State
from games.core.withdrawals import guests_left_with
from games.models import Game
from games.signups import notification_wording as signup_notification_wording
from games.signups import swaps
from games.signups import wording as signup_wording
from guilds.display_names import display_names
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.queue import drop_unsent, unschedule
from notifications.types import NotificationType, Skip, register


def _update_closed_post(row: Notification, now: datetime) -> Iterable[int]:
    """Update the post, which loses its Join button. Nobody is notified."""
    bump_post_version(Game.objects.get(pk=row.game_id or 0), now)
    return ()


def _dropped_out_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    payload = DroppedOutPayload.of(delivery.notification)
    if game.state(now) is not State.SCHEDULED:
        return Skip(GameSkipCode.WRONG_STATE)
    if game.signups.current().filter(user_id=payload.user_id).exists():
        return Skip(GameSkipCode.IN_AGAIN)
    text = signup_wording.dropped_out(*common_game_texts(delivery, game), acting_user_name(payload.user_id, game))
    return game_message(delivery, game, text, now)


def _seat_change_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """Return the message about the net change of their seat since they were last notified."""
    game = game_of_notification(delivery.notification)
    signup = current_signup(game, delivery.recipient_id)
    if game.state(now) is not State.SCHEDULED or signup is None:
        return Skip(GameSkipCode.NOT_IN_OR_STARTED)
    seated = signup.seated_at is not None
    if seated == SeatChangePayload.of(delivery.notification).was_seated:
        return Skip(GameSkipCode.SAME_SEAT)
    texts = common_game_texts(delivery, game)
    if seated:
        text, public_text = (
            signup_notification_wording.promoted(*texts, instructions) for instructions in (instructions_text(game), "")
        )
        return game_message(delivery, game, text, now, public_text=public_text)
    wording = signup_notification_wording.demoted
    if signup.on_standby:
        wording = signup_notification_wording.moved_to_wait_list
    elif game.settings.method is SeatMethod.PRIORITY:
        wording = signup_notification_wording.displaced
    return game_message(delivery, game, wording(*texts), now, public=True)


OPPOSITES = {NotificationKind.ADDED: NotificationKind.REMOVED, NotificationKind.REMOVED: NotificationKind.ADDED}


def _host_action_recipients(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Return whom a host added or removed, unless the opposite happened before they heard of either.

    Which of the two was scheduled first tells whether they were in the game when they last heard. If they are in it, or
    not, as they were then, they hear only of a seat that they lost or got meanwhile; else they hear once what holds
    now. What they saw themselves in between is not there any more: `drop_place_notifications`.
    """
    user_id, kind = row.recipient_id, NotificationKind(row.kind)
    opposites = Notification.objects.filter(game=row.game_id, kind=OPPOSITES[kind], recipient=user_id)
    unsent = Delivery.objects.unbegun().filter(notification__in=opposites)
    others = [*opposites.open(), *(one.notification for one in unsent.select_related("notification"))]
    if user_id is None or not others:
        return _recipient_of_place(row, now) if kind == NotificationKind.ADDED else only_recipient(row, now)
    game = game_of_notification(row)
    is_in = game.signups.current().of(user_id).exists()
    first = min([row, *others], key=lambda one: one.pk)
    was_in = first.kind == NotificationKind.REMOVED
    if not is_in and _acted_in(game, user_id):
        was_in = True
    due_kind = None if was_in == is_in else NotificationKind.ADDED if is_in else NotificationKind.REMOVED
    skip = Skip(GameSkipCode.FOLDED)
    if due_kind != OPPOSITES[kind]:
        drop_unsent(game.pk, skip, now, kinds=[OPPOSITES[kind]], recipient_id=user_id)
    if was_in and is_in:
        notify_seat_change(game, user_id, HostActionPayload.of(first).was_seated, now)
    if due_kind != kind:
        return skip
    return _recipient_of_place(row, now) if kind == NotificationKind.ADDED else [user_id]


def _acted_in(game: Game, user_id: int) -> bool:
    """Return whether a person left traces of their own in their last stay, so that they saw that they were in."""
    stay = game.signups.filter(user=user_id).order_by("pk").last()
    return stay is not None and (bool(stay.note) or stay.confirmed_at is not None or stay.guests.exists())


def _recipient_of_place(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Return whom a message tells their place as it is when it is sent, so that no other need tell it."""
    skip = Skip(GameSkipCode.SUPERSEDED)
    unschedule(row.game_id or 0, skip, now, kinds=[NotificationKind.SEAT_CHANGE], recipient_id=row.recipient_id)
    return only_recipient(row, now)


def _added_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    signup = current_signup(game, delivery.recipient_id)
    if game.state(now).over or signup is None:
        return Skip(GameSkipCode.NOT_IN_OR_OVER)
    by_id = HostActionPayload.of(delivery.notification).by_id
    texts, by = common_game_texts(delivery, game), acting_user_name(by_id, game)
    text, public_text = (
        signup_notification_wording.added(*texts, by, signup.seated_at is not None, instructions)
        for instructions in (instructions_text(game), "")
    )
    return game_message(delivery, game, text, now, public_text=public_text)


def _removed_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now).over or current_signup(game, delivery.recipient_id) is not None:
        return Skip(GameSkipCode.IN_AGAIN_OR_OVER)
    payload = HostActionPayload.of(delivery.notification)
    reason = escape_markdown(payload.reason)
    guests = escape_markdown(", ".join(guests_left_with(game, delivery.recipient_id)))
    text = signup_notification_wording.removed(
        *common_game_texts(delivery, game), acting_user_name(payload.by_id, game), reason, guests
    )
    return game_message(delivery, game, text, now)


def _confirmed_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if current_signup(game, delivery.recipient_id) is None:
        return Skip(GameSkipCode.LEFT)
    number, seated = place_of_user(game, delivery.recipient)
    place = wording.place_text(number, game.settings.seats, seated)
    text = signup_notification_wording.confirmed(*common_game_texts(delivery, game), place, instructions_text(game))
    return game_message(delivery, game, text, now)


def _lost_seat_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game, payload = game_of_notification(delivery.notification), LostSeatPayload.of(delivery.notification)
    user_ids = payload.user_ids or [int(delivery.notification.dedupe_key)]
    names = display_names(game.guild_id, user_ids)
    who = escape_markdown(wording.listed([names[user_id].text for user_id in user_ids]))
    guests = escape_markdown(", ".join(guests_left_with(game, user_ids[0])))
    text = signup_notification_wording.lost_seat(
        *common_game_texts(delivery, game), who, payload.left_server, payload.hidden, guests
    )
    return game_message(delivery, game, text, now)


def _lost_access_recipients(row: Notification, now: datetime) -> Iterable[int]:
    return LostAccessPayload.of(row).user_ids


def _lost_access_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """Return the last that they hear of a game that does not exist for them any more; never in its channel."""
    game = game_of_notification(delivery.notification)
    if game.state(now).over or current_signup(game, delivery.recipient_id) is not None:
        return Skip(GameSkipCode.IN_AGAIN_OR_OVER)
    if delivery.in_channel:
        return Skip(GameSkipCode.CHANNEL_HIDDEN)
    title, guild, starts_at, _ = common_game_texts(delivery, game)
    url = with_nonce(delivery, settings.PUBLIC_URL + reverse("guild", args=[game.guild_id]))
    text = signup_notification_wording.lost_access(title, guild, starts_at, url)
    return build_message(delivery, text, game.guild_id, 0, now)


def _lost_role_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if game.state(now) is not State.SCHEDULED or game.signups.current().of(delivery.recipient_id).exists():
        return Skip(GameSkipCode.IN_AGAIN_OR_OVER)
    guests = escape_markdown(", ".join(guests_left_with(game, delivery.recipient_id)))
    return game_message(
        delivery, game, signup_notification_wording.lost_role(*common_game_texts(delivery, game), guests), now
    )


register(NotificationType(NotificationKind.SIGNUPS_CLOSE, recipients=_update_closed_post))
register(NotificationType(NotificationKind.DROPPED_OUT, recipients=only_recipient, build_message=_dropped_out_message))
choices.register_handler(choices.PromptKind.SCHEDULE_CONFLICT, swaps.answer_conflict)


register(NotificationType(NotificationKind.SEAT_CHANGE, recipients=only_recipient, build_message=_seat_change_message))
register(NotificationType(NotificationKind.SIGNED_UP, recipients=_recipient_of_place, build_message=_confirmed_message))
register(NotificationType(NotificationKind.LOST_SEAT, recipients=only_recipient, build_message=_lost_seat_message))
register(NotificationType(NotificationKind.LOST_ROLE, recipients=only_recipient, build_message=_lost_role_message))
register(
    NotificationType(
        NotificationKind.LOST_ACCESS, recipients=_lost_access_recipients, build_message=_lost_access_message
    )
)
for _kind, _build in ((NotificationKind.ADDED, _added_message), (NotificationKind.REMOVED, _removed_message)):
    register(
        NotificationType(
            _kind, recipients=_host_action_recipients, build_message=_build, withheld=message_limits.withheld
        )
    )
