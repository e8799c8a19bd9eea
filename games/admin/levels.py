"""Templates and settings of servers and channels, to look at; they are changed on the server's own pages."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from games.levels import ChannelDefaults, GameTemplate, GuildDefaults
from games.messages import setting_text
from guilds.models import Role
from guilds.operators import GuildScopedAdmin, by_absence

SETTINGS = (
    "seats", "duration", "reminders", "zone", "location", "instructions", "confirm_by_dm", "reminder_place",
)  # fmt: skip
ROLES = ("players", "hosts", "pinged")


class LevelAdmin(GuildScopedAdmin):
    """What every level shows: its own settings in words, and roles by their names."""

    readonly_fields: ClassVar[tuple[str, ...]] = ROLES

    def _roles(self, level: Any, field: str) -> str | None:
        ids = getattr(level, field)
        if ids is None:
            return None
        return setting_text(field, ids, dict(Role.objects.filter(pk__in=ids).values_list("pk", "name")))

    @admin.display(description="who may sign up")
    def players(self, level: Any) -> str | None:
        return self._roles(level, "player_role_ids")

    @admin.display(description="who may schedule")
    def hosts(self, level: Any) -> str | None:
        return self._roles(level, "host_role_ids")

    @admin.display(description="pinged by announcements")
    def pinged(self, level: Any) -> str | None:
        return self._roles(level, "notify_role_ids")


@admin.register(GameTemplate)
class GameTemplateAdmin(LevelAdmin):
    guild_path = "guild"
    list_display = ("name", "guild", "channel", "seats", "duration", "is_default", "gone_at")
    list_filter = ("guild", "is_default", ("gone_at", by_absence("state", "in use", "deleted")))
    search_fields = ("name",)
    search_help_text = "By name."
    list_select_related = ("guild", "channel")
    ordering = ("guild__name", "position", "pk")
    fields = (
        "name",
        "guild",
        "description",
        "channel",
        *SETTINGS,
        *ROLES,
        "locked",
        "is_default",
        "gone_at",
        "edition",
    )

    def choices(self, request: HttpRequest) -> QuerySet[GameTemplate]:
        return self.get_queryset(request).filter(gone_at=None)


@admin.register(GuildDefaults)
class GuildDefaultsAdmin(LevelAdmin):
    guild_path = "guild"
    list_display = ("guild", "seats", "duration", "reminders", "zone", "edition")
    search_fields = ("guild__name",)
    search_help_text = "By the server's name."
    list_select_related = ("guild",)
    fields = ("guild", *SETTINGS, *ROLES, "managers", "pingable", "edition")
    readonly_fields = (*ROLES, "managers", "pingable")

    @admin.display(description="who manages every game")
    def managers(self, level: Any) -> str:
        return self._names(level.manager_role_ids) or "those whom Discord lets manage the server"

    @admin.display(description="roles that hosts may have pinged")
    def pingable(self, level: Any) -> str:
        return self._names(level.pingable_role_ids) or "none"

    def _names(self, ids: list[int]) -> str:
        return ", ".join(Role.objects.filter(pk__in=ids).values_list("name", flat=True))


@admin.register(ChannelDefaults)
class ChannelDefaultsAdmin(LevelAdmin):
    guild_path = "channel__guild"
    list_display = ("channel", "server", "for_games", "seats", "duration", "reminders")
    list_filter = ("for_games", "channel__guild")
    search_fields = ("channel__name",)
    search_help_text = "By the channel's name."
    list_select_related = ("channel__guild",)
    fields = ("channel", "for_games", *SETTINGS, *ROLES, "edition")

    @admin.display(description="server", ordering="channel__guild__name")
    def server(self, level: ChannelDefaults) -> str:
        return str(level.channel.guild)
