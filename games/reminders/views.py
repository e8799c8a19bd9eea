"""The page of a user's notification preferences in a guild, with the test reminder."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.core.permissions import load_viewer
from games.models import GameTemplate
from games.pages.shortcuts import actor, redirect_once
from games.reminders import device_wording, devices
from games.reminders import wording as reminder_wording
from games.reminders.actions import NotificationPreferences, get_preferences, save_preferences, send_test_reminder
from games.reminders.new_game_notifications import last_test_reminder
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.models import Channel, Guild, User
from guilds.sent_forms.idempotency import FormResult
from notifications.codes import ErrorCode, SkipCode
from notifications.devices import public_key
from notifications.models import Delivery, DeliveryMethod, DeliveryStatus, Preference, PushUse

REMINDERS = (5, 10, 15, 30, 45, 60, 90, 120, 180, 360, 720, 1440, 2880, 10080)


def _time_field(label: Any) -> forms.TimeField:
    return forms.TimeField(
        required=False,
        label=label,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={"invalid": gettext_lazy("Write the time as 22:30.")},
    )


def _translated(labels: Mapping[str, str]) -> list[tuple[str, Any]]:
    return [(value, gettext_lazy(label)) for value, label in labels.items()]


class PreferencesForm(forms.Form):
    """How a user is notified, when silently, and of which new games."""

    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=_translated(reminder_wording.DELIVERY_METHOD_LABELS),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(reminder_wording.HOW_HELP),
    )
    reminder = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label=gettext_lazy("An extra reminder"),
        help_text=gettext_lazy(reminder_wording.REMINDER_HELP),
        error_messages={"invalid_choice": gettext_lazy(reminder_wording.BAD_REMINDER)},
    )
    quiet_from = _time_field(pgettext_lazy("time", "From"))
    quiet_to = _time_field(pgettext_lazy("time", "To"))
    news = forms.ChoiceField(
        required=False, label=gettext_lazy("All games"), choices=_translated(reminder_wording.NEW_GAME_CHOICES)
    )

    def __init__(
        self, *args: Any, templates: list[GameTemplate], preferences: NotificationPreferences, **kwargs: Any
    ) -> None:
        self.templates = {f"template_{one.pk}": one for one in templates}
        kwargs["initial"] = {
            "how": preferences.how,
            "reminder": str(preferences.reminder or ""),
            "quiet_from": preferences.quiet_from,
            "quiet_to": preferences.quiet_to,
            "news": preferences.news,
            **{name: preferences.templates.get(one.pk, "") for name, one in self.templates.items()},
        }
        super().__init__(*args, **kwargs)
        if not public_key():
            how: Any = self.fields["how"]
            how.choices = [(value, label) for value, label in how.choices if value != DeliveryMethod.PUSH]
            if preferences.how == DeliveryMethod.PUSH:  # what they get meanwhile
                self.initial["how"] = DeliveryMethod.DM
        # A length chosen earlier stays available.
        lengths = sorted({*REMINDERS, *filter(None, [preferences.reminder])})
        field = self.fields["reminder"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            ("", gettext("None")),
            *((str(minutes), reminder_wording.before(minutes)) for minutes in lengths),
        ]
        for name, template in self.templates.items():
            self.fields[name] = forms.ChoiceField(
                required=False,
                label=reminder_wording.template_choice_label(template.name),
                choices=_translated(reminder_wording.TEMPLATE_NEW_GAME_CHOICES),
            )

    @property
    def template_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.templates]

    def preferences(self) -> NotificationPreferences:
        """Return the choices of a valid form."""
        data = self.cleaned_data
        own = {name: data[name] for name in ("how", "reminder", "quiet_from", "quiet_to", "news")}
        return NotificationPreferences(**own, templates={one.pk: data[name] for name, one in self.templates.items()})


def _visible_guild(request: ViewerRequest, guild_id: int) -> Guild:
    return get_object_or_404(Guild.objects.visible_to(request.user), pk=guild_id)


@login_required
@require_GET
def all_guilds(request: ViewerRequest) -> HttpResponse:
    """Let the user choose a guild: each has its own preferences."""
    guilds = list(Guild.objects.visible_to(request.user))
    if len(guilds) == 1:
        return redirect("guild-notifications", guilds[0].pk)
    return render(request, "games/notifications_all.html", {"guilds": guilds})


@login_required
@require_http_methods(["GET", "POST"])
def notifications(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Show and save the viewer's notification preferences in a guild."""
    guild = _visible_guild(request, guild_id)
    templates = load_viewer(request.user, guild.pk).templates
    preferences = get_preferences(request.user, guild.pk)
    form = PreferencesForm(request.POST or None, templates=templates, preferences=preferences)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            flash.success(request, save_preferences(guild.pk, form.preferences(), actor(request), db_now()))
            return redirect("guild-notifications", guild.pk)
        except Refused as refused:
            problem = "" if refused.refusal.fields else refused.refusal.sentence
            for name, sentence in refused.refusal.fields.items():
                form.add_error(name, gettext(sentence))
    test_result, test_pending = _test_result(request.user, guild)
    push_key = public_key()
    context = {
        "push_key": push_key,
        "devices": devices.device_rows(request.user) if push_key else [],
        "wants_push": preferences.how == DeliveryMethod.PUSH,
        "guild": guild,
        "form": form,
        "problem": problem,
        "test_result": test_result,
        "test_pending": test_pending,
        "quiet_help": gettext(reminder_wording.QUIET_HELP),
        "follow_help": gettext(reminder_wording.FOLLOW_HELP),
    }
    return render(request, "games/notifications.html", context, status=422 if problem or form.errors else 200)


def _test_result(user: User, guild: Guild) -> tuple[str, bool]:
    """Return the result of the last test reminder as text, and whether it is still pending."""
    row = last_test_reminder(user.pk, guild.pk)
    delivery = row.deliveries.order_by("-pk").first() if row is not None else None
    if row is None:
        return "", False
    if delivery is None:
        return (
            (reminder_wording.test_skipped(row.skip_reason), False)
            if row.skip_code
            else (reminder_wording.test_pending(row.error), True)
        )
    preference = Preference.objects.select_related("user").filter(user=user, guild=guild).first()
    if preference is not None and (text := _test_on_devices(delivery, preference)):
        return text, False
    chosen = preference is not None and preference.method == DeliveryMethod.MENTION
    closed = delivery.in_channel and not chosen and delivery.error_code != ErrorCode.BOT_FLAGGED
    if delivery.status == DeliveryStatus.SENT and delivery.sent_at is not None:
        channel = Channel.objects.filter(pk=delivery.channel_id or 0).first() if delivery.in_channel else None
        silently = preference is not None and preference.is_quiet(delivery.sent_at)
        return reminder_wording.test_delivered(
            delivery.in_channel, str(channel or gettext("the channel")), closed, silently
        ), False
    if delivery.status == DeliveryStatus.PENDING:
        return reminder_wording.test_pending(delivery.error), True
    if delivery.error_code == SkipCode.UNWANTED:
        return gettext(reminder_wording.TEST_UNWANTED), False
    if delivery.status == DeliveryStatus.DROPPED and not closed:
        return reminder_wording.test_skipped(delivery.error), False
    return reminder_wording.test_failed(delivery.error, closed), False


def _test_on_devices(delivery: Delivery, preference: Preference) -> str:
    """Return that a test reminder went to the user's devices, or why it arrived without them; '' for any other."""
    if delivery.status != DeliveryStatus.SENT or delivery.sent_at is None:
        return ""
    if delivery.push == PushUse.CHOSEN:
        return device_wording.test_on_devices(preference.is_quiet(delivery.sent_at))
    fell_back = preference.method == DeliveryMethod.PUSH and not delivery.in_channel
    return device_wording.test_without_devices() if fell_back else ""


@login_required
@require_POST
def add_device(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Have the viewer's browser notified."""
    guild = _visible_guild(request, guild_id)
    endpoint, p256dh, auth = (request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth"))
    device = devices.NewDevice(endpoint, p256dh, auth, request.headers.get("User-Agent", ""))
    try:
        flash.success(request, devices.add_device(request.user, guild.pk, device, db_now()))
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
    return redirect(reverse("guild-notifications", args=[guild.pk]) + "#devices")


@login_required
@require_POST
def remove_device(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Stop notifying one of the viewer's devices; 404 for any other."""
    guild = _visible_guild(request, guild_id)
    text = devices.remove_device(request.user, parse_id(request.POST.get("device", "")) or 0)
    if not text:
        raise Http404
    flash.success(request, text)
    return redirect(reverse("guild-notifications", args=[guild.pk]) + "#devices")


@login_required
@require_POST
def request_test_reminder(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Schedule a test reminder, sent in the same way as all other messages."""
    guild = _visible_guild(request, guild_id)
    address = reverse("guild-notifications", args=[guild.pk]) + "#test"
    try:
        return redirect_once(
            request, lambda: FormResult(send_test_reminder(guild.pk, actor(request), db_now()), address)
        )
    except Refused as refused:
        flash.error(request, refused.refusal.sentence)
        return redirect(address)
