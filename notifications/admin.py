"""What is due, who was told, and what needs an operator's hand."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.operators import GuildScopedAdmin, GuildScopedInline, ReadOnly, SuperuserOnly, by_absence
from notifications import actions
from notifications.models import Delivery, Heartbeat, Notification


class DeliveryInline(GuildScopedInline):
    model = Delivery
    guild_path = "notification__game__guild"
    fields = ("recipient", "status", "in_channel", "attempts", "sent_at", "error")
    show_change_link = True
    verbose_name_plural = "who was told"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("recipient", "notification")


@admin.register(Notification)
class NotificationAdmin(GuildScopedAdmin):
    guild_path = "game__guild"
    list_display = ("kind", "game", "recipient", "due_at", "outcome")
    list_filter = ("kind", ("closed_at", by_absence("state", "to come", "done")), "game__guild")
    search_fields = ("game__title", "recipient__handle", "recipient__global_name")
    search_help_text = "By the game's title or the recipient's name."
    date_hierarchy = "due_at"
    list_select_related = ("game", "recipient")
    ordering = ("-due_at", "-pk")
    fields = (
        "kind", "game", "recipient", "offset", "due_at", "closed_at", "dropped", "error", "attempts", "revision",
    )  # fmt: skip
    inlines = (DeliveryInline,)

    @admin.display
    def outcome(self, row: Notification) -> str:
        if row.closed_at is None:
            return f"tried again: {row.error}" if row.error else "to come"
        return row.dropped or row.error or "done"


@admin.register(Delivery)
class DeliveryAdmin(GuildScopedAdmin):
    """Filter by `failed` for the dead letters."""

    guild_path = "notification__game__guild"
    list_display = ("about", "recipient", "status", "in_channel", "attempts", "sent_at", "lateness", "error")
    list_filter = ("status", "in_channel", "notification__kind", "notification__game__guild")
    search_fields = ("recipient__handle", "recipient__global_name", "notification__game__title", "error")
    search_help_text = "By the game's title, the recipient's name or the error."
    list_select_related = ("notification__game", "recipient")
    ordering = ("-pk",)
    fields = (
        "notification", "recipient", "status", "error", "in_channel", "attempts", "next_try_at", "first_tried_at",
        "sent_at", "lateness",
    )  # fmt: skip
    readonly_fields = ("lateness",)
    actions = ("retry", "drop")

    @admin.display(description="about", ordering="notification__game__title")
    def about(self, delivery: Delivery) -> str:
        row = delivery.notification
        return f"{row.kind}: {row.game}" if row.game_id else row.kind

    @admin.display(description="late by", ordering="lateness_ms")
    def lateness(self, delivery: Delivery) -> str | None:
        return None if delivery.lateness_ms is None else f"{delivery.lateness_ms / 1000:.1f} s"

    @admin.action(description="Send the selected failed deliveries again", permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._each(request, queryset, lambda pk: actions.retry(pk, db_now()))

    @admin.action(description="Give the selected deliveries up", permissions=["view"])
    def drop(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._each(request, queryset, lambda pk: actions.drop(pk, f"Given up by {request.user}."))

    def _each(self, request: HttpRequest, queryset: QuerySet[Delivery], verb: Callable[[int], Delivery]) -> None:
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            try:
                self.message_user(request, f"Delivery {pk} is {verb(pk).status_text}.")
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, SuperuserOnly, admin.ModelAdmin):
    list_display = ("name", "at", "note")
