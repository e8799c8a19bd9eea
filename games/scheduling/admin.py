"""The admin of games: the list, the form, and actions on several games at once."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from games.admin.base import ActionAdmin, ActionForm, admin_actor
from games.core.base import lock_people
from games.core.permissions import Viewer
from games.core.setting_kinds import GROUP_TITLES, Group
from games.core.settings import GAME_SETTINGS, SETTINGS, setting_text
from games.core.state_wording import STATE_TEXT
from games.core.states import State
from games.models import Game, Signup
from games.models.game_conditions import is_to_come
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, ending, publishing
from games.scheduling.admin_export import games_csv
from games.scheduling.admin_form import GameAdminForm
from games.scheduling.allowed_actions import AllowedActions
from games.server_settings.base_forms import field_names, titled_fieldsets
from games.signups.admin import SignupInline
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.admin_site import GuildScopedInline, is_superuser
from guilds.http import ViewerRequest
from guilds.models import Role
from notifications.models import Notification
from notifications.types import user_message_types


class StateFilter(admin.SimpleListFilter):
    """A filter by the game's state, which follows from the clock."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(state), STATE_TEXT[state]) for state in State]

    def queryset(self, request: Any, queryset: Any) -> Any:
        now = db_now()
        match self.value():
            case State.DRAFT:
                return queryset.drafts().filter(announce_at=None)
            case State.UNANNOUNCED:
                return queryset.drafts().filter(announce_at__isnull=False)
            case State.SCHEDULED:
                return queryset.announced().filter(cancelled_at=None, starts_at__gt=now)
            case State.IN_PROGRESS:
                return queryset.announced().filter(cancelled_at=None, starts_at__lte=now, ends_at__gt=now)
            case State.COMPLETED:
                return queryset.announced().filter(cancelled_at=None, ends_at__lte=now, archived_at=None)
            case State.ARCHIVED:
                return queryset.filter(cancelled_at=None, ends_at__lte=now, archived_at__isnull=False)
            case State.CANCELLED:
                return queryset.filter(cancelled_at__isnull=False)
        return None


class NotificationsInline(GuildScopedInline):
    """The notifications that people were sent, or will be."""

    model = Notification
    guild_path = "game__guild"
    channel_path = "game__channel"
    fields = ("kind", "recipient", "due_at", "outcome")
    readonly_fields = ("outcome",)
    verbose_name_plural = gettext_lazy("notifications")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        rows: QuerySet[Notification] = super().get_queryset(request)
        statuses = ("sent", "failed", "pending")
        counts = {f"n_{name}": Count("deliveries", filter=Q(deliveries__status=name)) for name in statuses}
        notifications = rows.filter(kind__in=user_message_types())
        return notifications.select_related("recipient").annotate(**counts).order_by("-due_at", "-pk")

    @admin.display
    def outcome(self, row: Any) -> Any:
        counts = {"sent": row.n_sent, "failed": row.n_failed, "to be sent": row.n_pending}
        text = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
        text = text or row.skip_reason or ("no one to notify" if row.closed_at else "upcoming")
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:notifications_notification_change", args=[row.pk]), text
        )


@admin.register(Game)
class GameAdmin(ActionAdmin):
    form = GameAdminForm
    guild_path = "guild"
    channel_path = "channel"
    list_display = ("title", "starts_at", "status", "seats_taken", "template", "host", "channel", "guild")
    list_filter = (StateFilter, "template", "channel", "guild")
    search_fields = ("title", "host__handle", "host__global_name")
    search_help_text = gettext_lazy("Search by title or host.")
    date_hierarchy = "starts_at"
    autocomplete_fields = ("guild", "host", "channel", "template")
    list_select_related = ("guild__defaults", "channel__defaults", "channel__parent__defaults", "template", "host")
    actions = ("announce", "cancel", "undo", "end", "announce_again", "export")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Game]:
        rows: QuerySet[Game] = super().get_queryset(request)
        return rows.annotate(
            state_at=Now(),
            n_seated=Signup.objects.seated().per_game(),
            n_waiting=Signup.objects.waiting().per_game(),
        )

    def get_ordering(self, request: HttpRequest) -> Any:
        """Sort upcoming games first, the next one on top, then past games, the latest first."""
        coming = Case(When(is_to_come(db_now()), then=F("starts_at")))
        return (coming.asc(nulls_last=True), "-starts_at", "-pk")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.mentions_text:
            self.message_user(request, form.mentions_text.strip(), messages.WARNING)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out the server's name for users who manage only one."""
        several = is_superuser(request) or len(self.admin_site.guild_ids(request)) > 1
        return self.list_display if several else self.list_display[:-1]

    @admin.display
    def status(self, game: Any) -> Any:
        state = game.state(game.state_at)
        why = f" {game.cancel_reason}" if game.cancel_reason else ""
        return format_html('<span class="tag {}">{}</span>{}', state, STATE_TEXT[state], why)

    @admin.display(description=gettext_lazy("seats"), ordering="n_seated")
    def seats_taken(self, game: Any) -> str:
        seats = game.settings.seats
        text = f"{game.n_seated} of {seats}" if seats else str(game.n_seated)
        return f"{text}, {game.n_waiting} waiting" if game.n_waiting else text

    # --- one game ---

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [SignupInline, NotificationsInline] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        where = ["channel", "template"] if obj else ["guild", "host", "channel", "template"]
        settings = [
            (
                gettext("Settings"),
                {"fields": field_names([group for group in Group if group not in GROUP_TITLES], GAME_SETTINGS)},
            ),
            *titled_fieldsets(GAME_SETTINGS),
        ]
        fieldsets: list[tuple[str | None, dict[str, Any]]] = [
            (None, {"fields": ["title", "description", *where, "edition"]}),
            (gettext("When"), {"fields": ["starts_at", "zone"]}),
            # Of a game that nobody changes any more, those in force say it better.
            *(settings if obj is None or self.has_change_permission(request, obj) else ()),
        ]
        if obj:
            fieldsets.insert(0, (None, {"fields": ["guild", "host", "status", "post"]}))
            fieldsets.append((gettext("Settings in force"), {"fields": ["in_force"]}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("guild", "host", "status", "post", "in_force") if obj else ()

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        return {"zone": request.user.tzinfo.key, **super().get_changeform_initial_data(request)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # If the game ends while its form is open, the action refuses it with a sentence.
        # Whoever sees a game here manages its server.
        over = (
            obj is not None
            and request.method != "POST"
            and not AllowedActions(obj, Viewer(None, obj.guild_id, None, operator=True), db_now()).edit
        )
        return not over and super().has_change_permission(request, obj)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        game = super().get_object(request, object_id, from_field)
        if request.method == "POST":
            # Locked until the form is saved, so that what the dry run found still applies then.
            Game.objects.select_for_update(no_key=True).get(pk=game.pk)
            game = super().get_object(request, object_id, from_field)
        return game

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            for row in getattr(formset, "extra_forms", []):
                if isinstance(row, ActionForm) and row.has_changed():
                    self.message_user(request, row.perform().text)

    def construct_change_message(self, request: Any, form: Any, formsets: Any, add: bool = False) -> Any:
        return ""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Redirect to the audit log of this game."""
        game = self.get_object(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:games_auditentry_changelist')}?game__id__exact={game.pk}")

    @admin.display(description=gettext_lazy("values"))
    def in_force(self, game: Game) -> Any:
        roles = dict(Role.objects.filter(guild_id=game.guild_id).values_list("pk", "name"))
        rows = [
            (gettext(SETTINGS[name].label), setting_text(name, one.value, roles), one.source)
            for name, one in game.settings.sources.items()
            if name in GAME_SETTINGS
        ]
        return format_html(
            '<ul class="facts">{}</ul>', format_html_join("", "<li>{}: {} <small>from {}</small></li>", rows)
        )

    @admin.display(description=gettext_lazy("announcement"))
    def post(self, game: Game) -> Any:
        post = game.announcement
        link = format_html('<a href="{}">in Discord</a>', post.url) if post.url else "not posted yet"
        return format_html("{}{}", link, f". {post.get_problem_code_display()}" if post.problem_code else "")

    # --- many games ---

    @admin.action(description=gettext_lazy("Cancel the selected games …"))
    def cancel(self, request: ViewerRequest, queryset: QuerySet[Game]) -> HttpResponse | None:
        """Ask for the reason first; then cancel each game."""
        games = list(queryset.order_by("pk"))
        reason = request.POST.get("reason", "")
        problem = ""
        if "confirmed" in request.POST:
            problem = self._cancel_each(request, games, reason)
            if not problem:
                return None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Cancel these games?") if len(games) > 1 else gettext("Cancel this game?"),
            "opts": self.opts,
            "games": games,
            "reason": reason,
            "problem": problem,
        }
        return TemplateResponse(request, "admin/games/game/cancel.html", context, status=422 if problem else 200)

    def _cancel_each(self, request: ViewerRequest, games: list[Game], reason: str) -> str:
        by = admin_actor(request.user)
        for game in games:
            try:
                result = cancellation.cancel_game(game.pk, reason, by, db_now())
            except Refused as refused:
                if refused.refusal.code == "bad_reason":
                    return refused.refusal.sentence
                self.message_user(request, f"{game}: {refused.refusal.sentence}", messages.ERROR)
            else:
                self.message_user(request, f"{game}: {result.text}")
        return ""

    @admin.action(description=gettext_lazy("Announce the selected drafts"))
    def announce(self, request: ViewerRequest, queryset: QuerySet[Game]) -> None:
        by, games = admin_actor(request.user), list(queryset.order_by("pk"))
        lock_people(game.host_id for game in games)  # all in one transaction, as the form is taken once
        self.run_actions(request, [partial(publishing.announce_game, game.pk, by, db_now()) for game in games])

    @admin.action(description=gettext_lazy("Restore the selected cancelled games"))
    def undo(self, request: ViewerRequest, queryset: QuerySet[Game]) -> None:
        by = admin_actor(request.user)
        self.run_actions(
            request, [partial(cancellation.undo_cancellation, g.pk, by, db_now()) for g in queryset.order_by("pk")]
        )

    @admin.action(description=gettext_lazy("End the selected running games"))
    def end(self, request: ViewerRequest, queryset: QuerySet[Game]) -> None:
        by = admin_actor(request.user)
        self.run_actions(request, [partial(ending.end_game, g.pk, by, db_now()) for g in queryset.order_by("pk")])

    @admin.action(description=gettext_lazy("Repost the selected games"))
    def announce_again(self, request: ViewerRequest, queryset: QuerySet[Game]) -> None:
        by = admin_actor(request.user)
        self.run_actions(
            request, [partial(scheduling.retry_announcement, g.pk, by, db_now()) for g in queryset.order_by("pk")]
        )

    @admin.action(description=gettext_lazy("Export the selected games as CSV"), permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Game]) -> HttpResponse:
        rows = queryset.select_related(*self.list_select_related).order_by("starts_at", "pk")
        return games_csv(rows, db_now())
