"""The operator's view of people and places. Discord owns these tables, so they are read here, not written."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from guilds.models import Channel, Guild, Member, Role, User


class ReadOnly:
    """For tables that only verbs and events write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """What is Discord's is read-only; rights in this admin are the operator's to give."""

    list_display = ("display_name", "handle", "id", "zone", "is_staff")
    list_filter = ("is_staff", "is_active")
    search_fields = ("handle", "global_name", "username")
    readonly_fields = ("id", "username", "handle", "global_name", "dm_channel_id", "last_login")
    fields = (*readonly_fields, "zone", "is_active", "is_staff", "is_superuser", "groups", "user_permissions")
    filter_horizontal = ("groups", "user_permissions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Guild)
class GuildAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "id", "owner_id", "unavailable", "synced_at", "gone_at")
    search_fields = ("name", "id")


@admin.register(Channel)
class ChannelAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "guild", "type", "missing", "gone_at")
    list_filter = ("guild",)
    search_fields = ("name", "guild__name")
    list_select_related = ("guild",)


@admin.register(Role)
class RoleAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "guild", "position", "permissions", "gone_at")
    list_filter = ("guild",)
    search_fields = ("name", "guild__name")
    list_select_related = ("guild",)


@admin.register(Member)
class MemberAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("display_name", "guild", "confirmed_at", "roles_at", "left_at")
    list_filter = ("guild",)
    search_fields = ("nick", "user__handle", "user__global_name", "guild__name")
    list_select_related = ("guild", "user")
