"""The operator's door to games. Forms and actions call the verbs; nothing here writes a table."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from games.actions import lifecycle, signups
from games.actions.planning import Actor, Done, rehearsed
from games.models import Announcement, AuditEntry, Game, Signup
from games.rules import Plan
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.admin import ReadOnly
from guilds.http import ViewerRequest
from guilds.models import User


def actor(user: User) -> Actor:
    return Actor(user, "admin", operator=True)


class VerbForm(forms.ModelForm):
    """A form whose saving is a verb. Validating it rehearses the verb, so that a refusal is a form error."""

    user: User

    def verb(self) -> Done:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                rehearsed(self.verb)
            except Refused as refused:
                fields = refused.refusal.fields or {"": refused.refusal.sentence}
                for name, sentence in fields.items():
                    name = {"date": "starts_at", "time": "starts_at"}.get(name, name)
                    self.add_error(name if name in self.fields else None, sentence)
        return data

    def validate_unique(self) -> None:
        """The verbs know better: joining twice is no mistake."""

    def validate_constraints(self) -> None:
        """The instance is never saved."""

    def _post_clean(self) -> None:
        """Leave the instance as it is; the verb changes the row."""


class GameForm(VerbForm):
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Game
        fields = (
            "guild", "host", "channel", "title", "description", "starts_at", "zone", "seats", "duration", "reminders",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["edition"].initial = self.instance.edition

    def verb(self) -> Done:
        data = self.cleaned_data
        plan = Plan(
            title=data["title"],
            description=data["description"],
            starts_at=data["starts_at"],
            zone=data["zone"],
            seats=data["seats"],
            duration=data["duration"],
            channel_id=data["channel"].pk,
            reminders=tuple(data["reminders"] or ()),
        )
        if self.instance.pk is None:
            return lifecycle.create(data["guild"].pk, plan, actor(self.user), db_now(), host=data["host"])
        return lifecycle.edit(self.instance.pk, plan, actor(self.user), db_now(), data["edition"])


class SignupForm(VerbForm):
    class Meta:
        model = Signup
        fields = ("game", "user")

    def verb(self) -> Done:
        user = self.cleaned_data["user"]
        if user is None:
            raise forms.ValidationError({"user": "Choose who joins."})
        return signups.join(self.cleaned_data["game"].pk, user, actor(self.user), db_now())


class VerbAdmin(admin.ModelAdmin):
    """Saves by a form's verb."""

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"user": request.user})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """The row as it is, never the form's values: those go through the verb in `save_model`."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        done = form.verb()
        obj.pk = self.made(done, form).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing beside the row."""

    def made(self, done: Done, form: Any) -> Any:
        return done.game

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def apply(self, request: HttpRequest, calls: list[Callable[[], Done]]) -> None:
        """Call verbs one by one and say what came of them."""
        for call in calls:
            try:
                self.message_user(request, call().text)
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)


@admin.register(Game)
class GameAdmin(VerbAdmin):
    form = GameForm
    list_display = ("title", "guild", "host", "starts_at", "seats", "cancelled_at")
    list_filter = ("guild",)
    search_fields = ("title", "host__handle", "host__global_name", "guild__name")
    date_hierarchy = "starts_at"
    autocomplete_fields = ("guild", "host", "channel")
    list_select_related = ("guild", "host")
    actions = ("cancel", "announce_again")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("guild", "host", "ends_at", "cancelled_at", "cancel_reason", "revision") if obj else ()

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        named = [*GameForm.Meta.fields, "edition"]
        return [*named, "ends_at", "cancelled_at", "cancel_reason", "revision"] if obj else named

    @admin.action(description="Cancel the selected games and tell everyone")
    def cancel(self, request: ViewerRequest, queryset: QuerySet[Game]) -> None:
        by = actor(request.user)
        self.apply(request, [partial(lifecycle.cancel, g.pk, "", by, db_now()) for g in queryset.order_by("pk")])

    @admin.action(description="Announce the selected games again")
    def announce_again(self, request: ViewerRequest, queryset: QuerySet[Game]) -> None:
        by = actor(request.user)
        self.apply(request, [partial(lifecycle.announce_again, g.pk, by, db_now()) for g in queryset.order_by("pk")])


@admin.register(Signup)
class SignupAdmin(VerbAdmin):
    """Adding one joins; the actions join again and leave."""

    form = SignupForm
    list_display = ("game", "user", "placeholder", "order_key", "seated_at", "left_at")
    list_filter = ("game__guild",)
    search_fields = ("game__title", "user__handle", "user__global_name", "placeholder")
    autocomplete_fields = ("game", "user")
    list_select_related = ("game", "user")
    actions = ("join", "leave")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def made(self, done: Done, form: Any) -> Any:
        return done.game.signups.current().get(user=form.cleaned_data["user"])

    @admin.action(description="Sign the selected people up again")
    def join(self, request: ViewerRequest, queryset: QuerySet[Signup]) -> None:
        self._each(request, queryset, signups.join)

    @admin.action(description="Take the selected people out of their game")
    def leave(self, request: ViewerRequest, queryset: QuerySet[Signup]) -> None:
        self._each(request, queryset, signups.leave)

    def _each(self, request: ViewerRequest, queryset: QuerySet[Signup], verb: Callable[..., Done]) -> None:
        by = actor(request.user)
        rows = queryset.filter(user__isnull=False).order_by("game_id", "order_key")
        self.apply(request, [partial(verb, s.game_id, s.user, by, db_now()) for s in rows])


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("game", "channel", "message_id", "shown_revision", "lost_at", "problem")
    search_fields = ("game__title", "message_id")
    list_select_related = ("game", "channel")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "game", "actor", "door", "verb", "changes")
    list_filter = ("door", "verb", "guild")
    search_fields = ("game__title", "actor__handle")
    date_hierarchy = "at"
    list_select_related = ("game", "actor")
