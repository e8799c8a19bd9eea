"""A server's settings and templates, for programs."""

from typing import TYPE_CHECKING, Any, Literal

from django.http import Http404
from ninja import Schema
from pydantic import Field

from games.api.base import answers, expected_version, managed_guild, once, visible_game, visible_guild
from games.api.caller import MANAGE, READ, ApiRequest, actor
from games.api.routes import router
from games.api.shapes import Id, Sent, SentText, SettingShape, setting_shapes, settings_shape
from games.core.permissions import Viewer
from games.core.settings import ALL_SETTINGS, GAME_SETTINGS, SETTINGS
from games.models import ChannelDefaults, GameTemplate, GuildDefaults
from games.models.layers import inherited_settings, is_open
from games.pages.shortcuts import load_form_viewer
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings.actions import SettingsResult, values_of
from gamesched.lib.clock import db_now
from guilds.models import Channel, Guild

if TYPE_CHECKING:  # made of the declarations, which mypy does not read
    LayerSettings = Sent
else:
    LayerSettings = settings_shape("LayerSettings", ALL_SETTINGS)


class LayerShape(Schema):
    """A layer's own settings; null inherits."""

    settings: dict[str, Any]
    edit_version: int


class GuildSettings(LayerShape):
    """A server's own settings."""

    manager_role_ids: list[Id]
    pingable_role_ids: list[Id]
    language: str


class ChannelSettings(LayerShape):
    """A channel's own settings."""

    id: Id
    name: str
    for_games: bool
    resolved: dict[str, SettingShape] = Field(description="With what it inherits, and from where.")


class TemplateShape(LayerShape):
    """A template."""

    id: Id
    name: str
    description: str
    channel_id: Id | None
    locked: list[str]
    is_default: bool
    resolved: dict[str, SettingShape] = Field(description="With what it inherits, and from where.")


class SavedLayer(Schema):
    """What a change did."""

    text: str
    changed: bool
    games_changed: int
    edit_version: int


class SavedTemplate(SavedLayer):
    """What a change of a template did."""

    template_id: Id


class GuildChange(Sent):
    """What to change about a server's settings."""

    settings: LayerSettings = LayerSettings()
    manager_role_ids: list[Id] | None = None
    pingable_role_ids: list[Id] | None = None
    language: SentText | None = None


class ChannelChange(Sent):
    """What to change about a channel's settings."""

    settings: LayerSettings = LayerSettings()
    for_games: bool | None = None


class TemplateChange(Sent):
    """What to change about a template, or what a new one has."""

    name: SentText | None = None
    description: SentText | None = None
    channel_id: Id | None = None
    locked: list[Literal[GAME_SETTINGS]] | None = None  # type: ignore[valid-type]
    settings: LayerSettings = LayerSettings()


class NewTemplate(TemplateChange):
    """A template to make."""

    name: SentText


class TemplateName(Sent):
    """The name of a template."""

    name: SentText


class Order(Sent):
    """All templates, in their new order."""

    template_ids: list[Id]


@router.get("/guilds/{id:guild_id}/settings", auth=MANAGE, response=answers(GuildSettings))
def guild_settings(request: ApiRequest, guild_id: Id) -> Any:
    """Show a server's own settings; for its managers."""
    guild, viewer = managed_guild(request, guild_id)
    defaults = GuildDefaults.objects.filter(pk=guild_id).first()
    return GuildSettings(
        settings=_own(defaults, viewer),
        manager_role_ids=defaults.manager_role_ids if defaults is not None else [],
        pingable_role_ids=defaults.pingable_role_ids if defaults is not None else [],
        language=guild.language,
        edit_version=defaults.edit_version if defaults is not None else 0,
    )


@router.patch("/guilds/{id:guild_id}/settings", auth=MANAGE, response=answers(SavedLayer))
def change_guild(request: ApiRequest, guild_id: Id, sent: GuildChange) -> Any:
    """Change a server's settings."""
    managed_guild(request, guild_id)
    defaults = GuildDefaults.objects.filter(pk=guild_id).first()
    version = _expected_version(request, defaults)
    managers = sent.manager_role_ids
    pingable = sent.pingable_role_ids
    if managers is None:
        managers = defaults.manager_role_ids if defaults is not None else []
    if pingable is None:
        pingable = defaults.pingable_role_ids if defaults is not None else []
    values = values_of(defaults) | _given(sent.settings)
    return once(
        request,
        lambda: _saved(
            server_settings.change_guild_defaults(
                guild_id, values, managers, pingable, actor(request), db_now(), version, sent.language
            )
        ),
    )


@router.get("/guilds/{id:guild_id}/channels/{id:channel_id}/settings", auth=MANAGE, response=answers(ChannelSettings))
def channel_settings(request: ApiRequest, guild_id: Id, channel_id: Id) -> Any:
    """Show a channel's settings; for managers who see the channel."""
    guild, viewer = managed_guild(request, guild_id)
    channel = _channel(viewer, channel_id)
    defaults = ChannelDefaults.objects.filter(pk=channel.pk).first()
    return ChannelSettings(
        id=channel.pk,
        name=channel.name,
        for_games=is_open(channel),
        settings=_own(defaults, viewer),
        resolved=_resolved(guild, channel, None, viewer),
        edit_version=defaults.edit_version if defaults is not None else 0,
    )


@router.patch("/guilds/{id:guild_id}/channels/{id:channel_id}/settings", auth=MANAGE, response=answers(SavedLayer))
def change_channel(request: ApiRequest, guild_id: Id, channel_id: Id, sent: ChannelChange) -> Any:
    """Change a channel's settings."""
    _, viewer = managed_guild(request, guild_id)
    channel = _channel(viewer, channel_id)
    defaults = ChannelDefaults.objects.filter(pk=channel.pk).first()
    version, values = _expected_version(request, defaults), values_of(defaults) | _given(sent.settings)
    for_games = is_open(channel) if sent.for_games is None else sent.for_games
    return once(
        request,
        lambda: _saved(
            server_settings.change_channel_defaults(channel.pk, values, for_games, actor(request), db_now(), version)
        ),
    )


@router.get("/guilds/{id:guild_id}/templates", auth=READ, response=answers(list[TemplateShape]))
def list_templates(request: ApiRequest, guild_id: Id) -> Any:
    """List the templates that you can see; their settings, if you can schedule games."""
    guild, _ = visible_guild(request, guild_id)
    viewer = load_form_viewer(request, guild_id)
    return [_template_shape(guild, one, viewer) for one in viewer.templates]


@router.post("/guilds/{id:guild_id}/templates", auth=MANAGE, response=answers(SavedTemplate, 201))
def create_template(request: ApiRequest, guild_id: Id, sent: NewTemplate) -> Any:
    """Make a template."""
    managed_guild(request, guild_id)
    return once(
        request,
        lambda: _saved_template(
            templates.save_template(
                guild_id, None, sent.name, sent.description or "", sent.channel_id,
                values_of(None) | _given(sent.settings), sent.locked or (), actor(request), db_now(),
            )
        ),
        201,
    )  # fmt: skip


@router.patch("/guilds/{id:guild_id}/templates/{id:template_id}", auth=MANAGE, response=answers(SavedTemplate))
def change_template(request: ApiRequest, guild_id: Id, template_id: Id, sent: TemplateChange) -> Any:
    """Change a template."""
    _, viewer = managed_guild(request, guild_id)
    template = _template(viewer, template_id)
    version = _expected_version(request, template)
    channel_id = sent.channel_id if "channel_id" in sent.model_fields_set else template.channel_id
    locked = template.locked if sent.locked is None else sent.locked
    name, description = (
        getattr(template, one) if getattr(sent, one) is None else getattr(sent, one) for one in ("name", "description")
    )
    values = values_of(template) | _given(sent.settings)
    return once(
        request,
        lambda: _saved_template(
            templates.save_template(
                guild_id, template_id, name, description, channel_id, values, locked, actor(request), db_now(), version
            )
        ),
    )


@router.delete("/guilds/{id:guild_id}/templates/{id:template_id}", auth=MANAGE, response=answers(SavedTemplate))
def delete_template(request: ApiRequest, guild_id: Id, template_id: Id) -> Any:
    """Delete a template; its games inherit from their channel and the server instead."""
    _, viewer = managed_guild(request, guild_id)
    version = _expected_version(request, _template(viewer, template_id))
    return once(
        request,
        lambda: _saved_template(templates.delete_template(guild_id, template_id, actor(request), db_now(), version)),
    )


@router.post("/guilds/{id:guild_id}/templates/{id:template_id}/duplicate", auth=MANAGE, response=answers(SavedTemplate))
def duplicate_template(request: ApiRequest, guild_id: Id, template_id: Id) -> Any:
    """Copy a template."""
    _, viewer = managed_guild(request, guild_id)
    _template(viewer, template_id)
    return once(
        request, lambda: _saved_template(templates.duplicate_template(guild_id, template_id, actor(request), db_now()))
    )


@router.post("/guilds/{id:guild_id}/templates/{id:template_id}/default", auth=MANAGE, response=answers(SavedTemplate))
def make_default(request: ApiRequest, guild_id: Id, template_id: Id) -> Any:
    """Make a template the one that new games start with."""
    _, viewer = managed_guild(request, guild_id)
    _template(viewer, template_id)
    return once(
        request, lambda: _saved_template(templates.make_default(guild_id, template_id, actor(request), db_now()))
    )


@router.put("/guilds/{id:guild_id}/templates/order", auth=MANAGE, response=answers(SavedLayer))
def reorder_templates(request: ApiRequest, guild_id: Id, sent: Order) -> Any:
    """Put the templates in another order."""
    managed_guild(request, guild_id)
    return once(
        request, lambda: _saved(templates.reorder_templates(guild_id, sent.template_ids, actor(request), db_now()))
    )


@router.post("/games/{id:game_id}/template", auth=MANAGE, response=answers(SavedTemplate, 201))
def make_template(request: ApiRequest, game_id: Id, sent: TemplateName) -> Any:
    """Save a game as a template."""
    game, _ = visible_game(request, game_id)
    managed_guild(request, game.guild_id)
    return once(
        request,
        lambda: _saved_template(templates.save_game_as_template(game_id, sent.name, actor(request), db_now())),
        201,
    )


# --- shared ----------------------------------------------------------------------------------------------


def _channel(viewer: Viewer, channel_id: int) -> Channel:
    channels = Channel.objects.for_announcements().select_related("defaults")
    found = channels.filter(guild=viewer.guild_id, pk=channel_id).first()
    if found is None or not viewer.may_view(found):
        raise Http404
    return found


def _template(viewer: Viewer, template_id: int) -> GameTemplate:
    found = next((one for one in viewer.templates if one.pk == template_id), None)
    if found is None:
        raise Http404
    return found


def _expected_version(request: ApiRequest, layer: Any) -> int:
    return expected_version(request, layer.edit_version if layer is not None else 0)


def _given(sent: Sent) -> dict[str, Any]:
    """Return the settings that a client sets, as the actions take them."""
    given = {name: getattr(sent, name) for name in sent.model_fields_set}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _own(layer: Any, viewer: Viewer) -> dict[str, Any]:
    """Return a layer's own settings as JSON has them; of a channel hidden from the reader, nothing."""
    own = {name: value for name, value in values_of(layer).items() if value is not None}
    if own.get("archive_channel_id") in viewer.hidden_channel_ids:
        del own["archive_channel_id"]
    return {name: SETTINGS[name].as_json(value) for name, value in own.items()}


def _resolved(
    guild: Guild, channel: Channel | None, template: GameTemplate | None, viewer: Viewer
) -> dict[str, SettingShape]:
    return setting_shapes(inherited_settings(guild, channel, template), ALL_SETTINGS, viewer)


def _template_shape(guild: Guild, template: GameTemplate, viewer: Viewer) -> TemplateShape:
    # What a host reads in the form of a new game, players do not: instructions, which roles.
    shown = viewer.may_schedule
    return TemplateShape(
        id=template.pk,
        name=template.name,
        description=template.description,
        channel_id=template.channel_id,
        locked=list(template.locked) if shown else [],
        is_default=template.is_default,
        settings=_own(template, viewer) if shown else {},
        resolved=_resolved(guild, template.channel, template, viewer) if shown else {},
        edit_version=template.edit_version,
    )


def _saved(result: SettingsResult) -> SavedLayer:
    version = getattr(result.layer, "edit_version", 0)
    return SavedLayer(text=result.text, changed=result.changed, games_changed=result.game_count, edit_version=version)


def _saved_template(result: SettingsResult) -> SavedTemplate:
    return SavedTemplate(**_saved(result).model_dump(), template_id=result.layer.pk)
