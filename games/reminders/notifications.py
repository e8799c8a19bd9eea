"""What kinds of notification games send, registered with `notifications` at start."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from games.core import wording
from games.core.notifications import about, about_game, game_of, marked, stale, to_recipient
from games.core.scheduling import REMINDERS
from games.models import Game
from games.models.settings import ReminderPlace
from games.reminders import news
from games.reminders import wording as reminder_wording
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, DeliveryMethod, Notification, Preference, DeliveryStatus
from notifications.policy import LATE_AFTER, NO_MESSAGES_WANTED
from notifications.types import Skip, NotificationType, guild_of_game, register

PINGS_MOST = 80  # people called by one message
MESSAGE_MAX = 2000  # characters, as Discord takes
MENTION = 24  # characters of one mention, at most


# --- reminders -------------------------------------------------------------------------------------------


def _reminded(row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = game_of(row)
    if (drop := stale(row, game, now)) is not None:
        return drop
    due = Notification.objects.open().filter(kind=row.kind, game=game, due_at__lte=now)
    if due.filter(offset__lt=row.offset).exists():
        return Skip("a later reminder of the game is due too")
    if game.effective.reminder_place == ReminderPlace.CHANNEL:
        # One message for all, in the host's name: it stands in the channel, whoever is seated when it is sent.
        row.facts |= {"place": ReminderPlace.CHANNEL.value}
        row.save(update_fields=["facts"])
        return [game.host_id]
    everyone = dict.fromkeys([game.host_id, *_seated(game)])
    # Those whose own reminder is nearer to the start, and due too, hear of that alone.
    own = Notification.objects.open().filter(kind="own_reminder", game=game, due_at__lte=now, offset__lt=row.offset)
    nearer = _wanting(game, own.values("offset")) | _reminded_already(row, game, row.offset or 0)
    return [user_id for user_id in everyone if user_id not in nearer]


def _own_reminded(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Whoever of the host and the seated chose to be reminded so long before, and is not reminded by another now."""
    game = game_of(row)
    if (drop := stale(row, game, now)) is not None:
        return drop
    others = Notification.objects.filter(kind="reminder", game=game, offset__lte=row.offset, due_at__lte=now)
    in_channel = others.filter(dropped="", facts__place=ReminderPlace.CHANNEL, facts__starts_at=row.facts["starts_at"])
    if others.open().exists() or in_channel.exists():
        return Skip("the game's own reminder is due too")
    wanting = _wanting(game, [row.offset]) - _reminded_already(row, game, (row.offset or 0) + 1)
    return [user_id for user_id in dict.fromkeys([game.host_id, *_seated(game)]) if user_id in wanting]


def _wanting(game: Game, minutes: Any) -> set[int]:
    """Who chose an own reminder of such a length in the game's guild."""
    found = Preference.objects.filter(guild=game.guild_id, reminder__in=minutes)
    return set(found.values_list("user_id", flat=True))


def _reminded_already(row: Notification, game: Game, offset: int) -> set[int]:
    """Who has or gets a reminder of the same start that is less than so many minutes before it."""
    letters = Delivery.objects.filter(
        notification__game=game,
        notification__kind__in=REMINDERS,
        notification__offset__lt=offset,
        notification__facts__starts_at=row.facts["starts_at"],
    )
    unsaid = (DeliveryStatus.DROPPED, DeliveryStatus.FAILED)
    return set(letters.exclude(status__in=unsaid).values_list("recipient_id", flat=True))


def _guild_of_reminder(row: Notification) -> int | None:
    """One message for all is not for its recipient to choose."""
    return None if row.facts.get("place") == ReminderPlace.CHANNEL else guild_of_game(row)


def _seated(game: Game) -> list[int]:
    seated = game.signups.current().filter(seated_at__isnull=False, user__isnull=False)
    return [user_id for user_id in seated.values_list("user_id", flat=True) if user_id]


def _reminder(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if (drop := stale(delivery.notification, game, now)) is not None:
        return drop
    if now - delivery.notification.due_at > LATE_AFTER and _later_reminder(delivery).exists():
        return Skip("a later reminder of the game goes instead")
    if delivery.notification.facts.get("place") == ReminderPlace.CHANNEL:
        return _reminder_in_channel(delivery, game, now)
    hosting = game.host_id == delivery.recipient_id
    if not hosting and not _is_seated(game, delivery.recipient_id):
        return Skip("they left")
    return about_game(delivery, game, reminder_wording.reminder(*about(delivery, game), hosting), now)


def _later_reminder(delivery: Delivery) -> QuerySet[Delivery]:
    """What waits to be sent to the same person of a reminder nearer to the start."""
    row = delivery.notification
    return Delivery.objects.filter(
        recipient=delivery.recipient_id,
        status=DeliveryStatus.PENDING,
        notification__game=row.game_id,
        notification__kind__in=REMINDERS,
        notification__offset__lt=row.offset,
    )


def _reminder_in_channel(delivery: Delivery, game: Game, now: datetime) -> OutgoingMessage | Skip:
    """One message that calls everyone seated who wants to be told, as many as one message may ping.

    Whose quiet hours it is stands in the text, and is not pinged.
    """
    everyone = dict.fromkeys([game.host_id, *_seated(game)])
    found = Preference.objects.select_related("user").filter(guild=game.guild_id, user__in=everyone)
    chosen = {one.user_id: one for one in found}
    text = reminder_wording.everyone_reminded(wording.plain(game.title), game.starts_at, marked(delivery, game.url))
    letter = about_game(delivery, game, text, now)
    most = min(PINGS_MOST, (MESSAGE_MAX - len(letter.text)) // MENTION)
    called = [pk for pk in everyone if pk not in chosen or chosen[pk].how != DeliveryMethod.NONE][:most]
    if not called:
        return Skip(NO_MESSAGES_WANTED)
    calls = " ".join(f"<@{user_id}>" for user_id in called)
    awake = tuple(pk for pk in called if pk not in chosen or not chosen[pk].is_quiet(now))
    return replace(
        letter, user_id=None, channel_id=game.announcement.place_id, text=f"{calls} {letter.text}", ping_users=awake
    )


# --- start and end ---------------------------------------------------------------------------------------


# --- seats -----------------------------------------------------------------------------------------------


def _is_seated(game: Game, user_id: int) -> bool:
    return game.signups.current().filter(user_id=user_id, seated_at__isnull=False).exists()


# --- cancellation ----------------------------------------------------------------------------------------


# --- what its hosts write --------------------------------------------------------------------------------


register(NotificationType("reminder", recipients=_reminded, build_message=_reminder, guild=_guild_of_reminder))
register(NotificationType("own_reminder", recipients=_own_reminded, build_message=_reminder))
register(NotificationType("new_game", recipients=news.recipients_of_new_game, build_message=news.build_new_game))
register(NotificationType("digest", recipients=news.recipients_of_digest, build_message=news.build_digest))
register(NotificationType("test_reminder", recipients=to_recipient, build_message=news.build_test, guild=news.guild_of_test))
