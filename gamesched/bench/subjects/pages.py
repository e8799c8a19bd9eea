"""Goals 8 and 9: the game's page, a guild's list and home at a thousand and a million games; pages a second."""

import json
import time
from typing import Any

from gamesched.bench.figures import Figures
from gamesched.bench.stage import Bench, Stage

CLIENTS = 8
PREPARED = 6  # rounds until a connection has prepared its statements, as those that programs keep have
GUILDS = 400
TO_COME = 400  # games to come of a guild; the product allows 500, the rest is history
FIRST_GUILD = 1700000000000000000


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from django.utils import timezone

    from games.models import Game
    from gamesched.bench import data
    from gamesched.local_discord import fixtures
    from guilds.models import Member

    world = data.make_world()
    people = data.add_stub_people(1000)
    model = data.make_model(world, people, players=4)
    viewer = people[2]
    add_guilds(viewer)
    client, cookie = data.log_in(viewer, stage.port)
    paths = {"game": f"/games/{model.pk}/", "guild": f"/guilds/{fixtures.GUILD_ID}/", "home": "/"}
    made = 0
    sizes = (1_000, bench.size_of(10_000, 1_000_000, 1_000_000))
    for size, name in zip(sizes, ("few", "many"), strict=True):
        _add_games(model, made, size, people)
        made = size
        stage.sql("VACUUM ANALYZE")
        bench.put(**{f"games_{name}": Game.objects.count()})
        for page, path in paths.items():
            Member.objects.filter(user=viewer).update(roles_read_at=timezone.now())  # as after a look-up at Discord
            bench.put(**_fetch(client, path, f"{page}_{name}"))
        bench.put(**_fetch_naively(f"naive_guild_{name}"))
    _serve(stage, cookie, paths["game"])


def add_guilds(viewer: int) -> None:
    """Add many guilds with a channel each; the viewer is in ten of them."""
    from gamesched.bench import data
    from gamesched.local_discord import fixtures
    from guilds.models import Channel, Guild, Member, Role

    guild = Guild.objects.get(pk=fixtures.GUILD_ID)
    channel = Channel.objects.get(pk=fixtures.GENERAL_ID)
    member = Member.objects.get(guild=guild, user=viewer)
    Guild.objects.bulk_create(
        Guild(pk=FIRST_GUILD + n, name=f"Server {n}", owner_id=1, synced_at=guild.synced_at) for n in range(GUILDS)
    )
    everyone = Role.objects.get(pk=guild.pk)  # without it nobody would see a game, and the sweep would free their seats
    Role.objects.bulk_create(
        Role(pk=FIRST_GUILD + n, guild_id=FIRST_GUILD + n, name=everyone.name, permissions=everyone.permissions)
        for n in range(GUILDS)
    )
    channels = []
    for n in range(GUILDS):
        copy = Channel.objects.get(pk=channel.pk)
        copy.pk, copy.guild_id, copy._state.adding = FIRST_GUILD + 10**9 + n, FIRST_GUILD + n, True
        channels.append(copy)
    Channel.objects.bulk_create(channels)
    data.copy_rows(
        Member, "guilds_member m, generate_series(0, 9) n WHERE m.id = %s", [member.pk], guild_id=f"{FIRST_GUILD} + n"
    )


def _add_games(model: Any, have: int, wanted: int, people: list[int]) -> None:
    """Add games: in each guild some to come, in the others' many and the one's the rest long past."""
    from gamesched.bench import data
    from gamesched.local_discord import fixtures

    number = f"({have} + n)"
    to_come = f"(({number} %% 2 = 0 AND {number} < {2 * TO_COME}) OR ({number} %% 8 = 1 AND {number} < 320000))"
    when = (
        f"(CASE WHEN {to_come} THEN now() + interval '2 days' + {number} * interval '7 seconds'"
        f" ELSE now() - interval '3 days' - {number} * interval '5 minutes' END)"
    )
    in_one = f"{number} %% 2 = 0"
    data.copy_games(
        model,
        wanted - have - 1,
        people,
        thin=20 if wanted > 100_000 else 1,
        days=100,  # in which somebody hosted more than a page of games
        starts_at=when,
        ends_at=f"{when} + interval '2 hours'",
        guild_id=f"CASE WHEN {in_one} THEN {fixtures.GUILD_ID} ELSE {FIRST_GUILD} + {number} / 2 %% {GUILDS} END",
        channel_id=(
            f"CASE WHEN {in_one} THEN {fixtures.GENERAL_ID} ELSE {FIRST_GUILD + 10**9} + {number} / 2 %% {GUILDS} END"
        ),
    )


def _fetch(client: Any, path: str, name: str) -> Figures:
    """Fetch a page some times; count its queries and the milliseconds in the database."""
    from django.db import connection

    queries: list[float] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            queries.append((time.perf_counter() - began) * 1000)

    rounds: list[tuple[float, float, int]] = []
    began = time.monotonic()
    while len(rounds) < PREPARED + 9 and (len(rounds) < 2 or time.monotonic() < began + 6):
        queries.clear()
        start = time.perf_counter()
        with connection.execute_wrapper(count):
            response = client.get(path)
        rounds.append(((time.perf_counter() - start) * 1000, sum(queries), len(queries)))
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code} {response.headers.get('Location')}")
    warm = sorted(rounds[min(PREPARED, len(rounds) // 2) :])
    whole, in_database, number = warm[len(warm) // 2]
    return {f"{name}_queries": number, f"{name}_sql_ms": in_database, f"{name}_ms": whole}


def _fetch_naively(name: str) -> Figures:
    """Read the next fifty games of a guild as a first version would: a query for each thing of each game."""
    from django.utils import timezone

    from games.models import Game
    from gamesched.local_discord import fixtures

    began = time.perf_counter()
    games = Game.objects.filter(guild_id=fixtures.GUILD_ID, cancelled_at=None, ends_at__gt=timezone.now())
    for game in games.order_by("starts_at")[:50]:
        players = [str(signup.user) for signup in game.signups.filter(left_at=None)]
        str((game.host.handle, game.guild.name, game.channel.name, game.announcement.message_id, players))
    return {f"{name}_ms": (time.perf_counter() - began) * 1000}


def _serve(stage: Stage, cookie: str, path: str) -> None:
    """Let daphne serve the page, its unchanged fragment and /healthz to several clients."""
    web = stage.start("web")
    load = stage.bench.start_python("load", "-m", "gamesched.bench.load", stage.url, cookie)
    seconds = stage.bench.size_of(4, 6, 15)
    for name, of, unchanged in (("healthz", "/healthz", False), ("served", path, False), ("unchanged", path, True)):
        asked = {"do": "clients", "path": of, "clients": CLIENTS, "seconds": seconds, "unchanged": unchanged}
        found = json.loads(load.ask(json.dumps(asked)))
        wrong = sum(count for status, count in found["statuses"].items() if status not in ("200", "304"))
        stage.bench.put(**{f"{name}_per_second": found["per_second"], f"{name}_wrong": wrong})
    stage.bench.put(answered_304=found["statuses"].get("304", 0))
    web.kill()
