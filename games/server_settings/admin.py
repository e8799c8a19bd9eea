"""Templates and settings of servers and channels, with the forms of the server's own pages."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from games.admin.base import VerbAdmin, VerbForm, actor
from games.core.base import rehearsed
from games.core.wording import setting_text
from games.models import GameTemplate
from games.models.settings import NAMES, ChannelDefaults, GuildDefaults
from games.server_settings import templates
from games.server_settings.actions import Saved
from games.server_settings.admin_forms import (
    ChannelDefaultsForm,
    GameTemplateForm,
    GuildDefaultsForm,
    NewChannelDefaults,
    NewGameTemplate,
    NewGuildDefaults,
)
from games.server_settings.previews import shown_changes
from games.server_settings.wording import SETTING_NAMES
from gamesched.lib.clock import db_now
from guilds.admin_site import empty_filter
from guilds.http import ViewerRequest
from guilds.models import Role

WHO = ("own_host_roles", "host_role_ids", "own_player_roles", "player_role_ids", "own_notify_roles", "notify_role_ids")
GAMES = ("seats", "duration", "zone", "reminders", "reminder_place", "location", "instructions", "confirm_by_dm")
SIGNUPS = (
    *("method", "priority_role_ids", "answers", "plus_one", "signups_close", "offer_within", "offer_for"),
    *("minimum", "minimum_by"),
)
LATER = ("ask_if_moved", "silence_frees", "if_deleted", "ask_rewards", "archive_channel_id", "archive_after")
HIDDEN = ("edition", "confirmed")


class LevelAdmin(VerbAdmin):
    """What every level's admin shares: made by its short form, changed by its long one."""

    long_form: ClassVar[type[VerbForm]]
    of: ClassVar[tuple[str, ...]]  # what stands above the settings
    guild_roles: ClassVar[tuple[str, ...]] = ()  # who, besides the roles of every level
    fixed: ClassVar[tuple[str, ...]]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=self.long_form if obj else self.form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": self.form._meta.fields})]
        return [
            (None, {"fields": [*self.of, *HIDDEN]}),
            ("Who", {"fields": [*self.guild_roles, *WHO]}),
            ("What games begin with", {"fields": GAMES, "description": "What you leave empty is inherited."}),
            ("Signing up", {"fields": SIGNUPS}),
            ("Changes, and afterwards", {"fields": LATER}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fixed if obj else ()

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Go on with the long form."""
        if "_addanother" not in request.POST and IS_POPUP_VAR not in request.POST:
            request.POST = request.POST.copy()
            request.POST["_continue"] = 1
        return super().response_add(request, obj, post_url_continue)

    def made(self, done: Saved, form: Any) -> Any:
        return done.level

    def guild_id(self, level: Any) -> int:
        """The server that a level is of."""
        found: int = level.guild_id
        return found

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The audit, of its server."""
        level = self.get_object(request, object_id)
        where = reverse("admin:games_auditentry_changelist")
        return HttpResponseRedirect(f"{where}?guild__pk__exact={self.guild_id(level)}")


@admin.register(GuildDefaults)
class GuildDefaultsAdmin(LevelAdmin):
    form, long_form = NewGuildDefaults, GuildDefaultsForm
    of = fixed = ("server",)
    guild_roles = ("manager_role_ids", "pingable_role_ids")
    guild_path = "guild"
    list_display = ("server", "seats", "duration", "reminders", "zone", "edition")
    search_fields = ("guild__name",)
    search_help_text = "By the server's name."
    list_select_related = ("guild",)
    autocomplete_fields = ("guild",)

    @admin.display(ordering="guild__name")
    def server(self, level: GuildDefaults) -> str:
        return str(level.guild)


@admin.register(ChannelDefaults)
class ChannelDefaultsAdmin(LevelAdmin):
    form, long_form = NewChannelDefaults, ChannelDefaultsForm
    of = ("channel", "for_games")
    fixed = ("channel",)
    guild_path = "channel__guild"
    list_display = ("channel", "server", "for_games", "seats", "duration", "reminders")
    list_filter = ("for_games", "channel__guild")
    search_fields = ("channel__name",)
    search_help_text = "By the channel's name."
    list_select_related = ("channel__guild",)
    autocomplete_fields = ("channel",)

    @admin.display(description="server", ordering="channel__guild__name")
    def server(self, level: ChannelDefaults) -> str:
        return str(level.channel.guild)

    def guild_id(self, level: ChannelDefaults) -> int:
        return level.channel.guild_id


@admin.register(GameTemplate)
class GameTemplateAdmin(LevelAdmin):
    form, long_form = NewGameTemplate, GameTemplateForm
    of = ("name", "guild", "description", "channel", "locked", "is_default")
    guild_path = "guild"
    list_display = ("name", "guild", "channel", "seats", "duration", "is_default", "gone_at")
    list_filter = ("guild", "is_default", ("gone_at", empty_filter("state", "in use", "deleted")))
    search_fields = ("name",)
    search_help_text = "By name."
    list_select_related = ("guild", "channel")
    autocomplete_fields = ("guild",)
    ordering = ("guild__name", "position", "pk")
    fixed = ("guild", "is_default", "gone_at", "said")
    actions = ("make_default", "duplicate")

    def choices(self, request: HttpRequest) -> QuerySet[GameTemplate]:
        return self.get_queryset(request).filter(gone_at=None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", "guild", "description", "channel", "gone_at", "said"]})]
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A form already open when it is deleted is answered by the verb, in a sentence.
        gone = obj is not None and request.method != "POST" and obj.gone_at is not None
        return not gone and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.gone_at is None)

    @admin.display(description="what it said")
    def said(self, level: GameTemplate) -> Any:
        roles = dict(Role.objects.filter(guild_id=level.guild_id).values_list("pk", "name"))
        values = [(name, getattr(level, name)) for name in NAMES]
        told = [(SETTING_NAMES[name], setting_text(name, value, roles)) for name, value in values if value is not None]
        return format_html('<ul class="facts">{}</ul>', format_html_join("", "<li>{}: {}</li>", told)) if told else "–"

    # --- deleting, and what is done to many ---

    def _delete(self, request: Any, level: GameTemplate) -> Callable[[], Saved]:
        return partial(templates.delete_template, level.guild_id, level.pk, actor(request.user), db_now())

    def delete_model(self, request: HttpRequest, obj: GameTemplate) -> None:
        self._delete(request, obj)()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """With what its games to come would have instead."""
        told, *rest = super().get_deleted_objects(objs, request)
        for level in objs:
            for game, rows in shown_changes(level.guild, rehearsed(self._delete(request, level)).games):
                told.append(str(game))
                told.append([f"{name}: {before} becomes {after}" for name, before, after in rows])
        return told, *rest

    @admin.action(description="Make the selected template the default")
    def make_default(self, request: ViewerRequest, queryset: QuerySet[GameTemplate]) -> None:
        self._each(request, queryset, templates.make_default)

    @admin.action(description="Duplicate the selected templates")
    def duplicate(self, request: ViewerRequest, queryset: QuerySet[GameTemplate]) -> None:
        self._each(request, queryset, templates.duplicate_template)

    def _each(self, request: ViewerRequest, queryset: QuerySet[GameTemplate], verb: Callable[..., Saved]) -> None:
        by = actor(request.user)
        rows = queryset.order_by("guild", "position", "pk")
        self.apply(request, [partial(verb, level.guild_id, level.pk, by, db_now()) for level in rows])
