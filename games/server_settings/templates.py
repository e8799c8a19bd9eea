"""Templates: creating, changing, duplicating, deleting and ordering them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from games.confirmations import wording as confirmation_wording
from games.core.base import Actor, lock_guild, locked_game
from games.core.codes import AuditAction
from games.core.freezing import locked_layer
from games.core.host_text import with_explicit_settings_only
from games.core.settings import GAME_SETTINGS
from games.core.wording import UNKNOWN_CHANNEL
from games.models import GameTemplate
from games.server_settings import rules as settings_rules
from games.server_settings import wording as settings_wording
from games.server_settings.actions import (
    SettingsResult,
    apply_to_games,
    check_layer,
    inheriting_games,
    record_settings_change,
    require_guild_manager,
    save_layer,
    values_of,
)
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Channel

TEMPLATES_MAX = 50  # templates of one guild: a list that people can still read


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
    edit_version: int | None = None,
    copied_archive: int | None = None,
) -> SettingsResult:
    """Create or change a template; a guild's first is its default. Raises Refused, with a sentence for each field.

    `copied_archive`: the archive channel of what it is made from, which may be hidden from the actor.
    """
    viewer = require_guild_manager(guild_id, actor, now)
    below = inheriting_games(guild_id).filter(template_id=template_id or 0)
    games, active = locked_layer(below, lambda: _locked_templates(guild_id))
    template = _get_template(active, template_id) if template_id else _new_template(guild_id, active)
    name, description = settings_rules.tidy_texts(name, description)
    values = {
        **settings,
        "name": name,
        "description": description,
        "channel_id": channel_id,
        "locked": tuple(name for name in GAME_SETTINGS if name in set(locked)),
    }
    problems = check_layer(viewer, template, values, copied_archive)
    problems |= settings_rules.check_texts(name, description, [t.name for t in active if t.pk != template.pk])
    if channel_id is not None and channel_id != template.channel_id:
        channel = Channel.objects.for_announcements().filter(guild_id=guild_id, pk=channel_id).first()
        if channel is None or not viewer.may_view(channel):
            problems["channel"] = gettext(UNKNOWN_CHANNEL)
    action = AuditAction.EDIT_TEMPLATE if template_id else AuditAction.CREATE_TEMPLATE
    return save_layer(
        guild_id, template, values, problems, edit_version if template_id else None, games, action, actor, now
    )


@transaction.atomic
def duplicate_template(guild_id: int, template_id: int, actor: Actor, now: datetime) -> SettingsResult:
    """Create a copy of a template, under a name of its own, at the end of the list."""
    require_guild_manager(guild_id, actor, now)
    active = _locked_templates(guild_id)
    original = _get_template(active, template_id)
    copy = _new_template(guild_id, active)
    for field, value in values_of(original).items():
        setattr(copy, field, list(value) if isinstance(value, tuple) else value)
    copy.name = settings_wording.copy_of(original.name, [t.name for t in active])
    copy.description, copy.channel_id, copy.locked = original.description, original.channel_id, original.locked
    copy.edit_version = 1
    copy.save()
    record_settings_change(guild_id, AuditAction.DUPLICATE_TEMPLATE, original.name, {"as": copy.name}, actor, now)
    return SettingsResult(copy, True, (), settings_wording.duplicated(original.name, copy.name))


@transaction.atomic
def save_game_as_template(game_id: int, name: str, actor: Actor, now: datetime) -> SettingsResult:
    """Create a template from a game's and its template's settings, its description and channel. Raises Refused."""
    game, _ = locked_game(game_id, actor, now)
    require_guild_manager(game.guild_id, actor, now)
    explicit = {
        name: value
        for name, value in values_of(with_explicit_settings_only(game)).items()
        if name in GAME_SETTINGS and value is not None
    }
    channels = Channel.objects.for_announcements().filter(guild_id=game.guild_id)
    channel = channels.filter(pk=game.channel.settings_channel.pk).first()
    settings = values_of(game.active_template) | explicit
    saved = save_template(
        game.guild_id,
        None,
        name,
        game.description,
        channel.pk if channel is not None else None,
        settings,
        (),
        actor,
        now,
        copied_archive=settings["archive_channel_id"],
    )
    return replace(saved, text=confirmation_wording.template_made(str(saved.layer)))


@transaction.atomic
def delete_template(
    guild_id: int, template_id: int, actor: Actor, now: datetime, edit_version: int | None = None
) -> SettingsResult:
    """Delete a template; its upcoming games inherit from their channel and the server instead.

    Raises Refused for the default while there are others: one of those must be made the default first.
    """
    require_guild_manager(guild_id, actor, now)
    below = inheriting_games(guild_id).filter(template_id=template_id)
    games, active = locked_layer(below, lambda: _locked_templates(guild_id))
    template = _get_template(active, template_id)
    if edit_version is not None and edit_version != template.edit_version:
        raise Refused(Refusal("stale", settings_wording.STALE_SETTINGS))
    if template.is_default and len(active) > 1:
        raise Refused(Refusal("is_default", settings_wording.default_stays(template.name)))
    template.deleted_at, template.is_default = now, False
    game_changes = apply_to_games(games, template.save, now)
    record_settings_change(guild_id, AuditAction.DELETE_TEMPLATE, template.name, {}, actor, now)
    game_count = sum(not game.settings_frozen_at for game in games)
    return SettingsResult(template, True, game_changes, settings_wording.template_deleted(template.name, game_count))


@transaction.atomic
def reorder_templates(guild_id: int, template_ids: Sequence[int], actor: Actor, now: datetime) -> SettingsResult:
    """Put templates in this order. Raises Refused unless it names each active template once."""
    require_guild_manager(guild_id, actor, now)
    active = {template.pk: template for template in _locked_templates(guild_id)}
    if sorted(template_ids) != sorted(active):
        raise Refused(Refusal("stale", settings_wording.OTHER_TEMPLATES))
    before = [template.name for template in active.values()]
    for position, pk in enumerate(template_ids):
        if active[pk].position != position:
            active[pk].position = position
            active[pk].save(update_fields=["position"])
    after = [active[pk].name for pk in template_ids]
    if before != after:
        record_settings_change(
            guild_id, AuditAction.REORDER, settings_wording.TEMPLATES, {"order": [before, after]}, actor, now
        )
    return SettingsResult(None, before != after, (), settings_wording.REORDERED)


@transaction.atomic
def make_default(guild_id: int, template_id: int, actor: Actor, now: datetime) -> SettingsResult:
    """Make a template the default, chosen where nobody chooses."""
    require_guild_manager(guild_id, actor, now)
    active = _locked_templates(guild_id)
    template = _get_template(active, template_id)
    if template.is_default:
        return SettingsResult(template, False, (), settings_wording.made_default(template.name))
    before = next((t.name for t in active if t.is_default), None)
    GameTemplate.objects.filter(pk__in=[t.pk for t in active], is_default=True).update(is_default=False)
    template.is_default = True
    template.save(update_fields=["is_default"])
    record_settings_change(
        guild_id, AuditAction.SET_DEFAULT_TEMPLATE, template.name, {"default": [before, template.name]}, actor, now
    )
    return SettingsResult(template, True, (), settings_wording.made_default(template.name))


def _locked_templates(guild_id: int) -> list[GameTemplate]:
    """Lock a guild and its templates by id, so that none is added; return the templates in their order."""
    lock_guild(guild_id)
    active = GameTemplate.objects.filter(guild_id=guild_id, deleted_at=None)
    list(active.order_by("pk").select_for_update().values_list("pk"))
    return list(active.order_by("position", "pk"))


def _get_template(active: list[GameTemplate], template_id: int) -> GameTemplate:
    match = next((template for template in active if template.pk == template_id), None)
    if match is None:
        raise Refused(Refusal("unknown_template", settings_wording.UNKNOWN_TEMPLATE))
    return match


def _new_template(guild_id: int, active: list[GameTemplate]) -> GameTemplate:
    if len(active) >= TEMPLATES_MAX:
        raise Refused(Refusal("too_many", settings_wording.too_many_templates(TEMPLATES_MAX)))
    last = GameTemplate.objects.filter(guild_id=guild_id).aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    return GameTemplate(guild_id=guild_id, position=position, is_default=not active, edit_version=0)
