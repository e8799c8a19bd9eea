"""The page of a person's calendar address, and the feed itself, which calendar programs fetch without logging in."""

import hashlib

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET, require_POST

from games.feeds.actions import delete_address, replace_address
from games.feeds.contents import feed_file, find_feed
from games.models import CalendarFeed
from games.pages.shortcuts import redirect_once
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.sent_forms.once import Answer

CACHED_FOR = 300  # seconds in which one program need not fetch again


@login_required
@require_GET
def calendar(request: ViewerRequest) -> HttpResponse:
    """Show the viewer's calendar address, and how to subscribe to it."""
    return render(request, "games/calendar.html", {"feed": CalendarFeed.objects.filter(user=request.user).first()})


@login_required
@require_POST
def new_address(request: ViewerRequest) -> HttpResponse:
    """Give the viewer a new address."""
    return redirect_once(request, lambda: Answer(replace_address(request.user, db_now()), reverse("calendar")))


@login_required
@require_POST
def delete(request: ViewerRequest) -> HttpResponse:
    """Delete the viewer's address."""
    return redirect_once(request, lambda: Answer(delete_address(request.user), reverse("calendar")))


@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """Return the games of the person whose address this is; the same 404 for every other."""
    found = find_feed(token)
    if found is None:
        raise Http404
    try:
        body = feed_file(found.user, db_now())
    except Refused as refused:
        # A calendar keeps what it has, while games that were left out would vanish from it.
        return HttpResponse(
            refused.refusal.sentence, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": 600}
        )
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="games.ics"'
    response["Cache-Control"] = f"private, max-age={CACHED_FOR}"
    response["ETag"] = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
