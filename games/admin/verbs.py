"""Forms and admins whose saving is a verb."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from games.actions.planning import Actor, Done, rehearsed
from gamesched.lib.refusal import Refused
from guilds.models import User
from guilds.operators import GuildScopedAdmin


def actor(user: User) -> Actor:
    """The person as verbs know them. Only a superuser is above the rules; who manages a guild is asked anew."""
    return Actor(user, "admin", operator=user.is_superuser)


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
                self.refuse(refused)
        return data

    def refuse(self, refused: Refused) -> None:
        """Say beside which field, or above all, what a verb would not do."""
        fields = refused.refusal.fields or {"": refused.refusal.sentence}
        for name, sentence in fields.items():
            name = {"date": "starts_at", "time": "starts_at"}.get(name, name)
            self.add_error(name if name in self.fields else None, sentence)

    def validate_unique(self) -> None:
        """The verbs know better: joining twice is no mistake."""

    def validate_constraints(self) -> None:
        """The instance is never saved."""

    def _post_clean(self) -> None:
        """Leave the instance as it is; the verb changes the row."""


class VerbAdmin(GuildScopedAdmin):
    """Saves by a form's verb."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"user": request.user})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refused:
            # What validating rehearsed no longer holds a moment later; nothing was saved.
            self.message_user(request, refused.refusal.sentence, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

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

    def apply(self, request: HttpRequest, calls: Iterable["partial[Done]"]) -> None:
        """Call verbs one by one and say what came of them."""
        for call in calls:
            try:
                self.message_user(request, call().text)
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)
