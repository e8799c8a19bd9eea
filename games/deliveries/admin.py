"""The admin of deliveries, with actions on those that did not arrive."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from games.admin.base import admin_actor
from games.core.base import Actor
from games.deliveries import actions as deliveries
from games.deliveries.actions import DeliveryResult
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.admin_site import GuildScopedAdmin
from guilds.http import ViewerRequest
from notifications.models import Delivery

DeliveryAction = Callable[[int, Actor, datetime], DeliveryResult]


@admin.register(Delivery)
class DeliveryAdmin(GuildScopedAdmin):
    """The list of deliveries; filter by `failed` and `may have arrived` for those that did not arrive."""

    guild_path = "notification__game__guild"
    channel_path = "notification__game__channel"
    list_display = ("about", "recipient", "status", "in_channel", "attempts", "sent_at", "lateness", "error")
    list_filter = ("status", "in_channel", "notification__kind", "notification__game__guild")
    search_fields = ("recipient__handle", "recipient__global_name", "notification__game__title", "error")
    search_help_text = gettext_lazy("Search by game title, recipient or error.")
    list_select_related = ("notification__game", "recipient")
    ordering = ("-pk",)
    fields = (
        "notification", "recipient", "status", "error", "in_channel", "push", "attempts", "next_attempt_at",
        "first_attempt_at", "sent_at", "lateness",
    )  # fmt: skip
    readonly_fields = ("lateness",)
    actions = ("retry", "drop")

    @admin.display(description=gettext_lazy("about"), ordering="notification__game__title")
    def about(self, delivery: Delivery) -> str:
        row = delivery.notification
        return f"{row.kind}: {row.game}" if row.game_id else row.kind

    @admin.display(description=gettext_lazy("late by"), ordering="lateness_ms")
    def lateness(self, delivery: Delivery) -> str | None:
        return None if delivery.lateness_ms is None else f"{delivery.lateness_ms / 1000:.1f} s"

    @admin.action(description=gettext_lazy("Resend the selected failed or uncertain deliveries"), permissions=["view"])
    def retry(self, request: ViewerRequest, queryset: QuerySet[Delivery]) -> None:
        self._run_on_each(request, queryset, deliveries.resend_delivery)

    @admin.action(description=gettext_lazy("Drop the selected deliveries"), permissions=["view"])
    def drop(self, request: ViewerRequest, queryset: QuerySet[Delivery]) -> None:
        self._run_on_each(request, queryset, deliveries.drop_delivery)

    def _run_on_each(self, request: ViewerRequest, queryset: QuerySet[Delivery], action: DeliveryAction) -> None:
        by = admin_actor(request.user)
        for pk in queryset.order_by("notification__game_id", "pk").values_list("pk", flat=True):
            try:
                self.message_user(request, action(pk, by, db_now()).text)
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)
