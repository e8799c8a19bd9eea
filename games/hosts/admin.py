"""The admin of blocks: blocking users, and lifting blocks."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from games.admin.base import ActionAdmin, ActionForm, admin_actor
from games.core.wording import UNBLOCKED
from games.hosts import actions as host_actions
from gamesched.lib.clock import db_now
from guilds.admin_site import empty_filter
from guilds.http import ViewerRequest
from guilds.models import Block


class BlockAdminForm(ActionForm):
    """Whom to block, until when, and why."""

    class Meta:
        model = Block
        fields = ("guild", "user", "until", "reason")
        help_texts = {
            "until": gettext_lazy("In your time zone. Empty: for good."),
            "reason": gettext_lazy("Only managers of the server see it."),
        }

    def perform(self) -> Block:
        data, exists = self.cleaned_data, self.instance.pk is not None
        guild_id, user = (self.instance.guild_id, self.instance.user) if exists else (data["guild"].pk, data["user"])
        return host_actions.block_user(guild_id, user, data["until"], data["reason"], admin_actor(self.user), db_now())


@admin.register(Block)
class BlockAdmin(ActionAdmin):
    """The list of blocks. Adding one blocks a user, deleting it lets them sign up again."""

    form = BlockAdminForm
    guild_path = "guild"
    list_display = ("user", "guild", "until", "reason", "created_at")
    list_filter = ("guild", ("until", empty_filter("how long", "for good", "for a time")))
    search_fields = ("user__handle", "user__global_name", "reason")
    search_help_text = gettext_lazy("Search by name or reason.")
    list_select_related = ("guild", "user")
    autocomplete_fields = ("guild", "user")
    date_hierarchy = "created_at"
    actions = ("lift",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("guild", "user", "until", "reason", *(("created_at",) if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("guild", "user", "created_at") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def row_of_result(self, done: Block, form: Any) -> Block:
        return done

    def delete_model(self, request: Any, obj: Block) -> None:
        host_actions.unblock_user(obj.guild_id, obj.user, admin_actor(request.user), db_now())

    @admin.action(description=gettext_lazy("Unblock the selected people"))
    def lift(self, request: ViewerRequest, queryset: QuerySet[Block]) -> None:
        def unblock_one(block: Block) -> str:
            self.delete_model(request, block)
            return f"{block.user}: {gettext(UNBLOCKED)}"

        self.run_actions(request, [partial(unblock_one, block) for block in queryset.order_by("pk")])
