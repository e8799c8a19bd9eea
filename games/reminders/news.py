"""What people asked for themselves: news of games they follow, and a test reminder."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet

from games.core.notifications import (
    about,
    about_game,
    choices_address,
    game_of,
    letter,
    marked,
    not_to_come,
)
from games.core.wording import plain, seats_text
from games.models import Game
from games.reminders import wording as reminder_wording
from games.reminders.followers import DIGEST_BACK, followers, has_open_seats, news_for, open_to
from games.reminders.rules import next_digest
from games.signups.rules import why_closed
from guilds.display_names import display_names
from guilds.models import Channel, Guild
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification, Preference
from notifications.queue import schedule_for_each
from notifications.types import Skip

# --- new games -------------------------------------------------------------------------------------------


def recipients_of_new_game(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Tell those who hear at once; for the others, have their next digest come."""
    game = game_of(row)
    if (drop := _no_news(game, now)) is not None:
        return drop
    found = followers(game, now)
    # By when this was due: where it comes late, so does the digest that was to say it, and not a day later.
    schedule_for_each("digest", {user.pk: next_digest(row.due_at, user.tzinfo) for user in found.daily})
    return found.at_once


def _no_news(game: Game, now: datetime) -> Skip | None:
    if (drop := not_to_come(game, now)) is not None:
        return drop
    if why_closed(game, now, None):
        return Skip("nobody can sign up")
    return None if has_open_seats(game) else Skip("the game is full")


def build_new_game(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of(delivery.notification)
    if (drop := _no_news(game, now)) is not None:
        return drop
    if game.signups.current().filter(user_id=delivery.recipient_id).exists():
        return Skip("they are in")
    host = plain(display_names(game.guild_id, [game.host_id])[game.host_id].text)
    return about_game(delivery, game, reminder_wording.new_game(*about(delivery, game), host, _seats(game)), now)


def _seats(game: Game) -> str:
    signups = list(game.signups.current().values_list("seated_at", flat=True))
    seated = len([at for at in signups if at])
    return seats_text(seated, game.effective.seats, len(signups) - seated)


# --- the digest ------------------------------------------------------------------------------------------


def recipients_of_digest(row: Notification, now: datetime) -> Iterable[int] | Skip:
    if row.recipient is None:
        return Skip("nobody to tell")
    games = news_for(row.recipient, row.due_at - DIGEST_BACK, now)
    if not games:
        return Skip("there is nothing new for them")
    # What was told, so that it is not told again.
    row.facts = {"games": [game.pk for game in games]}
    row.save(update_fields=["facts"])
    return [row.recipient.pk]


def build_digest(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """One letter about games of several guilds, so what was chosen in each counts for its games."""
    told: QuerySet[Game] = Game.objects.filter(pk__in=delivery.notification.facts["games"])
    games = open_to(delivery.recipient, told, now)
    if not games:
        return Skip("none of the games is open to them any more")
    if delivery.in_channel:
        # Their direct messages are closed; what is said in a channel is about that server alone.
        games = [game for game in games if game.guild_id == games[0].guild_id]
    lines = [(g.title, g.guild.name, g.starts_at, marked(delivery, g.url), _seats(g)) for g in games]
    made = letter(delivery, reminder_wording.digest(lines), None, games[0].announcement.place_id, now)
    guilds = {game.guild_id for game in games}
    chosen = Preference.objects.select_related("user").filter(user=delivery.recipient_id, guild__in=guilds)
    quiet = {one.guild_id for one in chosen if one.is_quiet(now)}
    return replace(made, silent=quiet == guilds)


# --- a test ----------------------------------------------------------------------------------------------


def guild_of_test(row: Notification) -> int:
    return int(row.facts["guild"])


def build_test(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    guild = Guild.objects.present().filter(pk=guild_of_test(delivery.notification)).first()
    if guild is None:
        return Skip("the bot was removed from the server")
    channel = _channel_for_mentions(guild) if delivery.in_channel else None
    if delivery.in_channel and channel is None:
        return Skip(reminder_wording.NO_CHANNEL)
    text = reminder_wording.test_reminder(plain(guild.name), marked(delivery, choices_address(guild.pk)))
    return letter(delivery, text, guild.pk, channel.pk if channel is not None else 0, now)


def _channel_for_mentions(guild: Guild) -> Channel | None:
    """Where the next game of the guild would call people, or the first channel that one could."""
    usable = Channel.objects.for_announcements().filter(guild=guild).exclude(defaults__for_games=False)
    games = Game.objects.announced().filter(guild=guild, channel__in=usable)
    latest = games.order_by("-created_at").select_related("channel").first()
    return latest.channel if latest is not None else next((one for one in usable if not one.missing), None)


def last_test(user_id: int, guild_id: int) -> Notification | None:
    """The test reminder that a person asked for last in a guild."""
    rows = Notification.objects.filter(kind="test_reminder", recipient=user_id, facts__guild=str(guild_id))
    return rows.order_by("-pk").first()
