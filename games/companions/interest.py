"""People who are interested in a game's event in Discord: counted for its hosts, and each asked once to join."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest

from games.core import choices
from games.core.base import ActionResult, Actor
from games.core.codes import GameSkipCode, NotificationKind
from games.core.frequent_queries import GAME, LOCKED_GAME
from games.core.notification_schedule import refresh_pages
from games.core.states import State
from games.models import CompanionKind, Game, GameCompanion, Signup
from games.signups.actions import join
from games.signups.eligibility import may_sign_up
from games.signups.rules import signup_closed_reason
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Member
from notifications.models import Notification
from notifications.queue import Planned, schedule_all
from notifications.types import Skip

ASKED_AFTER = timedelta(minutes=1)  # a click taken back at once asks nobody
JOIN = "join"


@dataclass(frozen=True)
class Interest:
    """What became of the interest in one event meanwhile: who has it now, who has it no more, and by how many more."""

    gained: frozenset[int]
    lost: frozenset[int]
    more: int


def take_in_interest(interest: Mapping[int, Interest], now: datetime) -> dict[tuple[int, int], set[int]]:
    """Count who is interested and ask them to join; return by guild and event those whom the bot does not know yet."""
    rows = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id__in=interest).order_by("game")
    unknown: dict[tuple[int, int], set[int]] = {}
    for game_id, guild_id, event_id in rows.values_list("game", "game__guild", "discord_id"):
        assert event_id is not None
        strangers = _take_in(game_id, event_id, interest[event_id], now)
        if strangers:
            unknown[guild_id, event_id] = strangers
    return unknown


@transaction.atomic
def _take_in(game_id: int, event_id: int, change: Interest, now: datetime) -> set[int]:
    LOCKED_GAME.all(game_id)
    count = Greatest(Coalesce(F("people_count"), Value(0)) + change.more, Value(0))
    rows = GameCompanion.objects.filter(game=game_id, kind=CompanionKind.EVENT, discord_id=event_id)
    game = GAME.first(game_id)
    if game is None or not rows.update(people_count=count):
        return set()
    refresh_pages(game)
    if change.lost:
        skip = Skip(GameSkipCode.NOT_WANTED)
        waiting = Notification.objects.open().filter(game=game, kind=NotificationKind.INTERESTED)
        waiting.filter(recipient__in=change.lost).update(closed_at=now, skip_code=skip.code, skip_reason=skip.reason)
    return _ask(game, change.gained, now)


@transaction.atomic
def ask_interested(event_id: int, user_ids: Collection[int], now: datetime) -> set[int]:
    """Ask who is interested in an event to join its game; return those whom the bot does not know yet."""
    rows = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id=event_id)
    game_id = rows.values_list("game", flat=True).first()
    if game_id is None:
        return set()
    LOCKED_GAME.all(game_id)
    game = GAME.first(game_id)
    return _ask(game, user_ids, now) if game is not None else set()


def _ask(game: Game, user_ids: Collection[int], now: datetime) -> set[int]:
    """Schedule a message to each who may join and was not asked; return those of whom there is no member."""
    if not user_ids or not game.settings.server_event or not _is_open(game, now):
        return set()
    known = set(
        Member.objects.filter(guild=game.guild_id, user__in=user_ids, left_at=None).values_list("user_id", flat=True)
    )
    inside = Signup.objects.current().filter(game=game, user__in=known).values_list("user_id", flat=True)
    asked = Notification.objects.filter(game=game, kind=NotificationKind.INTERESTED, recipient__in=known)
    asked = asked.exclude(skip_code=GameSkipCode.NOT_WANTED)  # they took it back before that
    left_out = {*inside, *asked.values_list("recipient_id", flat=True), game.host_id, *game.cohost_ids}
    meant = may_sign_up(game.guild_id, game.channel, game.settings.player_role_ids, known - left_out, now)
    due_at = min(now + ASKED_AFTER, game.starts_at)
    planned = [
        Planned(NotificationKind.INTERESTED, due_at, recipient_id=pk, expires_at=game.starts_at) for pk in sorted(meant)
    ]
    schedule_all(game.pk, planned, game.post_version)
    return {*user_ids} - known


def _is_open(game: Game, now: datetime) -> bool:
    is_public = game.announced_at is not None and game.state(now) is State.SCHEDULED
    return is_public and not signup_closed_reason(game, now, None)


def answer_interested(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Join by the button of the message; `number` is whom it was for. Raises Refused."""
    if actor.user is None or actor.user.pk != number:
        raise Refused(Refusal("not_prompted", choices.NOT_FOR_YOU))
    if choice != JOIN:
        raise Refused(choices.outdated_refusal())
    return join(game_id, actor.user, actor, now)
