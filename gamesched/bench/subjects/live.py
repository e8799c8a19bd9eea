"""Goal 10: a sign-up, and the last of many open pages told and refreshed; channels-redis beside it."""

import json
import time
from typing import Any

from gamesched.bench.figures import spread
from gamesched.bench.processes import Meter, Program
from gamesched.bench.stage import Bench, Stage

PATIENCE = 30.0  # seconds for all pages to have their fragment


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from gamesched.bench import data

    rounds = bench.size_of(3, 6, 20)
    world = data.make_world()
    people = data.add_stub_people(2 * rounds + 40)
    joiners = iter(people[20:])
    model = data.make_model(world, people, seats=10)
    _, cookie = data.log_in(people[1], stage.port)
    for count in ((100,), (500, 1000), (500, 1000))[bench.size]:
        web = stage.start("web")
        load = bench.start_python("load", "-m", "gamesched.bench.load", stage.url, cookie)
        _ask(load, do="open", query=f"game={model.pk}", count=count)
        _tell(stage, load, model, joiners, count, rounds)
        _refresh(stage, load, web, model, joiners, count)
        load.kill()
        web.kill()
        _tell_by_redis(bench, count, rounds)


def _ask(load: Program, **command: object) -> Any:
    return json.loads(load.ask(json.dumps(command)))


def _join(model: Any, joiners: Any) -> float:
    """Let the next person join by the action that every entry point calls, and return when it was committed."""
    from django.utils import timezone

    from games.core.base import Actor, EntryPoint
    from games.signups import actions as signups
    from guilds.models import User

    who = User.objects.get(pk=next(joiners))
    signups.join(model.pk, who, Actor(who, EntryPoint.PAGE), timezone.now())
    return time.time()


def _tell(stage: Stage, load: Program, model: Any, joiners: Any, count: int, rounds: int) -> None:
    last, missed = [], 0
    for _ in range(rounds):
        _ask(load, do="arm")
        began = _join(model, joiners)
        notified = _ask(load, do="notified", seconds=10)
        missed += count - len(notified)
        last.append((max(notified) - began) * 1000)
        time.sleep(0.3)
    stage.bench.put(**spread(f"last_of_{count}_ms", last), **{f"missed_of_{count}": missed})


def _refresh(stage: Stage, load: Program, web: Program, model: Any, joiners: Any, count: int) -> None:
    """Let all pages fetch what changed."""
    _ask(load, do="arm")
    stage.reset_statements()
    meter = Meter(web=web.pid)
    began = _join(model, joiners)
    found = _ask(load, do="fetched", path=f"/games/{model.pk}/", seconds=PATIENCE)
    done = len(found["at"])
    statements, _ = stage.statements("web")
    stage.bench.put(
        **{
            f"all_of_{count}_s": max(found["at"]) - began if done == count else PATIENCE,
            f"fetched_of_{count}": done,
            f"failed_of_{count}": sum(n for status, n in found["statuses"].items() if status != "200"),
            f"cpu_ms_a_fragment_{count}": meter.seconds("web") * 1000 / max(1, done),
            f"statements_a_fragment_{count}": statements / max(1, done),
        }
    )


def _tell_by_redis(bench: Bench, count: int, rounds: int) -> None:
    from gamesched.testing.valkey import Valkey

    valkey = Valkey(bench.work)
    valkey.start()
    try:
        words = ["-m", "gamesched.bench.baselines.channels_redis_group", valkey.url, str(count), str(rounds)]
        program = bench.start_python("channels-redis", *words)
        bench.put(**spread(f"channels_redis_last_of_{count}_ms", json.loads(program.ask(""))))
        program.kill()
    finally:
        valkey.kill()
