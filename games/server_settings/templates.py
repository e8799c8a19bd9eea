"""Templates: making, changing, duplicating, deleting and ordering them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from games.confirmations import wording as confirmation_wording
from games.core.base import Actor, locked_game
from games.core.freezing import locked_games
from games.core.host_text import as_written
from games.core.wording import UNKNOWN_CHANNEL
from games.models import GameTemplate
from games.models.settings import OWN
from games.server_settings import rules as settings_rules
from games.server_settings import wording as settings_wording
from games.server_settings.actions import (
    Saved,
    apply,
    check,
    require_manager,
    save_level,
    settings_of,
    unsettled,
    write_down,
)
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Channel, Guild

MOST = 50  # templates of one guild: a list that people still read


@transaction.atomic
def save_template(
    guild_id: int,
    template_id: int | None,
    name: str,
    description: str,
    channel_id: int | None,
    settings: Mapping[str, Any],
    locked: Iterable[str],
    actor: Actor,
    now: datetime,
    edition: int | None = None,
) -> Saved:
    """Make a template, or change one; a guild's first is its default. Raises Refused, with fields where wrong."""
    require_manager(guild_id, actor)
    games = locked_games(unsettled(guild_id).filter(template_id=template_id)) if template_id is not None else []
    living = _locked_templates(guild_id)
    level = _find(living, template_id) if template_id else _new(guild_id, living)
    name, description = settings_rules.tidy_texts(name, description)
    values = {
        **settings,
        "name": name,
        "description": description,
        "channel_id": channel_id,
        "locked": tuple(name for name in OWN if name in set(locked)),
    }
    wrong = check(guild_id, level, values)
    wrong |= settings_rules.check_texts(name, description, [t.name for t in living if t.pk != level.pk])
    channels = Channel.objects.for_announcements().filter(guild_id=guild_id)
    if channel_id is not None and channel_id != level.channel_id and not channels.filter(pk=channel_id).exists():
        wrong["channel"] = UNKNOWN_CHANNEL
    verb = "template" if template_id else "new_template"
    return save_level(guild_id, level, values, wrong, edition if template_id else None, games, verb, actor, now)


@transaction.atomic
def duplicate_template(guild_id: int, template_id: int, actor: Actor, now: datetime) -> Saved:
    """Make another template that says the same, under a name of its own, at the end of the list."""
    require_manager(guild_id, actor)
    living = _locked_templates(guild_id)
    like = _find(living, template_id)
    copy = _new(guild_id, living)
    for field, value in settings_of(like).items():
        setattr(copy, field, list(value) if isinstance(value, tuple) else value)
    copy.name = settings_wording.copy_of(like.name, [t.name for t in living])
    copy.description, copy.channel_id, copy.locked = like.description, like.channel_id, like.locked
    copy.edition = 1
    copy.save()
    write_down(guild_id, "duplicate", like.name, {"as": copy.name}, actor, now)
    return Saved(copy, True, (), settings_wording.duplicated(like.name, copy.name))


@transaction.atomic
def save_game_as_template(game_id: int, name: str, actor: Actor, now: datetime) -> Saved:
    """Make a template of what a game and its own template say, with its description and channel. Raises Refused."""
    game = locked_game(game_id, actor)
    require_manager(game.guild_id, actor)
    own = {name: value for name, value in settings_of(as_written(game)).items() if name in OWN and value is not None}
    channels = Channel.objects.for_announcements().filter(guild_id=game.guild_id)
    home = channels.filter(pk=game.channel.home.pk).first()
    saved = save_template(
        game.guild_id,
        None,
        name,
        game.description,
        home.pk if home is not None else None,
        settings_of(game.living_template) | own,
        (),
        actor,
        now,
    )
    return replace(saved, text=confirmation_wording.template_made(str(saved.level)))


@transaction.atomic
def delete_template(guild_id: int, template_id: int, actor: Actor, now: datetime, edition: int | None = None) -> Saved:
    """Delete a template; its games to come take their settings from their channel and the server instead.

    Raises Refused for a default while there are others: one of those must be made the default first.
    """
    require_manager(guild_id, actor)
    games = locked_games(unsettled(guild_id).filter(template_id=template_id))
    living = _locked_templates(guild_id)
    level = _find(living, template_id)
    if edition is not None and edition != level.edition:
        raise Refused(Refusal("stale", settings_wording.STALE_SETTINGS))
    if level.is_default and len(living) > 1:
        raise Refused(Refusal("is_default", settings_wording.default_stays(level.name)))
    level.gone_at, level.is_default = now, False
    found = apply(games, level.save, now)
    write_down(guild_id, "delete_template", level.name, {}, actor, now)
    orphans = sum(not game.settled_at for game in games)
    return Saved(level, True, found, settings_wording.template_deleted(level.name, orphans))


@transaction.atomic
def reorder_templates(guild_id: int, template_ids: Sequence[int], actor: Actor, now: datetime) -> Saved:
    """Put templates in this order. Raises Refused unless it names each living template once."""
    require_manager(guild_id, actor)
    living = {template.pk: template for template in _locked_templates(guild_id)}
    if sorted(template_ids) != sorted(living):
        raise Refused(Refusal("stale", settings_wording.OTHER_TEMPLATES))
    before = [template.name for template in living.values()]
    for position, pk in enumerate(template_ids):
        if living[pk].position != position:
            living[pk].position = position
            living[pk].save(update_fields=["position"])
    after = [living[pk].name for pk in template_ids]
    if before != after:
        write_down(guild_id, "reorder", settings_wording.TEMPLATES, {"order": [before, after]}, actor, now)
    return Saved(None, before != after, (), settings_wording.REORDERED)


@transaction.atomic
def make_default(guild_id: int, template_id: int, actor: Actor, now: datetime) -> Saved:
    """Make a template the one that is chosen where nobody chooses."""
    require_manager(guild_id, actor)
    living = _locked_templates(guild_id)
    level = _find(living, template_id)
    if level.is_default:
        return Saved(level, False, (), settings_wording.made_default(level.name))
    before = next((t.name for t in living if t.is_default), None)
    GameTemplate.objects.filter(pk__in=[t.pk for t in living], is_default=True).update(is_default=False)
    level.is_default = True
    level.save(update_fields=["is_default"])
    write_down(guild_id, "default", level.name, {"default": [before, level.name]}, actor, now)
    return Saved(level, True, (), settings_wording.made_default(level.name))


def _locked_templates(guild_id: int) -> list[GameTemplate]:
    """A guild's templates, in their order, locked in that of their ids, with the guild so that none is added."""
    list(Guild.objects.select_for_update(no_key=True).filter(pk=guild_id).values_list("pk"))
    living = GameTemplate.objects.filter(guild_id=guild_id, gone_at=None)
    list(living.order_by("pk").select_for_update().values_list("pk"))
    return list(living.order_by("position", "pk"))


def _find(living: list[GameTemplate], template_id: int) -> GameTemplate:
    found = next((template for template in living if template.pk == template_id), None)
    if found is None:
        raise Refused(Refusal("unknown_template", settings_wording.UNKNOWN_TEMPLATE))
    return found


def _new(guild_id: int, living: list[GameTemplate]) -> GameTemplate:
    if len(living) >= MOST:
        raise Refused(Refusal("too_many", settings_wording.too_many_templates(MOST)))
    last = GameTemplate.objects.filter(guild_id=guild_id).aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    return GameTemplate(guild_id=guild_id, position=position, is_default=not living, edition=0)
