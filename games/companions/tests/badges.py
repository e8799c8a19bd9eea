"""A kind of companion of the tests' own: a role that wears the game's title. In place of the real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from games.companions import base
from games.companions.base import CompanionType, CompanionView, register_companion
from games.models import CompanionKind, Game, GameCompanion
from notifications import types
from notifications.daemon import steps
from notifications.messages import SentMessage

KIND = CompanionKind.ROLE
MADE = 4242
MANAGE_ROLES = 1 << 28


@dataclass(frozen=True, kw_only=True)
class BadgeView(CompanionView):
    name: str
    colours: tuple[int, ...] = (1, 2)
    since: datetime


def wanted(game: Game, companion: GameCompanion, now: datetime) -> CompanionView | None:
    if game.state(now).over:
        return None
    people = game.signups.seated().order_by("user").values_list("user_id", flat=True)
    return BadgeView(
        guild_id=game.guild_id, name=game.title, since=game.starts_at, member_ids=tuple(pk for pk in people if pk)
    )


def next_change(game: Game, companion: GameCompanion, now: datetime) -> datetime | None:
    return None


@contextmanager
def registered(kind: CompanionKind = KIND) -> Iterator[None]:
    """Have the tests' kind in place of the real one."""
    companion_types, message_types = dict(base._types), dict(types._types)
    register_companion(CompanionType(kind, wanted, next_change))
    yield
    base._types.clear()
    base._types.update(companion_types)
    types._types.clear()
    types._types.update(message_types)


def take(now: datetime) -> list[steps.Job]:
    """Lease what is to go to Discord of companions now."""
    return [job for job in steps.lease_jobs(now, 10) if isinstance(job.message.post, base.CompanionRequest)]


def sync(now: datetime, discord_id: int = MADE) -> list[steps.Job]:
    """Do what is due as long as something is, and return what went to Discord."""
    done: list[steps.Job] = []
    while jobs := take(now):
        assert len(done) < 50, "it comes to an end"
        for job in jobs:
            made = job.message.message_id or discord_id + len(done)
            steps.record([(job, SentMessage(job.guild_id or 0, made))], now)
            done.append(job)
    return done
