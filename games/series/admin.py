"""The admin of series: how games repeat, when the next is due, and ending them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from games.admin.base import admin_actor
from games.models import Series
from games.series import actions, wording
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.admin_site import GuildScopedAdmin, empty_filter
from guilds.http import ViewerRequest


@admin.register(Series)
class SeriesAdmin(GuildScopedAdmin):
    """The list of series; filter by the problem for those whose next game could not be scheduled."""

    guild_path = "guild"
    channel_path = "source__channel"
    list_display = ("source", "guild", "repeats", "start_time", "zone", "make_at", "problem", "ended_at")
    list_filter = ("guild", ("ended_at", empty_filter("whether it ended", "no", "yes")), "problem_code")
    search_fields = ("source__title",)
    search_help_text = gettext_lazy("Search by game title.")
    list_select_related = ("source", "guild")
    date_hierarchy = "make_at"
    fields = (
        "guild", "source", "host", "repeats", "rule", "first_date", "start_time", "zone", "lead_days", "host_confirms",
        "asks_regulars", "skipped", "paused_until", "make_at", "problem", "ended_at", "created_at",
    )  # fmt: skip
    readonly_fields = ("repeats", "problem")
    actions = ("end",)

    @admin.display(description=gettext_lazy("how"))
    def repeats(self, series: Series) -> str:
        return wording.repeats_by(series.rule)

    @admin.display(description=gettext_lazy("problem"), ordering="problem_code")
    def problem(self, series: Series) -> str:
        return wording.problem(series.problem_code) or "–"

    @admin.action(description=gettext_lazy("End the selected series"), permissions=["view"])
    def end(self, request: ViewerRequest, queryset: QuerySet[Series]) -> None:
        by = admin_actor(request.user)
        for series in queryset.order_by("pk"):
            try:
                self.message_user(request, actions.end_series(series.source_id, by, db_now()).text)
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)
