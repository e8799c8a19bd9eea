"""What somebody typed, given back where a form could not be taken: to be sent again with one press.

Nothing is sent in anybody's place: the person reads as whom they are logged in, and presses the button.
"""

import re
import time
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django_htmx.http import HttpResponseClientRedirect

from guilds.sent_forms.tokens import CSRF_FIELD, FIELD, NOBODY, FormToken, token_of

FROM_ELSEWHERE = gettext_noop("Your browser says another site sent this. Go back and send it from here.")
FILES_LOST = gettext_noop("We couldn't keep its pictures. Choose them again afterwards.")
TOO_LONG = gettext_noop("It's too long to show here. Go back, copy it, and reload the page.")
LOGGED_OUT = gettext_noop("You were logged out before you sent this.")
SHOWN_MAX = 100_000  # characters of a form that a page shows again
KEPT_MAX = 40_000  # characters of a form that a session keeps: visitors without a name have sessions too
KEPT_FOR = 24 * 60 * 60  # seconds
SESSION_KEY = "typed_form"
SECRET = re.compile(r"passw|secret", re.IGNORECASE)
BUTTONS = {"choice", "kind", "no_show", "on"}  # what buttons send: pressed again as easily
AS_SHOWN = {"edition", "number", "before", "was_invited", "were_shown"}  # what a form says of the page that it was on
NOT_TYPED = {FIELD, "confirmed", "step", "fold", "next", "template", *AS_SHOWN, *BUTTONS}
ID = re.compile(r"\d{15,}")

Fields = list[tuple[str, str]]


class FormNotTaken(Exception):
    """A form cannot be taken just now, for a reason told in a sentence; the middleware shows what was typed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class FormTriedAgain(FormNotTaken):
    """A form cannot be taken while others are; the handler of pages tries it again for a while."""


def refused_page(request: HttpRequest, sentence: str, status: int = 403) -> HttpResponse:
    """Return the page that tells why something cannot be done; for a form, with what was typed."""
    sentence = gettext(sentence)
    if request.method == "POST":
        return offer_resubmission(request, sentence, status)
    template = "503.html" if status == HTTPStatus.SERVICE_UNAVAILABLE else "403.html"
    return render(request, template, {"sentence": sentence}, status=status)


def only_shows(request: HttpRequest) -> bool:
    """Return whether a page has what is being typed shown to it: nothing is sent, and the form stays where it is."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and htmx.target in {"post-preview", "dates"}


def comes_from_us(request: HttpRequest) -> bool:
    """Return whether a form was sent from a page of ours, as far as the browser says.

    Another site's form must not be shown as if the person had typed it. Each browser since 2020 says where a form
    comes from in one of these headers.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    page = request.headers.get("Origin") or request.headers.get("Referer")
    if not page:
        return True
    ours = (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
    return page in ours or page.startswith(tuple(f"{origin}/" for origin in ours))


def submitted_fields(request: HttpRequest) -> Fields:
    """Return the fields of a form, without secrets and tokens."""
    names = [name for name in request.POST if name not in {CSRF_FIELD, FIELD} and not SECRET.search(name)]
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _form(request: HttpRequest, sentence: str, token: FormToken | None) -> dict[str, Any]:
    """Return what the page needs, with the form's own token if it may keep that."""
    token_field = [(FIELD, request.POST[FIELD])] if token is not None else []
    fields = [*submitted_fields(request), *token_field]
    sentence = f"{sentence} {gettext(FILES_LOST)}" if request.FILES else sentence
    return {"address": request.get_full_path(), "fields": fields, "sentence": sentence}


def offer_resubmission(
    request: HttpRequest, sentence: str, status: int, *, may_keep_token: bool = True, made: str = ""
) -> HttpResponse:
    """Return a page with what was typed and a button that sends it; `made` is where the first sending led.

    The form keeps its token, so that it still does what it is for once.
    """
    if only_shows(request):
        return HttpResponse(status=status)
    sentence = gettext(sentence)
    token = token_of(request)
    keeps = may_keep_token and token is not None and token.belongs_to(request.user)
    form = _form(request, sentence, token if keeps else None) | {"made": made}
    if not comes_from_us(request) or _length(form["fields"]) > SHOWN_MAX:
        sentence = f"{sentence} {gettext(TOO_LONG)}" if comes_from_us(request) else gettext(FROM_ELSEWHERE)
        return render(request, "403.html", {"title": gettext("Not sent"), "sentence": sentence}, status=status)
    if getattr(request, "htmx", False) and _keep(request, form):
        # htmx puts fragments into a page; this is a page.
        return HttpResponseClientRedirect(reverse("send-again"))
    return render_resubmission(request, form, status)


def render_resubmission(request: HttpRequest, form: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render the page with a form that was not taken, as kept or as just sent."""
    readable = [
        (gettext(name.replace("_", " ").strip().capitalize()), value) for name, value in _readable(form["fields"])
    ]
    return render(request, "guilds/resubmission.html", {**form, "readable": readable}, status=status)


def _readable(fields: Fields) -> Fields:
    return [
        (name, value) for name, value in fields if name not in NOT_TYPED and value.strip() and not ID.fullmatch(value)
    ]


def has_entered_text(request: HttpRequest) -> bool:
    """Return whether a form that its person was shown came with something that they typed or chose."""
    token = token_of(request)
    return token is not None and token.belongs_to(request.user) and bool(_readable(submitted_fields(request)))


def log_in_first(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the log-in and back to what was typed; None if there is nothing to come back to."""
    if only_shows(request):
        return HttpResponse(status=401)
    token = token_of(request)
    if not comes_from_us(request) or (token is None and not submitted_fields(request)):
        return None
    form = _form(request, gettext(LOGGED_OUT), token) | {"owner": token.owner if token is not None else NOBODY}
    if not _keep(request, form):
        return offer_resubmission(request, LOGGED_OUT, 403)
    response = redirect_to_login(reverse("send-again"))
    return HttpResponseClientRedirect(response.url) if getattr(request, "htmx", False) else response


def kept_form(request: HttpRequest) -> dict[str, Any] | None:
    """Return the form that was kept in the session for the person who is logged in."""
    form: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if form is None or time.time() - form["at"] > KEPT_FOR:
        return None
    return form if form.get("owner", NOBODY) in (NOBODY, request.user.pk) else None


def kept_address(request: HttpRequest) -> str:
    """Return where the form that was kept in the session is sent to, or ''."""
    return str(request.session.get(SESSION_KEY, {}).get("address", ""))


def forget_kept_form(request: HttpRequest) -> None:
    """Remove the form that was kept in the session, once it was taken."""
    if kept_address(request) == request.get_full_path() and SESSION_KEY in request.session:
        del request.session[SESSION_KEY]


def _keep(request: HttpRequest, form: dict[str, Any]) -> bool:
    if _length(form["fields"]) > KEPT_MAX:
        return False
    request.session[SESSION_KEY] = {"owner": request.user.pk or NOBODY, **form, "at": time.time()}
    return True


def _length(fields: Fields) -> int:
    return sum(len(name) + len(value) for name, value in fields)
