"""The pages that give back what was typed."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from guilds.http import ViewerRequest
from guilds.sent_forms.resubmission import kept_form, log_in_first, offer_resubmission, render_resubmission
from guilds.sent_forms.tokens import NOBODY, token_of

NOT_CHECKED = gettext_noop("This form is from before you logged in, so nothing changed.")


@login_required
@require_GET
def send_again(request: ViewerRequest) -> HttpResponse:
    """Show a form that was kept while its person logged in, to be sent with one press."""
    form = kept_form(request)
    return render_resubmission(request, form) if form is not None else redirect("home")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Give back a form without its CSRF token: cookies are off, or its page is from before a log-in."""
    token = token_of(request)
    shown_to_somebody = token is not None and token.owner != NOBODY
    if shown_to_somebody and not request.user.is_authenticated and (response := log_in_first(request)) is not None:
        return response
    return offer_resubmission(request, NOT_CHECKED, 403)
