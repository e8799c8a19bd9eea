"""The admin for due notifications and running programs. Deliveries are in `games.admin`, with its actions."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from guilds.admin_site import GuildScopedAdmin, GuildScopedInline, ReadOnlyMixin, SuperuserOnlyMixin, empty_filter
from notifications.models import Delivery, Heartbeat, Notification, PushSubscription


class DeliveryInline(GuildScopedInline):
    model = Delivery
    guild_path = "notification__game__guild"
    channel_path = "notification__game__channel"
    fields = ("recipient", "status", "in_channel", "attempts", "sent_at", "error")
    show_change_link = True
    verbose_name_plural = gettext_lazy("deliveries")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("recipient", "notification")


@admin.register(Notification)
class NotificationAdmin(GuildScopedAdmin):
    guild_path = "game__guild"
    channel_path = "game__channel"
    list_display = ("kind", "game", "recipient", "due_at", "outcome")
    list_filter = ("kind", ("closed_at", empty_filter("state", "upcoming", "done")), "game__guild")
    search_fields = ("game__title", "recipient__handle", "recipient__global_name")
    search_help_text = gettext_lazy("Search by game title or recipient.")
    date_hierarchy = "due_at"
    list_select_related = ("game", "recipient")
    ordering = ("-due_at", "-pk")
    fields = (
        "kind", "game", "recipient", "dedupe_key", "minutes", "due_at", "closed_at", "skip_code", "skip_reason",
         "error", "attempts", "post_version",
    )  # fmt: skip
    inlines = (DeliveryInline,)

    @admin.display
    def outcome(self, row: Notification) -> str:
        if row.closed_at is None:
            return f"retrying: {row.error}" if row.error else "upcoming"
        return row.skip_reason or row.error or "done"


@admin.register(PushSubscription)
class PushSubscriptionAdmin(ReadOnlyMixin, SuperuserOnlyMixin, admin.ModelAdmin):
    list_display = ("user", "browser", "created_at", "last_success_at")
    list_select_related = ("user",)
    search_fields = ("user__handle", "user__global_name")
    ordering = ("-pk",)
    fields = ("user", "browser", "created_at", "last_success_at")  # no address, and no key


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyMixin, SuperuserOnlyMixin, admin.ModelAdmin):
    list_display = ("name", "at", "note")
