"""Scheduling, editing and cancelling games."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from games.confirmations import edits
from games.confirmations.change_notices import tell_edited
from games.core import state_wording, text_rules, wording
from games.core.base import Actor, Done, changed, locked_game, require, require_manager
from games.core.scheduling import plan_clock, show
from games.core.seating import end_offers, reseat
from games.core.states import State
from games.models import Announcement, AuditEntry, Game, GameTemplate
from games.models.layers import places
from games.models.settings import OWN
from games.offers.overlaps import Overlap, require_free
from games.scheduling import rules as schedule_rules
from games.scheduling import wording as schedule_wording
from games.scheduling.publishing import make_known, tell_followers
from games.scheduling.rules import Announce, Plan, When
from games.server_settings.actions import check_archive
from games.signups.actions import add_named
from games.signups.participants import Named
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import role_names
from guilds.models import Channel, Guild, User
from guilds.permissions import get_membership
from notifications.queue import schedule, unschedule

AT_ONCE = Announce()

# Of a game that was cancelled this is said nevertheless; all else that was planned is not.
SAID_ANYWAY = ("announcement", "takedown", "told", "lost_seat")


@transaction.atomic
def create(
    guild_id: int,
    plan: Plan,
    actor: Actor,
    now: datetime,
    host: User | None = None,
    named: Iterable[Named] = (),
    announce: Announce = AT_ONCE,
    overlap: Overlap = Overlap.ANYWAY,
) -> Done:
    """Schedule a game with the people named, its announcement and everything that follows from its time.

    Until it is announced only those who run it see it, and nobody is told anything. The host is the actor unless an
    operator names another. Raises Refused, with a sentence for each field; and, if it is to be asked, `Overlapping`
    where the host plays or runs another game at that time.
    """
    host = host or actor.user
    if host is None or not actor.may_see(guild_id) or get_membership(host, guild_id) is None:
        raise Refused(Refusal("not_a_member", wording.NOT_A_MEMBER))
    if not actor.operator and host != actor.user:
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))
    to_come = Game.objects.filter(guild_id=guild_id, cancelled_at=None, ends_at__gt=now)
    if refusal := schedule_rules.check_room(to_come.filter(host=host).count(), to_come.count()):
        raise Refused(refusal)
    plan = schedule_rules.tidy(plan)
    _check(plan, guild_id, now, announce=announce)
    guild = Guild.objects.select_related("defaults").get(pk=guild_id)
    known_at = now if announce.when is When.NOW else None
    game = Game(guild=guild, host=host, created_at=now, announced_at=known_at, announce_at=announce.at)
    _take(game, plan)
    _require_host(game, actor)
    if overlap is Overlap.ASK:
        require_free(host, game.starts_at, game.ends_at, now)
    game.save()
    Announcement.objects.create(game=game, channel_id=plan.channel_id)
    AuditEntry.objects.create(guild_id=guild_id, game=game, actor=actor.user, door=actor.door, verb="create", at=now)
    added = add_named(game, named, actor, now)
    plan_clock(game, now)
    show(game, now)
    tell_followers(game, now)
    past = schedule_rules.past_reminders(game.starts_at, game.effective.reminders, now)
    hidden = schedule_wording.kept_hidden(game.announce_at, game.zone) + wording.past_text(past)
    text = wording.created(past) if known_at else hidden
    return Done(game, True, text + wording.added(added.names, added.already))


def _require_host(game: Game, actor: Actor) -> None:
    """Raise Refused for those who may not schedule such a game, or have those roles pinged."""
    roles = game.effective.host_role_ids
    if not actor.may_host(game.guild_id, roles):
        raise Refused(Refusal("not_a_host", wording.only_hosts(role_names(game.guild_id, roles))))
    _require_pingable(game, actor)


def _require_pingable(game: Game, actor: Actor, kept: Iterable[int] = ()) -> None:
    """Raise Refused where the game's own plan pings roles that the actor may not have pinged, other than those kept."""
    asked = set(game.notify_role_ids or ()) - set(kept)
    may = actor.may_ping(game.guild) if asked else None
    if may is not None and not asked <= may:
        raise Refused(Refusal("not_pingable", wording.NOT_PINGABLE, {"notify_role_ids": wording.NOT_PINGABLE}))


@transaction.atomic
def edit(
    game_id: int,
    plan: Plan,
    actor: Actor,
    now: datetime,
    edition: int | None = None,
    named: Iterable[Named] = (),
    announce: Announce | None = None,
    silence_frees: bool | None = None,
) -> Done:
    """Change what a game's plan says, and add the people named; nobody is taken out.

    A moved start replans the reminders in the same transaction. Players are told what they care for, and asked again
    where it moved far; `silence_frees` then decides instead of the setting whether no answer costs the seat.
    `announce` says when a game is announced that is not yet; None leaves that as it is.

    `edition` is that of the form's content: Refused as `stale` when somebody edited the game since.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    state = require(game, "edit", now)
    if edition is not None and edition != game.edition:
        raise Refused(Refusal("stale", wording.STALE))
    before = plan_of(game)
    plan = schedule_rules.tidy(plan)
    kept = Announce(When.LATER, game.announce_at) if game.announce_at else Announce(When.DRAFT)
    announce = (announce or kept) if state.hidden else None
    _check(plan, game.guild_id, now, before, announce if announce != kept else _still_before(kept, plan, now))
    changes = differences(before, plan)
    if announce is not None and announce.when is not When.NOW and announce.at != game.announce_at:
        changes["announcement"] = [schedule_wording.announced_text(at) for at in (game.announce_at, announce.at)]
        game.announce_at = announce.at
    said = edits.said(game)
    _take(game, plan)
    # With what holds, which also a template or a channel may have changed, and not only what the game itself says.
    changes |= {word: list(pair) for word, pair in edits.summed(said, edits.said(game)).items()}
    if "notify role" in changes:
        _require_pingable(game, actor, before.notify_role_ids or ())
    past = (
        schedule_rules.past_reminders(plan.starts_at, game.effective.reminders, now) if state is State.SCHEDULED else []
    )
    if changes:
        game.edition += 1
        if "channel" in changes:
            _move_post(game, now)
        reseat(game, now)  # also where the start moved, into the time of offers or out of it
        changed(game, actor, "edit", changes, now)
        plan_clock(game, now)
        tell_edited(game, changes, actor, now, silence_frees)
    added = add_named(game, named, actor, now)
    different = bool(changes or added.names)
    text = wording.edited(different, past) + wording.added(added.names, added.already)
    if announce is not None and announce.when is When.NOW:
        make_known(game, actor, now)
        different, text = True, f"{text if different else ''} {schedule_wording.ANNOUNCED}".strip()
    return Done(game, different, text)


@transaction.atomic
def cancel(game_id: int, reason: str, actor: Actor, now: datetime) -> Done:
    """Call a game off: what was planned is dropped, and everyone signed up is told a little later.

    Nothing is deleted, so that `games.scheduling.publishing.uncancel` can take it back for a while.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    reason = reason.replace("\r\n", "\n").strip()
    if refusal := text_rules.check_reason(reason):
        raise Refused(refusal)
    if game.state(now) is State.CANCELLED:
        return Done(game, False, state_wording.ALREADY_CANCELLED)
    state = require(game, "cancel", now)
    game.cancelled_at, game.cancel_reason = now, reason
    Announcement.objects.filter(game=game, problem=wording.POST_DELETED).update(problem="")
    unschedule(None, game.pk, now, schedule_rules.CANCELLED_WHY, keep_kinds=SAID_ANYWAY)
    end_offers(game)
    changed(game, actor, "cancel", {"reason": reason} if reason else {}, now)
    if state.hidden:
        return Done(game, True, schedule_wording.CANCELLED_HIDDEN)
    schedule(
        "cancelled",
        game_id=game.pk,
        due_at=now + schedule_rules.TOLD_AFTER,
        revision=game.revision,
        payload={"actor": actor.user.pk if actor.user else None, "at": now.isoformat()},
    )
    return Done(game, True, schedule_wording.CANCELLED)


@transaction.atomic
def announce_again(game_id: int, actor: Actor, now: datetime) -> Done:
    """Try again to post a game whose announcement failed."""
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require(game, "repost", now)
    Announcement.objects.filter(game=game).update(problem="")
    changed(game, actor, "announce", {}, now)
    return Done(game, True, wording.announcing_again())


def plan_of(game: Game) -> Plan:
    """What the game's plan says now."""
    return Plan(
        title=game.title,
        description=game.description,
        starts_at=game.starts_at,
        zone=game.zone,
        channel_id=game.channel_id,
        template_id=game.template_id,
        **{name: _as_tuple(getattr(game, name)) for name in OWN},
    )


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def differences(before: Plan, after: Plan) -> dict[str, list[Any]]:
    """What changes between two plans: by a word for people, the value before and after."""
    words = {
        "title": "title",
        "description": "description",
        "starts_at": "start",
        "zone": "time zone",
        "channel_id": "channel",
        "template_id": "template",
        **{name: word(name) for name in OWN},
    }
    pairs = {word: (getattr(before, name), getattr(after, name)) for name, word in words.items()}
    return {word: [_plain(old), _plain(new)] for word, (old, new) in pairs.items() if old != new}


def word(name: str) -> str:
    """A setting's name in the record of who changed what."""
    return name.removesuffix("_ids").removesuffix("_id").replace("_", " ")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _still_before(kept: Announce, plan: Plan, now: datetime) -> Announce | None:
    """The time of announcing that stays, judged again only where the start is moved before it."""
    return kept if kept.at is not None and kept.at >= plan.starts_at else None


def _check(
    plan: Plan, guild_id: int, now: datetime, before: Plan | None = None, announce: Announce | None = None
) -> None:
    wrong = schedule_rules.check_announce(announce, plan.starts_at, now) if announce is not None else {}
    refusal = schedule_rules.check_plan(plan, now, before.starts_at if before else None)
    wrong |= dict(refusal.fields) if refusal else {}
    kept = before is not None and before.channel_id == plan.channel_id
    if not kept and not places(guild_id).filter(pk=plan.channel_id).exists():
        wrong["channel"] = wording.UNKNOWN_CHANNEL
    kept = before is not None and before.template_id == plan.template_id
    templates = GameTemplate.objects.filter(guild_id=guild_id, gone_at=None)
    if plan.template_id is not None and not kept and not templates.filter(pk=plan.template_id).exists():
        wrong["template"] = wording.UNKNOWN_TEMPLATE
    wrong |= check_archive(guild_id, {"archive_channel_id": plan.archive_channel_id})
    if wrong:
        raise Refused(Refusal("bad_plan", " ".join(wrong.values()), wrong))


def _take(game: Game, plan: Plan) -> None:
    game.title, game.description = plan.title, plan.description
    game.starts_at, game.zone = plan.starts_at, plan.zone
    if game.channel_id != plan.channel_id:
        game.channel = Channel.objects.with_homes().get(pk=plan.channel_id)
    if game.template_id != plan.template_id:
        game.template = GameTemplate.objects.get(pk=plan.template_id) if plan.template_id else None
    for name in OWN:
        value = getattr(plan, name)
        setattr(game, name, list(value) if isinstance(value, tuple) else value)
    game.ends_at = plan.starts_at + timedelta(minutes=game.effective.duration)


def _move_post(game: Game, now: datetime) -> None:
    """Another channel: the old post is taken down, a new one made."""
    post = game.announcement
    if post.message_id is not None:
        take_down(game, post.channel_id, post.message_id, now)
    post.begin_anew()
    post.channel, post.problem = game.channel, ""
    post.save()


def take_down(game: Game, channel_id: int, message_id: int, now: datetime) -> None:
    """Have a post of the game deleted that is no longer its announcement."""
    schedule(
        "takedown",
        game_id=game.pk,
        # Several may be asked for at once, so the row is told apart by its message.
        dedupe_key=message_id % 2**31,
        due_at=now,
        revision=game.revision,
        payload={"channel": str(channel_id), "message": str(message_id)},
    )
