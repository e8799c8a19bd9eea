"""Notifications that users asked for themselves: new games that they follow, and the test reminder."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notifications import (
    build_message,
    common_game_texts,
    game_message,
    game_of_notification,
    preferences_url,
    skip_unless_scheduled,
    with_nonce,
)
from games.core.payloads import DigestPayload, GuildPayload
from games.core.wording import free_seats_text
from games.models import Game
from games.reminders import wording as reminder_wording
from games.reminders.followers import DIGEST_LOOKBACK, digest_games, followers_to_notify, has_open_seats, joinable_games
from games.reminders.rules import next_digest
from games.signups.rules import signup_closed_reason
from guilds.display_names import display_names
from guilds.models import Channel, Guild, User
from guilds.permissions import hidden_channel_ids
from notifications.codes import SkipCode
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification, Preference
from notifications.queue import schedule_for_each
from notifications.types import Skip

# --- new games -------------------------------------------------------------------------------------------


def recipients_of_new_game(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Return the followers to notify at once; schedule the next digest of the others."""
    game = game_of_notification(row)
    if (skip := _skip_new_game(game, now)) is not None:
        return skip
    due_followers = followers_to_notify(game, now)
    # Computed from when this row was due: if it is late, its digest is late too, but not by a day.
    schedule_for_each(
        NotificationKind.DIGEST, {user.pk: next_digest(row.due_at, user.tzinfo) for user in due_followers.daily}
    )
    return due_followers.at_once


def _skip_new_game(game: Game, now: datetime) -> Skip | None:
    if (drop := skip_unless_scheduled(game, now)) is not None:
        return drop
    if signup_closed_reason(game, now, None):
        return Skip(GameSkipCode.NO_SIGNUPS)
    return None if has_open_seats(game) else Skip(GameSkipCode.FULL)


def build_new_game(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_new_game(game, now)) is not None:
        return skip
    if game.signups.current().of(delivery.recipient_id).exists():
        return Skip(GameSkipCode.IN_ALREADY)
    host = escape_markdown(display_names(game.guild_id, [game.host_id])[game.host_id].text)
    return game_message(
        delivery,
        game,
        reminder_wording.new_game(*common_game_texts(delivery, game), host, _seats_text(game)),
        now,
        public=True,
    )


def _seats_text(game: Game) -> str:
    signups = list(game.signups.current().values_list("seated_at", flat=True))
    seated = len([at for at in signups if at])
    host_picks = game.settings.method.by_host
    return free_seats_text(seated, game.settings.seats, len(signups) - seated, host_picks=host_picks)


# --- the digest ------------------------------------------------------------------------------------------


def recipients_of_digest(row: Notification, now: datetime) -> Iterable[int] | Skip:
    if row.recipient is None:
        return Skip(SkipCode.NO_RECIPIENT)
    games = digest_games(row.recipient, row.due_at - DIGEST_LOOKBACK, now)
    if not games:
        return Skip(GameSkipCode.NOTHING_NEW)
    # Stored, so that no later digest names these games again.
    row.payload = DigestPayload([game.pk for game in games]).to_json()
    row.save(update_fields=["payload"])
    return [row.recipient.pk]


def build_digest(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """Return one message about games of several guilds; each guild's preferences count for its games."""
    chosen_games: QuerySet[Game] = Game.objects.filter(pk__in=DigestPayload.of(delivery.notification).game_ids)
    games = joinable_games(delivery.recipient, chosen_games, now)
    if not games:
        return Skip(GameSkipCode.NO_OPEN_GAMES)
    if delivery.in_channel:
        # Their direct messages are closed, and a message in a channel is about that server alone.
        games = [game for game in games if game.guild_id == games[0].guild_id]
    rows = [(g.title, g.guild.name, g.starts_at, with_nonce(delivery, g.url), _seats_text(g)) for g in games]
    guild = games[0].guild
    guild_url = settings.PUBLIC_URL + reverse("guild", args=[guild.pk])
    message = build_message(
        delivery,
        reminder_wording.digest(rows),
        None,
        games[0].announcement.message_channel_id,
        now,
        # Not every game need be for the eyes of everyone in that channel.
        channel_text=reminder_wording.digest_waits(escape_markdown(guild.name), with_nonce(delivery, guild_url)),
    )
    guilds = {game.guild_id for game in games}
    preferences = Preference.objects.select_related("user").filter(user=delivery.recipient_id, guild__in=guilds)
    quiet = {preference.guild_id for preference in preferences if preference.is_quiet(now)}
    return replace(message, silent=quiet == guilds)


# --- a test ----------------------------------------------------------------------------------------------


def test_reminder_guild_id(row: Notification) -> int:
    return GuildPayload.of(row).guild_id


def _test_reminder_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    guild = Guild.objects.present().filter(pk=test_reminder_guild_id(delivery.notification)).first()
    if guild is None:
        return Skip(GameSkipCode.BOT_REMOVED)
    channel = _channel_for_mentions(guild, delivery.recipient) if delivery.in_channel else None
    if delivery.in_channel and channel is None:
        return Skip(GameSkipCode.NO_CHANNEL, reminder_wording.NO_CHANNEL)
    text = reminder_wording.test_reminder(escape_markdown(guild.name), with_nonce(delivery, preferences_url(guild.pk)))
    return build_message(delivery, text, guild.pk, channel.pk if channel is not None else 0, now)


def _channel_for_mentions(guild: Guild, recipient: User) -> Channel | None:
    """Return the channel of the latest game that the recipient may view, or the first in which the bot can post."""
    usable = Channel.objects.for_announcements().filter(guild=guild).exclude(defaults__for_games=False)
    usable = usable.exclude(pk__in=hidden_channel_ids(recipient, usable))
    games = Game.objects.announced().filter(guild=guild, channel__in=usable)
    latest = games.order_by("-created_at").select_related("channel").first()
    return latest.channel if latest is not None else next((one for one in usable if not one.missing_requirements), None)


def own_test_reminders(user_id: int, guild_id: int) -> QuerySet[Notification]:
    """Return the test reminders that the user requested in a guild, the last first."""
    rows: QuerySet[Notification] = Notification.objects.filter(
        kind=NotificationKind.TEST_REMINDER, recipient=user_id, payload__contains=GuildPayload(guild_id).to_json()
    )
    return rows.order_by("-pk")


def last_test_reminder(user_id: int, guild_id: int) -> Notification | None:
    """Return the last test reminder that the user requested in a guild."""
    return own_test_reminders(user_id, guild_id).first()
