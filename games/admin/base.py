"""Forms and admins whose saving is a verb."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from games.core.base import Actor, Source, dry_run
from gamesched.lib.refusal import Refused
from guilds.admin_site import GuildScopedAdmin
from guilds.models import User

STALE = "Somebody changed this while you were editing it, so nothing was saved. Save again to put yours over it."


class ActionText(Protocol):
    """What a verb answers with: a sentence, whatever else."""

    @property
    def text(self) -> str: ...


def admin_actor(user: User) -> Actor:
    """The person as verbs know them. Only a superuser is above the rules; who manages a guild is asked anew."""
    return Actor(user, Source.ADMIN, operator=user.is_superuser)


class ActionForm(forms.ModelForm):
    """A form whose saving is a verb. Validating it rehearses the verb, so that a refusal is a form error."""

    user: User

    def perform(self) -> Any:
        """Do it, and return what the verb returns. Raises Refused."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.check_result(dry_run(self.perform))
            except Refused as refused:
                self.add_refusal(refused)
        return data

    def check_result(self, done: Any) -> None:
        """Say what else speaks against what the verb would do."""

    def saved_meanwhile(self) -> Iterable[tuple[str, str]]:
        """What somebody saved since this form was made and this form would overwrite: labels, and values in words."""
        return ()

    def set_data(self, name: str, value: Any) -> None:
        """Have the form say this of a field when it is shown, and so when it is sent once more."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix(name)] = str(value)
        self.data = data

    def add_refusal(self, refused: Refused) -> None:
        """Say beside which field, or above all, what a verb would not do."""
        if refused.refusal.code == "stale":
            saved = format_html_join(
                "; ", "{}: “{}”", ((label, text or "nothing") for label, text in self.saved_meanwhile())
            )
            self.add_error(None, format_html("{} Saved meanwhile: {}.", STALE, saved) if saved else STALE)
            # Sent once more, the form knows what it overwrites.
            self.set_data("edition", self.instance.edition)
            return
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


class ActionAdmin(GuildScopedAdmin):
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
        except Refused:
            # What validating rehearsed no longer held a moment later. Nothing was saved, and rehearsed once more the
            # refusal is an error of the form.
            return super().changeform_view(request, *args, **kwargs)

    # --- deleting, where a subclass permits it ---

    delete_confirmation_template = "admin/games/delete.html"

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Call the verb. Raises Refused."""
        raise NotImplementedError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The row alone: verbs leave standing what refers to it."""
        return [str(one) for one in objs], {}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            self.message_user(request, refused.refusal.sentence, messages.ERROR)
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[object_id]))

    def get_actions(self, request: HttpRequest) -> Any:
        """Django's own deleting of many would call no verb."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """The row as it is, never the form's values: those go through the verb in `save_model`."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        done = form.perform()
        obj.pk = self.row_of_result(done, form).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing beside the row."""

    def row_of_result(self, done: Any, form: Any) -> Any:
        """The row that a verb made or changed."""
        return done.game

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        """Who manages one server need not choose it."""
        guild_ids = list(self.admin_site.guild_ids(request))
        only = {"guild": guild_ids[0]} if len(guild_ids) == 1 else {}
        return {**only, **super().get_changeform_initial_data(request)}

    def run_actions(self, request: HttpRequest, calls: Iterable[Callable[[], ActionText | str]]) -> None:
        """Call verbs one by one and say what came of them."""
        for call in calls:
            try:
                done = call()
                self.message_user(request, done if isinstance(done, str) else done.text)
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)
