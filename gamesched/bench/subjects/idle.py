"""Goals 13 and 17: what programs ask and use when nothing happens, with many pages open, and their memory."""

import json
import time

from gamesched.bench.processes import Meter, memory_mib
from gamesched.bench.stage import PROGRAMS, Bench, Stage


def measure(bench: Bench) -> None:
    stage = Stage(bench, discord="local")
    stage.setup_django()
    from gamesched.bench import data
    from gamesched.local_discord import fixtures
    from guilds.models import Member

    world = data.make_world()
    people = data.add_people([fixtures.DANA_ID], ["dana"]) + [world.alice.pk]
    game = data.make_model(world, people, players=1)
    programs = {name: stage.start(name, wait=False) for name in PROGRAMS}
    for program in programs.values():
        stage.wait(program)
    # So that the first view of the page looks everybody up: as Discord calls them otherwise than these rows, a look-up
    # while it is open would be news, after which they are looked up soon again.
    Member.objects.update(roles_read_at=None)
    _, cookie = data.log_in(world.alice.pk, stage.port)
    load = bench.start_python("load", "-m", "gamesched.bench.load", stage.url, cookie)
    # Each has done before what it does only once.
    load.ask(json.dumps({"do": "clients", "path": f"/games/{game.pk}/", "clients": 1, "seconds": 1}))
    bench.put(**{f"{name}_mib": memory_mib(program.pid) for name, program in programs.items()})
    sockets = bench.size_of(100, 500, 500)
    load.ask(json.dumps({"do": "open", "query": f"game={game.pk}", "count": sockets}))
    bench.put(sockets=sockets, web_with_sockets_mib=memory_mib(programs["web"].pid))
    bench.put(kib_a_socket=(bench.figures["web_with_sockets_mib"] - bench.figures["web_mib"]) * 1024 / sockets)
    # Until the people on the page have been looked up once more, which is then done ever more rarely.
    time.sleep(bench.size_of(8, 65, 65))
    seconds = bench.size_of(20, 45, 300)
    stage.reset_statements()
    meter = Meter(postgres=bench.postgres_pid, **{name: program.pid for name, program in programs.items()})
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    for name in programs:
        statements, _ = stage.statements(name)
        bench.put(**{f"{name}_statements_an_hour": statements * 3600 / took, f"{name}_cpu_percent": meter.share(name)})
    bench.put(postgres_cpu_percent=meter.share("postgres"))
