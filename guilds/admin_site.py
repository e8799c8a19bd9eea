"""The admin site, and the base classes of its admins: who may open it, and which guilds' rows each person sees.

Superusers see everything. For everyone else, each request checks which guilds they manage now. A
`GuildScopedAdmin` shows only rows of those guilds; every other admin is for superusers alone.
"""

from collections.abc import Callable, Collection, Mapping
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.contrib.contenttypes import views as contenttypes
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refusal, Refused
from guilds.admin_input import CheckedInputMixin
from guilds.admin_popups import popup_address, popup_response
from guilds.directory.lookup import ensure_manager_roles
from guilds.login.password_limit import Limited, forget_tries, known_browser, remember_browser
from guilds.models import Channel, User
from guilds.permissions import hidden_channel_ids
from guilds.sent_forms.idempotency import redirect_address, respond_once
from guilds.sent_forms.resubmission import refused_page

UNUSED_APPS = {"account", "auth", "socialaccount"}
UNUSED_MODELS = {"django_q.ormq"}  # what waits to be run, packed
NOT_FOR_YOU = gettext_noop("The admin is for server managers. Ask your server's owner for a role that manages it.")


class PasswordForm(AdminAuthenticationForm):
    """Log-in with a password, which only operators made by `createsuperuser` have."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not user.is_superuser:
            raise self.get_invalid_login_error()

    def get_invalid_login_error(self) -> ValidationError:
        limit: Limited | None = getattr(self.request, "password_limit", None)
        if limit is not None:
            return ValidationError(limit.sentence, code="limited")
        error: ValidationError = super().get_invalid_login_error()
        return error


class GuildAdminSite(admin.AdminSite):
    """The admin, for superusers and for those who manage a guild at the moment."""

    site_title = index_title = gettext_lazy("Game Scheduler for server operators")
    site_header = "Game Scheduler"
    login_form = PasswordForm
    empty_value_display = "–"
    enable_nav_sidebar = False  # lists need the width
    plain_names: ClassVar[Mapping[str, str]] = {}  # of tables, by label, where a model's own says less

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Log in with a password, unless too many were tried; remember the browser of whoever knew theirs."""
        response: HttpResponse = super().login(request, extra_context)
        limit: Limited | None = getattr(request, "password_limit", None)
        if limit is not None:
            response.status_code, response["Retry-After"] = HTTPStatus.TOO_MANY_REQUESTS, str(limit.seconds)
        elif request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            name = request.user.get_username()
            forget_tries(name, known_browser(request, name))
            remember_browser(request, response, name)
        return response

    def managed_guild_ids(self, user: User) -> Collection[int]:
        """Return the ids of the guilds that a person manages now."""
        raise NotImplementedError

    def guild_ids(self, request: HttpRequest) -> Collection[int]:
        """Return the ids of the guilds the viewer manages, cached on the request. Superusers need no check."""
        managed: Collection[int] | None = getattr(request, "_managed_guild_ids", None)
        if managed is None:
            user = request.user
            managed = () if isinstance(user, AnonymousUser) or not user.is_active else self.managed_guild_ids(user)
            request._managed_guild_ids = managed  # type: ignore[attr-defined]
        return managed

    def hidden_channel_ids(self, request: HttpRequest) -> Collection[int]:
        """Return the channels that Discord does not show the viewer, cached on the request."""
        hidden: Collection[int] | None = getattr(request, "_hidden_channel_ids", None)
        if hidden is None:
            assert isinstance(request.user, User)
            hidden = hidden_channel_ids(request.user, Channel.objects.filter(guild__in=self.guild_ids(request)))
            request._hidden_channel_ids = hidden  # type: ignore[attr-defined]
        return hidden

    def has_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request) or bool(self.guild_ids(request))

    def _refuse_stale_roles(self, request: HttpRequest, user: User) -> Refusal | None:
        """Look up the viewer's roles at Discord, before a change always. Return the refusal, if any."""
        if is_superuser(request):
            return None
        try:
            for guild_id in self.guild_ids(request):
                ensure_manager_roles(guild_id, user.pk, db_now(), writes=request.method == "POST")
        except Refused as refused:
            return refused.refusal
        del request._managed_guild_ids  # type: ignore[attr-defined]
        return None

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register as Django does. Admins not scoped to guilds, third-party ones too, become superuser-only.

        Log-in packages' tables stay out: they are empty here, or not to be touched.
        """
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        model_or_iterable = [
            model
            for model in models
            if model._meta.app_label not in UNUSED_APPS and model._meta.label_lower not in UNUSED_MODELS
        ]
        admin_class = admin_class or admin.ModelAdmin
        if not issubclass(admin_class, (GuildScopedAdmin, SuperuserOnlyMixin)):
            admin_class = type(admin_class.__name__, (SuperuserOnlyMixin, admin_class), {"__module__": __name__})
        super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap a view: send anonymous users to the Discord log-in, and refuse people without permission."""
        inner = super().admin_view(view, cacheable)

        def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if isinstance(user, AnonymousUser):
                return redirect_to_login(request.get_full_path())
            if refusal := self._refuse_stale_roles(request, user):
                return refused_page(request, refusal.sentence, 503)
            if not self.has_permission(request) and request.path != reverse("admin:logout", current_app=self.name):
                return refused_page(request, NOT_FOR_YOU)
            with timezone.override(user.tzinfo):
                response: HttpResponse = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # later would be outside their time zone
                return response

        return update_wrapper(guarded_view, inner)

    def get_urls(self) -> list[Any]:
        # Django's own shortcut redirects to any object of any table, and so reveals which exist.
        shortcut = path(
            "r/<path:content_type_id>/<path:object_id>/", self.admin_view(superuser_shortcut), name="view_on_site"
        )
        popup = path("popup/", self.admin_view(popup_response), name="popup")
        return [shortcut, popup, *super().get_urls()]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        response: Any = ScopedAutocomplete.as_view(admin_site=self)(request)
        assert isinstance(response, HttpResponse)
        return response

    def get_log_entries(self, request: HttpRequest) -> Any:
        """Return Django's log entries for superusers, and none for others.

        Its titles may be of a guild that the person managed once. The audit is there for everyone.
        """
        entries = super().get_log_entries(request)
        return entries if is_superuser(request) else entries.none()

    def choices(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of a model that the viewer may choose in a form."""
        try:
            model_admin = self.get_model_admin(model)
        except NotRegistered:
            model_admin = None
        if isinstance(model_admin, ChoosableMixin):
            return model_admin.choices(request)
        everything = model._default_manager.all()
        return everything if is_superuser(request) else everything.none()


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def superuser_shortcut(request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
    """Redirect from an object's admin page to its public page, as Django does. Raise Http404 for non-superusers."""
    if not is_superuser(request):
        raise Http404
    response: HttpResponse = contenttypes.shortcut(request, content_type_id, object_id)
    return response


class ScopedAutocomplete(AutocompleteJsonView):
    """Autocomplete that offers only rows the viewer may choose, whatever the term and the field."""

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(self.model_admin, ChoosableMixin) or super().has_perm(request, obj)

    def get_queryset(self) -> QuerySet[Any]:
        if not isinstance(self.model_admin, ChoosableMixin):
            return super().get_queryset()
        rows, may_repeat = self.model_admin.get_search_results(
            self.request, self.model_admin.choices(self.request), self.term
        )
        return rows.distinct() if may_repeat else rows


# --- base classes for admins -----------------------------------------------------------------------------


class VisibleValuesFilter(admin.AllValuesFieldListFilter):
    """Django's filter by a column's values, limited to values in the rows that the viewer sees."""

    def __init__(self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        rows = model_admin.get_queryset(request).order_by(field_path)
        self.lookup_choices = rows.distinct().values_list(field_path, flat=True)


def empty_filter(title: str, empty: str, filled: str) -> type[admin.EmptyFieldListFilter]:
    """Return a filter by whether a column is empty, labelled in words."""

    class ByAbsence(admin.EmptyFieldListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = gettext(title)

        def choices(self, changelist: Any) -> Any:
            words = {gettext("Empty"): gettext(empty), gettext("Not empty"): gettext(filled)}
            for choice in super().choices(changelist):
                word, *count = str(choice["display"]).split(" (")
                yield {**choice, "display": " (".join([words.get(word, word), *count])}

    return ByAbsence


class ChoosableMixin:
    """An admin whose rows others than superusers may choose in forms."""

    def choices(self, request: HttpRequest) -> QuerySet[Any]:
        raise NotImplementedError


class ReadOnlyMixin:
    """An admin without add, change and delete, for tables that only programs write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SentOnceMixin:
    """An admin that adds, changes and deletes a row, and acts on several, once for each form shown."""

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _once(request, lambda: super(SentOnceMixin, self).changelist_view(request, *args, **kwargs))  # type: ignore[misc]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _once(request, lambda: super(SentOnceMixin, self).changeform_view(request, *args, **kwargs))  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _once(request, lambda: super(SentOnceMixin, self).delete_view(request, *args, **kwargs))  # type: ignore[misc]


def _once(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    if request.method != "POST":
        return view()
    return respond_once(request, view, lambda response: popup_address(request, response) or redirect_address(response))


class GuildScopedMixin(ReadOnlyMixin):
    """Base of admins and inlines: read-only rows of the guilds that the viewer manages."""

    guild_path: ClassVar[str]  # lookup from the table to the guild
    channel_path: ClassVar[str] = ""  # and to its channel, or its game's, which may be hidden from the viewer
    admin_site: Any

    def filter_to_guilds(self, rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
        """Keep only rows of guilds that the viewer manages now; all rows for a superuser."""
        if is_superuser(request):
            return rows
        rows = rows.filter(**{f"{self.guild_path}__in": self.admin_site.guild_ids(request)})
        if not self.channel_path:
            return rows
        return rows.exclude(**{f"{self.channel_path}__in": self.admin_site.hidden_channel_ids(request)})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return self.filter_to_guilds(rows, request)

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that a form offers, and so accepts, for a relation field."""
        choices: QuerySet[Any] = self.admin_site.choices(db_field.remote_field.model, request)
        return choices

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.admin_site.has_permission(request))


class GuildScopedAdmin(SentOnceMixin, CheckedInputMixin, GuildScopedMixin, ChoosableMixin, admin.ModelAdmin):
    """Admin of a table that belongs to guilds, for those who manage them.

    Read-only unless a subclass overrides that: only actions write. Another guild's row is a 404 at every URL.
    """

    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(self.admin_site.has_permission(request))

    def get_ordering(self, request: HttpRequest) -> Any:
        """Return the order of rows. What has none would be offered page by page with rows twice or never."""
        return super().get_ordering(request) or self.opts.ordering or ("-pk",)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row by its key. Raise Http404 if the viewer may not see it."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    def choices(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that may be chosen for a relation to this table."""
        return self.get_queryset(request)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Limit filters by relation or free text to values in the rows that the viewer sees."""
        return [self._narrow_filter(one) if isinstance(one, str) else one for one in super().get_list_filter(request)]

    def _narrow_filter(self, name: str) -> Any:
        field: Any = None
        model: Any = self.model
        for part in name.split("__"):
            field = model._meta.get_field(part)
            model = field.related_model
        if field.is_relation:
            return name, admin.RelatedOnlyFieldListFilter
        if not field.choices and hasattr(field, "max_length") and field.max_length:
            return name, VisibleValuesFilter
        return name

    # Who did what is in the audit. Django's log would be a second one, readable after a right is lost.
    def log_addition(self, request: Any, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: Any, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: Any, queryset: Any) -> Any:
        return None


class GuildScopedInline(GuildScopedMixin, admin.TabularInline):
    """Read-only inline for rows of a guild."""

    extra = 0
    can_delete = False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Name the field as the head of its column does; Django gives fields in a table no label."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", field.label)
        return field


class SuperuserOnlyMixin(SentOnceMixin, CheckedInputMixin):
    """Admin of a table that does not belong to guilds, hidden from everyone but superusers."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row by its key. Raise Http404 for non-superusers, whether it exists or not."""
        if not is_superuser(request):
            raise Http404
        return super().get_object(request, object_id, from_field)  # type: ignore[misc]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and super().has_view_permission(request, obj)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request) and super().has_add_permission(request)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request) and super().has_delete_permission(request, obj)  # type: ignore[misc]
