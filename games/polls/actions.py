"""Opening a poll, ticking its times, and what becomes of it: a game, closed, cancelled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Cast

from games.core import wording as core_wording
from games.core.base import Actor, EntryPoint, dry_run, lock_guild, lock_people, lock_person, record, record_in_guild
from games.core.codes import AuditAction, NotificationKind
from games.core.notification_schedule import POST_UPDATE_DELAY
from games.core.permissions import Viewer
from games.core.poll_schedule import schedule_poll
from games.core.wording import timestamp
from games.models import Game, GameTemplate, PollState, TimePoll, TimePollOption, TimePollPost, TimePollVote
from games.models.layers import inherited_settings
from games.polls import rules, wording
from games.polls.rules import PollPlan
from games.scheduling.actions import create_game
from games.signups.eligibility import may_sign_up
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.sentences import TranslatedText
from gamesched.lib.zones import find_zone
from guilds.display_names import display_names
from guilds.models import Channel, User
from guilds.names import tidy_line
from guilds.permissions import get_membership, is_blocked, may_view
from guilds.shards import WHOLE, Shard
from guilds.templatetags.zoned_times import when
from notifications.models import Notification

DAY = timedelta(days=1)
REPAIRED_FOR = timedelta(days=7)  # after the close, so that what Discord refuses for ever ends


@dataclass(frozen=True)
class PollResult(TranslatedText):
    """The result of an action: the poll as it is now, whether it changed, and a sentence for the actor.

    `markup`: the same in Discord's markup, where it names times: everybody reads them there by their own clock.
    """

    poll: TimePoll
    changed: bool
    text: str
    game: Game | None = None
    markup: str = ""


# --- opening ---------------------------------------------------------------------------------------------


@transaction.atomic
def open_poll(guild_id: int, plan: PollPlan, actor: Actor, now: datetime) -> PollResult:
    """Open a poll and post it; who may not schedule such a game may open none. Raises Refused.

    Scheduling the game at the first of its times is rehearsed, so that every rule about that holds here.
    """
    host = actor.user
    if host is None:
        raise Refused(Refusal("not_a_member", core_wording.NOT_A_MEMBER))
    lock_person(host.pk)
    starts = sorted(set(plan.starts))
    plan = replace(plan, title=tidy_line(plan.title), zone=find_zone(plan.zone) or plan.zone, starts=starts)
    if refusal := rules.check_poll(plan, now):
        raise Refused(refusal)
    rehearsed = dry_run(lambda: create_game(guild_id, plan.game(starts[0]), actor, now).game)
    quorum = rehearsed.settings.minimum if plan.by_minimum else plan.quorum
    if plan.by_minimum and not quorum:
        raise Refused(Refusal("no_minimum", wording.NO_MINIMUM, {"wins": wording.NO_MINIMUM}))
    lock_guild(guild_id)
    _require_room(guild_id, host, actor, now)
    poll = TimePoll.objects.create(
        guild_id=guild_id,
        channel_id=plan.channel_id,
        template_id=plan.template_id,
        host=host,
        title=plan.title,
        zone=plan.zone,
        quorum=quorum,
        created_at=now,
        closes_at=plan.closes_at,
    )
    TimePollOption.objects.bulk_create([TimePollOption(poll=poll, starts_at=at) for at in starts])
    TimePollPost.objects.create(poll=poll)
    record_in_guild(guild_id, actor, AuditAction.OPEN_POLL, {}, now)
    schedule_poll(poll, NotificationKind.TIME_POLL, now)
    schedule_poll(poll, NotificationKind.TIME_POLL_END, poll.closes_at)
    return PollResult(poll, True, wording.OPENED)


def _require_room(guild_id: int, host: User, actor: Actor, now: datetime) -> None:
    """Raise Refused for a host with too many polls; those who manage the guild have no limit."""
    if actor.viewer(guild_id).manages:
        return
    of_host = TimePoll.objects.filter(guild=guild_id, host=host)
    still_open = of_host.filter(game=None, cancelled_at=None, closed_at=None, closes_at__gt=now)
    if (count := still_open.count()) >= rules.OPEN_OF_HOST:
        raise Refused(Refusal("too_many", wording.too_many_polls(count)))
    if (count := of_host.filter(created_at__gt=now - DAY).count()) >= rules.OPENED_IN_A_DAY:
        raise Refused(Refusal("too_many_posts", wording.too_many_today(count)))


# --- what all others share -------------------------------------------------------------------------------


def voters_of(*polls: TimePoll) -> dict[int, list[int]]:
    """Return who ticked each time of some polls, by the time's id, in the order in which they ticked it."""
    voters: dict[int, list[int]] = {}
    rows = TimePollVote.objects.filter(option__poll__in=polls).order_by("pk")
    for option_id, user_id in rows.values_list("option_id", "user_id"):
        voters.setdefault(option_id, []).append(user_id)
    return voters


def counted(voters: Mapping[int, Collection[int]]) -> dict[int, int]:
    """Return how many people ticked each time."""
    return {pk: len(people) for pk, people in voters.items()}


def may_manage(poll: TimePoll, viewer: Viewer) -> bool:
    """Return whether somebody may decide what becomes of a poll: its host, while a member, and managers."""
    return viewer.manages or (viewer.member is not None and viewer.member.user_id == poll.host_id)


def find_poll(poll_id: int) -> TimePoll | None:
    """Read a poll with what says who may see and manage it."""
    return TimePoll.objects.for_action().filter(pk=poll_id).first()


def visible_poll(poll_id: int, actor: Actor) -> tuple[TimePoll, Viewer]:
    """Read a poll, and what the actor is in its guild. Raises Refused if it does not exist for them."""
    poll = find_poll(poll_id)
    viewer = actor.viewer(poll.guild_id) if poll is not None else None
    if poll is None or viewer is None or not viewer.may_see or not viewer.may_view(poll.channel):
        raise Refused(Refusal("unknown_poll", wording.UNKNOWN_POLL))
    return poll, viewer


def _locked_poll(poll_id: int, actor: Actor, now: datetime) -> tuple[TimePoll, Viewer]:
    """Lock a poll and return it with what the actor is in its guild. Raises Refused if it does not exist for them."""
    # Read in a second statement, once the lock is held, as `locked_game` does.
    lock_polls([poll_id])
    poll, viewer = visible_poll(poll_id, actor)
    viewer.require_may_act(now)
    return poll, viewer


def _require_manager(poll: TimePoll, viewer: Viewer) -> None:
    if not may_manage(poll, viewer):
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))


def _save(poll: TimePoll, now: datetime, delay: timedelta = timedelta()) -> None:
    """Save a poll that is locked, and have its post edited."""
    poll.post_version += 1
    poll.save()
    schedule_poll(poll, NotificationKind.TIME_POLL, now + delay)


def lock_polls(poll_ids: Collection[int]) -> None:
    """Lock polls by id, for a transaction of several actions that each lock one; after people."""
    list(TimePoll.objects.select_for_update(no_key=True).filter(pk__in=poll_ids).order_by("pk").values_list("pk"))


def recheck_posts(now: datetime, message_ids: Collection[int] | None = None, shard: Shard = WHOLE) -> int:
    """Have the posts of undecided polls edited, which puts back a deleted one; return how many.

    `message_ids`: what was deleted; None where the bot was away, and may have missed deletions.
    """
    polls = TimePoll.objects.filter(shard.holds("guild_id"), game=None, cancelled_at=None)
    polls = polls.open(now) if message_ids is None else polls.filter(post__message_id__in=list(message_ids))
    for poll in polls:
        schedule_poll(poll, NotificationKind.TIME_POLL, now)
    return len(polls)


@transaction.atomic
def repair_posts(now: datetime) -> int:
    """Have the posts of polls made or edited that are missing or out of date without that; return how many.

    A permission was given back, the bot was away, or a backup was restored. The sweep runs it, as `repair_games`.
    """
    updates = Notification.objects.open().filter(
        kind=NotificationKind.TIME_POLL, dedupe_key=Cast(OuterRef("pk"), CharField())
    )
    missing = Q(post__message_id=None, game=None, cancelled_at=None)
    behind = Q(post__message_id__isnull=False, post__shown_version__lt=F("post_version"))
    polls = TimePoll.objects.for_action().select_related("post").filter(missing | behind, ~Exists(updates))
    polls = polls.filter(closes_at__gt=now - REPAIRED_FOR, guild__bot_removed_at=None)
    found = list(polls.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    mended = [poll for poll in found if not (poll.post.problem_code and poll.channel.is_hopeless)]
    for poll in mended:
        schedule_poll(poll, NotificationKind.TIME_POLL, now)
    return len(mended)


# --- ticking ---------------------------------------------------------------------------------------------


@transaction.atomic
def vote(poll_id: int, option_ids: Collection[int], actor: Actor, now: datetime) -> PollResult:
    """Set at which times the actor can come, in place of what they ticked before. Raises Refused.

    Times that are past stay as they were. The time that has the quorum with this vote wins, and becomes a game.
    """
    poll, viewer = _locked_poll(poll_id, actor, now)
    if viewer.member is None:
        raise Refused(Refusal("not_a_member", core_wording.NOT_A_MEMBER))
    if is_blocked(poll.guild_id, viewer.person, now):
        raise Refused(Refusal("blocked", core_wording.BLOCKED))
    if (state := poll.state(now)) is not PollState.OPEN:
        raise Refused(Refusal("closed", wording.closed(state)))
    options = {one.pk: one for one in poll.options.all()}
    wanted, voters = set(option_ids), voters_of(poll)
    if wanted - options.keys():
        raise Refused(Refusal("unknown_time", wording.UNKNOWN_TIME))
    before = {pk for pk, people in voters.items() if viewer.person.pk in people}
    past = {pk for pk, one in options.items() if one.starts_at <= now}
    added, removed = wanted - before, before - wanted - past
    if added & past:
        raise Refused(Refusal("past", wording.TIME_PAST))
    ticks = [timestamp(one.starts_at) for pk, one in options.items() if pk in (before | added) - removed]
    text, markup = wording.ticked(len(ticks), len(options)), wording.ticked_times(ticks)
    if not added and not removed:
        return PollResult(poll, False, text, markup=markup)
    TimePollVote.objects.filter(option__in=removed, user=viewer.person).delete()
    TimePollVote.objects.bulk_create([TimePollVote(option_id=pk, user=viewer.person, at=now) for pk in added])
    if added and (winner := _win_by_quorum(poll, options, now)) is not None:
        text += wording.won_by_vote(when(winner.starts_at, viewer.person.zone))
        markup += wording.won_by_vote(timestamp(winner.starts_at))
    _save(poll, now, POST_UPDATE_DELAY)
    return PollResult(poll, True, text, markup=markup)


def _win_by_quorum(poll: TimePoll, options: Mapping[int, TimePollOption], now: datetime) -> TimePollOption | None:
    """Close a poll by the time that has its quorum, and return that time; None where none has.

    notifyd makes the game: a click must not wait for that, and locks people, which come before the poll.
    """
    ticked = voters_of(poll)
    if not any(rules.has_quorum(one, counted(ticked), poll.quorum) for one in options.values()):
        return None
    # Who left, was blocked or lost a role since they ticked would be missing in the game.
    may = _may_sign_up(poll, {pk for people in ticked.values() for pk in people}, poll.host_id, now)
    counts = {pk: sum(one in may for one in people) for pk, people in ticked.items()}
    best = rules.best_option(options.values(), counts, now)
    if best is None or not rules.has_quorum(best, counts, poll.quorum):
        return None
    poll.winner, poll.closed_at = best, now
    schedule_poll(poll, NotificationKind.TIME_POLL_GAME, now)
    return best


# --- the end ---------------------------------------------------------------------------------------------


@transaction.atomic
def make_game(poll_id: int, actor: Actor, now: datetime, option_id: int | None = None) -> PollResult:
    """Schedule the game at a time of the poll, by default the winner's, with those who ticked it. Raises Refused.

    It becomes a game once; whoever comes later finds that. Who may not sign up is left out, and named.
    """
    host_id = TimePoll.objects.filter(pk=poll_id).values_list("host_id", flat=True).first() or 0
    lock_people({host_id, actor.user.pk if actor.user is not None else 0})
    poll, viewer = _locked_poll(poll_id, actor, now)
    _require_manager(poll, viewer)
    if poll.game is not None:
        return PollResult(poll, False, wording.ALREADY_GAME, poll.game)
    if poll.cancelled_at is not None:
        raise Refused(Refusal("closed", wording.closed(PollState.CANCELLED)))
    options, voters = list(poll.options.all()), voters_of(poll)
    if option_id is not None:
        option = next((one for one in options if one.pk == option_id), None)
    elif poll.winner is not None and poll.winner.starts_at > now:
        option = poll.winner
    else:
        option = rules.best_option(options, counted(voters), now)
    if option is None:
        refusal = ("unknown_time", wording.UNKNOWN_TIME) if option_id else ("no_winner", wording.NO_WINNER)
        raise Refused(Refusal(*refusal))
    if option.starts_at <= now:
        raise Refused(Refusal("past", wording.TIME_PAST))
    ticked = voters.get(option.pk, [])
    game = _create_game(poll, option, ticked, actor, now)
    poll.game, poll.winner, poll.closed_at = game, option, poll.closed_at or now
    _save(poll, now)
    record(game, actor, AuditAction.SCHEDULE_FROM_POLL, {}, now)
    signed_up = set(game.signups.current().values_list("user_id", flat=True))
    names = display_names(poll.guild_id, ticked)
    seated, left_out = ([names[pk].text for pk in ticked if (pk in signed_up) is is_in] for is_in in (True, False))
    return PollResult(poll, True, wording.made(seated, left_out), game)


def _create_game(poll: TimePoll, option: TimePollOption, ticked: list[int], actor: Actor, now: datetime) -> Game:
    """Schedule the game by its usual action; its host is the poll's, or the actor once that one may not be."""
    template = _template_of(poll)
    member = get_membership(poll.host, poll.guild_id)
    host = poll.host if member is not None and may_view(member, poll.channel) else actor.user
    may = _may_sign_up(poll, ticked, host.pk if host is not None else None, now)
    plan = PollPlan(
        poll.title, poll.zone, poll.channel_id, (), poll.closes_at, template.pk if template is not None else None
    )
    description = template.description if template is not None else ""
    return create_game(
        poll.guild_id,
        plan.game(option.starts_at, description),
        actor,
        now,
        host=host,
        participants=[pk for pk in ticked if pk in may],
    ).game


def _template_of(poll: TimePoll) -> GameTemplate | None:
    return poll.template if poll.template is not None and poll.template.deleted_at is None else None


def _may_sign_up(poll: TimePoll, people: Collection[int], host_id: int | None, now: datetime) -> set[int]:
    """Return those of these people who may sign up for the poll's game; its host needs no role."""
    channel = Channel.objects.with_settings().get(pk=poll.channel_id)
    roles = inherited_settings(poll.guild, channel, _template_of(poll))["player_role_ids"].value
    may = may_sign_up(poll.guild_id, channel, roles, people, now)
    return may | may_sign_up(poll.guild_id, channel, (), {host_id or 0}.intersection(people), now)


def make_game_of_quorum(poll_id: int, now: datetime) -> PollResult | None:
    """Make a poll a game that its quorum won, as its host; None where that is not to be any more. Raises Refused.

    At the time that won, or not at all: another one has no quorum.
    """
    poll = find_poll(poll_id)
    if poll is None or poll.winner_id is None or poll.state(now) is not PollState.CLOSED:
        return None
    return make_game(poll_id, Actor(poll.host, EntryPoint.CLOCK), now, poll.winner_id)


@transaction.atomic
def close_on_time(poll_id: int, now: datetime) -> TimePoll | None:
    """Close a poll whose time has come; return it, or None where it was closed before."""
    poll = TimePoll.objects.select_for_update(no_key=True).filter(pk=poll_id, closed_at=None, cancelled_at=None).first()
    if poll is None:
        return None
    poll.closed_at = now
    _save(poll, now)
    return poll


@transaction.atomic
def cancel_poll(poll_id: int, actor: Actor, now: datetime) -> PollResult:
    """Cancel a poll that is no game yet. Raises Refused."""
    poll, viewer = _locked_poll(poll_id, actor, now)
    _require_manager(poll, viewer)
    if poll.game_id is not None:
        raise Refused(Refusal("closed", wording.closed(PollState.SCHEDULED)))
    if poll.cancelled_at is not None:
        return PollResult(poll, False, wording.CANCELLED)
    poll.cancelled_at = now
    poll.closed_at = poll.closed_at or now
    _save(poll, now)
    record_in_guild(poll.guild_id, actor, AuditAction.CANCEL_POLL, {}, now)
    return PollResult(poll, True, wording.CANCELLED)


# --- people who are forgotten ----------------------------------------------------------------------------


def forget_in_polls(user: User, other: User, now: datetime) -> None:
    """Delete a person's votes, and cancel the polls that they host and that are no game yet. After their games."""
    voted = TimePollVote.objects.filter(user=user)
    ids = TimePoll.objects.filter(Q(host=user) | Q(options__votes__user=user)).values("pk")
    polls = list(TimePoll.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    voted.delete()
    for poll in polls:
        if poll.host_id == user.pk:
            poll.host = other
            if poll.game_id is None:
                poll.cancelled_at, poll.closed_at = poll.cancelled_at or now, poll.closed_at or now
        _save(poll, now)
