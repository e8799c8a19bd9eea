"""Scheduling and editing games."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from games.confirmations import edits
from games.confirmations import wording as confirmation_wording
from games.confirmations.change_notices import notify_edited
from games.core import wording
from games.core.base import (
    ActionResult,
    Actor,
    lock_guild,
    lock_person,
    locked_game,
    managed_game,
    record,
    record_change,
    require_manager,
    require_state,
)
from games.core.codes import AuditAction, NotificationKind
from games.core.companions import companion_settings, schedule_all_companions
from games.core.frequent_queries import ANNOUNCEMENT_CHANNEL, GUILD_WITH_SETTINGS
from games.core.notification_schedule import schedule_game_times, schedule_post_update
from games.core.payloads import TakedownPayload
from games.core.permissions import Viewer
from games.core.queue import notify
from games.core.resolved_settings import as_tuple
from games.core.seating import assign_seats
from games.core.settings import GAME_SETTINGS, SETTINGS
from games.core.states import GameAction, State
from games.hosts import wording as host_wording
from games.hosts.actions import hand_over, notify_chosen_host, require_viewing_member
from games.models import Announcement, Game, GameTemplate
from games.offers.schedule_conflicts import ConflictPolicy, require_no_conflict
from games.pictures.actions import keep_pictures
from games.scheduling import rules as schedule_rules
from games.scheduling import wording as schedule_wording
from games.scheduling.limits import (
    count_post,
    lock_announcer,
    lock_announcer_of,
    require_posts_left,
    require_room_to_schedule,
)
from games.scheduling.publishing import announce_now, notify_followers, require_host_role, require_may_announce
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, Plan
from games.server_settings.actions import check_archive
from games.signups.actions import add_participants
from games.signups.eligibility import drop_ineligible_locked
from games.signups.participants import Participant
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import Channel, User

ANNOUNCE_NOW = AnnounceSchedule()


@transaction.atomic
def create_game(
    guild_id: int,
    plan: Plan,
    actor: Actor,
    now: datetime,
    host: User | None = None,
    participants: Iterable[Participant] = (),
    announce: AnnounceSchedule = ANNOUNCE_NOW,
    overlap: ConflictPolicy = ConflictPolicy.ANYWAY,
) -> ActionResult:
    """Schedule a game with the people named, its announcement and all that follows from its time.

    Until it is announced, only hosts and managers see it, and nobody is notified. The host is the actor, unless
    somebody who manages the guild names another, who is told. Whom others name is asked, as in `hand_over`. Raises
    Refused, with a sentence for each field. With `ConflictPolicy.ASK`, raises ScheduleConflict if the actor, as the
    host, plays or hosts another game at that time.
    """
    host, invited = choose_host(guild_id, host, actor)
    if host is not None:
        lock_person(host.pk)  # before the membership is read, which goes when they are forgotten
    viewer = actor.viewer(guild_id)
    if host is None or not viewer.may_see or (host == actor.user and viewer.member is None):
        raise Refused(Refusal("not_a_member", wording.NOT_A_MEMBER))
    viewer.require_may_act(now)
    if host != actor.user and not viewer.manages:
        raise Refused(Refusal("not_yours", wording.NOT_YOURS))
    lock_guild(guild_id)
    require_room_to_schedule(guild_id, host.pk, now)
    plan = schedule_rules.tidy_plan(plan)
    channel = _check_plan(plan, viewer, now, announce=announce)
    guild = GUILD_WITH_SETTINGS.first(guild_id)
    assert guild is not None  # it is locked
    announced_at = now if announce.when is AnnounceWhen.NOW else None
    game = Game(guild=guild, host=host, created_at=now, announced_at=announced_at, announce_at=announce.at)
    _apply_plan(game, plan, channel)
    _require_may_host(game, viewer)
    if announce.when is not AnnounceWhen.DRAFT:
        count_post(game, viewer, now)
    for person in filter(None, (host, invited)):
        if person != actor.user:
            require_viewing_member(game, person, "host")
    if overlap is ConflictPolicy.ASK and host == actor.user:
        require_no_conflict(host, game.starts_at, game.ends_at, now)
    game.save()
    Announcement.objects.create(game=game, channel_id=plan.channel_id)
    record(game, actor, AuditAction.CREATE, {}, now)
    added = add_participants(game, participants, actor, now)
    schedule_game_times(game, now)
    schedule_post_update(game, now)
    notify_followers(game, now)
    past = schedule_rules.past_reminders(game.starts_at, game.settings.reminders, now)
    hidden = schedule_wording.kept_hidden(game.announce_at, game.zone) + wording.past_text(past)
    text = (wording.created(past) if announced_at else hidden) + wording.added(added.names, added.already)
    if host != actor.user:
        notify_chosen_host(game, actor, now)
        text = f"{text} {host_wording.hosts_it(display_names(guild_id, [host.pk])[host.pk].text)}"
    if invited is not None:
        text = f"{text} {hand_over(game.pk, invited, actor, now).text}"
        game.refresh_from_db()
    return ActionResult(game, True, text)


def choose_host(guild_id: int, host: User | None, actor: Actor) -> tuple[User | None, User | None]:
    """Return who hosts a game that an actor schedules, and who is asked to; `host`: whom they named."""
    if host is None or host == actor.user or actor.viewer(guild_id).manages:
        return host or actor.user, None
    return actor.user, host


def _require_may_host(game: Game, viewer: Viewer) -> None:
    """Raise Refused if the actor may not schedule such a game, or have its roles pinged."""
    require_host_role(game, viewer)
    _require_pingable(game, viewer)


def _require_pingable(game: Game, viewer: Viewer, kept: Iterable[int] = ()) -> None:
    """Raise Refused if the game's own plan pings roles that the actor may not have pinged, except kept ones."""
    requested = set(game.notify_role_ids or ()) - set(kept)
    pingable = viewer.pingable_role_ids if requested else None
    if pingable is not None and not requested <= pingable:
        raise Refused(Refusal("not_pingable", wording.NOT_PINGABLE, {"notify_role_ids": wording.NOT_PINGABLE}))


@transaction.atomic
def edit_game(
    game_id: int,
    plan: Plan,
    actor: Actor,
    now: datetime,
    edit_version: int | None = None,
    participants: Iterable[Participant] = (),
    announce: AnnounceSchedule | None = None,
    drop_unconfirmed: bool | None = None,
) -> ActionResult:
    """Change a game's plan, and add the people named; nobody is taken out.

    A moved start reschedules the reminders in the same transaction. Players are notified of what they care for,
    and asked to confirm if the start moved far; `drop_unconfirmed` then overrides the setting whether not
    answering costs the seat. `announce` sets when a hidden game is announced; None leaves that as it is.
    `edit_version` is the version that the form was made from: Refused as `stale` if the game was edited since.
    """
    if announce is not None and announce.when is not AnnounceWhen.DRAFT:
        lock_announcer(actor)
    elif Game.objects.filter(pk=game_id).exclude(channel_id=plan.channel_id).exists():
        lock_announcer_of(game_id)
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    state = require_state(game, GameAction.EDIT, now)
    if edit_version is not None and edit_version != game.edit_version:
        raise Refused(Refusal("stale", wording.STALE))
    before = plan_from_game(game)
    plan = schedule_rules.tidy_plan(plan)
    if (plan.channel_id, plan.template_id) != (before.channel_id, before.template_id):
        lock_guild(game.guild_id)  # so that the settings it comes below do not change once they are read
    kept = (
        AnnounceSchedule(AnnounceWhen.LATER, game.announce_at)
        if game.announce_at
        else AnnounceSchedule(AnnounceWhen.DRAFT)
    )
    announce = (announce or kept) if state.hidden else None
    changed_announce = announce if announce != kept else _recheck_kept_schedule(kept, plan, now)
    channel = _check_plan(plan, viewer, now, before, changed_announce)
    changes = diff_plans(before, plan)
    if announce is not None and announce.when is not AnnounceWhen.DRAFT and game.announce_at is None:
        count_post(game, viewer, now)
    if "channel" in changes and game.announced_at is not None:
        require_posts_left(game, viewer, now)
    if announce is not None and announce.when is not AnnounceWhen.NOW and announce.at != game.announce_at:
        changes["announcement"] = [schedule_wording.announced_text(at) for at in (game.announce_at, announce.at)]
        game.announce_at = announce.at
    before_snapshot, hosts_before = edits.snapshot(game), set(game.settings.host_role_ids)
    companions_before = companion_settings(game.settings)
    _apply_plan(game, plan, channel)
    if set(game.settings.host_role_ids) != hosts_before:
        require_host_role(game, viewer)  # by another channel or template it becomes a kind of game that others host
    # Compare resolved values: a template or a channel may have changed them too, not only the game itself.
    changes |= {word: list(pair) for word, pair in edits.diff(before_snapshot, edits.snapshot(game)).items()}
    if "notify role" in changes:
        _require_pingable(game, viewer, before.settings.get("notify_role_ids") or ())
    past = (
        schedule_rules.past_reminders(plan.starts_at, game.settings.reminders, now) if state is State.SCHEDULED else []
    )
    asked: list[int] = []
    if changes:
        game.edit_version += 1
        if "channel" in changes:
            _replace_post(game, now)
        assign_seats(game, now)  # also if the start moved into or out of the time of offers
        edits.record_edit(game, actor, changes, now)
        schedule_game_times(game, now)
        asked = notify_edited(game, changes, actor, now, drop_unconfirmed)
    if companion_settings(game.settings) != companions_before:
        schedule_all_companions(game, now)
    if "channel" in changes:
        user_ids = game.signups.current().people().values_list("user_id", flat=True)
        drop_ineligible_locked(game, [user_id for user_id in user_ids if user_id], now, only_hidden=True)
    added = add_participants(game, participants, actor, now)
    was_changed = bool(changes or added.names)
    text = wording.edited(was_changed, past) + _asked_text(game, asked) + wording.added(added.names, added.already)
    if announce is not None and announce.when is AnnounceWhen.NOW:
        require_may_announce(game, viewer)
        announce_now(game, actor, now)
        was_changed, text = True, f"{text if was_changed else ''} {gettext(schedule_wording.ANNOUNCED)}".strip()
    return ActionResult(game, was_changed, text)


def _asked_text(game: Game, user_ids: Sequence[int]) -> str:
    names = display_names(game.guild_id, user_ids) if user_ids else {}
    return confirmation_wording.asked_again([names[user_id].text for user_id in user_ids])


@transaction.atomic
def retry_announcement(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Retry an announcement that failed."""
    game, _ = managed_game(GameAction.REPOST, game_id, actor, now)
    Announcement.objects.filter(game=game).update(problem_code="", problem="")
    record_change(game, actor, AuditAction.REPOST, {}, now)
    return ActionResult(game, True, wording.announcing_again())


def plan_from_game(game: Game) -> Plan:
    """Return the game's current plan."""
    return Plan(
        title=game.title,
        description=game.description,
        starts_at=game.starts_at,
        zone=game.zone,
        channel_id=game.channel_id,
        template_id=game.template_id,
        settings={name: as_tuple(getattr(game, name)) for name in GAME_SETTINGS},
    )


def diff_plans(before: Plan, after: Plan) -> dict[str, list[Any]]:
    """Return what differs between two plans: by a word for people, [before, after]."""
    words = {
        "title": "title",
        "description": "description",
        "starts_at": "start",
        "zone": "time zone",
        "channel_id": "channel",
        "template_id": "template",
    }
    pairs = {word: (getattr(before, name), getattr(after, name)) for name, word in words.items()}
    pairs |= {SETTINGS[name].audit_key: (before.settings.get(name), after.settings.get(name)) for name in GAME_SETTINGS}
    return {word: [_to_json(old), _to_json(new)] for word, (old, new) in pairs.items() if old != new}


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _recheck_kept_schedule(kept: AnnounceSchedule, plan: Plan, now: datetime) -> AnnounceSchedule | None:
    """Return the kept announcement time if it must be checked again: the start is no longer after it."""
    return kept if kept.at is not None and kept.at >= plan.starts_at else None


def _check_plan(
    plan: Plan, viewer: Viewer, now: datetime, before: Plan | None = None, announce: AnnounceSchedule | None = None
) -> Channel | None:
    """Return the channel that is chosen anew, if one is. Raises Refused, with a sentence for each field."""
    problems = schedule_rules.check_announce(announce, plan.starts_at, now) if announce is not None else {}
    refusal = schedule_rules.check_plan(plan, now, before.starts_at if before else None)
    problems |= dict(refusal.fields) if refusal else {}
    guild_id, channel = viewer.guild_id, None
    if before is None or before.channel_id != plan.channel_id:
        channel = ANNOUNCEMENT_CHANNEL.first(guild_id, plan.channel_id)
        if channel is None or not viewer.may_view(channel):
            problems["channel"] = gettext(wording.UNKNOWN_CHANNEL)
        elif not viewer.may_announce_in(channel):
            problems["channel"] = gettext(wording.CHANNEL_NOT_WRITABLE)
    kept = before is not None and before.template_id == plan.template_id
    if plan.template_id is not None and not kept:
        templates = GameTemplate.objects.select_related("channel").filter(guild_id=guild_id, deleted_at=None)
        template = templates.filter(pk=plan.template_id).first()
        if template is None or not viewer.may_see_template(template):
            problems["template"] = gettext(wording.UNKNOWN_TEMPLATE)
    archive_id, kept_archive = plan.settings.get("archive_channel_id"), None
    if before is not None:
        kept_archive = before.settings.get("archive_channel_id")
    problems |= check_archive(viewer, plan.settings, {kept_archive})
    if archive_id and archive_id != kept_archive and "archive_channel_id" not in problems:
        archive = Channel.objects.with_settings().get(pk=archive_id)
        if not viewer.may_announce_in(archive):
            problems["archive_channel_id"] = gettext(wording.CHANNEL_NOT_WRITABLE)
    problems |= keep_pictures(plan.settings, before.settings.values() if before is not None else ())
    if problems:
        raise Refused(Refusal("bad_plan", " ".join(problems.values()), problems))
    return channel


def _apply_plan(game: Game, plan: Plan, channel: Channel | None) -> None:
    game.title, game.description = plan.title, plan.description
    game.starts_at, game.zone = plan.starts_at, plan.zone
    if channel is not None:
        game.channel = channel
    if game.template_id != plan.template_id:
        game.template = GameTemplate.objects.get(pk=plan.template_id) if plan.template_id else None
    for name in GAME_SETTINGS:
        value = plan.settings.get(name)
        setattr(game, name, list(value) if isinstance(value, tuple) else value)
    game.drop_cached_settings()
    game.ends_at = plan.starts_at + timedelta(minutes=game.settings.duration)


def _replace_post(game: Game, now: datetime) -> None:
    """Schedule the takedown of the old post, and reset the announcement for the new channel."""
    post = game.announcement
    if post.message_id is not None:
        schedule_takedown(game, post.channel_id, post.message_id, now)
    post.reset_message()
    post.channel = game.channel
    post.clear_problem()
    post.save()


def schedule_takedown(game: Game, channel_id: int, message_id: int, now: datetime) -> None:
    """Schedule the deletion of a message that is no longer the game's announcement."""
    # Several may be scheduled at once, so the message distinguishes the rows.
    payload = TakedownPayload(channel_id, message_id)
    notify(game, NotificationKind.TAKEDOWN, now, dedupe_key=message_id, payload=payload)
