"""The admin of polls: who asked when, what became of it, and cancelling."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from games.admin.base import RunsActions, admin_actor
from games.core.base import lock_people
from games.models import TimePoll, TimePollOption
from games.polls import actions as polls
from gamesched.lib.clock import db_now
from guilds.admin_site import GuildScopedAdmin, GuildScopedInline
from guilds.http import ViewerRequest


class OptionInline(GuildScopedInline):
    """The times of a poll, and how many can come."""

    model = TimePollOption
    guild_path = "poll__guild"
    extra = 0
    fields = ("starts_at", "people")
    readonly_fields = ("people",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TimePollOption]:
        rows: QuerySet[TimePollOption] = super().get_queryset(request)
        return rows.annotate(vote_count=Count("votes"))

    @admin.display(description=gettext_lazy("can come"))
    def people(self, option: Any) -> int:
        return int(option.vote_count)


@admin.register(TimePoll)
class TimePollAdmin(RunsActions, GuildScopedAdmin):
    """The list of polls."""

    guild_path = "guild"
    channel_path = "channel"
    list_display = ("title", "guild", "host", "closes_at", "quorum", "cancelled_at", "game")
    list_filter = ("guild",)
    search_fields = ("title", "host__handle", "host__global_name")
    search_help_text = gettext_lazy("Search by title or host.")
    list_select_related = ("guild", "host", "game")
    date_hierarchy = "created_at"
    fields = (
        "title", "guild", "channel", "template", "host", "zone", "quorum", "created_at", "closes_at", "closed_at",
        "cancelled_at", "winner", "game",
    )  # fmt: skip
    inlines = (OptionInline,)
    actions = ("cancel", "make_game")

    @admin.action(description=gettext_lazy("Cancel the selected polls"), permissions=["view"])
    def cancel(self, request: ViewerRequest, queryset: QuerySet[TimePoll]) -> None:
        by = admin_actor(request.user)
        ids = list(queryset.order_by("pk").values_list("pk", flat=True))
        self.run_actions(request, [partial(polls.cancel_poll, pk, by, db_now()) for pk in ids])

    @admin.action(
        description=gettext_lazy("Turn the selected polls into games at their best time"), permissions=["view"]
    )
    def make_game(self, request: ViewerRequest, queryset: QuerySet[TimePoll]) -> None:
        by, rows = admin_actor(request.user), list(queryset.order_by("pk"))
        # All in one transaction, as the form is taken once.
        lock_people({request.user.pk, *(poll.host_id for poll in rows)})
        polls.lock_polls([poll.pk for poll in rows])
        self.run_actions(request, [partial(polls.make_game, poll.pk, by, db_now()) for poll in rows])
