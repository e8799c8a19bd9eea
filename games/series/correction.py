"""Another host or channel for the next games of a series, once the game that they follow can be edited no more."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from games.core import wording as core_wording
from games.core.audit_people import stored_person
from games.core.base import ActionResult, Actor, lock_person
from games.core.codes import AuditAction
from games.core.frequent_queries import ANNOUNCEMENT_CHANNEL
from games.core.permissions import Viewer, load_game_viewer
from games.core.states import GameAction, is_allowed
from games.models import Game, GameTemplate, Series
from games.models.layers import inherited_settings
from games.series import wording
from games.series.actions import lock_series_of, locked_series, save_change
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import Channel, User


def is_correctable(series: Series, now: datetime) -> bool:
    """Return whether the host and channel of the next games are changed on the series, not on the game they follow."""
    return series.ended_at is None and not is_allowed(GameAction.EDIT, series.source.state(now))


@transaction.atomic
def correct_series(
    game_id: int, host: User | None, channel_id: int | None, actor: Actor, now: datetime
) -> ActionResult:
    """Have somebody else host the next games, or another channel announce them; None leaves it as it is.

    Who manages the server names anybody; others name themselves. Raises Refused, with a sentence for a field.
    """
    if host is not None:
        lock_series_of(game_id)
        lock_person(host.pk)  # before the membership is read, which goes when they are forgotten
    series, game, viewer = locked_series(game_id, actor, now)
    if series.ended_at is not None:
        raise Refused(Refusal("ended", wording.ENDED_ALREADY))
    series.source = source = Game.objects.with_guild_and_channel().select_related("host").get(pk=series.source_id)
    if not is_correctable(series, now):
        raise Refused(Refusal("follows_its_game", wording.FOLLOWS_ITS_GAME))
    before = series.next_host, series.game_values["channel_id"]
    host = host or series.next_host
    if host != before[0] and not viewer.manages and not (host == actor.user and viewer.may_choose_hosts(game)):
        raise Refused(Refusal("not_yours", wording.NOT_YOUR_CHOICE, {"host": wording.NOT_YOUR_CHOICE}))
    wanted = before[1] if channel_id is None else channel_id
    channel = _channel(viewer, wanted, chosen=wanted != before[1])
    if (host, channel.pk) == before:
        return ActionResult(game, False, wording.CORRECTED)
    series.host = host if host != source.host else None
    if sentence := _problem_with_host(series, channel):
        raise Refused(Refusal("no_host", sentence, {"host": sentence}))
    series.game_values = {**series.game_values, "channel_id": channel.pk}
    series.problem_code = ""
    changes = {"for": stored_person(host.pk)} if host != before[0] else {}
    return save_change(series, game, actor, AuditAction.CORRECT_SERIES, now, wording.CORRECTED, changes)


def _channel(viewer: Viewer, channel_id: int, *, chosen: bool) -> Channel:
    channel = ANNOUNCEMENT_CHANNEL.first(viewer.guild_id, channel_id)
    sentence = ""
    if channel is None or not viewer.may_view(channel):
        sentence = gettext(core_wording.UNKNOWN_CHANNEL)
    elif chosen and not viewer.may_announce_in(channel):
        sentence = gettext(core_wording.CHANNEL_NOT_WRITABLE)
    if channel is None or sentence:
        raise Refused(Refusal("bad_plan", sentence, {"channel": sentence}))
    return channel


def _problem_with_host(series: Series, channel: Channel) -> str:
    """Return why the host of the next games cannot have them announced in a channel; '' if nothing is wrong.

    It is enough if who had the game announced that they follow may schedule them there.
    """
    source, template_id = series.source, series.game_values["template_id"]
    host = load_game_viewer(source, series.next_host)
    name = display_names(series.guild_id, [series.next_host.pk])[series.next_host.pk].text
    if host.member is None:
        return core_wording.not_a_member(name)
    if not host.may_view(channel):
        return core_wording.cannot_see_channel(name)
    template = GameTemplate.objects.filter(pk=template_id, deleted_at=None).select_related("channel").first()
    roles = inherited_settings(source.guild, channel, template)["host_role_ids"].value
    viewers = [load_game_viewer(source, one) for one in announcers(series)]
    allowed = any(one.may_announce_in(channel) and one.may_host(roles) for one in viewers)
    return "" if allowed else wording.may_not_host_it(name)


def announcers(series: Series) -> set[User]:
    """Return those of whom one must be allowed to have the next game announced."""
    return {series.next_host, series.source.announced_by or series.source.host}
