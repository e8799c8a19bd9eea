"""Pages for log-in and a person's own settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from guilds.forms import OwnSettingsForm
from guilds.http import ViewerRequest
from guilds.languages import default_language, language_of_browser, language_of_person
from guilds.models import Guild
from guilds.profile import set_language, set_zone
from guilds.sent_forms.resubmission import kept_address
from guilds.tint import tint_stylesheet, tint_version


def login_page(request: ViewerRequest) -> HttpResponse:
    """Show one button: log in with Discord."""
    if request.user.is_authenticated:
        return redirect("home")
    address = _safe_next(request, request.GET.get("next", ""))
    # Only operators have passwords, and only the admin is theirs; its forms are kept while they log in.
    wanted = kept_address(request) if address == reverse("send-again") else address
    context = {"next": address, "with_password": wanted.startswith(reverse("admin:index"))}
    return render(request, "guilds/login.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def me(request: ViewerRequest) -> HttpResponse:
    """Show and save the viewer's zone and language. The prompt for the browser's own zone posts that alone here."""
    person = request.user
    form = OwnSettingsForm(request.POST or None, initial={"zone": person.zone, "language": person.language})
    if request.method == "POST" and form.is_valid():
        set_zone(person, form.cleaned_data["zone"])
        if "language" in request.POST:
            set_language(person, form.cleaned_data["language"])
            # What follows is read in it.
            translation.activate(language_of_person(person) or language_of_browser(request) or default_language())
        text = _("We now show times in %(zone)s.") % {"zone": person.zone.replace("_", " ")}
        messages.success(request, text)
        return HttpResponseRedirect(_safe_next(request, request.POST.get("next", "")) or reverse("me"))
    return render(request, "guilds/me.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_GET
def tint(request: ViewerRequest, guild_id: int) -> HttpResponse:
    """Send the stylesheet with a server's accent, to its members alone."""
    guild = Guild.objects.visible_to(request.user).filter(pk=guild_id).first()
    if guild is None or not guild.tint_url:
        raise Http404
    named = request.GET.get("v") == tint_version(guild.icon_colour)
    caching = "private, max-age=31536000, immutable" if named else "private, no-cache"
    return HttpResponse(
        tint_stylesheet(guild.icon_colour),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": caching, "Vary": "Cookie"},
    )


def _safe_next(request: ViewerRequest, address: str) -> str:
    return address if url_has_allowed_host_and_scheme(address, request.get_host(), request.is_secure()) else ""
