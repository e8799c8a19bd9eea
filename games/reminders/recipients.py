"""Whom reminders remind, found for those of many games together: a few statements, however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from django.db.models import IntegerField
from django.db.models.functions import Cast

from games.core.codes import REMINDER_KINDS, GameSkipCode, NotificationKind
from games.core.frequent_queries import games_with_posts
from games.core.notifications import skip_if_moved
from games.core.payloads import StartPayload
from games.core.settings import ReminderPlace
from games.models import Game, Signup
from gamesched.lib.compiled_query import CompiledSets
from notifications.models import Delivery, DeliveryStatus, Notification, Preference
from notifications.types import Skip

UNDELIVERED = (DeliveryStatus.DROPPED, DeliveryStatus.FAILED)
BY_MENTIONS = (ReminderPlace.CHANNEL, ReminderPlace.THREAD)  # where one message reminds everyone

# Cast, as Django would take the marker of a query that is compiled once for a value beyond the column's.
REMINDERS = CompiledSets(
    lambda game_ids, below: Notification.objects.filter(
        game__in=game_ids, kind__in=REMINDER_KINDS, minutes__lt=Cast(below, IntegerField())
    ).order_by("pk")
)
SEATED = CompiledSets(
    lambda game_ids: (
        Signup.objects.filter(game__in=game_ids).current().seated().people().values_list("game_id", "user_id")
    )
)


class Reminders:
    """Due reminders of some games, with what decides whom they remind, each read once for all.

    `shorter` finds reminders up to the longest of these, or less; with `same_length`, as long ones too.
    """

    def __init__(self, rows: Sequence[Notification], now: datetime, *, same_length: bool = False) -> None:
        self.rows, self.now = rows, now
        # Not all of the game: one that is moved again and again has ever more that are closed.
        self._below = max(row.minutes or 0 for row in rows) + same_length
        self.games = games_with_posts(row.game_id for row in rows if row.game_id is not None)

    def game_of(self, row: Notification) -> Game:
        """Return the game of one of the rows. Raises KeyError where it has none."""
        return self.games[row.game_id or 0]

    def shorter(self, row: Notification, minutes: int) -> list[Notification]:
        """Return the game's reminders, closed or not, that come fewer than `minutes` before the start."""
        return [one for one in self._of_games[row.game_id or 0] if (one.minutes or 0) < minutes]

    def everyone(self, row: Notification) -> list[int]:
        """Return the ids of the host and of the players with a seat."""
        game = self.game_of(row)
        return list(dict.fromkeys([game.host_id, *self._seated[game.pk]]))

    def wanting(self, row: Notification, minutes: Iterable[int | None]) -> set[int]:
        """Return who of `everyone` chose one of these lengths for their own reminder in the game's guild."""
        guild_id = self.game_of(row).guild_id
        return {user_id for length in minutes for user_id in self._own_lengths[guild_id, length]}

    def reminded_nearer(self, row: Notification, minutes: int) -> set[int]:
        """Return the users with a reminder of this start due fewer than `minutes` before it."""
        same_start = StartPayload(StartPayload.of(row).starts_at)
        found = [one for one in self.shorter(row, minutes) if contains(one, same_start)]
        return {user_id for one in found for user_id in self._delivered[one.pk]}

    @cached_property
    def _of_games(self) -> dict[int, list[Notification]]:
        by_game: dict[int, list[Notification]] = defaultdict(list)
        for row in REMINDERS.all(self.games, values=[self._below]):
            by_game[row.game_id or 0].append(row)
        return by_game

    @cached_property
    def _seated(self) -> dict[int, list[int]]:
        by_game: dict[int, list[int]] = defaultdict(list)
        for game_id, user_id in SEATED.all(self.games):
            if user_id is not None:
                by_game[game_id].append(user_id)
        return by_game

    @cached_property
    def _own_lengths(self) -> dict[tuple[int, int | None], set[int]]:
        chosen: dict[tuple[int, int | None], set[int]] = defaultdict(set)
        guild_ids = {game.guild_id for game in self.games.values()}
        user_ids = {user_id for row in self.rows for user_id in self.everyone(row)}
        preferences = Preference.objects.filter(guild__in=guild_ids, user__in=user_ids, reminder_minutes__isnull=False)
        for guild_id, minutes, user_id in preferences.values_list("guild_id", "reminder_minutes", "user_id"):
            chosen[guild_id, minutes].add(user_id)
        return chosen

    @cached_property
    def _delivered(self) -> dict[int, set[int]]:
        by_row: dict[int, set[int]] = defaultdict(set)
        rows = [row.pk for game_id in self.games for row in self._of_games[game_id]]
        deliveries = Delivery.objects.filter(notification__in=rows).exclude(status__in=UNDELIVERED)
        for pk, user_id in deliveries.values_list("notification_id", "recipient_id"):
            by_row[pk].add(user_id)
        return by_row

    def is_open_and_due(self, row: Notification) -> bool:
        """Return whether a reminder is still to be expanded."""
        return row.closed_at is None and row.due_at <= self.now


def contains(row: Notification, payload: StartPayload) -> bool:
    """Return whether a row's payload has these values, as PostgreSQL's @> would find."""
    values: dict[str, object] = row.payload
    return payload.to_json().items() <= values.items()


def reminder_recipients(rows: Sequence[Notification], now: datetime) -> Mapping[int, Iterable[int] | Skip]:
    """Return, by row, whom a game's reminders remind: the host and the seated, each by the nearest that is due."""
    reminders = Reminders(rows, now)
    return {row.pk: _of_reminder(reminders, row, now) for row in rows}


def _of_reminder(reminders: Reminders, row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = reminders.game_of(row)
    if (skip := skip_if_moved(row, game, now)) is not None:
        return skip
    minutes = row.minutes or 0
    due = [one for one in reminders.shorter(row, minutes) if reminders.is_open_and_due(one)]
    if any(one.kind == row.kind for one in due):
        return Skip(GameSkipCode.LATER_REMINDER_DUE)
    everyone = reminders.everyone(row)
    if game.settings.reminder_place in BY_MENTIONS:
        # Stored, so that it stays there whatever is chosen until it is sent.
        row.payload = replace(StartPayload.of(row), place=game.settings.reminder_place.value).to_json()
        row.save(update_fields=["payload"])
        return everyone
    # Players whose own reminder is nearer to the start, and due too, get only that one.
    own = [one.minutes for one in due if one.kind == NotificationKind.OWN_REMINDER]
    nearer = reminders.wanting(row, own) if own else set()
    nearer |= reminders.reminded_nearer(row, minutes)
    return [user_id for user_id in everyone if user_id not in nearer]


def own_reminder_recipients(rows: Sequence[Notification], now: datetime) -> Mapping[int, Iterable[int] | Skip]:
    """Return, by row, the host and seated players who chose this length and get no other reminder now."""
    reminders = Reminders(rows, now, same_length=True)
    return {row.pk: _of_own_reminder(reminders, row, now) for row in rows}


def _of_own_reminder(reminders: Reminders, row: Notification, now: datetime) -> Iterable[int] | Skip:
    game = reminders.game_of(row)
    if (skip := skip_if_moved(row, game, now)) is not None:
        return skip
    start, minutes = StartPayload.of(row), row.minutes or 0
    for other in reminders.shorter(row, minutes + 1):
        if other.kind == NotificationKind.REMINDER and other.due_at <= now:
            for_everyone = any(contains(other, replace(start, place=place.value)) for place in BY_MENTIONS)
            if other.closed_at is None or (other.skip_code == "" and for_everyone):
                return Skip(GameSkipCode.GAME_REMINDER_DUE)
    wanting = reminders.wanting(row, [row.minutes]) - reminders.reminded_nearer(row, minutes + 1)
    return [user_id for user_id in reminders.everyone(row) if user_id in wanting]
