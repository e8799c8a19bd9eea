"""Looks at all that a running site needs, by the same rules as starts and probes, and says what to do."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import redis
from django.apps import apps
from django.conf import settings
from django.core.checks import Error, run_checks
from django.db import connection
from django.db.models import UniqueConstraint

from gamesched import portal
from gamesched.backup.actions import last_backup
from gamesched.lib.clock import db_now
from gamesched.lib.findings import Finding, clock_finding
from gamesched.lib.pg_notify import listen
from gamesched.lib.readiness import database_problem, postgres_version
from gamesched.lib.version import VERSION
from guilds.models import Channel
from notifications import health, heartbeat, report
from notifications.daemon.lock import ListenUnavailable, require_listen
from notifications.queue import DUE_CHANNEL

TIMEOUT = 10.0  # seconds
CHANNELS_SHOWN = 20


def examine() -> Iterator[Finding]:
    """Yield what each check finds. Those that need the database are left out where there is none."""
    mistakes = [one for one in run_checks() if isinstance(one, Error)]
    yield from (Finding("settings", str(one.msg), str(one.hint or one.id)) for one in mistakes)
    if not mistakes:
        yield Finding("settings", f"All variables are well-formed. This is version {VERSION}.")
    if settings.REDIS_URL:
        yield _redis()
    yield from _discord()
    if not settings.DATABASE_URL:
        return
    if (problem := database_problem()) is not None:
        yield Finding("database", problem.text, problem.next_step)
        return
    for look in (_database, _indexes, _listen, _clock, _channels):
        yield look()
    now = db_now()
    for name, check in health.CHECKS.items():
        found = check(now)
        yield Finding(name, "It runs.") if found is None else Finding(name, found.text, found.next_step)
    yield _backup(now)
    yield Finding("lateness", f"The most overdue message is {report.lateness(now).total_seconds():.0f} s late.")


def _database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        size = cursor.fetchone()[0]
    return Finding("database", f"PostgreSQL {postgres_version()}, migrated, {size}.")


def _indexes() -> Finding:
    """Look for what PostgreSQL below 15 left out of a schema that was migrated there, without a word."""
    wanted = {
        one.name: (model, one)
        for model in apps.get_models()
        for one in model._meta.constraints
        if isinstance(one, UniqueConstraint) and one.nulls_distinct is False
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(wanted)])
        missing = sorted(set(wanted) - {name for (name,) in cursor.fetchall()})
    if not missing:
        return Finding("indexes", "It has all its indexes.")
    with connection.schema_editor(collect_sql=True) as editor:
        statements = [f"{one.create_sql(model, editor)};" for model, one in map(wanted.__getitem__, missing)]
    what = f"PostgreSQL below 15 migrated it, so it lacks {', '.join(missing)}."
    return Finding("indexes", what, f"Run in psql: {' '.join(statements)}")


def _listen() -> Finding:
    async def try_it() -> None:
        async with listen(DUE_CHANNEL) as conn:
            await require_listen(conn)

    try:
        asyncio.run(try_it())
    except ListenUnavailable as reason:
        return Finding("listen", str(reason), "Point DATABASE_URL at PostgreSQL itself, or a session pool.")
    return Finding("listen", "The database's notifications arrive.")


def _redis() -> Finding:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT).ping()
    except (redis.RedisError, ValueError, OSError) as reason:
        return Finding("redis", f"Redis doesn't answer: {reason}", "Start it, or unset REDIS_URL to run without.")
    return Finding("redis", "Redis answers.")


def _discord() -> Iterator[Finding]:
    if not settings.DISCORD_CLIENT_ID:
        return  # said of the settings
    yield from portal.examine_application(settings.DISCORD_BOT_TOKEN, settings.PUBLIC_URL)
    if settings.DISCORD_CLIENT_SECRET:
        yield portal.examine_secret(settings.DISCORD_CLIENT_ID, settings.DISCORD_CLIENT_SECRET)


def _clock() -> Finding:
    return clock_finding("clock of the database", abs(datetime.now(UTC) - db_now()))


def _backup(now: datetime) -> Finding:
    last = last_backup()
    if last is None and not settings.BACKUP_TO:
        return Finding("backup", "BACKUP_TO isn't set, so we make no backups.")
    if last is not None and not heartbeat.is_overdue(last, now):
        return Finding("backup", f"The last one: {last.note}.")
    what = f"The last one was made on {last.at:%Y-%m-%d %H:%M} UTC: {last.note}." if last else "None was made yet."
    return Finding("backup", what, "Run manage.py backup, which says what's wrong.")


def _channels() -> Finding:
    """Look at the channels of games to come: a game where the bot may not write is announced to nobody."""
    used = Channel.objects.filter(deleted_at=None, games__cancelled_at=None, games__ends_at__gt=db_now())
    lacking = [one for one in used.select_related("guild").distinct() if one.missing_requirements]
    if not lacking:
        return Finding("permissions", "The bot has its permissions in every channel with upcoming games.")
    names = [f"{one} of {one.guild} ({', '.join(one.missing_requirements)})" for one in lacking[:CHANNELS_SHOWN]]
    return Finding(
        "permissions", f"The bot needs more in {'; '.join(names)}.", "Grant them to the bot's role in Discord."
    )
