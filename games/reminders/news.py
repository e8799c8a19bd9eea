"""What people asked for themselves: news of games they follow, and a test reminder."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet

from games.core.kinds import GameSkipCode, NotificationKind
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
from games.core.wording import escape_markdown, seats_text
from games.models import Game
from games.reminders import wording as reminder_wording
from games.reminders.followers import DIGEST_LOOKBACK, digest_games, followers_to_notify, has_open_seats, joinable_games
from games.reminders.rules import next_digest
from games.signups.rules import signup_block_reason
from guilds.display_names import display_names
from guilds.models import Channel, Guild
from notifications.codes import SkipCode
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification, Preference
from notifications.queue import schedule_for_each
from notifications.types import Skip

# --- new games -------------------------------------------------------------------------------------------


def recipients_of_new_game(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Tell those who hear at once; for the others, have their next digest come."""
    game = game_of_notification(row)
    if (skip := _skip_new_game(game, now)) is not None:
        return skip
    due_followers = followers_to_notify(game, now)
    # By when this was due: where it comes late, so does the digest that was to say it, and not a day later.
    schedule_for_each(
        NotificationKind.DIGEST, {user.pk: next_digest(row.due_at, user.tzinfo) for user in due_followers.daily}
    )
    return due_followers.at_once


def _skip_new_game(game: Game, now: datetime) -> Skip | None:
    if (drop := skip_unless_scheduled(game, now)) is not None:
        return drop
    if signup_block_reason(game, now, None):
        return Skip(GameSkipCode.NO_SIGNUPS)
    return None if has_open_seats(game) else Skip(GameSkipCode.FULL)


def build_new_game(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    if (skip := _skip_new_game(game, now)) is not None:
        return skip
    if game.signups.current().filter(user_id=delivery.recipient_id).exists():
        return Skip(GameSkipCode.IN_ALREADY)
    host = escape_markdown(display_names(game.guild_id, [game.host_id])[game.host_id].text)
    return game_message(
        delivery, game, reminder_wording.new_game(*common_game_texts(delivery, game), host, _seats_text(game)), now
    )


def _seats_text(game: Game) -> str:
    signups = list(game.signups.current().values_list("seated_at", flat=True))
    seated = len([at for at in signups if at])
    return seats_text(seated, game.settings.seats, len(signups) - seated)


# --- the digest ------------------------------------------------------------------------------------------


def recipients_of_digest(row: Notification, now: datetime) -> Iterable[int] | Skip:
    if row.recipient is None:
        return Skip(SkipCode.NO_RECIPIENT)
    games = digest_games(row.recipient, row.due_at - DIGEST_LOOKBACK, now)
    if not games:
        return Skip(GameSkipCode.NOTHING_NEW)
    # What was told, so that it is not told again.
    row.payload = DigestPayload([game.pk for game in games]).to_json()
    row.save(update_fields=["payload"])
    return [row.recipient.pk]


def build_digest(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """One letter about games of several guilds, so what was chosen in each counts for its games."""
    chosen_games: QuerySet[Game] = Game.objects.filter(pk__in=DigestPayload.of(delivery.notification).game_ids)
    games = joinable_games(delivery.recipient, chosen_games, now)
    if not games:
        return Skip(GameSkipCode.NO_OPEN_GAMES)
    if delivery.in_channel:
        # Their direct messages are closed; what is said in a channel is about that server alone.
        games = [game for game in games if game.guild_id == games[0].guild_id]
    rows = [(g.title, g.guild.name, g.starts_at, with_nonce(delivery, g.url), _seats_text(g)) for g in games]
    message = build_message(
        delivery, reminder_wording.digest(rows), None, games[0].announcement.message_channel_id, now
    )
    guilds = {game.guild_id for game in games}
    preferences = Preference.objects.select_related("user").filter(user=delivery.recipient_id, guild__in=guilds)
    quiet = {one.guild_id for one in preferences if one.is_quiet(now)}
    return replace(message, silent=quiet == guilds)


# --- a test ----------------------------------------------------------------------------------------------


def test_reminder_guild_id(row: Notification) -> int:
    return GuildPayload.of(row).guild_id


def _test_reminder_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    guild = Guild.objects.present().filter(pk=test_reminder_guild_id(delivery.notification)).first()
    if guild is None:
        return Skip(GameSkipCode.BOT_REMOVED)
    channel = _channel_for_mentions(guild) if delivery.in_channel else None
    if delivery.in_channel and channel is None:
        return Skip(GameSkipCode.NO_CHANNEL, reminder_wording.NO_CHANNEL)
    text = reminder_wording.test_reminder(escape_markdown(guild.name), with_nonce(delivery, preferences_url(guild.pk)))
    return build_message(delivery, text, guild.pk, channel.pk if channel is not None else 0, now)


def _channel_for_mentions(guild: Guild) -> Channel | None:
    """Where the next game of the guild would call people, or the first channel that one could."""
    usable = Channel.objects.for_announcements().filter(guild=guild).exclude(defaults__for_games=False)
    games = Game.objects.announced().filter(guild=guild, channel__in=usable)
    latest = games.order_by("-created_at").select_related("channel").first()
    return latest.channel if latest is not None else next((one for one in usable if not one.missing_requirements), None)


def last_test_reminder(user_id: int, guild_id: int) -> Notification | None:
    """The test reminder that a person asked for last in a guild."""
    rows = Notification.objects.filter(
        kind=NotificationKind.TEST_REMINDER, recipient=user_id, payload__contains=GuildPayload(guild_id).to_json()
    )
    return rows.order_by("-pk").first()
