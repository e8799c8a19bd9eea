"""Archiving games that are over: their post moves to the archive channel."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from games.core.base import (
    DISCORD_ACTOR,
    ActionResult,
    Actor,
    EntryPoint,
    locked_game,
    record,
    record_change,
    require_manager,
    require_state,
)
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notification_schedule import schedule_rewarded
from games.core.notifications import skip_for_state
from games.core.queue import close_notifications
from games.core.states import GameAction, State
from games.models import Game
from games.models.announcement import PostProblem
from games.posts import wording as post_wording
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Channel
from guilds.permissions import shows_more_people, viewed_by_all_of
from notifications.messages import PermanentError
from notifications.models import new_nonce
from notifications.types import Skip


@transaction.atomic
def archive_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Archive a game that is over, now.

    Raises Refused if no archive is chosen, or the bot may not post there.
    """
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if game.state(now) is State.ARCHIVED:
        return ActionResult(game, False, post_wording.ALREADY_ARCHIVED)
    require_state(game, GameAction.ARCHIVE, now)
    channel = archive_channel_of(game)
    if channel is None:
        raise Refused(Refusal("no_archive", post_wording.NO_ARCHIVE))
    if problem := _archive_problem(game, channel):
        raise Refused(Refusal("no_archive", problem))
    _start_archiving(game, channel, actor, {"channel": channel.pk}, now)
    close_notifications(game, [NotificationKind.ARCHIVE], GameSkipCode.ARCHIVED, now)
    return ActionResult(game, True, gettext(post_wording.ARCHIVED).format(channel=channel))


def archive_on_schedule(game: Game, now: datetime) -> Skip | None:
    """Archive a game at its scheduled time; return why not, None where it was. Needs the game's lock."""
    if game.state(now) is not State.COMPLETED:
        return skip_for_state(game, now)
    channel = archive_channel_of(game)
    if channel is None:
        return Skip(GameSkipCode.NO_ARCHIVE)
    if _archive_problem(game, channel):
        abort_archiving(game, "", now)
        return Skip(GameSkipCode.ARCHIVE_PERMISSIONS)
    _start_archiving(game, channel, Actor(None, EntryPoint.CLOCK), {"channel": channel.pk, "planned": True}, now)
    return None


def archive_channel_of(game: Game) -> Channel | None:
    """Return the channel to which a game's post moves when it is over; None for nowhere."""
    channels = Channel.objects.for_announcements().filter(guild=game.guild_id).with_settings()
    channel = channels.filter(pk=game.settings.archive_channel_id).first()
    return channel if channel is not None and not channel.is_forum else None


def _archive_problem(game: Game, channel: Channel) -> str:
    """Return why the game's post cannot move to a channel; '' if it can."""
    if channel.missing_requirements:
        return post_wording.not_archived(_shown_name(game, channel), channel.missing_requirements)
    shows_more = shows_more_people(channel, game.channel)
    return post_wording.archive_shows_more(_shown_name(game, channel)) if shows_more else ""


def archive_problem_now(game: Game) -> str:
    """Return why a game that was not archived could not be, as far as that still holds."""
    channel = archive_channel_of(game)
    if channel is None:
        return gettext(post_wording.NO_ARCHIVE)
    return _archive_problem(game, channel) or post_wording.not_archived(_shown_name(game, channel), [])


def _shown_name(game: Game, channel: Channel) -> str:
    """Return the name of the archive for the game's hosts, unless somebody who sees the game may not view it."""
    return str(channel) if viewed_by_all_of(game.channel, [channel]) else gettext(post_wording.THE_ARCHIVE)


def _start_archiving(game: Game, channel: Channel, actor: Actor, changes: dict[str, object], now: datetime) -> None:
    """Start the move; the old post stays until the new one is posted, so that a refusal loses nothing."""
    game.archived_at = now
    post = game.announcement
    post.clear_problem()
    if post.channel_id != channel.pk:
        post.nonce = new_nonce()  # with the old nonce, Discord would return the old post
    post.save(update_fields=["problem_code", "problem", "nonce"])
    record_change(game, actor, AuditAction.ARCHIVE, changes, now)
    schedule_rewarded(game, now)


def record_archive_failure(game: Game, error: PermanentError, now: datetime) -> None:
    """Record that Discord refused the post in the archive. Needs the game's lock."""
    known = {PermanentError.MISSING_PERMISSION, PermanentError.UNKNOWN_CHANNEL}
    abort_archiving(game, "" if error.code in known else str(error), now)


def abort_archiving(game: Game, refusal: str, now: datetime) -> None:
    """Mark the game as not archived, with what Discord said if it refused. Needs the game's lock."""
    post = game.announcement
    post.set_problem(PostProblem.NOT_ARCHIVED, refusal)
    post.save(update_fields=["problem_code", "problem"])
    # Even if nothing else changes, so that open pages refresh.
    Game.objects.filter(pk=game.pk).update(archived_at=None)
    record(game, DISCORD_ACTOR, AuditAction.ARCHIVE, {"stayed": refusal or PostProblem.NOT_ARCHIVED}, now)
