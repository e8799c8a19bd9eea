"""The interaction log for support."""

from django.contrib import admin

from discord_bot.models import Interaction
from guilds.admin import ReadOnly


@admin.register(Interaction)
class InteractionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "person", "guild", "name", "outcome", "milliseconds", "detail")
    list_filter = ("outcome", "guild")
    search_fields = ("=id", "=person_id", "person", "name")
    date_hierarchy = "at"
    list_select_related = ("guild",)
