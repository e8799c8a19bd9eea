"""The interaction log for support."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from discord_bot.models import Interaction
from guilds.admin_site import ReadOnlyMixin, SuperuserOnlyMixin


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyMixin, SuperuserOnlyMixin, admin.ModelAdmin):
    """For superusers alone: the answers name games that a manager may not be shown, and games of other servers."""

    list_display = ("at", "person", "guild", "name", "outcome", "milliseconds", "detail")
    list_filter = ("outcome", "guild")
    search_fields = ("=id", "=person_id", "person", "name")
    search_help_text = gettext_lazy("Search by the person's name or Discord id, or by what they pressed.")
    date_hierarchy = "at"
    list_select_related = ("guild",)
