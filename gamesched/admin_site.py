"""App config for INSTALLED_APPS that names the admin site."""

from django.contrib.admin.apps import AdminConfig


class GuildAdminConfig(AdminConfig):
    """Django's admin with our site, which grants access by managed guilds instead of stored permissions."""

    default_site = "games.admin.site.GamesAdminSite"
