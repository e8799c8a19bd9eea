"""The setup page of a guild, from the invited bot to the first game: its channels, its roles and zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from games.core.permissions import Viewer, load_viewer
from games.core.settings import SETTINGS
from games.models import CompanionKind, Game, GameCompanion
from games.models.layers import is_set_up
from games.models.settings import GuildDefaults
from games.pages.invite import invite_url
from games.pages.shortcuts import FRESH_ROLES, actor, redirect_once
from games.server_settings import actions as server_settings
from games.server_settings import setup as guild_setup
from games.server_settings import wording as settings_wording
from games.server_settings.actions import values_of
from games.server_settings.base_forms import make_compact
from games.server_settings.doctor import Diagnosis, diagnose
from games.server_settings.forms import GuildForm
from games.server_settings.notifications import last_channel_tests
from games.server_settings.table import template_presets
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from gamesched.lib.sentences import join_and
from guilds.directory.lookup import ensure_fresh_roles
from guilds.http import ViewerRequest
from guilds.models import ADMINISTRATOR, GAME_CHANNEL_TYPES, MANAGE_THREADS, Channel, Guild, Role
from guilds.permissions import denied_view, people_that_view, roles_that_view
from guilds.sent_forms.idempotency import FormResult
from notifications.heartbeat import bot_silence

CATEGORY = 4


@dataclass(frozen=True)
class ChannelStatus:
    """A channel as the setup page shows it: whether it can be used, and what is missing."""

    channel: Channel
    enabled: bool
    missing: list[str]
    advice: str  # where to click in Discord, or why games are never announced here
    note: str  # what would be better, though it can be used without
    test: str  # the result of the last test message
    viewers_text: str  # who sees the games announced there, by Discord's permissions
    may_test: bool  # the viewer sees the channel in Discord
    lacks: str = ""  # what is missing here for what is switched on besides posts

    @property
    def is_postable(self) -> bool:
        return self.channel.type in GAME_CHANNEL_TYPES


def channel_statuses(guild: Guild, viewer: Viewer, diagnosis: Diagnosis) -> list[ChannelStatus]:
    """Return the status of every channel of the guild that the viewer may view, those usable for games first."""
    tests = last_channel_tests(guild.pk)
    roles = list(guild.roles.filter(deleted_at=None))
    statuses = []
    ours = GameCompanion.objects.filter(kind=CompanionKind.VOICE, game__guild=guild, discord_id__isnull=False)
    channels = guild.channels.filter(deleted_at=None, parent=None).exclude(type=CATEGORY).select_related("defaults")
    channels = channels.exclude(pk__in=ours.values("discord_id"))  # games' voice channels come and go
    for channel in filter(viewer.may_view, channels):
        defaults, test = getattr(channel, "defaults", None), tests.get(channel.pk)
        postable = channel.type in GAME_CHANNEL_TYPES
        missing = channel.missing_requirements if postable else []
        advice = (
            gettext(settings_wording.NOT_FOR_GAMES.get(channel.type, settings_wording.NOT_FOR_GAMES_OTHER))
            if not postable
            else ""
        )
        statuses.append(
            ChannelStatus(
                channel,
                postable and (defaults is None or defaults.for_games),
                missing,
                settings_wording.permission_advice(str(channel), channel.missing_permissions, channel.lacks_tag)
                if missing
                else advice,
                gettext(settings_wording.FORUM_TIDIER)
                if channel.is_forum and not channel.bot_has(MANAGE_THREADS)
                else "",
                settings_wording.test_result(test.closed_at is not None, test.skip_reason, test.error) if test else "",
                _viewers_text(channel, roles),
                viewer.may_view(channel),
                join_and(diagnosis.channel_lacks.get(channel.pk, ())),
            )
        )
    return sorted(statuses, key=lambda one: not one.is_postable)


def _viewers_text(channel: Channel, roles: Sequence[Role]) -> str:
    viewing = roles_that_view(channel, {role.pk: role.permissions for role in roles})
    if channel.guild_id in viewing:
        denied = denied_view(channel)
        without = [role.name for role in roles if role.pk in denied]
        return settings_wording.viewed_by_everyone(without, len(denied) - len(without))
    names = [role.name for role in roles if role.pk in viewing and not role.permissions & ADMINISTRATOR]
    return settings_wording.viewed_by(names, len(people_that_view(channel, {role.pk for role in roles})))


class RolesForm(GuildForm):
    """Who manages, who schedules, and in which zone: the minimum that a guild decides."""

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        super().__init__(*args, guild=guild, only={"zone", "manager_role_ids", "host_role_ids", "edition"}, **kwargs)
        field = self.fields["host_role_ids"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.help_text = gettext(settings_wording.HOST_ROLES_HELP)
        make_compact(field)
        self.fields["zone"].help_text = gettext(SETTINGS["zone"].help)
        if not is_set_up(guild):
            # One press is enough: everyone may schedule, in the zone of the person who sets it up.
            self.initial["host_role_ids"] = [str(guild.pk)]
            self.initial["zone"] = self.initial.get("zone") or (self.viewer.person.zone if self.viewer else "")

    def changed_settings(self) -> dict[str, Any]:
        """Return the guild's settings with this form's values."""
        data = self.cleaned_data
        hosts = tuple(int(role) for role in data["host_role_ids"])
        return values_of(self.layer) | {"zone": data["zone"] or None, "host_role_ids": hosts}


@for_managers
@require_http_methods(["GET", "POST"])
def setup(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """Show how far the guild is set up; save its channels, or its roles and zone."""
    step = request.POST.get("step", "")
    viewer = load_viewer(request.user, guild.pk)
    form = RolesForm(request.POST if step == "roles" else None, guild=guild, viewer=viewer)
    try:
        if request.method == "POST":
            ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        if step == "channels":
            on, was_on = ([*filter(None, map(parse_id, request.POST.getlist(name)))] for name in ("on", "was_on"))
            shown = was_on if "were_shown" in request.POST else None
            enable = partial(server_settings.enable_channels, guild.pk, on, actor(request), shown_ids=shown)
            return redirect_once(
                request,
                lambda: FormResult(settings_wording.switched(enable(now=db_now())), _setup_address(guild, "roles")),
            )
        if step == "roles" and form.is_valid():
            leads_to = reverse("game-new", args=[guild.pk])
            address = leads_to if "start" in request.POST else _setup_address(guild, "first-game")
            return redirect_once(request, lambda: FormResult(_save_roles(request, guild, form), address))
    except Refused as refused:
        return _render_setup(request, guild, form, refused.refusal.sentence)
    return _render_setup(request, guild, form)


def _setup_address(guild: Guild, part: str) -> str:
    return reverse("guild-setup", args=[guild.pk]) + f"#{part}"


def _save_roles(request: ViewerRequest, guild: Guild, form: RolesForm) -> str:
    managers, data = form.selected_roles("manager_role_ids"), form.cleaned_data
    pingable = form.layer.pingable_role_ids if isinstance(form.layer, GuildDefaults) else []
    return server_settings.change_guild_defaults(
        guild.pk, form.changed_settings(), managers, pingable, actor(request), db_now(), data["edition"] or 0
    ).text


def _render_setup(request: ViewerRequest, guild: Guild, form: RolesForm, problem: str = "") -> HttpResponse:
    assert form.viewer is not None
    diagnosis = diagnose(guild, db_now())
    channels = channel_statuses(guild, form.viewer, diagnosis)
    ready = [str(status.channel) for status in channels if status.enabled and not status.missing]
    context = {
        "guild": guild,
        "channels": channels,
        "ready": bool(ready),
        "ready_text": settings_wording.named_channels(ready),
        "first_game": Game.objects.filter(guild=guild).exists(),
        "form": form,
        "decided": is_set_up(guild),
        "templates": guild.templates.filter(deleted_at=None),
        "presets": template_presets(),
        "features": diagnosis.lines,
        "features_lack": diagnosis.is_lacking,
        "invite_url": invite_url(guild.pk, diagnosis.permissions) if diagnosis.lines else "",
        "threads_text": gettext(settings_wording.THREADS),
        "problem": problem,
        "bot_is_silent": bot_silence(db_now()) is not None,
    }
    return render(request, "games/setup.html", context, status=422 if problem or form.errors else 200)


@for_managers
@require_POST
def test_channel(request: ViewerRequest, guild: Guild, channel_id: int) -> HttpResponse:
    """Schedule a test message, sent in the same way as all other messages."""
    channel = get_object_or_404(Channel, pk=channel_id, guild=guild)
    address = _setup_address(guild, f"channel-{channel.pk}")

    def send() -> FormResult:
        guild_setup.send_channel_test(channel.pk, actor(request), db_now())
        return FormResult(settings_wording.TEST_SENT, address)

    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now(), max_age=FRESH_ROLES)
        return redirect_once(request, send)
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
        return redirect(address)
