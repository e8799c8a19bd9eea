"""The pages about a game's hosts, messages to players, and users who may not sign up in a guild."""

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from games.core import wording
from games.hosts import actions as host_actions
from games.hosts import messages as host_messages
from games.hosts import takeover
from games.hosts.forms import MessagePlayersForm
from games.hosts.rules import Audience
from games.pages.shortcuts import (
    FRESH_ROLES,
    actor,
    add_refusal,
    forbidden,
    get_visible_game_or_404,
    number_and_choice,
    redirect_once,
    render_game_with_form,
    run_action,
)
from games.server_settings.views import for_managers
from games.signups.forms import CohostsForm
from games.signups.participant_lookup import candidates_from
from games.signups.participants import members_called
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.moments import is_skipped, is_usable
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import ensure_fresh_roles
from guilds.display_names import display_names
from guilds.forms import LocalTimeField
from guilds.http import ViewerRequest
from guilds.models import Guild, Member, User
from guilds.sent_forms.idempotency import FormResult
from guilds.sent_forms.resubmission import offer_resubmission

# --- co-hosts --------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def hosts(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Choose co-hosts among the players or by name, or hand the game over to one of those shown."""
    (game, viewer), by = get_visible_game_or_404(request, game_id), actor(request)
    if not viewer.may_choose_hosts(game):
        return forbidden(
            request, gettext(wording.NOT_THE_HOST) if viewer.may_manage(game) else gettext(wording.NOT_YOURS)
        )
    current = set(game.cohosts.values_list("pk", flat=True))
    players = game.signups.current().people().values_list("user_id", flat=True)
    candidates = [*current, *filter(None, players), *filter(None, [game.next_host_id])]
    ids = [pk for pk in dict.fromkeys(candidates) if pk != game.host_id]
    form = CohostsForm(request.POST if request.method == "POST" else None, guild=game.guild)
    invited = game.next_host_id or game.host_id
    # As the form was shown: what it changes since then is changed, and what another tab changed meanwhile stays.
    shown, shown_invited = current, invited
    to, ticked = invited, current
    if request.method == "POST":
        if "was_invited" in request.POST:
            shown = set(filter(None, map(parse_id, request.POST.getlist("was_cohost"))))
            shown_invited = parse_id(request.POST["was_invited"]) or game.host_id
        to = parse_id(request.POST.get("host", "")) or game.host_id
        ticked = {pk for pk in ids if str(pk) in request.POST.getlist("cohosts")}
    if request.method == "POST" and form.is_valid():
        kept = current - (shown - ticked)
        chosen = User.objects.filter(pk__in=[*kept, *(ticked - shown), *form.user_ids])

        def save() -> FormResult:
            text = host_actions.set_cohosts(game.pk, chosen, by, db_now()).text + form.completed_text
            if to != shown_invited and (to in ids or (to == game.host_id and game.next_host_id is not None)):
                text = host_actions.hand_over(game.pk, User.objects.get(pk=to), by, db_now()).text
            return FormResult(text, game.get_absolute_url())

        try:
            ensure_fresh_roles(game.guild_id, request.user.pk, db_now())
            return redirect_once(request, save)
        except Refused as refused:
            add_refusal(form, refused)
    names = display_names(game.guild_id, [game.host_id, *ids])
    rows = [{"id": str(pk), "name": names[pk].text, "is_cohost": pk in ticked, "is_next": pk == to} for pk in ids]
    context = {
        "game": game,
        "host_name": names[game.host_id].text,
        "people": rows,
        "form": form,
        "host_stays": to not in ids,
        "shown": map(str, sorted(shown)),
        "shown_invited": str(shown_invited),
    }
    return render(request, "games/hosts.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def answer_hand_over(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Say whether the viewer, who was invited, runs the game from now on."""
    number, choice = number_and_choice(request)
    return run_action(
        request,
        game_id,
        lambda now: host_actions.answer_hand_over(game_id, number, choice, actor(request), now),
        once=True,
    )


# --- blocks ----------------------------------------------------------------------------------------------


WHO_MAX = 100  # characters


class BlockForm(forms.Form):
    """Whom to block, until when, and why."""

    who = forms.CharField(
        max_length=WHO_MAX,
        label=gettext_lazy("Who"),
        help_text=gettext_lazy("Their Discord username, name here, or id."),
    )
    until = LocalTimeField(required=False, label=gettext_lazy("Until"))
    reason = forms.CharField(
        required=False,
        max_length=300,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Only server managers see it."),
    )

    def __init__(self, *args: Any, guild: Guild, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guild, self.zone = guild, viewer.tzinfo
        self.fields["until"].help_text = _("In your time zone, %(zone)s. Empty: for good.") % {"zone": self.zone}

    def clean_who(self) -> User:
        members = Member.objects.filter(guild=self.guild).select_related("user")
        found = members_called(self.cleaned_data["who"], candidates_from(members))
        if len(found) != 1:
            raise forms.ValidationError(wording.nobody_of_that_name(len(found)))
        return User.objects.get(pk=found[0].user_id)

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until is None:
            return None
        until = until.replace(tzinfo=self.zone)
        if is_usable(until) and is_skipped(until):
            raise forms.ValidationError(wording.skipped_time(until, self.zone.key))
        return until


@for_managers
@require_http_methods(["GET", "POST"])
def blocks(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the users blocked in the guild; add one."""
    # The list of people leads here with somebody's name.
    initial = {"who": request.GET.get("who", "")[:WHO_MAX]}
    form = BlockForm(request.POST or None, guild=guild, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def block() -> FormResult:
            host_actions.block_user(guild.pk, data["who"], data["until"], data["reason"], actor(request), db_now())
            return FormResult("", reverse("guild-blocks", args=[guild.pk]))

        try:
            ensure_fresh_roles(guild.pk, request.user.pk, db_now())
            return redirect_once(request, block)
        except Refused as refused:
            add_refusal(form, refused, "who")
    guild_blocks = guild.blocks.select_related("user").order_by("-created_at")
    names = display_names(guild.pk, [block.user_id for block in guild_blocks])
    rows = [{"block": block, "name": names[block.user_id].text} for block in guild_blocks]
    context = {"guild": guild, "form": form, "rows": rows}
    return render(request, "games/blocks.html", context, status=422 if form.errors else 200)


@for_managers
@require_POST
def unblock(request: ViewerRequest, guild: Guild, user_id: int) -> HttpResponse:
    """Let a user sign up again."""
    who = get_object_or_404(User.objects.filter(blocks__guild=guild), pk=user_id)

    def unblock_once() -> FormResult:
        host_actions.unblock_user(guild.pk, who, actor(request), db_now())
        return FormResult(wording.UNBLOCKED, reverse("guild-blocks", args=[guild.pk]))

    return redirect_once(request, unblock_once)


@for_managers
@require_POST
def note_person(request: ViewerRequest, guild: Guild, user_id: int) -> HttpResponse:
    """Save what managers note about a person."""
    who = get_object_or_404(User, memberships__guild=guild, pk=user_id)
    text, address = request.POST.get("text", ""), reverse("guild-people", args=[guild.pk])
    address += f"?{urlencode({'q': request.POST['q'][:WHO_MAX]})}" if request.POST.get("q") else ""

    def save() -> FormResult:
        said = host_actions.note_person(guild.pk, who, text, actor(request), db_now())
        return FormResult(said, f"{address}#person-{user_id}")

    try:
        ensure_fresh_roles(guild.pk, request.user.pk, db_now())
        return redirect_once(request, save)
    except Refused as refused:
        return offer_resubmission(request, refused.refusal.sentence, 422)


@login_required
@require_http_methods(["GET", "POST"])
def message_players(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Write to a game's players; a refused form is shown again on the game's page as it was typed."""
    game, viewer = get_visible_game_or_404(request, game_id)
    if not viewer.may_manage(game):
        return forbidden(request, gettext(wording.NOT_YOURS))
    form = MessagePlayersForm(
        request.POST or None, counts=host_messages.audience_counts(game, request.user.pk, db_now())
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            ensure_fresh_roles(game.guild_id, request.user.pk, db_now(), max_age=FRESH_ROLES)
            tell = partial(host_messages.message_players, game_id, data["text"], Audience(data["to"]), actor(request))
            return redirect_once(request, lambda: FormResult(tell(db_now()).text, game.get_absolute_url()))
        except Refused as refused:
            add_refusal(form, refused)
    return render_game_with_form(request, game_id, form, message_form=form)


@login_required
@require_POST
def take_over(request: ViewerRequest, game_id: int) -> HttpResponse:
    """Become the host of a game whose host left."""
    return run_action(
        request, game_id, lambda now: takeover.take_over(game_id, actor(request), now), FRESH_ROLES, once=True
    )
