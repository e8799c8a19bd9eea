"""What every verb shares: who acts, the lock, and writing down what must be told later."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q

from games.core import rules, state_wording, wording
from games.core.minimum import plan_minimum
from games.core.permissions import standing
from games.core.states import State, allowed
from games.models import AuditEntry, Game
from gamesched.lib.refusal import Refusal, Refused
from guilds.access import membership
from guilds.models import Guild, User
from guilds.names import names_in
from notifications.actions import schedule, unschedule
from notifications.models import Notification, Preference

T = TypeVar("T")

# After a click the bot shows the game in its answer; the row is for when it cannot, and waits for it.
BUTTON_DELAY = timedelta(seconds=2)
# Who gains a seat and loses it again meanwhile hears of neither; close to the start everyone hears at once.
MOVES_SETTLE = timedelta(minutes=1)
AT_ONCE_WITHIN = timedelta(minutes=10)
REMINDERS = ("reminder", "own_reminder")


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which door: button, page, admin or command.

    An operator (the admin, a shell) may do everything to any game, with or without being a person.
    """

    user: User | None
    door: str
    operator: bool = False

    def may_see(self, guild_id: int) -> bool:
        """Whether the guild exists for them."""
        return self.operator or (self.user is not None and membership(self.user, guild_id) is not None)

    def may_manage(self, game: Game) -> bool:
        """Whether they may edit and cancel the game: its hosts, while members, and managers of the guild."""
        if self.operator:
            return True
        stands = standing(self.user, game.guild_id) if self.user else None
        return stands is not None and (game.is_hosted_by(stands.member.user_id) or stands.manages)

    def may_host(self, guild_id: int, host_role_ids: tuple[int, ...]) -> bool:
        """Whether they may schedule games that such roles may host."""
        if self.operator:
            return True
        stands = standing(self.user, guild_id) if self.user else None
        return stands is not None and stands.may_host(host_role_ids)

    def may_ping(self, guild: Guild) -> frozenset[int] | None:
        """The roles that they may have pinged in a guild; None means any."""
        if self.operator:
            return None
        stands = standing(self.user, guild.pk) if self.user else None
        if stands is not None and stands.manages:
            return None
        defaults = getattr(guild, "defaults", None)
        return frozenset(defaults.pingable_role_ids if defaults else ())


CLOCK = Actor(None, "clock", operator=True)  # what nobody does: a time has come


@dataclass(frozen=True)
class Done:
    """What a verb did: the game as it now is, whether anything changed, and a sentence for whoever asked."""

    game: Game
    changed: bool
    text: str


def locked_game(game_id: int, actor: Actor) -> Game:
    """Lock a game that exists for the actor; first in the one lock order. Raises Refused for others."""
    # Read after the lock is held, in a statement of its own: one that waited for the lock would bring along the
    # levels as they were before it waited.
    list(Game.objects.select_for_update(no_key=True).filter(pk=game_id).values_list("pk"))
    game = Game.objects.with_levels().select_related("guild", "channel", "host").filter(pk=game_id).first()
    hidden = game is not None and game.announced_at is None and not actor.may_manage(game)
    if game is None or hidden or not actor.may_see(game.guild_id):
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    return game


def require(game: Game, verb: str, now: datetime) -> State:
    """Raise Refused where a game does not stand so that this may be done; return where it stands."""
    state = game.state(now)
    if not allowed(verb, state):
        raise Refused(Refusal("closed", state_wording.not_now(verb, state, game.cancel_reason)))
    return state


def require_manager(game: Game, actor: Actor) -> None:
    """Raise Refused for those who may not manage the game."""
    if not actor.may_manage(game):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def game_for(verb: str, game_id: int, who: User, actor: Actor, now: datetime) -> Game:
    """Lock a game for a verb about a person, by themselves or by those who manage it. Raises Refused."""
    game = locked_game(game_id, actor)
    if actor.user != who:
        require_manager(game, actor)
    require(game, verb, now)
    return game


def whose(game: Game, who: User, actor: Actor) -> dict[str, str]:
    """For the record: whose place it is, where somebody else acted."""
    return {} if actor.user == who else {"for": names_in(game.guild_id, [who.pk])[who.pk].text}


def told_at(starts_at: datetime, now: datetime, settle: timedelta = MOVES_SETTLE) -> datetime:
    """When to tell of a change: once it had time to settle, but close to the start at once."""
    return now if starts_at - now < AT_ONCE_WITHIN else now + settle


def changed(game: Game, actor: Actor, verb: str, changes: dict[str, Any], now: datetime) -> None:
    """End of every verb that changed something: count it, have it shown, and write down who did it."""
    touch(game, now, BUTTON_DELAY if actor.door == "button" else timedelta())
    AuditEntry.objects.create(
        guild_id=game.guild_id, game=game, actor=actor.user, door=actor.door, verb=verb, changes=changes, at=now
    )


def touch(game: Game, now: datetime, delay: timedelta = timedelta()) -> None:
    """Save the game under its next revision and have its announcement show it."""
    game.revision += 1
    game.save()
    show(game, now + delay)


def show(game: Game, at: datetime) -> None:
    """Have the announcement brought up to date, at the latest then. Of what players do not see yet there is none."""
    if game.announced_at is None:
        return
    schedule("announcement", game_id=game.pk, due_at=at, revision=game.revision, soonest=True)


def plan_clock(game: Game, now: datetime) -> None:
    """Plan everything that follows from the game's times, and drop what followed from earlier ones."""
    if game.announced_at is None:
        if game.announce_at is not None:
            schedule("announce", game_id=game.pk, due_at=game.announce_at, revision=game.revision)
        else:
            unschedule(["announce"], game.pk, now, "it is a draft")
        return
    facts = {"starts_at": game.starts_at.isoformat()}
    kept = []
    for minutes, at in rules.reminder_times(game.starts_at, game.effective.reminders):
        if at > now:
            kept.append(minutes)
            schedule(
                "reminder",
                game_id=game.pk,
                offset=minutes,
                due_at=at,
                revision=game.revision,
                facts=facts,
                useless_after=game.starts_at,
            )
    unschedule(["reminder"], game.pk, now, "the game's times changed", but_offsets=tuple(kept))
    plan_own_reminders(game, now, anew=True)
    close = game.starts_at - timedelta(minutes=game.effective.signups_close)
    if now < close < game.starts_at:
        schedule("signups_close", game_id=game.pk, due_at=close, revision=game.revision)
    else:
        unschedule(["signups_close"], game.pk, now, "they close with the start, or closed already")
    plan_minimum(game, now)
    if game.starts_at > now:
        schedule("start", game_id=game.pk, due_at=game.starts_at, revision=game.revision)
    if game.ends_at > now:
        schedule("end", game_id=game.pk, due_at=game.ends_at, revision=game.revision)
    _plan_afterwards(game, now)


def _plan_afterwards(game: Game, now: datetime) -> None:
    """Plan to ask the host for rewards when the game ends, and to archive it some time later."""
    held = game.effective
    archived_at = game.ends_at + timedelta(minutes=held.archive_after)
    for kind, at, wanted in (
        ("rewards", game.ends_at, held.ask_rewards and not game.rewards),
        ("archive", archived_at, held.archive_channel_id and game.archived_at is None),
    ):
        if wanted:
            schedule(kind, game_id=game.pk, due_at=max(at, now), revision=game.revision)
        else:
            unschedule([kind], game.pk, now, "it is not wanted any more")


def plan_own_reminders(game: Game, now: datetime, anew: bool = False) -> None:
    """Plan the extra reminders that the host and those seated chose: one row for each length of time.

    Who is meant is asked when it is due, so whoever leaves or chooses otherwise needs no change of rows.
    """
    if game.starts_at <= now or game.announced_at is None:
        return
    seated = game.signups.filter(left_at=None, seated_at__isnull=False).values("user")
    chosen = Preference.objects.filter(guild=game.guild_id, reminder__isnull=False)
    wanted = chosen.filter(Q(user=game.host_id) | Q(user__in=seated))
    if not anew:
        rows = Notification.objects.open().filter(game=game, kind="own_reminder")
        wanted = wanted.exclude(reminder__in=rows.values("offset"))
    lengths = {length for length in wanted.values_list("reminder", flat=True) if length}
    kept = []
    for minutes, at in rules.reminder_times(game.starts_at, lengths):
        if at > now:
            kept.append(minutes)
            schedule(
                "own_reminder",
                game_id=game.pk,
                offset=minutes,
                due_at=at,
                revision=game.revision,
                facts={"starts_at": game.starts_at.isoformat()},
                useless_after=game.starts_at,
            )
    if anew:
        unschedule(["own_reminder"], game.pk, now, "the game's times changed", but_offsets=tuple(kept))


def rehearsed(verb: Callable[[], T]) -> T:
    """What a verb would do, undone again. Raises what it would raise."""
    with transaction.atomic():
        done = verb()
        transaction.set_rollback(True)
    return done
