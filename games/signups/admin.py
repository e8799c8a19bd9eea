"""The admin of sign-ups: signing people up and taking them out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from games.admin.base import ActionAdmin, ActionForm, admin_actor
from games.core.base import ActionResult, lock_people
from games.models import Signup
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from guilds.admin_site import GuildScopedInline, empty_filter
from guilds.http import ViewerRequest


class SignupAdminForm(ActionForm):
    """The form that signs a person up for a game."""

    class Meta:
        model = Signup
        fields = ("game", "user")
        help_texts = {"user": gettext_lazy("A member of the game's server. They get a seat if one is free.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].required = True

    def perform(self) -> ActionResult:
        return signups.join(self.cleaned_data["game"].pk, self.cleaned_data["user"], admin_actor(self.user), db_now())


class PlaceColumns:
    """The columns of a sign-up in lists."""

    @admin.display(description=gettext_lazy("who"), ordering="user__handle")
    def who(self, signup: Signup) -> str:
        return str(signup.user or signup.guest_name)

    @admin.display(description=gettext_lazy("place"))
    def place(self, signup: Signup) -> str:
        if signup.left_at is not None:
            return "left"
        if signup.no_show:
            return "seated, didn't come"
        return "seated" if signup.seated_at else "on the wait list"


class SignupInlineForm(SignupAdminForm):
    """The same form, inside its game."""

    class Meta:
        model = Signup
        fields = ("user",)

    def perform(self) -> ActionResult:
        return signups.join(self.instance.game_id, self.cleaned_data["user"], admin_actor(self.user), db_now())

    def clean(self) -> dict[str, Any]:
        return super().clean() if self.has_changed() else self.cleaned_data


class SignupInline(PlaceColumns, GuildScopedInline):
    """Who is seated or waiting, and a row to add somebody. The list of sign-ups takes people out."""

    model = Signup
    form = SignupInlineForm
    guild_path = "game__guild"
    channel_path = "game__channel"
    fields = ("user", "place", "joined_at")
    readonly_fields = ("place", "joined_at")
    autocomplete_fields = ("user",)
    verbose_name_plural = gettext_lazy("players and wait list")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signup]:
        rows: QuerySet[Signup] = super().get_queryset(request)
        return rows.filter(left_at=None).order_by("order_key").select_related("user", "game")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        form = type("SignupInlineForm", (SignupInlineForm,), {"user": request.user})
        return super().get_formset(request, obj, form=form, **kwargs)


@admin.register(Signup)
class SignupAdmin(PlaceColumns, ActionAdmin):
    """The list of sign-ups. Adding a row signs a person up; the actions sign up again and take out."""

    form = SignupAdminForm
    guild_path = "game__guild"
    channel_path = "game__channel"
    list_display = ("who", "game", "place", "joined_at", "left_at")
    list_filter = (
        ("left_at", empty_filter("state", "seated or waiting", "left")),
        ("seated_at", empty_filter("seat", "without a seat", "with a seat")),
        "no_show",
        "game__guild",
    )
    search_fields = ("game__title", "user__handle", "user__global_name", "placeholder")
    search_help_text = gettext_lazy("Search by person or game title.")
    autocomplete_fields = ("game", "user")
    list_select_related = ("game", "user")
    ordering = ("-game__starts_at", "game_id", "order_key")
    actions = ("join", "leave")

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return (
            ("game", "user", "placeholder", "place", "joined_at", "seated_at", "left_at") if obj else ("game", "user")
        )

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        return ("place",) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def row_of_result(self, done: ActionResult, form: Any) -> Any:
        return done.game.signups.current().get(user=form.cleaned_data["user"])

    @admin.action(description=gettext_lazy("Sign up the selected people again"))
    def join(self, request: ViewerRequest, queryset: QuerySet[Signup]) -> None:
        self._run_on_each(request, queryset, signups.join)

    @admin.action(description=gettext_lazy("Remove the selected people from their games"))
    def leave(self, request: ViewerRequest, queryset: QuerySet[Signup]) -> None:
        self._run_on_each(request, queryset, signups.leave)

    def _run_on_each(
        self, request: ViewerRequest, queryset: QuerySet[Signup], action: Callable[..., ActionResult]
    ) -> None:
        by = admin_actor(request.user)
        rows = list(queryset.filter(user__isnull=False).order_by("game_id", "order_key"))
        lock_people(signup.user_id or 0 for signup in rows)  # all in one transaction, as the form is taken once
        self.run_actions(request, [partial(action, s.game_id, s.user, by, db_now()) for s in rows])
