"""Goal 11: kill -9 of the notifyd that sends, in the middle of a storm, until the standby's first message."""

import time
from datetime import UTC, datetime

from gamesched.bench.figures import spread
from gamesched.bench.processes import until
from gamesched.bench.stage import Bench, Stage


def measure(bench: Bench) -> None:
    stage = Stage(bench)
    stage.setup_django()
    from gamesched.bench import data

    kills = bench.size_of(3, 6, 20)
    storm = bench.size_of(30, 60, 1000)  # games of ten messages each, due while it is killed
    world = data.make_world()
    people = data.add_stub_people(500)
    model = data.make_model(world, people)
    sender, gaps = stage.start("notifyd"), []
    for _ in range(kills):
        standby = stage.start("notifyd", wait=False)
        until(lambda: _is_one_waiting(stage), 90, "a standby", 0.05)
        before = stage.tell_discord("stats")["count"]
        data.remind(model, data.copy_games(model, storm, people), datetime.now(UTC))
        until(lambda: stage.tell_discord("stats")["count"] > before + 20, 60, "messages")  # noqa: B023
        killed_at = time.time()
        sender.kill()
        # What the killed one had sent is on its way for a moment.
        after = killed_at + 0.005
        first = until(lambda: stage.tell_discord(f"stats?since={after}")["first"], 60, "the standby", 0.002)  # noqa: B023
        gaps.append((first - killed_at) * 1000)
        sender = standby
        if bench.seconds_left() < 15:
            break
    bench.put(**spread("takeover_ms", gaps), resent_with_nonce=stage.tell_discord("stats")["repeated"])


def _is_one_waiting(stage: Stage) -> bool:
    [(count,)] = stage.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return bool(count)
