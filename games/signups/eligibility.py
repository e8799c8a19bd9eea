"""Players who may not play any more: they left the guild, lost the role, or may not view the game's channel."""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q

from games.core.audit_people import stored_people
from games.core.base import DISCORD_ACTOR, Actor, EntryPoint, locked_game, record_change
from games.core.codes import AuditAction, NotificationKind
from games.core.notification_schedule import bump_post_version
from games.core.payloads import LostAccessPayload, LostSeatPayload
from games.core.queue import notify
from games.core.seating import assign_seats
from games.core.states import State
from games.models import Game, Signup
from guilds.directory.lookup import ROLES_FRESH, DirectoryUnavailable, refresh_member
from guilds.models import Channel, Member, Role
from guilds.permissions import blocked_user_ids, denies_somebody, may_play, may_view

log = logging.getLogger(__name__)

MAX_LOOKUPS = 20  # people looked up at a time before their seats are freed; the sweep goes on with the rest


class Loss(StrEnum):
    """Why somebody may not play any more."""

    LEFT = "left"
    ROLE = "role"
    CHANNEL = "channel"


def may_sign_up(
    guild_id: int, channel: Channel, role_ids: Collection[int], user_ids: Collection[int], now: datetime
) -> set[int]:
    """Return those of these users who may sign up for a game in the channel that is for these roles."""
    rows = Member.objects.with_role_permissions().select_related("guild")
    members = rows.filter(guild=guild_id, user__in=user_ids, left_at=None)
    may = {one.user_id for one in members if may_view(one, channel) and may_play(one, role_ids)}
    return may - blocked_user_ids(guild_id, may, now)


@transaction.atomic
def drop_ineligible(game_id: int, user_ids: Collection[int], now: datetime, *, only_hidden: bool = False) -> int:
    """Remove the sign-ups of those of these users who may not play any more; return how many rows that changed.

    With `only_hidden`, only of those who may not view the channel.
    The host is notified, and so is who lost the role or may no longer view the channel. A response Maybe or Can't
    make it of a person who left the guild is deleted without a notification. Signed up by somebody else, a person
    needs no role, and so loses none. Coming back does not restore the seat: by then another player has it.
    """
    game, _ = locked_game(game_id, Actor(None, EntryPoint.DISCORD, operator=True), now)
    return drop_ineligible_locked(game, user_ids, now, only_hidden=only_hidden)


def drop_ineligible_locked(game: Game, user_ids: Collection[int], now: datetime, *, only_hidden: bool = False) -> int:
    """Run `drop_ineligible` for an action that holds the game's lock."""
    state = game.state(now)
    if not (state.hidden or state is State.SCHEDULED):
        return 0
    rows = Member.objects.with_role_permissions().select_related("guild", "user")
    present = rows.filter(guild_id=game.guild_id, user__in=user_ids, left_at=None, guild__bot_removed_at=None)
    members = {member.user_id: member for member in present}
    withdrawn = game.responses.filter(user__in=user_ids).exclude(user__in=members).delete()[0]
    signups = game.signups.current().filter(user__in=user_ids).order_by("order_key")
    reasons = {one: _why_ineligible(game, one, members) for one in signups}
    losing = {one: why for one, why in reasons.items() if why and (why is Loss.CHANNEL or not only_hidden)}
    if losing:
        game.signups.filter(pk__in=[one.pk for one in losing]).update(left_at=now, seated_at=None)
        assign_seats(game, now)
        _notify_losses(game, losing, now)
    elif withdrawn:
        bump_post_version(game, now)
    return withdrawn + len(losing)


def _why_ineligible(game: Game, signup: Signup, members: Mapping[int, Member]) -> Loss | None:
    user_id = signup.user_id or 0
    member = members.get(user_id)
    if member is None:
        return Loss.LEFT
    if game.is_hosted_by(user_id):
        return None
    if not may_view(member, game.channel):
        return Loss.CHANNEL
    return None if signup.added_by_other or may_play(member, game.settings.player_role_ids) else Loss.ROLE


def _notify_losses(game: Game, losing: Mapping[Signup, Loss], now: datetime) -> None:
    hidden = [one.user_id for one, why in losing.items() if why is Loss.CHANNEL and one.user_id]
    groups = [([one.user_id], why) for one, why in losing.items() if why is not Loss.CHANNEL and one.user_id]
    # A channel is hidden from many at a time, so the host reads of them in one message.
    for user_ids, why in [*groups, *([(hidden, Loss.CHANNEL)] if hidden else [])]:
        changes: dict[str, Any] = {"for": stored_people(user_ids), "left": why is Loss.LEFT}
        if why is Loss.CHANNEL:
            changes["hidden"] = True
        record_change(game, DISCORD_ACTOR, AuditAction.LOSE_SEAT, changes, now)
        # Several may go before notifyd next runs, so the person distinguishes the rows.
        several = user_ids if len(user_ids) > 1 else ()
        payload = LostSeatPayload(why is Loss.LEFT, why is Loss.CHANNEL, several)
        notify(game, NotificationKind.LOST_SEAT, now, to=game.host_id, dedupe_key=user_ids[0], payload=payload)
    if game.announced_at is None:
        return
    for user_id in (one.user_id for one, why in losing.items() if why is Loss.ROLE):
        notify(game, NotificationKind.LOST_ROLE, now, to=user_id, expires_at=game.starts_at)
    if hidden:
        lost = LostAccessPayload(hidden)
        notify(game, NotificationKind.LOST_ACCESS, now, dedupe_key=hidden[0], payload=lost, expires_at=game.starts_at)


def drop_ineligible_signup(game_id: int, user_id: int, now: datetime) -> bool:
    """Run `drop_ineligible` for one person; return whether it changed anything."""
    return drop_ineligible(game_id, [user_id], now) > 0


def drop_ineligible_signups(guild_id: int, user_id: int, now: datetime) -> int:
    """Run `drop_ineligible_signup` in every upcoming game of the guild; return how many changed.

    For a member who left or whose roles changed.
    """
    to_come = Game.objects.filter(guild_id=guild_id, cancelled_at=None, starts_at__gt=now)
    games = to_come.filter(Q(signups__user_id=user_id, signups__left_at=None) | Q(responses__user_id=user_id))
    return sum(drop_ineligible_signup(pk, user_id, now) for pk in sorted(set(games.values_list("pk", flat=True))))


def on_member_changed(guild_id: int, user_id: int, now: datetime, **kwargs: object) -> None:
    """Receive `guilds.signals.member_changed`."""
    drop_ineligible_signups(guild_id, user_id, now)


# --- channels that came to be hidden -------------------------------------------------------------------------


def drop_hidden_signups(now: datetime, guild_ids: Collection[int] | None = None) -> int:
    """Remove the sign-ups of those who may no longer view the channel of a game to come; return how many.

    Called after guilds' roles and overwrites were saved, and by the sweep. Takes two statements where every channel
    is open to all, and four else. Who is about to lose a seat is looked up first, as their roles may be newer than
    those stored; while Discord is unavailable they keep it.
    """
    games = Game.objects.filter(cancelled_at=None, starts_at__gt=now, guild__bot_removed_at=None)
    games = games.filter(guild__in=guild_ids) if guild_ids is not None else games
    used = Channel.objects.filter(pk__in=games.order_by().values("channel")).select_related("parent")
    channels = {channel.pk: channel for channel in used}
    everyone = Role.objects.filter(pk__in={channel.guild_id for channel in channels.values()})
    bits = dict(everyone.values_list("pk", "permissions"))
    closed = [pk for pk, channel in channels.items() if denies_somebody(channel, bits.get(channel.guild_id, 0))]
    if not closed:
        return 0
    signups = Signup.objects.current().people().filter(game__in=games.filter(channel__in=closed).order_by())
    seats = list(signups.order_by("game_id", "order_key").values_list("game_id", "game__channel_id", "user_id"))
    rows = Member.objects.with_role_permissions().select_related("guild")
    guild_ids = {channels[channel_id].guild_id for _, channel_id, _ in seats}
    known = rows.filter(guild__in=guild_ids, user__in={user_id for *_, user_id in seats}, left_at=None)
    members = {(member.guild_id, member.user_id): member for member in known}
    losing: dict[int, list[int]] = {}
    lookups: dict[tuple[int, int], bool] = {}
    for game_id, channel_id, user_id in seats:
        member = members.get((channels[channel_id].guild_id, user_id or 0))
        if member is not None and not may_view(member, channels[channel_id]) and _is_certain(member, lookups, now):
            losing.setdefault(game_id, []).append(member.user_id)
    return sum(drop_ineligible(game_id, user_ids, now, only_hidden=True) for game_id, user_ids in losing.items())


def _is_certain(member: Member, lookups: dict[tuple[int, int], bool], now: datetime) -> bool:
    """Return whether the stored roles are Discord's of this minute, after a look-up if need be."""
    if member.roles_read_at is not None and now - member.roles_read_at < ROLES_FRESH:
        return True
    who = member.guild_id, member.user_id
    if who not in lookups and len(lookups) < MAX_LOOKUPS:
        try:
            refresh_member(*who)
            lookups[who] = True
        except DirectoryUnavailable as reason:
            lookups[who] = False
            log.warning("Who may not see a game's channel keeps the seat, for Discord cannot be asked: %s", reason)
    return lookups.get(who, False)
