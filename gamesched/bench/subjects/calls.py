"""Goal 16: what one game with ten joins, two edits and three reminders asks of Discord, by the local Discord's log."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from gamesched.bench.processes import until
from gamesched.bench.stage import Bench, Stage

if TYPE_CHECKING:
    pass

JOINS, EDITS, REMINDERS = 10, 2, (4320, 1440, 60)
SEATS = 8
APART = 1.5  # seconds between clicks: the post is edited once for those that come close together


def measure(bench: Bench) -> None:
    stage = Stage(bench, discord="local", limited=True)
    stage.setup_django()
    import requests
    from django.utils import timezone

    from games.core.base import Actor, EntryPoint
    from games.models import Announcement, Game
    from games.scheduling import actions as scheduling
    from gamesched.bench import data
    from gamesched.local_discord import fixtures
    from notifications.models import Delivery, Notification

    world = data.make_world()
    body = {"count": 2 * JOINS, "guild_id": str(fixtures.GUILD_ID)}
    made = requests.post(f"{stage.discord_url}/sandbox/people", json=body, timeout=60).json()
    people = data.add_people([int(each["id"]) for each in made], [each["username"] for each in made])
    stage.start("bot")
    stage.start("notifyd")
    for place, players in (("dm", people[:JOINS]), ("channel", people[JOINS:])):
        began = time.time()
        starts_at = world.now + timedelta(days=9 if place == "dm" else 10)
        game: Game = world.create_game(seats=SEATS, reminders=REMINDERS, reminder_place=place, starts_at=starts_at)
        rows = Announcement.objects.filter(game=game, message_id__isnull=False)
        until(rows.exists, 60, "post", 0.1)
        post = rows.get()
        plan = [
            [number * APART, who, post.channel_id, post.message_id, f"game:{game.pk}:join"]
            for number, who in enumerate(players)
        ]
        stage.tell_discord("clicks", {"plan": plan})
        for number in range(EDITS):
            time.sleep(2)
            edited = replace(
                scheduling.plan_from_game(Game.objects.get(pk=game.pk)), description=f"Bring {number} dice."
            )
            scheduling.edit_game(game.pk, edited, Actor(world.bob, EntryPoint.PAGE), timezone.now())
        time.sleep(2)
        for minutes in REMINDERS:
            reminder = Notification.objects.filter(game=game, minutes=minutes)
            reminder.filter(closed_at=None).update(due_at=timezone.now())
            sent = Delivery.objects.filter(notification__game=game, notification__minutes=minutes)
            pending = Delivery.objects.filter(notification__game=game, status="pending")
            until(lambda: sent.exists() and not pending.exists(), 60, "reminders", 0.1)  # noqa: B023
        time.sleep(3)
        counts: dict[str, int] = stage.tell_discord(f"counts?since={began}")
        answers = sum(n for path, n in counts.items() if "/interactions/" in path or "/webhooks/" in path)
        bench.put(
            **{
                f"{place}_calls": sum(counts.values()) - answers,
                f"{place}_posts": counts.get("POST /channels/{id}/messages", 0),
                f"{place}_edits": counts.get("PATCH /channels/{id}/messages/{id}", 0),
                f"{place}_dms_opened": counts.get("POST /users/@me/channels", 0),
                f"{place}_answers": answers,
            }
        )
