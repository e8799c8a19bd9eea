"""A plan from one line and what is chosen beside it, with the defaults of the form that schedules a game."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from games.core.frequent_queries import ANNOUNCEMENT_CHANNELS, CHANNEL_HOSTED_LAST
from games.core.permissions import Viewer
from games.core.resolved_settings import BUILT_IN_SOURCE
from games.models import Game, GameTemplate
from games.models.layers import inherited_settings
from games.scheduling.actions import plan_from_game
from games.scheduling.one_line import GameLine, read_line
from games.scheduling.rules import Plan, change_plan
from gamesched.lib.zones import zone_info
from guilds.models import Channel, Guild, User

NO_TEMPLATE = 0  # chosen: no template, though there is a default one


@dataclass(frozen=True)
class LineChoices:
    """What is chosen beside a line, and goes before what it says; None: nothing."""

    starts_at: datetime | None = None
    channel_id: int | None = None
    template_id: int | None = None
    seats: int | None = None
    duration: int | None = None
    cover: str = ""  # a stored picture


@dataclass(frozen=True)
class PlannedLine:
    """What a line says, and its plan; or `problem`, a key of LINE_PROBLEMS, and times to choose from."""

    line: GameLine
    plan: Plan | None = None
    problem: str = ""

    @property
    def offers(self) -> tuple[datetime, ...]:
        return self.line.when.offers


def plan_line(
    viewer: Viewer,
    guild: Guild,
    text: str,
    chosen: LineChoices,
    now: datetime,
    here: int | None = None,
    repeated: Game | None = None,
) -> PlannedLine:
    """Read a line as a viewer means it; `here` is the channel in which they write it, None elsewhere.

    `repeated`: the game that is scheduled again, whose plan it takes for all that the line does not say.
    """
    if repeated is not None:
        return _plan_again(text, chosen, now, repeated)
    template = chosen_template(viewer.templates, chosen.template_id)
    channel_id, channel = _channel(viewer, guild, chosen.channel_id, template, here)
    line = read_line(text, now, zone_of_new_game(viewer.person, guild, channel, template))
    starts_at = chosen.starts_at or line.when.at
    if starts_at is None:
        return PlannedLine(line, problem=line.when.problem or "")
    if not line.title:
        return PlannedLine(line, problem="no_title")
    if channel_id is None:
        return PlannedLine(line, problem="no_channel")
    plan = Plan(
        title=line.title,
        description=template.description if template is not None else "",
        starts_at=starts_at,
        zone=line.when.zone,
        channel_id=channel_id,
        template_id=template.pk if template is not None else None,
        settings=_settings(line, chosen),
    )
    return PlannedLine(line, plan)


def _plan_again(text: str, chosen: LineChoices, now: datetime, game: Game) -> PlannedLine:
    line = read_line(text, now, game.zone)
    starts_at = chosen.starts_at or line.when.at
    if starts_at is None:
        return PlannedLine(line, problem=line.when.problem or "")
    changes = {"title": line.title or game.title, "starts_at": starts_at, **_settings(line, chosen)}
    return PlannedLine(line, change_plan(plan_from_game(game), **changes))


def _settings(line: GameLine, chosen: LineChoices) -> dict[str, Any]:
    """Return the settings that are chosen, or that the line says."""
    seats = line.seats if chosen.seats is None else chosen.seats
    duration = line.duration if chosen.duration is None else chosen.duration
    values = (("seats", seats), ("duration", duration), ("cover", chosen.cover or None))
    return {name: value for name, value in values if value is not None}


def chosen_template(templates: list[GameTemplate], template_id: int | None) -> GameTemplate | None:
    """Return the template that is chosen, which may be none; the guild's default where nothing is."""
    if template_id is None:
        return next((one for one in templates if one.is_default), None)
    return next((one for one in templates if one.pk == template_id), None)


def zone_of_new_game(user: User, guild: Guild, channel: Channel | None, template: GameTemplate | None) -> str:
    """Return the zone in which a new game's time is meant: the setting, or their own where nobody set it."""
    setting = inherited_settings(guild, channel, template)["zone"]
    zone: str = user.tzinfo.key if setting.source == BUILT_IN_SOURCE else setting.value
    return zone


def channels_for(viewer: Viewer, guild: Guild) -> list[Channel]:
    """Return the channels in which somebody may have games announced, in their order."""
    return [one for one in ANNOUNCEMENT_CHANNELS.all(guild.pk) if viewer.may_announce_in(one)]


def channel_hosted_last(viewer: Viewer, guild: Guild) -> Channel | None:
    """Return the channel of the last game that somebody hosts here, if they may have games announced there."""
    channel = CHANNEL_HOSTED_LAST.first(guild.pk, viewer.person.pk)
    return channel if channel is not None and viewer.may_announce_in(channel) else None


def _channel(
    viewer: Viewer, guild: Guild, channel_id: int | None, template: GameTemplate | None, here: int | None
) -> tuple[int | None, Channel | None]:
    """Return the channel that is chosen, which the action checks; else the template's, this one, or the first."""
    if channel_id is None and template is not None and template.channel is not None:
        return template.channel_id, template.channel
    channels = channels_for(viewer, guild)
    wanted = here if channel_id is None else channel_id
    channel = next((one for one in channels if one.pk == wanted), channels[0] if channels and not channel_id else None)
    return (channel.pk if channel is not None else channel_id), channel


def initial_of_line(line: GameLine, chosen: LineChoices) -> dict[str, Any]:
    """Return the form's initial values that a line and what was chosen beside it say."""
    starts_at = chosen.starts_at or line.when.at
    found: dict[str, Any] = {"title": line.title, "zone": line.when.zone}
    if starts_at is not None:
        local = starts_at.astimezone(zone_info(line.when.zone))
        comes_twice = len({local.replace(fold=fold).utcoffset() for fold in (0, 1)}) > 1
        fold = str(local.fold) if comes_twice else None
        found |= {"date": local.date(), "time": local.time(), "fold": fold}
    return found | _settings(line, chosen)
