"""The pages of tokens: one's own, and those of a server for its managers."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from games.api import wording
from games.api.middleware import DOCS
from games.api.tokens import NAME_MAX, create_token, delete_token, own_tokens, tokens_of_guild
from games.core.permissions import managed_guild_ids
from games.models import ApiScope, ApiToken
from games.pages.shortcuts import actor, add_refusal, redirect_once
from games.server_settings.views import for_managers
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.directory.lookup import refresh_roles
from guilds.display_names import display_names
from guilds.http import ViewerRequest
from guilds.models import Guild, User
from guilds.sent_forms.idempotency import FormResult, perform_once


class TokenForm(forms.Form):
    """A token to make: what it can do, where, and until when."""

    name = forms.CharField(
        max_length=NAME_MAX,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What it's for: you know it by that later."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    scopes = forms.TypedMultipleChoiceField(
        coerce=ApiScope,
        choices=[(scope.value, capfirst(scope.label)) for scope in ApiScope],
        initial=[ApiScope.READ.value],
        label=gettext_lazy("What it can do"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy(wording.NO_SCOPE)},
    )
    guild = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label=gettext_lazy("Server"),
        help_text=gettext_lazy("A server's managers see the tokens for it, and can delete them."),
    )  # fmt: skip
    expires = forms.DateField(
        required=False,
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=gettext_lazy("Empty: until you delete it."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = user.tzinfo
        managed = Guild.objects.present().filter(pk__in=managed_guild_ids(user)).order_by("name", "pk")
        field = self.fields["guild"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", gettext(wording.ALL_SERVERS)), *((str(one.pk), one.name) for one in managed)]

    def clean_expires(self) -> datetime | None:
        """Return the end of the day in the person's zone."""
        day = self.cleaned_data["expires"]
        if day is None:
            return None
        try:
            return datetime.combine(day, time.max, self.zone).astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(gettext(wording.TOO_LATE)) from None


@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: ViewerRequest) -> HttpResponse:
    """List the viewer's tokens, and make another; its secret is shown this once."""
    secret = ""
    form = TokenForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if data["guild"] is not None:
            refresh_roles(request.user.pk, [data["guild"]], db_now())
        try:
            secret = _make_once(request, form)
            form = TokenForm(user=request.user)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "secret": secret, "tokens": own_tokens(request.user), "now": db_now(), "docs": DOCS}
    return render(request, "games/tokens.html", context, status=422 if form.errors else 201 if secret else 200)


def _make_once(request: ViewerRequest, form: TokenForm) -> str:
    """Make a token once for each form shown, and return its secret; the form sent again shows it no more."""
    made: list[str] = []

    def act() -> FormResult:
        data = form.cleaned_data
        _, secret = create_token(actor(request), data["name"], data["scopes"], db_now(), data["expires"], data["guild"])
        made.append(secret)
        return FormResult(wording.SHOWN_ONCE, reverse("tokens"))

    perform_once(request, act)
    return made[0]


@login_required
@require_POST
def delete(request: ViewerRequest, token_id: int) -> HttpResponse:
    """Delete one of the viewer's tokens."""
    if not ApiToken.objects.filter(pk=token_id, user=request.user).exists():
        raise Http404
    return _delete(request, token_id, reverse("tokens"))


@for_managers
@require_GET
def guild_tokens(request: ViewerRequest, guild: Guild) -> HttpResponse:
    """List the tokens that reach this guild alone, whosever they are."""
    found = list(tokens_of_guild(guild.pk))
    names = display_names(guild.pk, [one.user_id for one in found])
    rows = [(one, names[one.user_id].text) for one in found]
    return render(request, "games/guild_tokens.html", {"guild": guild, "rows": rows, "now": db_now()})


@for_managers
@require_POST
def delete_from_guild(request: ViewerRequest, guild: Guild, token_id: int) -> HttpResponse:
    """Delete a token of this guild."""
    if not tokens_of_guild(guild.pk).filter(pk=token_id).exists():
        raise Http404
    return _delete(request, token_id, reverse("guild-tokens", args=[guild.pk]))


def _delete(request: ViewerRequest, token_id: int, address: str) -> HttpResponse:
    def act() -> FormResult:
        return FormResult(wording.token_deleted(delete_token(token_id, actor(request), db_now())), address)

    try:
        return redirect_once(request, act)
    except Refused:
        raise Http404 from None
