"""Goal 5: how much of what Discord allows notifyd uses, against the local Discord's limits, and its CPU meanwhile."""

import time
from collections import Counter
from datetime import UTC, datetime

from gamesched.bench.processes import Meter
from gamesched.bench.stage import Bench, Stage

ALLOWED = 45  # requests a second: Discord allows 50, and the product keeps some for clicks
TOO_MANY = 429  # the status of a refusal


def measure(bench: Bench) -> None:
    stage = Stage(bench, discord="local", limited=True)
    stage.setup_django()
    import requests

    from gamesched.bench import data
    from gamesched.local_discord import fixtures
    from guilds.models import User

    seconds = bench.size_of(10, 25, 60)
    world = data.make_world()
    body = {"count": 600, "guild_id": str(fixtures.GUILD_ID)}
    made = requests.post(f"{stage.discord_url}/sandbox/people", json=body, timeout=60).json()
    people = data.add_people([int(each["id"]) for each in made], [each["username"] for each in made])
    # Their channels with the bot are open, as Discord limits the opening of many by a rule of its own.
    channels = stage.tell_discord("dms", {"user_ids": people})
    opened = [User(pk=pk, dm_channel_id=channel) for pk, channel in zip(people, channels, strict=True)]
    User.objects.bulk_update(opened, ["dm_channel_id"])
    model = data.make_model(world, people)
    games = data.copy_games(model, 400, people)
    notifyd = stage.start("notifyd")
    time.sleep(1)
    began = time.time()
    meter = Meter(notifyd=notifyd.pid)
    data.remind(model, games, datetime.now(UTC))
    time.sleep(seconds)
    log = [each for each in stage.tell_discord(f"requests?since={began}") if each["path"].startswith("POST")]
    sent = [each["at"] for each in log if each["status"] == 200]
    by_second = Counter(int(at - sent[0]) for at in sent)
    steady = [by_second[second] for second in range(1, max(by_second))]
    bench.put(
        sent=len(sent),
        refused=sum(1 for each in log if each["status"] == TOO_MANY),
        per_second=sum(steady) / len(steady),
        percent_of_allowed=100 * sum(steady) / len(steady) / ALLOWED,
        cpu_percent=meter.share("notifyd"),
    )
