"""The audit log and the announcements, both read-only, for superusers too."""

import json
from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from games.core import wording
from games.core.audit_people import named
from games.core.settings import GAME_SETTINGS, SETTINGS, setting_text
from games.models import Announcement, AuditEntry, GameTemplate
from games.pages.game_page import actor_label
from games.pages.guild_history_wording import settings_history_text
from games.pages.history_wording import history_text
from gamesched.lib.moments import in_zone, read_moment
from guilds.admin_site import GuildScopedAdmin, empty_filter
from guilds.display_names import DisplayNames
from guilds.models import Channel, Role

# The words of `diff_plans` whose values are shown as settings.
SETTINGS_BY_WORD = {SETTINGS[name].audit_key: name for name in GAME_SETTINGS}


@admin.register(AuditEntry)
class AuditEntryAdmin(GuildScopedAdmin):
    guild_path = "guild"
    channel_path = "game__channel"
    list_display = ("at", "what", "game", "source", "guild")
    list_filter = ("source", "action", "actor", "guild")
    search_fields = ("game__title", "actor__handle", "actor__global_name")
    search_help_text = "By the game's title or the person's name."
    date_hierarchy = "at"
    list_select_related = ("game", "actor", "guild")
    fields = ("at", "what", "actor", "source", "action", "game", "guild", "before_and_after")
    readonly_fields = ("what", "before_and_after")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            entry.hidden_channel_ids = self.admin_site.hidden_channel_ids(request)
        return entry

    @admin.display(description="what")
    def what(self, entry: AuditEntry) -> str:
        describe = settings_history_text if entry.game_id is None else history_text
        return describe(entry.action, str(entry.actor or actor_label(entry.source)), _named(entry))

    @admin.display(description="before and after")
    def before_and_after(self, entry: AuditEntry) -> Any:
        if not entry.changes:
            return "–"
        rows = format_html_join(
            "",
            "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>",
            _rows(_named(entry), entry.guild_id, getattr(entry, "hidden_channel_ids", ())),
        )
        head = "<th></th><th scope='col'>before</th><th scope='col'>after</th>"
        table = "<table class='changes'><thead><tr>" + head + "</tr></thead><tbody>{}</tbody></table>"
        return format_html(table, rows)


def _named(entry: AuditEntry) -> dict[str, Any]:
    changes: dict[str, Any] = named(entry.changes, DisplayNames(entry.guild_id))
    return changes


def _rows(changes: dict[str, Any], guild_id: int, hidden: Collection[int]) -> list[tuple[str, str, str]]:
    """Return each change as word, value before and value after; a single value is the one after.

    `hidden`: the channels that must not be named.
    """
    rows = []
    for word, value in changes.items():
        before, after = value if isinstance(value, list) and len(value) == 2 else ("", value)
        if word == "channel":
            before, after = (wording.NO_ACCESS if one in hidden else one for one in (before, after))
        rows.append((word, _value_text(word, before, guild_id), _value_text(word, after, guild_id)))
    return rows


def _value_text(word: str, value: Any, guild_id: int) -> str:
    if value is None:
        return "inherited"
    if word == "channel" and isinstance(value, int):
        return str(Channel.objects.filter(pk=value, guild_id=guild_id).first() or value)
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
    list_display = ("game", "channel", "state", "problem")
    list_filter = (("problem", empty_filter("problem", "none", "missing or out of date")), "channel")
    search_fields = ("game__title", "=message_id")
    search_help_text = "By the game's title, or the message's id."
    list_select_related = ("game", "channel")
    ordering = ("-game__starts_at", "-pk")
    fields = ("game", "channel", "state", "in_discord", "problem", "shown_version", "post_deleted_at", "checked_at")
    readonly_fields = ("state", "in_discord")

    @admin.display
    def state(self, post: Announcement) -> str:
        if post.message_id is None:
            return "not posted"
        return "up to date" if post.shown_version >= post.game.post_version else "being brought up to date"

    @admin.display(description="in Discord")
    def in_discord(self, post: Announcement) -> Any:
        return format_html('<a href="{}">open</a>', post.url) if post.url else "–"
