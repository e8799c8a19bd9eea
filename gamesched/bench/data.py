"""The rows that subjects begin with: a few made by the product's own actions, and as many copies as are wanted.

Imported after `Stage.setup_django`. Copies are made without triggers, so that making them tells nobody.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.test import Client

from conftest import World
from conftest import make_world as make_world_at
from games.core.base import Actor, EntryPoint
from games.models import Announcement, Game, Signup
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from guilds.models import Member, User
from notifications.models import Notification

FIRST_PERSON = 1400000000000000000
PLAYERS = 9  # of a game, beside its host
MINUTES = 1440  # how long before the start games are reminded


def make_world() -> World:
    """Make the guild of the tests, with three people who may schedule."""
    return make_world_at(datetime.now(UTC).replace(microsecond=0))


def add_people(ids: Sequence[int], names: Sequence[str] = ()) -> list[int]:
    """Add members of the guild whose direct messages are open already."""
    now = datetime.now(UTC)
    User.objects.bulk_create(
        User(
            pk=pk,
            username=str(pk),
            handle=names[at] if names else f"person{pk}",  # as the stub says, so that a look-up renames nobody
            zone="Europe/Berlin",
            dm_channel_id=None if names else pk + 10**17,
        )
        for at, pk in enumerate(ids)
    )
    Member.objects.bulk_create(
        Member(guild_id=fixtures.GUILD_ID, user_id=pk, member_read_at=now, roles_read_at=now) for pk in ids
    )
    return list(ids)


def add_stub_people(count: int) -> list[int]:
    """Add people of whom the stub knows nothing but their ids."""
    return add_people(range(FIRST_PERSON, FIRST_PERSON + count))


def make_model(world: World, people: Sequence[int], players: int = PLAYERS, seats: int = 0) -> Game:
    """Make a posted game with players and one reminder, to be copied."""
    starts_at = world.now + timedelta(days=1, minutes=90)
    channel_id = fixtures.GENERAL_ID
    plan = {"seats": seats, "reminders": (MINUTES,), "starts_at": starts_at, "channel_id": channel_id}
    game = make_game(world, people[0], **plan)
    for pk in people[1 : players + 1]:
        signups.join(game.pk, User.objects.get(pk=pk), Actor(User.objects.get(pk=pk), EntryPoint.PAGE), world.now)
    Notification.objects.filter(game=game).exclude(kind="reminder").delete()
    game = Game.objects.get(pk=game.pk)
    Announcement.objects.filter(game=game).update(
        message_id=16 * 10**17 + game.pk, shown_version=game.post_version, checked_at=world.now
    )
    return game


def log_in(pk: int, port: int) -> tuple[Client, str]:
    """Return a person's test client and their Cookie header."""
    client = Client(headers={"host": f"localhost:{port}"})
    client.force_login(User.objects.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    return client, "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def make_game(world: World, host: int, **changes: Any) -> Game:
    """Make a game of that member's: no host may have many."""
    actor = Actor(User.objects.get(pk=host), EntryPoint.PAGE)
    return scheduling.create_game(world.guild.pk, world.make_plan(**changes), actor, world.now).game


def copy_rows(model: type[Model], source: str, values: Sequence[Any] = (), **columns: str) -> int:
    """Insert rows: `source` is a FROM clause in which `m` is the row to copy. Return how many.

    `columns` are expressions of SQL for columns that are not copied.
    """
    names = [str(each.column) for each in model._meta.concrete_fields if each is not model._meta.pk]
    expressions = [columns.get(name, f'm."{name}"') for name in names]
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({listed}) SELECT {', '.join(expressions)} FROM {source}", list(values)
        )
        count: int = cursor.rowcount
        cursor.execute("SET session_replication_role = DEFAULT")
    return count


def copy_games(
    model: Game, count: int, people: Sequence[int], thin: int = 1, days: int = 4, **columns: str
) -> list[int]:
    """Copy a game so often, with its post and players but without notifications; hosts and players take turns.

    In `columns`, `n` counts from 0. Of games that are over for so many days, only every `thin`th has its post and
    players. Return the new games' ids.
    """
    last = Game.objects.order_by("pk").last()
    assert last is not None
    array = f"(ARRAY[{','.join(map(str, people))}]::bigint[])"
    copy_rows(
        Game,
        "games_game m, generate_series(0, %s) n WHERE m.id = %s ORDER BY n",
        [count - 1, model.pk],
        **{"host_id": f"{array}[1 + n %% {len(people)}]", "title": "'Night ' || n"} | columns,
    )
    numbered = (
        "(SELECT id, n FROM (SELECT id, ends_at, row_number() OVER (ORDER BY id) - 1 AS n FROM games_game"
        f" WHERE id > %s) counted WHERE ends_at > now() - interval '{days} days' OR n %% {thin} = 0) g"
    )
    copy_rows(
        Announcement,
        f"games_announcement m, {numbered} WHERE m.game_id = %s",
        [last.pk, model.pk],
        game_id="g.id",
        message_id=f"{16 * 10**17} + g.id",
        nonce="md5(g.id::text)::char(22)",
        **({"channel_id": "(SELECT channel_id FROM games_game WHERE id = g.id)"} if "channel_id" in columns else {}),
    )
    copy_rows(
        Signup,
        f"games_signup m, {numbered} WHERE m.game_id = %s",
        [last.pk, model.pk],
        game_id="g.id",
        user_id=f"{array}[1 + (g.n + m.order_key) %% {len(people)}]",
    )
    return list(Game.objects.filter(pk__gt=last.pk).order_by("pk").values_list("pk", flat=True))


def remind(model: Game, games: Sequence[int], due_at: datetime) -> None:
    """Let one reminder of each game be due then: the model's own, copied in one transaction, and the bell rung."""
    copy_rows(
        Notification,
        "notifications_notification m, unnest(%s::bigint[]) g WHERE m.game_id = %s",
        [due_at, list(games), model.pk],
        due_at="%s",
        game_id="g",
        closed_at="NULL",
    )
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY notification_due")


def remind_by_product(model: Game, game_id: int, due_at: datetime) -> None:
    """Let one reminder of a game be due then, by an ordinary insert that rings as the product's own do."""
    row = Notification.objects.get(game=model)
    row.pk, row._state.adding, row.game_id, row.due_at = None, True, game_id, due_at
    row.save()
