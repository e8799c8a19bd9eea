"""Finds the games whose rows are not what follows from them: one statement for all games to come, however many.

It only finds. Whoever mends a game locks it and applies the rule itself, `schedule_game_times` or `assign_seats`.
`games/core/tests/test_drift.py` holds these statements against the rules.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Min, QuerySet

from games.core.codes import NotificationKind
from games.core.minimum import NUDGE_BEFORE
from games.core.settings import GAME_SETTINGS, SeatMethod
from games.models import Game, GameQuerySet
from games.models.layers import setting_expression

_SETTINGS_OF_TIMES = (
    "reminders",
    "signups_close",
    "minimum",
    "minimum_by",
    "ask_rewards",
    "archive_channel_id",
    "archive_after",
)
_BY_HOST = [method.value for method in SeatMethod if method.by_host]

# Rows that are due are left out, for notifyd may be at them. EXCEPT takes two nulls as equal. A length that nobody
# chose any more keeps its row, so of `own_reminder` only those that are missing count.
# Each time in a SELECT of its own, so that one which is not wanted is not reckoned.
_OTHER_TIMES = """
WITH game AS MATERIALIZED ({games}), scheduled (id, kind, minutes, due_at) AS (
    SELECT game.id, times.* FROM game, LATERAL (
        SELECT 'announce', NULL::integer, announce_at WHERE announced_at IS NULL
        UNION ALL SELECT 'reminder', length, starts_at - length * interval '1 minute'
            FROM unnest(reminders) length WHERE announced_at IS NOT NULL
        UNION ALL SELECT 'signups_close', NULL, starts_at - signups_close * interval '1 minute'
            WHERE signups_close > 0 AND announced_at IS NOT NULL
        UNION ALL SELECT 'short', NULL, starts_at - minimum_by * interval '1 minute'
            WHERE minimum > 0 AND minimum_by > 0 AND announced_at IS NOT NULL
        UNION ALL SELECT 'nudge', NULL, starts_at - minimum_by * interval '1 minute' - %s
            WHERE minimum > 0 AND minimum_by > 0 AND announced_at IS NOT NULL
        UNION ALL SELECT 'start', NULL, starts_at WHERE announced_at IS NOT NULL
        UNION ALL SELECT 'end', NULL, ends_at WHERE announced_at IS NOT NULL
        UNION ALL SELECT 'rewards', NULL, ends_at WHERE ask_rewards AND rewards = '' AND announced_at IS NOT NULL
        UNION ALL SELECT 'archive', NULL, ends_at + archive_after * interval '1 minute'
            WHERE archive_channel_id <> 0 AND archived_at IS NULL AND announced_at IS NOT NULL
    ) times (kind, minutes, due_at) WHERE due_at > %s
), own_reminder (id, kind, minutes, due_at) AS (
    SELECT game.id, 'own_reminder', own.reminder_minutes, starts_at - own.reminder_minutes * interval '1 minute'
    FROM game JOIN (
        SELECT id AS game_id, host_id AS user_id FROM game
        UNION SELECT game_id, user_id FROM games_signup WHERE left_at IS NULL AND seated_at IS NOT NULL
    ) person ON person.game_id = game.id
    JOIN notifications_preference own ON own.user_id = person.user_id AND own.guild_id = game.guild_id
    WHERE own.reminder_minutes > 0 AND announced_at IS NOT NULL
        AND starts_at - own.reminder_minutes * interval '1 minute' > %s
), present AS MATERIALIZED (
    SELECT n.game_id AS id, n.kind, n.minutes, n.due_at FROM notifications_notification n
    WHERE n.closed_at IS NULL AND n.due_at > %s AND n.kind = ANY(%s) AND n.game_id IN (SELECT id FROM game)
)
SELECT id FROM (
    (TABLE scheduled UNION ALL TABLE own_reminder EXCEPT TABLE present)
    UNION ALL (SELECT * FROM present WHERE kind <> 'own_reminder' EXCEPT TABLE scheduled)
) differing GROUP BY id ORDER BY id
"""
_KINDS = [
    NotificationKind.AUTO_ANNOUNCE,
    NotificationKind.REMINDER,
    NotificationKind.OWN_REMINDER,
    NotificationKind.SIGNUPS_CLOSE,
    NotificationKind.TOO_FEW_PLAYERS,
    NotificationKind.NUDGE,
    NotificationKind.START,
    NotificationKind.END,
    NotificationKind.REWARDS,
    NotificationKind.ARCHIVE,
]

# What the rule can only move where one of these holds, by games/core/seat_rules.py; whether it does, it says itself.
_OTHER_SEATS = """
WITH game AS MATERIALIZED ({games}), person AS (
    SELECT s.game_id, s.rank, s.seated_at IS NOT NULL AS seated,
        s.seated_at IS NULL AND NOT s.on_standby AS waiting, s.offered_at IS NOT NULL AS offered
    FROM games_signup s WHERE s.left_at IS NULL AND s.game_id IN (SELECT id FROM game)
), crowd AS (
    SELECT game_id, count(*) FILTER (WHERE seated) AS seated, count(*) FILTER (WHERE waiting) AS waiting,
        max(rank) FILTER (WHERE seated) AS last_rank, min(rank) FILTER (WHERE waiting) AS first_rank,
        bool_or(offered) AS offered
    FROM person GROUP BY game_id
)
SELECT game.id FROM game LEFT JOIN crowd ON crowd.game_id = game.id
WHERE ends_at <> starts_at + duration * interval '1 minute'
    OR (seats > 0 AND crowd.seated > seats)
    OR (crowd.waiting > 0 AND NOT method = ANY(%s) AND (seats = 0 OR crowd.seated < seats))
    OR (method = 'priority' AND crowd.first_rank < crowd.last_rank)
    OR crowd.offered
"""


def games_with_other_settings(games: GameQuerySet) -> list[int]:
    """Return the ids of those of these games whose stored settings are not what their layers say, in order.

    Most games of a channel have the same settings: those that are alike are resolved once. Takes one
    statement where none differs.
    """
    games = games.order_by()
    alike = games.filter(settings_frozen_at=None).values(
        "guild", "channel", "template", *GAME_SETTINGS, "resolved_settings"
    )
    one_of_each = alike.annotate(one=Min("pk")).values("one")
    guild_ids = set(Game.objects.filter(pk__in=one_of_each).with_other_settings().values_list("guild_id", flat=True))
    if not guild_ids:
        return []
    others = games.with_other_settings().filter(guild__in=guild_ids)
    return list(others.order_by("pk").values_list("pk", flat=True))


def games_with_other_times(games: "QuerySet[Game]", now: datetime) -> list[int]:
    """Return the ids of those of these games whose open notifications are not those of their times. One statement.

    The games are announced and not over, or hidden with a time for their announcement.
    """
    names = ("id", "guild_id", "host_id", "starts_at", "ends_at", "announce_at", "announced_at", "archived_at")
    kinds = [str(kind) for kind in _KINDS]
    return _find(_OTHER_TIMES, games, (*names, "rewards"), _SETTINGS_OF_TIMES, [NUDGE_BEFORE, now, now, now, kinds])


def games_with_other_seats(games: "QuerySet[Game]") -> list[int]:
    """Return the ids of those of these games whose end or seats may not be those of their settings. One statement.

    The games have not started.
    """
    return _find(_OTHER_SEATS, games, ("id", "starts_at", "ends_at"), ("duration", "seats", "method"), [_BY_HOST])


def _find(
    sql: str, games: "QuerySet[Game]", columns: Collection[str], settings: Collection[str], params: list[Any]
) -> list[int]:
    # Other names, as annotations may not have those of fields.
    resolved = {f"resolved_{name}": setting_expression(name) for name in settings}
    rows = games.order_by().annotate(**resolved).values_list(*columns, *resolved)
    inner, inner_params = rows.query.sql_with_params()
    named = f"SELECT * FROM ({inner}) AS found ({', '.join((*columns, *settings))})"  # noqa: S608 (names of fields)
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("{games}", named), [*inner_params, *params])
        return [pk for (pk,) in cursor.fetchall()]
