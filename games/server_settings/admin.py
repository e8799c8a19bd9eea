"""The admin of templates and of servers' and channels' settings, with the forms of the server's own pages."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from games.admin.base import ActionAdmin, ActionForm, admin_actor
from games.core.agendas import AGENDA_FIELDS
from games.core.base import dry_run
from games.core.setting_kinds import Group
from games.core.settings import SETTINGS, setting_text
from games.core.wording import HIDDEN_CHANNEL
from games.models import GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import templates
from games.server_settings.actions import SettingsResult
from games.server_settings.admin_forms import (
    ChannelDefaultsForm,
    GameTemplateForm,
    GuildDefaultsForm,
    NewChannelDefaultsForm,
    NewGameTemplateForm,
    NewGuildDefaultsForm,
)
from games.server_settings.base_forms import field_names, titled_fieldsets
from games.server_settings.previews import describe_changes
from gamesched.lib.clock import db_now
from guilds.admin_site import empty_filter, is_superuser
from guilds.http import ViewerRequest
from guilds.models import Role, User

HIDDEN_FIELDS = ("edition", "confirmed")


class SettingsAdmin(ActionAdmin):
    """What the admins of all layers share: rows are created by the short form, changed by the long one."""

    long_form: ClassVar[type[ActionForm]]
    header_fields: ClassVar[tuple[str, ...]]  # shown above the settings
    guild_roles: ClassVar[tuple[str, ...]] = ()  # role fields of this layer only
    fixed_fields: ClassVar[tuple[str, ...]]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=self.long_form if obj else self.form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": self.form._meta.fields})]
        return [
            (None, {"fields": [*self.header_fields, *HIDDEN_FIELDS]}),
            (gettext_lazy("Who"), {"fields": [*self.guild_roles, *field_names([Group.HOSTS, Group.PEOPLE])]}),
            (
                gettext_lazy("Game defaults"),
                {"fields": field_names([Group.BASICS, Group.GAME])},
            ),
            *titled_fieldsets(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fixed_fields if obj else ()

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Go on with the long form."""
        if "_addanother" not in request.POST and IS_POPUP_VAR not in request.POST:
            request.POST = request.POST.copy()
            request.POST["_continue"] = 1
        return super().response_add(request, obj, post_url_continue)

    def row_of_result(self, done: SettingsResult, form: Any) -> Any:
        return done.layer

    def guild_id(self, layer: Any) -> int:
        """Return the id of the layer's server."""
        guild_id: int = layer.guild_id
        return guild_id

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Redirect to the audit log of the layer's server."""
        layer = self.get_object(request, object_id)
        where = reverse("admin:games_auditentry_changelist")
        return HttpResponseRedirect(f"{where}?guild__pk__exact={self.guild_id(layer)}")


@admin.register(GuildDefaults)
class GuildDefaultsAdmin(SettingsAdmin):
    form, long_form = NewGuildDefaultsForm, GuildDefaultsForm
    header_fields, fixed_fields = ("server", "language"), ("server",)
    guild_roles = ("manager_role_ids", "pingable_role_ids")
    guild_path = "guild"
    list_display = ("server", "seats", "duration", "reminders", "zone", "edit_version")
    search_fields = ("guild__name",)
    search_help_text = gettext_lazy("Search by server.")
    list_select_related = ("guild",)
    autocomplete_fields = ("guild",)

    @admin.display(ordering="guild__name")
    def server(self, defaults: GuildDefaults) -> str:
        return str(defaults.guild)


@admin.register(ChannelDefaults)
class ChannelDefaultsAdmin(SettingsAdmin):
    form, long_form = NewChannelDefaultsForm, ChannelDefaultsForm
    header_fields = ("channel", "for_games", *AGENDA_FIELDS)
    fixed_fields = ("channel",)
    guild_path, channel_path = "channel__guild", "channel"
    list_display = ("channel", "server", "for_games", "seats", "duration", "reminders")
    list_filter = ("for_games", "channel__guild")
    search_fields = ("channel__name",)
    search_help_text = gettext_lazy("Search by channel.")
    list_select_related = ("channel__guild",)
    autocomplete_fields = ("channel",)

    @admin.display(description=gettext_lazy("server"), ordering="channel__guild__name")
    def server(self, defaults: ChannelDefaults) -> str:
        return str(defaults.channel.guild)

    def guild_id(self, layer: ChannelDefaults) -> int:
        return layer.channel.guild_id


@admin.register(GameTemplate)
class GameTemplateAdmin(SettingsAdmin):
    form, long_form = NewGameTemplateForm, GameTemplateForm
    header_fields = ("name", "guild", "description", "channel", "locked", "is_default")
    guild_path = "guild"
    list_display = ("name", "guild", "announced_in", "seats", "duration", "is_default", "deleted_at")
    list_filter = ("guild", "is_default", ("deleted_at", empty_filter("state", "in use", "deleted")))
    search_fields = ("name",)
    search_help_text = gettext_lazy("Search by name.")
    list_select_related = ("guild", "channel")
    autocomplete_fields = ("guild",)
    ordering = ("guild__name", "position", "pk")
    fixed_fields = ("guild", "is_default", "deleted_at", "announced_in", "template_values")
    actions = ("make_default", "duplicate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[GameTemplate]:
        """Note of each template whether its channel is hidden from the viewer."""
        rows: QuerySet[GameTemplate] = super().get_queryset(request)
        hidden = () if is_superuser(request) else self.admin_site.hidden_channel_ids(request)
        return rows.annotate(has_hidden_channel=Case(When(channel__in=hidden, then=True), default=False))

    @admin.display(description=gettext_lazy("channel"), ordering="channel__name")
    def announced_in(self, template: Any) -> str:
        return gettext(HIDDEN_CHANNEL) if template.has_hidden_channel else str(template.channel or "–")

    def choices(self, request: HttpRequest) -> QuerySet[GameTemplate]:
        return self.get_queryset(request).filter(deleted_at=None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [
                (None, {"fields": ["name", "guild", "description", "announced_in", "deleted_at", "template_values"]})
            ]
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # If the template is deleted while its form is open, the action refuses it with a sentence.
        deleted = obj is not None and request.method != "POST" and obj.deleted_at is not None
        return not deleted and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.deleted_at is None)

    @admin.display(description=gettext_lazy("values"))
    def template_values(self, template: GameTemplate) -> Any:
        roles = dict(Role.objects.filter(guild_id=template.guild_id).values_list("pk", "name"))
        values = [(setting, getattr(template, name)) for name, setting in SETTINGS.items()]
        rows = [
            (gettext(one.label), setting_text(one.name, value, roles)) for one, value in values if value is not None
        ]
        return format_html('<ul class="facts">{}</ul>', format_html_join("", "<li>{}: {}</li>", rows)) if rows else "–"

    # --- deleting, and actions on several ---

    def _delete_action(self, request: Any, template: GameTemplate) -> Callable[[], SettingsResult]:
        return partial(templates.delete_template, template.guild_id, template.pk, admin_actor(request.user), db_now())

    def delete_model(self, request: HttpRequest, obj: GameTemplate) -> None:
        self._delete_action(request, obj)()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Add what the template's upcoming games would have instead."""
        deleted, *rest = super().get_deleted_objects(objs, request)
        for template in objs:
            assert isinstance(request.user, User)
            viewer = admin_actor(request.user).viewer(template.guild_id)
            game_changes = dry_run(self._delete_action(request, template)).game_changes
            for game, rows in describe_changes(viewer, template.guild, game_changes):
                deleted.append(str(game))
                deleted.append([f"{name}: {before} becomes {after}" for name, before, after in rows])
        return deleted, *rest

    @admin.action(description=gettext_lazy("Make the selected template the default"))
    def make_default(self, request: ViewerRequest, queryset: QuerySet[GameTemplate]) -> None:
        self._run_on_each(request, queryset, templates.make_default)

    @admin.action(description=gettext_lazy("Duplicate the selected templates"))
    def duplicate(self, request: ViewerRequest, queryset: QuerySet[GameTemplate]) -> None:
        self._run_on_each(request, queryset, templates.duplicate_template)

    def _run_on_each(
        self, request: ViewerRequest, queryset: QuerySet[GameTemplate], action: Callable[..., SettingsResult]
    ) -> None:
        by = admin_actor(request.user)
        rows = queryset.order_by("guild", "position", "pk")
        self.run_actions(request, [partial(action, template.guild_id, template.pk, by, db_now()) for template in rows])
