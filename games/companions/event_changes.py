"""What people change of games' events in Discord: put back, or taken over, by the setting.

Discord tells of our own changes too, often before it answers us. So nothing is decided while one of ours is under way,
and of what people may change only what was asked for afterwards counts: what Discord told may be older than that.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import transaction

from games.companions.base import record_deletion
from games.companions.event import (
    BY_ITSELF,
    DESCRIPTION_MAX,
    LOCATION_MAX,
    NAME_MAX,
    EventStatus,
    FoundEvent,
    description_room,
    is_hidden_channel,
    uncut,
)
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.core.frequent_queries import GAME, LOCKED_GAME
from games.core.notification_schedule import refresh_pages
from games.core.queue import notify
from games.core.settings import DiscordChangePolicy
from games.core.states import State
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from games.scheduling.actions import edit_game, plan_from_game
from games.scheduling.cancellation import cancel_locked
from games.scheduling.ending import end_game
from games.scheduling.rules import change_plan
from gamesched.lib.refusal import Refused
from guilds.models import Role
from notifications.models import Notification

# Whoever Discord lets change an event of ours manages the server's events. It does not say who that was.
MANAGER_IN_DISCORD = Actor(None, EntryPoint.DISCORD, operator=True)
SHOWN = ("name", "description", "location", "channel_id", "starts_at", "ends_at", "status")  # of what is found
UNKNOWN_PICTURE = "?"  # no picture of ours has this name, so it is sent again


class Next(Enum):
    """What is left to do about an event that Discord told of."""

    NOTHING = "nothing"
    WAIT = "wait"  # a change of ours is under way
    FETCH = "fetch"  # it differs, so what it shows now has to be asked for


@dataclass(frozen=True)
class TakenIn:
    """What became of what Discord told: what is next, with the state that an answer has to be newer than.

    `has_new_people`: more people are interested than were known.
    """

    next: Next = Next.NOTHING
    as_of: datetime | None = None
    text: str = ""
    has_new_people: bool = False


@transaction.atomic
def take_in_event(found: FoundEvent, now: datetime, *, fetched: bool = False, as_of: datetime | None = None) -> TakenIn:
    """Take in what Discord tells of an event. `fetched`: it was asked for after the companion was as of then."""
    companion = _locked_companion(found.id)
    if companion is None:
        return TakenIn()
    game = companion.game
    if _is_under_way(game):
        return TakenIn(Next.WAIT)
    is_older = fetched and companion.checked_at != as_of
    status = EventStatus(found.status)
    if status.is_final:  # it stays so, whenever Discord told it
        return TakenIn(text=_take_in_end(game, companion, found, now))
    changed = {name for name, value in found.fields.items() if companion.answered.get(name, value) != value}
    if changed and (not fetched or is_older):
        return TakenIn(Next.FETCH, companion.checked_at)
    has_new_people = _take_in_count(companion, found)
    text = _take_in_changes(game, companion, found, changed, now) if changed else ""
    if status > companion.answered.get("status", EventStatus.SCHEDULED):
        companion.shown = {**companion.shown, "status": found.status}
    companion.answered = found.answer
    companion.save()
    return TakenIn(text=text, has_new_people=has_new_people)


@transaction.atomic
def current_as_of(event_id: int) -> TakenIn:
    """Return when the companion with this event was last checked, to fetch the event now; or what comes first."""
    companion = _locked_companion(event_id)
    if companion is None:
        return TakenIn()
    return TakenIn(Next.WAIT) if _is_under_way(companion.game) else TakenIn(Next.FETCH, companion.checked_at)


def known_events(event_ids: Collection[int]) -> list[int]:
    """Return which of these events are ours."""
    rows = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id__in=event_ids).order_by("game")
    return [pk for pk in rows.values_list("discord_id", flat=True) if pk is not None]


def events_of_guilds(guild_ids: Collection[int]) -> dict[int, set[int]]:
    """Return by guild the events of ours there."""
    rows = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id__isnull=False, game__guild__in=guild_ids)
    events: dict[int, set[int]] = {}
    for guild_id, event_id in rows.values_list("game__guild", "discord_id"):
        assert event_id is not None
        events.setdefault(guild_id, set()).add(event_id)
    return events


def _locked_companion(event_id: int) -> GameCompanion | None:
    """Lock the game and the companion with this event, and return it; None if the event is none of ours any more."""
    rows = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id=event_id)
    game_id = rows.values_list("game", flat=True).first()
    if game_id is None:
        return None
    LOCKED_GAME.all(game_id)
    companion = rows.select_for_update(no_key=True).first()
    game = GAME.first(game_id)
    if companion is None or game is None:
        return None
    companion.game = game
    return companion


def _is_under_way(game: Game) -> bool:
    rows = Notification.objects.open().filter(game=game.pk, kind=NotificationKind.SERVER_EVENT)
    return rows.filter(first_attempt_at__isnull=False).exists()


def _takes_over(game: Game) -> bool:
    return game.settings.discord_changes == DiscordChangePolicy.TAKE_OVER


def _take_in_count(companion: GameCompanion, found: FoundEvent) -> bool:
    if found.user_count is None or found.user_count == companion.people_count:
        return False
    companion.people_count, before = found.user_count, companion.people_count or 0
    companion.save(update_fields=["people_count"])
    refresh_pages(companion.game)
    return found.user_count > before


def _take_in_end(game: Game, companion: GameCompanion, found: FoundEvent, now: datetime) -> str:
    """Take in that an event was cancelled, or ended. In a channel Discord does that by itself, as with the channel."""
    state, text = game.state(now), ""
    by_us = EventStatus(companion.shown.get("status", EventStatus.SCHEDULED)).is_final
    by_people = found.is_external and not by_us and _takes_over(game)
    is_cancelled = by_people and state is State.SCHEDULED and found.status == EventStatus.CANCELED
    is_ended = by_people and state is State.IN_PROGRESS and game.ends_at - now > BY_ITSELF
    if found.is_external and state is State.SCHEDULED and not is_cancelled and not by_us:
        record_deletion(companion, now)
        text = "An event was ended in Discord before its game."
    companion.forget_made()
    companion.clear_problem()
    companion.checked_at = now
    companion.save()
    if is_cancelled:
        cancel_locked(game, "", MANAGER_IN_DISCORD, now)
        return "An event was cancelled in Discord, and so its game is."
    if is_ended:
        end_game(game.pk, MANAGER_IN_DISCORD, now)
        return "An event was ended in Discord, and so its game is."
    notify(game, NotificationKind.SERVER_EVENT, now, keep_earlier=True)
    return text


def _take_in_changes(game: Game, companion: GameCompanion, found: FoundEvent, changed: set[str], now: datetime) -> str:
    """Take over what people changed, or have it put back; also what the game cannot be. Does not save."""
    is_taken_over = _takes_over(game) and _edit(game, companion, found, changed, now)
    shown = {**companion.shown, **{name: getattr(found, name) for name in SHOWN if name != "status"}}
    if "image" in changed and not _takes_over(game):
        shown["cover"] = UNKNOWN_PICTURE
    companion.shown = shown
    notify(game, NotificationKind.SERVER_EVENT, now, keep_earlier=True)
    what = ", ".join(sorted(changed))
    return f"An event was changed in Discord ({what}), which is {'taken over' if is_taken_over else 'put back'}."


def _edit(game: Game, companion: GameCompanion, found: FoundEvent, changed: set[str], now: datetime) -> bool:
    """Edit the game as people edited its event; return whether it takes that."""
    values: dict[str, Any] = {}
    if "name" in changed:
        values["title"] = uncut(found.name, game.title, NAME_MAX)
    if "location" in changed and found.is_external:
        values["location"] = uncut(found.location, game.settings.location, LOCATION_MAX)
    if "description" in changed:
        typed = found.description.replace(game.url, "").strip()
        room = description_room(game, companion.shown.get("location", "")) if companion.shown else DESCRIPTION_MAX
        values["description"] = uncut(typed, game.description, room)
    starts_at = datetime.fromisoformat(found.starts_at)
    if "starts_at" in changed:
        values["starts_at"] = starts_at
    if changed & {"starts_at", "ends_at"} and found.ends_at:
        minutes = -((starts_at - datetime.fromisoformat(found.ends_at)) // timedelta(minutes=1))
        if minutes != game.settings.duration:
            values["duration"] = minutes
    if not values:
        return False
    try:
        with transaction.atomic():
            edit_game(game.pk, change_plan(plan_from_game(game), **values), MANAGER_IN_DISCORD, now)
    except Refused:
        return False
    return True


# --- who may see the channel -------------------------------------------------------------------------------


def recheck_events(guild_ids: Collection[int], now: datetime) -> int:
    """Have the events looked at whose game's channel is hidden now, or is no more; return how many.

    Takes one query where there are none, and one more for each.
    """
    games = Game.objects.upcoming(now).filter(guild__in=guild_ids).order_by()
    rows = GameCompanion.objects.filter(kind=CompanionKind.EVENT, game__in=games).order_by("game")
    companions = list(rows.select_related("game__guild", "game__channel__parent"))
    everyone = dict(Role.objects.filter(pk__in=guild_ids).values_list("pk", "permissions")) if companions else {}
    differing = [one.game for one in companions if _may_differ(one, everyone.get(one.game.guild_id, 0))]
    for game in differing:
        notify(game, NotificationKind.SERVER_EVENT, now, keep_earlier=True)
    return len(differing)


def _may_differ(companion: GameCompanion, everyone: int) -> bool:
    channel = companion.game.channel
    hidden = is_hidden_channel(channel, everyone)
    if companion.discord_id is not None:
        return hidden and not companion.shown.get("channel_id")
    return companion.problem_code == CompanionProblem.CHANNEL_HIDDEN and not hidden
