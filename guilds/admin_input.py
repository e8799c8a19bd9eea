"""What people and addresses send to the admin, checked before Django's admin reads it.

Django's admin trusts its own links: a lookup that the database refuses, a chosen row or an initial value that is
no key, and a year 9999 in the date hierarchy each answered 500.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db import DataError, models, transaction
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import capfirst

from gamesched.lib.moments import is_usable

NOT_READABLE = (ValueError, TypeError, OverflowError, ValidationError, DataError)


def parse_value(field: Any, text: str) -> Any:
    """Return a text as a value of a model's field. Raises one of `NOT_READABLE`."""
    if field.is_relation:
        field = field.target_field
    value = field.to_python(text)
    if isinstance(field, models.DateTimeField) and value is not None:
        if not is_usable(value):
            raise ValueError(text)
        return timezone.make_aware(value) if timezone.is_naive(value) else value
    if isinstance(field, models.DateField) and value is not None and not is_usable(value):
        raise ValueError(text)
    return value


def is_readable(field: Any, text: str) -> bool:
    """Return whether a text can be a value of a model's field."""
    try:
        parse_value(field, text)
    except NOT_READABLE:
        return False
    return True


def plain_name(site: Any, model: type[models.Model]) -> str:
    """Return what a table is called in the menu and above its list."""
    name: str | None = site.plain_names.get(model._meta.label_lower)
    return name or capfirst(str(model._meta.verbose_name_plural))


class CheckedChangeList(ChangeList):
    """A list that answers a query string which cannot be read as Django answers an unknown lookup."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            # A savepoint, since inside a transaction the next statement would fail too.
            with transaction.atomic():
                super().__init__(*args, **kwargs)
        except SuspiciousOperation:
            raise
        except NOT_READABLE as problem:
            raise IncorrectLookupParameters(problem) from problem
        self.title = plain_name(self.model_admin.admin_site, self.model)


class CheckedAutocompleteSelect(AutocompleteSelect):
    """A select with a search that shows a typed value which is no key as nothing chosen."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        field: Any = self.field.remote_field.model._meta.pk
        return super().optgroups(name, [one for one in value if not one or is_readable(field, str(one))], attr)


class CheckedJSONField(forms.JSONField):
    """JSON; a number with more digits than Python reads is an error like any other."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], "invalid", {"value": value}) from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except ValueError:
            return InvalidJSONInput(data)


class CheckedInputMixin:
    """Base of every admin: checks query strings, chosen rows, initial values and JSON."""

    formfield_overrides: "ClassVar[Mapping[type[models.Field[Any, Any]], Mapping[str, Any]]]" = {
        models.JSONField: {"form_class": CheckedJSONField}
    }
    opts: Any
    admin_site: Any

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CheckedChangeList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if ACTION_CHECKBOX_NAME in request.POST:
            data = request.POST.copy()
            chosen = [pk for pk in data.getlist(ACTION_CHECKBOX_NAME) if is_readable(self.opts.pk, pk)]
            data.setlist(ACTION_CHECKBOX_NAME, chosen)
            request.POST = data  # type: ignore[assignment]
        response: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "plain_name": plain_name(self.admin_site, self.opts.model)}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)  # type: ignore[misc]
        return response

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)  # type: ignore[misc]
        return {name: found for name, value in initial.items() if (found := self._initial(name, value)) is not None}

    def _initial(self, name: str, value: Any) -> Any:
        """Return the initial value of a form's field; None for one that it cannot show."""
        try:
            field = self.opts.get_field(name)
            found = parse_value(field, value) if isinstance(value, str) else None
        except FieldDoesNotExist:
            return value
        except NOT_READABLE:
            return None
        return found if isinstance(found, datetime) else value

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            kwargs.setdefault("widget", CheckedAutocompleteSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
