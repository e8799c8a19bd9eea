"""A poll of Bob's, and who ticks what."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import TimePoll, TimePollOption, TimePollVote
from games.polls import actions
from games.polls.rules import PollPlan
from guilds.models import User

DAY = timedelta(days=1)


def by(user: User, source: EntryPoint = EntryPoint.PAGE) -> Actor:
    return Actor(user, source)


def poll_plan(world: World, **changes: Any) -> PollPlan:
    values: dict[str, Any] = {
        "title": "Curse of Strahd",
        "zone": "Europe/Berlin",
        "channel_id": world.channel.pk,
        "starts": tuple(world.now + days * DAY for days in (3, 4, 5)),
        "closes_at": world.now + 2 * DAY,
    }
    return PollPlan(**values | changes)


def make_poll(world: World, host: User | None = None, guild: int | None = None, **changes: Any) -> TimePoll:
    """Open a poll of Bob's, or of another host's, and in another guild."""
    plan, actor = poll_plan(world, **changes), by(host or world.bob)
    return actions.open_poll(guild or world.guild.pk, plan, actor, world.now).poll


def options(poll: TimePoll) -> list[TimePollOption]:
    """Return the poll's times, the earliest first."""
    return list(poll.options.order_by("starts_at"))


def tick(poll: TimePoll, user: User, world: World, numbers: Iterable[int]) -> actions.PollResult:
    """Let somebody tick the times with these numbers, from 0."""
    times = options(poll)
    return actions.vote(poll.pk, [times[number].pk for number in numbers], by(user), world.now)


def ticked_by(poll: TimePoll, people: Iterable[User], world: World, number: int | None = None) -> None:
    """Store that many people ticked the time with this number, or all, in that order: each action takes a while."""
    times = options(poll) if number is None else [options(poll)[number]]
    TimePollVote.objects.bulk_create(
        TimePollVote(option=time, user=person, at=world.now) for person in people for time in times
    )
