"""A database of the release before, with rows in every form that changed since, goes on where it was."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql
from psycopg.conninfo import make_conninfo

from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind, handle_choice
from games.core.codes import GameSkipCode, NotificationKind
from games.core.payloads import ChannelTestPayload, DroppedOutPayload, GuildPayload, LostSeatPayload, StartPayload
from games.core.queue import notify
from games.models import Announcement, Game, Signup
from games.models.announcement import PostProblem
from games.offers.wording import OFFER_EXPIRED
from games.posts.actions import awaits_host_decision
from games.scheduling import cancellation
from games.scheduling.actions import schedule_takedown
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.codes import ErrorCode, SkipCode
from notifications.daemon import steps
from notifications.messages import SentMessage
from notifications.models import Delivery, Notification
from notifications.queue import Planned, schedule, schedule_all

pytestmark = pytest.mark.slow

BEFORE = [
    ("guilds", "0006_threads"),
    ("games", "0013_plain_names"),
    ("notifications", "0005_plain_names"),
    ("discord_bot", "0003_plain_names"),
]
NAME = "games_upgraded"
GUILD, CHANNEL = 1200000000000000001, 1200000000000000011
HOST, ANN, BEN, CAT = (1300000000000000000 + n for n in range(1, 5))
OLD_POST = 1400000000000000777
NOW = datetime.now(UTC).replace(microsecond=0)
STARTS = NOW + timedelta(hours=2)
UNTIL = NOW + timedelta(minutes=30)
POST_DELETED = "Somebody deleted the announcement in Discord. Put it back with the button, or cancel the game."


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """Return the models of the release before, over a new database that is as it left it."""
    test_name = str(connection.settings_dict["NAME"])
    connection.close()
    with psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=test_name), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    connection.settings_dict["NAME"] = NAME
    try:
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        yield executor.loader.project_state(BEFORE).apps
    finally:
        connection.close()
        connection.settings_dict["NAME"] = test_name
        with psycopg.connect(make_conninfo(settings.DATABASE_URL, dbname=test_name), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


def make_guild(apps: Any) -> None:
    guild = apps.get_model("guilds", "Guild").objects.create(id=GUILD, name="Friday", owner_id=HOST)
    apps.get_model("guilds", "Role").objects.create(
        id=GUILD, guild=guild, name="@everyone", permissions=1 << 10 | 1 << 11
    )
    apps.get_model("guilds", "Channel").objects.create(id=CHANNEL, guild=guild, name="games", type=0, bot_permissions=8)
    for pk, name in ((HOST, "bob"), (ANN, "ann"), (BEN, "ben"), (CAT, "cat")):
        user = apps.get_model("guilds", "User").objects.create(id=pk, username=name, handle=name)
        apps.get_model("guilds", "Member").objects.create(guild=guild, user=user, confirmed_at=NOW)


def make_game(apps: Any, **post: Any) -> Any:
    """A game in two hours whose host is Bob, with Ann seated and Ben waiting."""
    game = apps.get_model("games", "Game").objects.create(
        guild_id=GUILD, channel_id=CHANNEL, host_id=HOST, title="Strahd", starts_at=STARTS, zone="UTC", seats=2,
        ends_at=STARTS + timedelta(hours=2), duration=120, announced_at=NOW, created_at=NOW, offer_within=1440,
        offer_for=30,
    )  # fmt: skip
    post = {"message_id": game.pk, "shown_revision": 1, **post}
    apps.get_model("games", "Announcement").objects.create(game=game, channel_id=CHANNEL, **post)
    signup = apps.get_model("games", "Signup").objects.create
    signup(game=game, user_id=ANN, order_key=1, joined_at=NOW, seated_at=NOW)
    signup(game=game, user_id=BEN, order_key=2, joined_at=NOW)
    return game


def sent(now: datetime) -> list[tuple[str, int | None]]:
    """What goes out by now, by kind and recipient; announcements are left out, and other posts have no recipient."""
    steps.create_due_deliveries(now)
    jobs = steps.lease_jobs(now, 100)
    steps.record([(job, SentMessage(job.message.channel_id or 5, 900 + n)) for n, job in enumerate(jobs)], now)
    rows = dict(Notification.objects.values_list("pk", "kind"))
    deliveries = dict(Delivery.objects.values_list("pk", "notification__kind"))
    return sorted(
        (str((rows if job.post else deliveries)[job.pk]), job.message.user_id or 0)
        for job in jobs
        if not job.message.post
    )


def test_a_database_of_the_release_before_goes_on_where_it_was(before: Any) -> None:
    make_guild(before)
    checks = [
        rows_go_out_once_and_fold(before),
        an_offer_is_taken_by_its_old_button(before),
        an_offer_ends_and_the_next_has_another_number(before),
        a_deleted_post_is_put_back_by_its_old_button(before),
        problems_have_codes(before),
        sentences_have_codes_and_a_cancellation_is_undone(before),
    ]
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    for check in checks:
        with transaction.atomic():  # each by itself
            check()
            transaction.set_rollback(True)


def rows_go_out_once_and_fold(before: Any) -> Callable[[], None]:
    game = make_game(before)
    about = {"game": game, "due_at": NOW, "revision": 1}
    start = {"starts_at": STARTS.isoformat()}
    add = before.get_model("notifications", "Notification").objects.create
    before.get_model("notifications", "Preference").objects.create(user_id=ANN, guild_id=GUILD, reminder=60)
    add(kind="reminder", **{**about, "due_at": STARTS - timedelta(minutes=90)}, offset=90, facts=start)
    add(kind="own_reminder", **{**about, "due_at": STARTS - timedelta(minutes=60)}, offset=60, facts=start)
    add(kind="lost_seat", **about, recipient_id=HOST, offset=CAT % 2**31, facts={"who": "cat", "left": False})
    before.get_model("games", "Signup").objects.create(
        game=game, user_id=CAT, order_key=3, joined_at=NOW - timedelta(hours=1), left_at=NOW
    )
    add(kind="dropped_out", **about, recipient_id=HOST, offset=CAT % 2**31, facts={"person": str(CAT), "who": "cat"})
    add(kind="takedown", **about, offset=OLD_POST % 2**31, facts={"channel": str(CHANNEL), "message": str(OLD_POST)})
    add(kind="told", **about, offset=1, facts={"text": "Bring dice.", "to": "seated", "by": HOST})
    add(kind="added", **about, recipient_id=ANN, facts={"by": HOST})
    add(kind="edited", **about, recipient_id=ANN, facts={"before": {"title": "Curse"}})
    alone = {"game": None, "due_at": NOW, "revision": 0}
    add(kind="welcome", **alone, recipient_id=HOST, offset=GUILD % 2**31, facts={"guild": str(GUILD)})
    add(kind="test_reminder", **alone, recipient_id=ANN, offset=GUILD % 2**31, facts={"guild": str(GUILD)})
    test = {"guild": str(GUILD), "channel": str(CHANNEL), "nonce": "n"}
    add(kind="channel_test", **alone, offset=CHANNEL % 2**31, facts=test)

    def check() -> None:
        Notification.objects.filter(game__isnull=False).exclude(game_id=game.pk).delete()
        # What is asked for once more folds into the rows that are open.
        rows = Notification.objects.open().count()
        changed = Game.objects.with_guild_and_channel().get(pk=game.pk)
        schedule_takedown(changed, CHANNEL, OLD_POST, NOW)
        lost, dropped = LostSeatPayload(False), DroppedOutPayload(CAT)
        notify(changed, NotificationKind.LOST_SEAT, NOW, to=HOST, dedupe_key=CAT, payload=lost)
        notify(changed, NotificationKind.DROPPED_OUT, NOW, to=HOST, dedupe_key=CAT, payload=dropped)
        before_start, planned = STARTS - timedelta(minutes=90), StartPayload(STARTS)
        reminder = Planned(NotificationKind.REMINDER, before_start, dedupe_key=90, minutes=90, payload=planned)
        schedule_all(changed.pk, [reminder])
        guild = GuildPayload(GUILD)
        for kind, recipient in ((NotificationKind.WELCOME, HOST), (NotificationKind.TEST_REMINDER, ANN)):
            schedule(kind, game_id=None, due_at=NOW, recipient_id=recipient, dedupe_key=GUILD, payload=guild)
        channel_test = ChannelTestPayload(GUILD, CHANNEL, "n")
        schedule(NotificationKind.CHANNEL_TEST, game_id=None, due_at=NOW, dedupe_key=CHANNEL, payload=channel_test)
        assert Notification.objects.open().count() == rows

        assert sent(NOW) == [
            ("added", ANN),
            ("channel_test", 0),
            ("dropped_out", HOST),
            ("edited", ANN),
            ("lost_seat", HOST),
            ("takedown", 0),
            ("test_reminder", ANN),
            ("told", ANN),
            ("welcome", HOST),
        ]
        assert sent(NOW) == []
        assert sent(before_start) == [("reminder", HOST), ("reminder", ANN)]
        assert sent(STARTS - timedelta(minutes=60)) == [("own_reminder", ANN)]
        assert sent(STARTS - timedelta(minutes=50)) == []

    return check


def offer(before: Any) -> tuple[int, int]:
    """Offer Ben a seat as the release before did; return the game, and the number in the buttons of its message."""
    game = make_game(before)
    signup = before.get_model("games", "Signup").objects.get(game=game, user_id=BEN)
    signup.offered_at, signup.offered_until = NOW, UNTIL
    signup.save()
    number = signup.pk * 10**10 + int(NOW.timestamp())
    payload = {"offer": number, "until": UNTIL.isoformat()}
    add = before.get_model("notifications", "Notification").objects.create
    add(kind="offer", game=game, recipient_id=BEN, due_at=NOW, useless_after=UNTIL, facts=payload, revision=1)
    add(kind="offer_end", game=game, recipient_id=BEN, due_at=UNTIL, facts=payload, revision=1)
    return game.pk, number


def press(text: str, user_id: int, now: datetime = NOW) -> bool:
    return handle_choice(PromptChoice.parse(text), User.objects.get(pk=user_id), now).changed


def an_offer_is_taken_by_its_old_button(before: Any) -> Callable[[], None]:
    game_id, number = offer(before)

    def check() -> None:
        Notification.objects.exclude(game_id=game_id).delete()
        assert sent(NOW) == [("offer", BEN)]
        with pytest.raises(Refused) as refused:
            press(f"ask:offer:{game_id}:{number}:take", CAT)
        assert refused.value.refusal.code == "not_prompted"
        assert press(f"ask:offer:{game_id}:{number}:take", BEN)
        assert Signup.objects.get(game=game_id, user=BEN).seated_at == NOW

    return check


def an_offer_ends_and_the_next_has_another_number(before: Any) -> Callable[[], None]:
    game_id, number = offer(before)
    before.get_model("games", "Signup").objects.create(game_id=game_id, user_id=CAT, order_key=3, joined_at=NOW)

    def check() -> None:
        Notification.objects.exclude(game_id=game_id).delete()
        assert sent(NOW) == [("offer", BEN)]
        sent(UNTIL)
        assert Signup.objects.get(game=game_id, user=CAT).offer_number > number
        late = handle_choice(PromptChoice(PromptKind.OFFER, game_id, number, "take"), User.objects.get(pk=BEN), UNTIL)
        assert (late.changed, late.text) == (False, OFFER_EXPIRED)

    return check


def a_deleted_post_is_put_back_by_its_old_button(before: Any) -> Callable[[], None]:
    game_id = make_game(before, message_id=None, lost_at=NOW, problem=POST_DELETED).pk
    number = int(NOW.timestamp() * 1000)
    before.get_model("notifications", "Notification").objects.create(
        kind="deleted", game_id=game_id, recipient_id=HOST, due_at=NOW, facts={"number": number}, revision=1
    )

    def check() -> None:
        Notification.objects.exclude(game_id=game_id).delete()
        assert awaits_host_decision(Announcement.objects.get(game=game_id))
        assert sent(NOW) == [("deleted", HOST)]
        assert press(f"ask:deleted:{game_id}:{number}:put_back", HOST)
        assert Announcement.objects.get(game=game_id).problem_code == ""

    return check


PROBLEMS = {
    "Not announced: #games no longer exists. Edit the game and choose another channel.": PostProblem.CHANNEL_DELETED,
    "Not announced: missing Embed Links in #games.": PostProblem.MISSING_PERMISSION,
    "Not up to date in Discord: the bot may not post in #games.": PostProblem.MISSING_PERMISSION,
    "Not announced: Discord refused it (Invalid Form Body).": PostProblem.REFUSED,
    "It may have been announced in #games or not: look there.": PostProblem.MAYBE_POSTED,
    "Not archived: missing Embed Links in #archive.": PostProblem.NOT_ARCHIVED,
    "Something else": PostProblem.OTHER,
    "": "",
}


def problems_have_codes(before: Any) -> Callable[[], None]:
    games = {make_game(before, problem=problem).pk: (problem, code) for problem, code in PROBLEMS.items()}

    def check() -> None:
        posts = {post.game_id: post for post in Announcement.objects.filter(game__in=games)}
        assert {pk: post.problem_code for pk, post in posts.items()} == {pk: code for pk, (_, code) in games.items()}
        assert {post.problem for post in posts.values()} == {"", "Invalid Form Body", "Something else"}

    return check


SKIPS = {
    "gave up after 7 tries": SkipCode.GAVE_UP,
    "refused: 50013": SkipCode.REFUSED,
    "the game is in progress": GameSkipCode.WRONG_STATE,
    "they left": GameSkipCode.LEFT,
    "who knows": SkipCode.OTHER,
    "": "",
}
ERRORS = {
    ("dropped", "it came too late"): SkipCode.EXPIRED,
    ("dropped", "Given up by Bob."): SkipCode.GIVEN_UP_BY_HAND,
    ("failed", "Gave up after 3 tries: Discord is down"): SkipCode.GAVE_UP,
    ("failed", "Cannot send messages to this user"): ErrorCode.CLOSED_DMS,
    ("failed", "Invalid Form Body"): ErrorCode.OTHER,
    ("uncertain", "It may have arrived"): ErrorCode.UNCERTAIN,
    ("pending", "Discord is down"): ErrorCode.TEMPORARY,
    ("sent", ""): "",
}


def sentences_have_codes_and_a_cancellation_is_undone(before: Any) -> Callable[[], None]:
    game = make_game(before)
    add = before.get_model("notifications", "Notification").objects.create
    closed = {"game": game, "due_at": NOW, "closed_at": NOW}
    planned = {"offset": 60, "facts": {"starts_at": STARTS.isoformat()}, "dropped": "the game was cancelled"}
    add(kind="reminder", **closed, **planned)
    for sentence in SKIPS:
        add(kind="start", **closed, dropped=sentence)
    for status, error in ERRORS:
        before.get_model("notifications", "Delivery").objects.create(
            notification=add(kind="moved", **closed), recipient_id=ANN, status=status, error=error, next_try_at=NOW
        )
    game.cancelled_at = NOW
    game.save()

    def check() -> None:
        rows = Notification.objects.filter(game=game.pk, kind="start")
        assert dict(rows.values_list("skip_reason", "skip_code")) == SKIPS
        deliveries = Delivery.objects.filter(notification__game=game.pk)
        errors = deliveries.values_list("status", "error", "error_code")
        assert {(status, error): code for status, error, code in errors} == ERRORS
        host = Actor(User.objects.get(pk=HOST), EntryPoint.PAGE)
        cancellation.undo_cancellation(game.pk, host, NOW + timedelta(minutes=1))
        rows = Notification.objects.open().filter(game=game.pk, kind="reminder", closed_at=None)
        assert list(rows.values_list("minutes", "dedupe_key")) == [(60, "60")]

    return check


def test_every_code_of_the_migration_is_one_of_today() -> None:
    codes = import_module("notifications.migrations.0007_codes_and_keys").SKIP_CODES
    assert set(codes.values()) <= {str(code) for code in (*SkipCode, *GameSkipCode)}
