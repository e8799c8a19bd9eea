"""Forms and admins that save by an action."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from games.core.base import Actor, EntryPoint, dry_run
from gamesched.lib.refusal import Refused
from guilds.admin_site import GuildScopedAdmin
from guilds.models import User

STALE = gettext_noop(
    "Someone else changed this while you were editing, so we saved nothing. Save again to overwrite it."
)


class ActionText(Protocol):
    """What an action returns: a sentence, among others."""

    @property
    def text(self) -> str: ...


def admin_actor(user: User) -> Actor:
    """Return the user as an actor.

    Only a superuser is an operator; whether others manage a guild is checked each time.
    """
    return Actor(user, EntryPoint.ADMIN, operator=user.is_superuser)


class ActionForm(forms.ModelForm):
    """A form that saves by an action. Validating it dry-runs the action, so that a refusal is a form error."""

    user: User

    def perform(self) -> Any:
        """Run the action and return its result. Raises Refused."""
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
        """Add errors for what else is wrong with the result of the dry run."""

    def saved_meanwhile(self) -> Iterable[tuple[str, str]]:
        """Return what was saved since this form was rendered and would be overwritten: (label, value)."""
        return ()

    def set_data(self, name: str, value: Any) -> None:
        """Set the value of a field that the form shows, and so sends once more."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix(name)] = str(value)
        self.data = data

    def add_refusal(self, refused: Refused) -> None:
        """Add a refusal as errors of the fields it names, or of the whole form."""
        if refused.refusal.code == "stale":
            saved = format_html_join(
                "; ", "{}: “{}”", ((label, text or _("nothing")) for label, text in self.saved_meanwhile())
            )
            stale = gettext(STALE)
            meanwhile = format_html(_("Saved meanwhile: {values}."), values=saved)
            self.add_error(None, format_html("{} {}", stale, meanwhile) if saved else stale)
            # Sent once more, the form now overwrites the saved version.
            self.set_data("edition", self.instance.edit_version)
            return
        fields = refused.refusal.fields or {"": refused.refusal.sentence}
        for name, sentence in fields.items():
            name = {"date": "starts_at", "time": "starts_at"}.get(name, name)
            self.add_error(name if name in self.fields else None, gettext(sentence))

    def validate_unique(self) -> None:
        """Do nothing: the actions check that, and joining twice is no error."""

    def validate_constraints(self) -> None:
        """Do nothing: the instance is never saved."""

    def _post_clean(self) -> None:
        """Leave the instance as it is; the action changes the row."""


class RunsActions:
    """Base of admins whose list actions call actions."""

    message_user: Callable[..., None]

    def run_actions(self, request: HttpRequest, calls: Iterable[Callable[[], ActionText | str]]) -> None:
        """Call actions one by one and show their results."""
        for call in calls:
            try:
                done = call()
                self.message_user(request, done if isinstance(done, str) else done.text)
            except Refused as refused:
                self.message_user(request, refused.refusal.sentence, messages.ERROR)


class ActionAdmin(RunsActions, GuildScopedAdmin):
    """An admin that saves by a form's action."""

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
            # What the dry run allowed was refused a moment later. Nothing was saved, and in a second dry run
            # the refusal is a form error.
            return super().changeform_view(request, *args, **kwargs)

    # --- deleting, if a subclass permits it ---

    delete_confirmation_template = "admin/games/delete.html"

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Call the action. Raises Refused."""
        raise NotImplementedError

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the rows alone: actions keep what refers to them."""
        return [str(row) for row in objs], {}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            self.message_user(request, refused.refusal.sentence, messages.ERROR)
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[object_id]))

    def get_actions(self, request: HttpRequest) -> Any:
        """Remove Django's own deletion of several rows, which would call no action."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Return the row as it is, without the form's values: the action in `save_model` saves those."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        done = form.perform()
        obj.pk = self.row_of_result(done, form).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing: there are no related rows."""

    def row_of_result(self, done: Any, form: Any) -> Any:
        """Return the row that the action created or changed."""
        return done.game

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        """Fill in the server for users who manage only one."""
        guild_ids = list(self.admin_site.guild_ids(request))
        only = {"guild": guild_ids[0]} if len(guild_ids) == 1 else {}
        return {**only, **super().get_changeform_initial_data(request)}
