"""The admin site: Discord and the guilds' own settings determine who manages them."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import path

from games.core.permissions import managed_guild_ids
from games.deliveries import operator_views
from guilds.admin_site import GuildAdminSite, is_superuser
from guilds.models import User
from notifications.daemon.pause import current_pause


class GamesAdminSite(GuildAdminSite):
    """An admin open to current managers.

    Superusers see on every page when deliveries are paused, and the page about deliveries.
    """

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
