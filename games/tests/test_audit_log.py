"""The audit log is written and shown. No rule reads it, so a game goes on the same without it."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from conftest import World
from games.confirmations import actions as confirmations
from games.confirmations.edits import recent_changes
from games.core.base import Actor, EntryPoint, dry_run
from games.hosts import actions as host_actions
from games.hosts.messages import message_players
from games.hosts.rules import Audience
from games.minimum_players import actions as minimum_players
from games.models import AuditEntry, Game, GameEdit, Signup
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import cloning, publishing
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, change_plan
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import SentMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def nothing() -> None:
    """Leave the audit log as it is."""


def delete_audit() -> None:
    """Empty the audit log."""
    AuditEntry.objects.all().delete()


def sent(job: steps.Job) -> SentMessage:
    """What Discord would answer."""
    return SentMessage(job.message.channel_id or 1, job.message.message_id or job.pk)


class Walk:
    """Everything that rules read from the audit log once, one after the other, with what came of each."""

    def __init__(self, world: World, after_each: Callable[[], None]) -> None:
        self.world, self.after_each, self.now = world, after_each, world.now
        self.host = Actor(world.bob, EntryPoint.PAGE)

    def do(self, action: Callable[[], Any], later: timedelta = MINUTE) -> Any:
        self.now += later
        result = action()
        while steps.create_due_deliveries(self.now) + len(jobs := steps.lease_jobs(self.now, 100)):
            steps.record([(job, sent(job)) for job in jobs], self.now)
        self.after_each()
        return result

    def join(self, game: Game, who: User) -> None:
        self.do(lambda: signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), self.now))

    def edit(self, game: Game, later: timedelta = MINUTE, **changes: Any) -> None:
        plan = change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), **changes)
        self.do(lambda: scheduling.edit_game(game.pk, plan, self.host, self.now), later)

    def move(self, game: Game, by: timedelta) -> list[str]:
        """Move the start; who is asked whether they still come."""
        self.edit(game, starts_at=Game.objects.get(pk=game.pk).starts_at + by)
        return self.unconfirmed(game)

    def unconfirmed(self, game: Game) -> list[str]:
        open_signups = game.signups.current().filter(open_confirmation__gt=0)
        return sorted(open_signups.values_list("user__handle", flat=True))

    def refusal(self, action: Callable[[], Any]) -> str:
        try:
            self.do(action)
        except Refused as refused:
            self.after_each()
            return refused.refusal.code
        return ""


def walk(world: World, after_each: Callable[[], None]) -> dict[str, Any]:
    """Ask, confirm, let the time run out, show what changed, keep, write, and schedule again."""
    trip = Walk(world, after_each)
    results: dict[str, Any] = {}
    charlie, dan = world.charlie, world.add_member(100, "Dan")
    game: Game = trip.do(lambda: world.create_game(minimum=4, minimum_by=60, ask_if_moved=30, reminders=()))
    for who in (charlie, dan):
        trip.join(game, who)

    results["20 minutes"] = trip.move(game, 20 * MINUTE)
    results["40 minutes in all"] = trip.move(game, 20 * MINUTE)
    number = Game.objects.get(pk=game.pk).confirmation_number
    by = Actor(charlie, EntryPoint.BUTTON)
    trip.do(lambda: confirmations.answer_confirmation(game.pk, number, "yes", by, trip.now))
    results["25 more, which only Charlie agreed to"] = trip.move(game, 25 * MINUTE)
    trip.do(nothing, DAY + HOUR)  # Dan says nothing, and keeps the seat
    results["20 more after silence"] = trip.move(game, 20 * MINUTE)

    trip.do(lambda: host_actions.set_cohosts(game.pk, [charlie], trip.host, trip.now))
    trip.edit(game, title="Another", location="Table 2")
    results["changes"] = shown_changes(game, trip.now)
    results["changes a day later"] = shown_changes(game, trip.now + DAY)

    trip.now = Game.objects.get(pk=game.pk).starts_at - 50 * MINUTE
    results["undecided"] = minimum_players.awaits_decision(Game.objects.get(pk=game.pk), trip.now)
    trip.do(lambda: minimum_players.keep_game(game.pk, trip.host, trip.now))
    results["decided"] = minimum_players.awaits_decision(Game.objects.get(pk=game.pk), trip.now)

    texts = [lambda: message_players(game.pk, "Hi", Audience.ALL, trip.host, trip.now)] * 4
    results["messages"] = [trip.refusal(text) for text in texts]

    plan = replace(scheduling.plan_from_game(game), starts_at=trip.now + 6 * DAY)
    draft, carry = AnnounceSchedule(AnnounceWhen.DRAFT), cloning.CarryPlayers.ASK
    clone = trip.do(lambda: cloning.clone_game(game.pk, plan, carry, trip.host, trip.now, announce=draft)).game
    results["carried, hidden"] = trip.unconfirmed(clone)
    trip.do(lambda: publishing.announce_game(clone.pk, trip.host, trip.now))
    results["carried"] = trip.unconfirmed(clone)
    trip.do(lambda: confirmations.answer_confirmation(clone.pk, 1, "yes", by, trip.now))
    results["carried, moved a little"] = trip.move(clone, 5 * MINUTE)
    return results


def shown_changes(game: Game, now: datetime) -> Any:
    fresh = Game.objects.with_guild_and_channel().get(pk=game.pk)
    latest = recent_changes(fresh, now)
    lines = announcement_view(fresh, now).change_lines
    return (latest.since, sorted(latest.changes), len(lines)) if latest else len(lines)


def rows() -> list[list[Any]]:
    """What was planned and delivered, without ids, which differ from one walk to the next."""
    planned = Notification.objects.order_by("pk").values_list("kind", "recipient__handle", "due_at", "closed_at")
    deliveries = Delivery.objects.order_by("pk").values_list("notification__kind", "recipient__handle", "status")
    places = Signup.objects.order_by("pk").values_list("user__handle", "seated_at", "left_at", "confirmed_at")
    return [list(planned), list(deliveries), list(places)]


def test_deleting_the_audit_log_changes_nothing(world: World) -> None:
    def outcome(after_each: Callable[[], None]) -> Any:
        return walk(world, after_each), AuditEntry.objects.exists(), rows()

    results, recorded, after = dry_run(lambda: outcome(nothing))
    results_without, recorded_without, after_without = dry_run(lambda: outcome(delete_audit))
    assert recorded
    assert not recorded_without
    assert results_without == results
    assert after_without == after
    assert results.pop("changes")[1:] == (["location", "start", "title"], 3)
    assert results == {
        "20 minutes": [],
        "40 minutes in all": ["charlie", "person100"],
        "25 more, which only Charlie agreed to": ["person100"],
        "20 more after silence": [],
        "changes a day later": 0,
        "undecided": True,
        "decided": False,
        "messages": ["", "", "", "too_often"],
        "carried, hidden": [],
        "carried": ["charlie", "person100"],
        "carried, moved a little": ["person100"],
    }


def test_a_database_from_before_gets_the_columns_from_its_audit_log(world: World) -> None:
    walk(world, nothing)
    entry = AuditEntry.objects.get(action="carry")
    # As it was written then.
    carried = Signup.objects.people().filter(game=entry.game)
    entry.changes["people"] = list(carried.values_list("user_id", flat=True))
    entry.save()

    def columns() -> list[Any]:
        games = Game.objects.order_by("pk").values_list(
            "confirmation_expired_at", "carried_by", "confirm_carried", "kept_starts", "player_messages_at"
        )
        people = Signup.objects.order_by("pk").values_list("confirmed_at", "carried")
        return [list(games), list(people), list(GameEdit.objects.order_by("pk").values_list("game", "at", "previous"))]

    before = columns()
    GameEdit.objects.all().delete()
    Game.objects.update(
        confirmation_expired_at=None, carried_by=None, confirm_carried=False, kept_starts=[], player_messages_at=[]
    )
    Signup.objects.update(confirmed_at=None, carried=False)
    assert columns() != before
    importlib.import_module("games.migrations.0016_state_from_the_audit").fill(apps, None)
    assert columns() == before
