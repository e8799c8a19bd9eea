"""Each of an operator's mistakes gets one line with the mistake, one with the next step, and a non-zero exit."""

import os
import time

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from psycopg.conninfo import make_conninfo

from gamesched import middleware
from gamesched.lib.clock import db_now
from gamesched.testing.programs import Ended, run_program
from gamesched.testing.stack import Stack
from notifications.daemon.lock import BOT_LOCK

pytestmark = pytest.mark.slow
WEB = ("-c", "import gamesched.asgi")


def run(*words: str, **variables: str) -> Ended:
    return run_program([*words], {**os.environ, **variables})


def assert_refused(ran: Ended, sentence: str) -> None:
    assert ran.returncode == 1, ran
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr


MISSING = {
    ("DATABASE_URL", ""): "DATABASE_URL isn't set.",
    ("SECRET_KEY", ""): "SECRET_KEY isn't set",
    ("PUBLIC_URL", "games.example.org"): "which isn't a site's address.",
    ("DISCORD_BOT_TOKEN", ""): "DISCORD_BOT_TOKEN isn't set.",
    ("DISCORD_CLIENT_SECRET", ""): "DISCORD_CLIENT_SECRET isn't set.",
    ("REDIS_URL", "localhost:6379"): "REDIS_URL isn't the address of a Redis server.",
    ("NOTIFY_KEPT_DAYS", "a month"): "NOTIFY_KEPT_DAYS isn't a number from 1 to",
}
MALFORMED = {
    ("DATABASE_URL", "nonsense"): "DATABASE_URL isn't an address PostgreSQL's client can read",
    ("SECRET_KEY", "hunter2"): "SECRET_KEY is easy to guess",
    ("PUBLIC_URL", "https://["): "which isn't a site's address.",
    ("DISCORD_BOT_TOKEN", "hunter2"): "DISCORD_BOT_TOKEN isn't a bot token.",
}
LOCAL = {("PUBLIC_URL", "https://games.example.org"): "anyone can be anyone"}
COMMANDS = ("runbot", "notifyd", "worker", "migrate", "sync_commands", "createsuperuser")


@pytest.mark.parametrize(
    ("mistakes", "commands"),
    [(MISSING, ("runbot",)), (MALFORMED, COMMANDS), (LOCAL, ("runbot", "check --deploy"))],
    ids=["missing", "malformed", "local"],
)
def test_missing_and_malformed_variables(mistakes: dict[tuple[str, str], str], commands: tuple[str, ...]) -> None:
    """Those that can be made together, as programs with other variables take a second; test_checks has each alone."""
    for program in (WEB, *(("manage.py", *command.split()) for command in commands)):
        ran = run(*program, **dict(mistakes.keys()))
        for sentence in mistakes.values():
            assert_refused(ran, sentence)


def database_url(name: str) -> str:
    return make_conninfo(settings.DATABASE_URL, dbname=name)


def test_o10_a_database_that_is_not_there() -> None:
    """Also for commands that ask nothing of it before they use it."""
    commands = ("runbot", "notifyd", "worker", "migrate", "game list", "interactions")
    for program in (WEB, *(("manage.py", *command.split()) for command in commands)):
        ran = run(*program, DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
        assert_refused(ran, "Can't reach the database")


# A PostgreSQL that only seems too old, by a limit that is higher.
TOO_OLD = (
    "import runpy, sys; from gamesched.lib import readiness; readiness.OLDEST_POSTGRES = (99,);"
    "readiness.require_new_postgres();"
    "sys.argv = ['manage.py', '{}']; runpy.run_path('manage.py', run_name='__main__')"
)


@pytest.mark.django_db(transaction=True)
def test_o4_o5_a_database_that_is_not_migrated_or_too_old() -> None:
    name = f"{connection.settings_dict['NAME']}_empty"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            # An old one gets no half schema.
            for command in ("migrate", "notifyd"):
                ran = run("-c", TOO_OLD.format(command), DATABASE_URL=database_url(name))
                assert_refused(ran, "is too old: you need version 99 or newer.")
            for program in (WEB, ("manage.py", "notifyd"), ("manage.py", "worker"), ("manage.py", "game", "list")):
                ran = run(*program, DATABASE_URL=database_url(name))
                assert_refused(ran, "The database isn't migrated to this version.")
                assert "manage.py migrate" in ran.stderr
            with psycopg.connect(database_url(name)) as conn:
                tables = conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            assert tables == (0,)
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_o4_health_says_that_it_is_not_migrated(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "MIGRATED_FOR", 0.0)
    monkeypatch.setattr(middleware, "_migrated_until", 0.0)
    assert Client().get("/healthz").status_code == 200
    MigrationRecorder.Migration.objects.filter(app="games").delete()
    ill = Client().get("/healthz")
    assert (ill.status_code, b"migrated to this version" in ill.content) == (503, True)


def test_o13_a_program_older_than_its_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "MIGRATED_FOR", 0.0)
    monkeypatch.setattr(middleware, "_migrated_until", 0.0)
    assert Client().get("/healthz").status_code == 200
    MigrationRecorder.Migration.objects.create(app="games", name="9999_later")
    # Without --check the worker asks the same and closes the connection; so does gamesched.asgi.
    for words in (["notifyd"], ["runbot"], ["worker", "--check"]):
        with pytest.raises(CommandError, match=r"newer than this program\. .*\nStart the newer version, or restore"):
            call_command(*words)
    # Who served before the upgrade goes on for some minutes.
    assert Client().get("/healthz").status_code == 200
    for longest, served_until in ((0.0, middleware._migrated_until), (middleware.SUCCEEDED_FOR, 0.0)):
        monkeypatch.setattr(middleware, "SUCCEEDED_FOR", longest)
        monkeypatch.setattr(middleware, "_migrated_until", served_until)
        ill = Client().get("/healthz")
        assert (ill.status_code, b"newer than this program" in ill.content) == (503, True)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_wrong_token_is_refused_before_a_bot_stands_by() -> None:
    with Stack() as stack, psycopg.connect(stack.variables["DATABASE_URL"]) as another_bot:
        another_bot.execute("SELECT pg_advisory_lock(%s)", [BOT_LOCK])
        wrong = {**stack.variables, "DISCORD_BOT_TOKEN": stack.discord.bot_token + "x"}
        for program in ("runbot", "notifyd"):
            assert_refused(run("manage.py", program, **wrong), "Discord refused DISCORD_BOT_TOKEN.")


def test_due_is_judged_by_the_databases_clock(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not matter how wrong this machine's own clock is."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert abs(db_now().timestamp() - real()) < 10
