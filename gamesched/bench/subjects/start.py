"""Goal 15: how long a bot takes until it works, in many guilds of fifty channels, and its memory then."""

import time

from gamesched.bench.processes import Meter, memory_mib
from gamesched.bench.stage import Bench, Stage

CHANNELS = 50


def measure(bench: Bench) -> None:
    for guilds in ((30,), (500, 2000), (500, 2000))[bench.size]:
        stage = Stage(bench, name=f"_{guilds}", discord="local")
        stage.tell_discord("guilds", {"count": guilds, "channels": CHANNELS})
        for name in ("first", "again"):
            stage.reset_statements()
            bot = stage.start("bot", wait=False)
            meter = Meter(bot=bot.pid)
            try:
                ready, seconds = 1, stage.wait(bot, max(20.0, min(60.0, bench.seconds_left() - 10)))
            except TimeoutError:
                ready, seconds = 0, time.time() - bot.started_at
            [(written,)] = stage.sql("SELECT count(*) FROM guilds_guild")
            if not ready:  # reckoned from those that were written
                seconds *= guilds / max(1, written)
            statements, _ = stage.statements("bot")
            bench.put(
                **{
                    f"{name}_in_{guilds}_s": seconds,
                    f"{name}_in_{guilds}_ready": ready,
                    f"{name}_in_{guilds}_cpu_s": meter.seconds("bot"),
                    f"{name}_in_{guilds}_statements_a_guild": statements / max(1, written),
                    f"{name}_in_{guilds}_written": written,
                    f"{name}_in_{guilds}_mib": memory_mib(bot.pid),
                }
            )
            bot.kill()
            time.sleep(1)
            if not ready:
                break
        stage.discord.kill()
