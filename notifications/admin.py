"""What is due, who was told, and what needs an operator's hand."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.admin import ReadOnly
from notifications import actions
from notifications.models import Delivery, Heartbeat, Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("kind", "game", "recipient", "offset", "due_at", "closed_at", "dropped", "error")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("game__title", "recipient__handle")
    date_hierarchy = "due_at"
    list_select_related = ("game", "recipient")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    """Filter by `failed` for the dead letters."""

    list_display = ("notification", "recipient", "status", "in_channel", "attempts", "sent_at", "lateness_ms", "error")
    list_filter = ("status", "in_channel", "notification__kind")
    search_fields = ("recipient__handle", "notification__game__title", "error")
    list_select_related = ("notification", "recipient")
    actions = ("retry", "drop")

    @admin.action(description="Try the selected deliveries again", permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._each(request, queryset, lambda pk: actions.retry(pk, db_now()))

    @admin.action(description="Give the selected deliveries up", permissions=["view"])
    def drop(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._each(request, queryset, lambda pk: actions.drop(pk, f"Given up by {request.user}."))

    def _each(self, request: HttpRequest, queryset: QuerySet[Delivery], verb: Any) -> None:
        for pk in queryset.order_by("pk").values_list("pk", flat=True):
            try:
                self.message_user(request, f"Delivery {pk} is {verb(pk).status_text}.")
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "at", "note")
