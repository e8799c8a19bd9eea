"""The audit log, the announcements and the agendas, all read-only, for superusers too."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from games.admin.base import admin_actor
from games.core.audit_channels import CHANNEL_WORDS, is_hidden
from games.core.audit_people import named
from games.core.permissions import Viewer
from games.core.settings import GAME_SETTINGS, SETTINGS, setting_text
from games.models import Agenda, Announcement, AuditEntry, GameTemplate
from games.pages.game_history import history_text
from games.pages.game_page import actor_label
from games.pages.guild_history import is_about_channel, with_layer_name
from games.pages.guild_history_wording import settings_history_text
from games.posts.problems import announcement_problem
from gamesched.lib.moments import in_zone, read_moment
from guilds.admin_site import GuildScopedAdmin, empty_filter, is_superuser
from guilds.display_names import DisplayNames
from guilds.models import Role, User

# The words of `diff_plans` whose values are shown as settings.
SETTINGS_BY_WORD = {SETTINGS[name].audit_key: name for name in GAME_SETTINGS}


@admin.register(AuditEntry)
class AuditEntryAdmin(GuildScopedAdmin):
    guild_path = "guild"
    channel_path = "game__channel"
    list_display = ("at", "what", "game", "source", "guild")
    list_filter = ("source", "action", "actor", "guild")
    search_fields = ("game__title", "actor__handle", "actor__global_name")
    search_help_text = gettext_lazy("Search by game title or person.")
    date_hierarchy = "at"
    list_select_related = ("game", "actor", "guild")
    fields = ("at", "what", "actor", "source", "action", "game", "guild", "before_and_after")
    readonly_fields = ("what", "before_and_after")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            entry.viewer = self._viewer(request, entry.guild_id)
        return entry

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read once for each server what the list's reader may view there."""
        changelist = super().get_changelist_instance(request)
        entries = list(changelist.result_list)
        viewers = {guild_id: self._viewer(request, guild_id) for guild_id in {entry.guild_id for entry in entries}}
        for entry in entries:
            entry.viewer = viewers[entry.guild_id]
        changelist.result_list = entries
        return changelist

    def _viewer(self, request: HttpRequest, guild_id: int) -> Viewer:
        assert isinstance(request.user, User)
        return admin_actor(request.user).viewer(guild_id)

    @admin.display(description=gettext_lazy("what"))
    def what(self, entry: AuditEntry) -> str:
        describe = settings_history_text if entry.game_id is None else history_text
        return describe(entry.action, str(entry.actor or actor_label(entry.source)), self._named(entry))

    def _named(self, entry: Any) -> dict[str, Any]:
        changes: dict[str, Any] = named(with_layer_name(entry, entry.viewer), DisplayNames(entry.guild_id))
        return changes

    @admin.display(description=gettext_lazy("before and after"))
    def before_and_after(self, entry: Any) -> Any:
        if not entry.changes:
            return "–"
        changes = self._named(entry)
        if is_hidden(entry.changes.get("of"), entry.viewer, is_channel=is_about_channel(entry)):
            changes = {"of": changes["of"]}
        rows = format_html_join(
            "",
            "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>",
            _rows(changes, entry.viewer),
        )
        head = format_html(
            "<td></td><th scope='col'>{}</th><th scope='col'>{}</th>", gettext("before"), gettext("after")
        )
        table = "<table class='changes'><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
        return format_html(table, head, rows)


def _rows(changes: dict[str, Any], viewer: Viewer) -> list[tuple[str, str, str]]:
    """Return each change as word, value before and value after; a single value is the one after."""
    rows = []
    for word, value in changes.items():
        before, after = value if isinstance(value, list) and len(value) == 2 else ("", value)
        rows.append((word, _value_text(word, before, viewer), _value_text(word, after, viewer)))
    return rows


def _value_text(word: str, value: Any, viewer: Viewer) -> str:
    guild_id = viewer.guild_id
    if value is None:
        return gettext("default")
    if word in CHANNEL_WORDS and isinstance(value, int) and value:
        return viewer.channel_names.get(value, str(value))
    if word == "template" and isinstance(value, int):
        return str(GameTemplate.objects.filter(pk=value, guild_id=guild_id).first() or value)
    if word == "start" and isinstance(value, str) and value:
        at = read_moment(value)
        return f"{in_zone(at, timezone.get_current_timezone()):%a %d %b %Y %H:%M %Z}" if at else value
    if word in SETTINGS_BY_WORD and value != "":
        roles = dict(Role.objects.filter(guild_id=guild_id).values_list("pk", "name")) if "role" in word else {}
        return setting_text(SETTINGS_BY_WORD[word], value, roles)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@admin.register(Announcement)
class AnnouncementAdmin(GuildScopedAdmin):
    guild_path = "game__guild"
    channel_path = "game__channel"
    list_display = ("game", "channel", "state", "problem_code")
    list_filter = (("problem_code", empty_filter("problem", "none", "missing or out of date")), "channel")
    search_fields = ("game__title", "=message_id")
    search_help_text = gettext_lazy("Search by game title or message id.")
    list_select_related = ("game", "channel")
    ordering = ("-game__starts_at", "-pk")
    fields = ("game", "channel", "state", "in_discord", "why", "shown_version", "post_deleted_at", "checked_at")
    readonly_fields = ("state", "in_discord", "why")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Announcement]:
        """Leave out posts in an archive that is hidden from the viewer."""
        rows: QuerySet[Announcement] = super().get_queryset(request)
        return rows if is_superuser(request) else rows.exclude(channel__in=self.admin_site.hidden_channel_ids(request))

    @admin.display
    def state(self, post: Announcement) -> str:
        if post.message_id is None:
            return "not posted"
        return "up to date" if post.shown_version >= post.game.post_version else "updating"

    @admin.display(description=gettext_lazy("in Discord"))
    def in_discord(self, post: Announcement) -> Any:
        return format_html('<a href="{}">open</a>', post.url) if post.url else "–"

    @admin.display(description=gettext_lazy("problem"))
    def why(self, post: Announcement) -> str:
        return announcement_problem(post.game) or "–"


@admin.register(Agenda)
class AgendaAdmin(GuildScopedAdmin):
    guild_path = "guild"
    channel_path = "channel"
    list_display = ("channel", "guild", "days", "games", "state", "problem_code")
    list_filter = ("problem_code", "guild")
    search_fields = ("channel__name", "=message_id")
    search_help_text = gettext_lazy("Search by channel or message id.")
    list_select_related = ("channel", "guild")
    ordering = ("guild__name", "channel__position", "pk")
    fields = (
        "channel", "guild", "days", "games", "pinned", "state", "in_discord", "problem_code", "pinned_at", "edited_at",
        "next_at", "checked_at",
    )  # fmt: skip
    readonly_fields = ("state", "in_discord")

    @admin.display
    def state(self, agenda: Agenda) -> str:
        if agenda.message_id is None:
            return "not posted"
        return "posted" if agenda.days is not None else "coming down"

    @admin.display(description=gettext_lazy("in Discord"))
    def in_discord(self, agenda: Agenda) -> Any:
        return format_html('<a href="{}">open</a>', agenda.url) if agenda.url else "–"
