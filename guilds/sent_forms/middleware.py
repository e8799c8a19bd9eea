"""What becomes of a form that came before, or that comes when it cannot be taken."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_noop
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from guilds.directory.lookup import ROLES_UNKNOWN, TooManyWait
from guilds.models import SentForm
from guilds.sent_forms.idempotency import AlreadySent, earlier_form
from guilds.sent_forms.resubmission import (
    FormNotTaken,
    FormTriedAgain,
    forget_kept_form,
    has_entered_text,
    log_in_first,
    offer_resubmission,
    refused_page,
)
from guilds.sent_forms.tokens import content_of, token_of

SENT_BEFORE = gettext_noop("You sent this form before and changed it since. Send it to do it again.")
GONE = gettext_noop("This is gone, or you can no longer see it. Nothing changed.")
OTHER_PERSON = gettext_noop("You logged in as someone else since opening this page. Send it only if that's right.")


IS_LAST_TRY = "is_last_try"  # in the scope of a request that the handler of pages tries again


class TriedAgain(HttpResponse):
    """The response to a request that did nothing yet, for too many wait for Discord or a picture: it is tried again."""

    status_code = 503
    _has_been_logged = True  # for Django: it is no error


class SentFormsMiddleware:
    """Responds to a form that came before as it did then, and gives back what was typed where it is not taken.

    It stands behind the middleware of users, messages and htmx.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseRedirect) and response.url.split("?")[0] == reverse("login"):
            kept = log_in_first(request) if request.method == "POST" else None
            return kept or whole_page_login(request, response)
        if request.method != "POST":
            return response
        if response.status_code < 400 and "HX-Redirect" not in response:
            forget_kept_form(request)
        # Refused, perhaps because the same form was taken while this one was looked at.
        if response.status_code >= 400 and (earlier := earlier_form(request)) is not None:
            return repeat_response(request, earlier)
        if response.status_code == HTTPStatus.NOT_FOUND and has_entered_text(request):
            return offer_resubmission(request, GONE, HTTPStatus.NOT_FOUND)
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        """Respond to a form that did what it is for already. Runs behind the check of the CSRF token."""
        if request.method != "POST" or not request.user.is_authenticated:
            return None
        token = token_of(request)
        if token is not None and not token.belongs_to(request.user):
            return offer_resubmission(request, OTHER_PERSON, 403)
        earlier = earlier_form(request)
        return repeat_response(request, earlier) if earlier is not None else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AlreadySent):
            return repeat_response(request, exception.earlier)
        is_last_try = getattr(request, "scope", {}).get(IS_LAST_TRY, True)
        if isinstance(exception, TooManyWait | FormTriedAgain) and not is_last_try:
            return TriedAgain()
        if isinstance(exception, FormNotTaken):
            return offer_resubmission(request, exception.sentence, 503)
        if isinstance(exception, TooManyWait):
            return refused_page(request, ROLES_UNKNOWN, 503)
        return None


def whole_page_login(request: HttpRequest, response: HttpResponseRedirect) -> HttpResponse:
    """Return the way to the log-in: for a fragment by a header, so that its page goes there, and then comes back."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx:
        return response
    return HttpResponseClientRedirect(redirect_to_login(htmx.current_url_abs_path or "/").url)


def repeat_response(request: HttpRequest, earlier: SentForm) -> HttpResponse:
    """Return the response that a form had; if it says something else by now, ask first."""
    if earlier.content != content_of(request):
        return offer_resubmission(request, SENT_BEFORE, 409, may_keep_token=False, made=earlier.address)
    if earlier.text:
        messages.success(request, earlier.text)
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(earlier.address)
    return redirect(earlier.address)
