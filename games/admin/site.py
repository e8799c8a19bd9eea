"""The admin site: Discord and the guilds' own settings determine who manages them."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext, gettext_noop

from games.core.permissions import managed_guild_ids
from games.deliveries import operator_views
from guilds.admin_input import plain_name
from guilds.admin_site import GuildAdminSite, is_superuser
from guilds.models import User
from notifications.daemon.pause import current_pause

# What the menu shows: subjects, and the tables of each. What stands under none has no entry.
MENU = (
    (gettext_noop("Games"), ("games.game", "games.series", "games.timepoll", "games.signup")),
    (gettext_noop("Settings"), ("games.guilddefaults", "games.channeldefaults", "games.gametemplate")),
    (
        gettext_noop("People and servers"),
        ("guilds.user", "guilds.member", "guilds.block", "guilds.guild", "guilds.channel", "guilds.role"),
    ),
    (
        gettext_noop("Posts and notifications"),
        (
            "games.announcement",
            "games.agenda",
            "notifications.notification",
            "notifications.delivery",
            "notifications.pushsubscription",
        ),
    ),
    (gettext_noop("What happened"), ("games.auditentry", "discord_bot.interaction")),
    (
        gettext_noop("Programs"),
        ("notifications.heartbeat", "django_q.schedule", "django_q.success", "django_q.failure"),
    ),
)
# Names of tables that say more than their model's.
NAMES = {
    "games.auditentry": gettext_noop("History"),
    "games.guilddefaults": gettext_noop("Server settings"),
    "games.channeldefaults": gettext_noop("Channel settings"),
    "discord_bot.interaction": gettext_noop("Presses and commands"),
    "notifications.heartbeat": gettext_noop("Running programs"),
    "notifications.pushsubscription": gettext_noop("Devices"),
    "django_q.schedule": gettext_noop("Scheduled tasks"),
    "django_q.success": gettext_noop("Tasks that ran"),
    "django_q.failure": gettext_noop("Tasks that failed"),
}


class GamesAdminSite(GuildAdminSite):
    """An admin open to current managers.

    Superusers see on every page when deliveries are paused, and the page about deliveries.
    """

    plain_names = NAMES

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the menu by subjects; for one app, its tables as Django has them."""
        apps = super().get_app_list(request, app_label)
        tables = {table["model"]: table for app in apps for table in app["models"]}
        for model, table in tables.items():
            table["name"] = gettext(plain_name(self, model))
        if app_label is not None:
            return apps
        by_label: dict[str, Any] = {model._meta.label_lower: table for model, table in tables.items()}
        menu = [(title, [by_label[label] for label in labels if label in by_label]) for title, labels in MENU]
        return [
            {"name": gettext(title), "models": models, "app_label": "", "app_url": ""}
            for title, models in menu
            if models
        ]

    def managed_guild_ids(self, user: User) -> Collection[int]:
        return managed_guild_ids(user)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"pause": current_pause() if is_superuser(request) else None}

    def get_urls(self) -> list[Any]:
        return [
            path("deliveries/", self.admin_view(operator_views.deliveries), name="deliveries"),
            path("deliveries/release/", self.admin_view(operator_views.resume), name="release"),
            *super().get_urls(),
        ]
