"""Which admin site there is, for INSTALLED_APPS."""

from django.contrib.admin.apps import AdminConfig


class GuildAdminConfig(AdminConfig):
    """Django's admin, opened by what people manage instead of by stored rights."""

    default_site = "games.admin.site.GamesAdminSite"
