"""The page of a person's calendar addresses, and the feeds themselves, which programs fetch without logging in."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from games.core.permissions import load_memberships
from games.feeds import wording
from games.feeds.actions import count_fetch, delete_address, replace_address
from games.feeds.choices import FeedChoice, choices_of, feed_title
from games.feeds.contents import find_feed, read_contents
from games.models import CalendarFeed
from games.pages.shortcuts import redirect_once
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refused
from guilds.http import ViewerRequest
from guilds.languages import default_language, language_of_person
from guilds.sent_forms.idempotency import FormResult

CACHED_FOR = 300  # seconds in which one program need not fetch again


@login_required
@require_GET
def calendar(request: ViewerRequest) -> HttpResponse:
    """Show the viewer's calendar addresses, and what else they may have one of."""
    memberships = load_memberships(request.user)
    feeds = CalendarFeed.objects.filter(user=request.user).select_related(
        "guild", "channel__parent", "template__channel__parent"
    )
    wanted = request.GET.get("what", "")
    shown = [(one, feed_title(one, memberships)) for one in feeds.order_by("pk")]
    # What a link asks for comes first, then their own games.
    shown.sort(key=lambda pair: (pair[0].what != wanted, pair[0].what != ""))
    had = {one.what for one, _ in shown}
    # Of what there is an address already, it is replaced where it stands.
    groups = [
        (group.guild.name, [pair for pair in group.choices if pair[0] not in had]) for group in choices_of(memberships)
    ]
    left = {value for _, choices in groups for value, _ in choices}
    context = {
        "feeds": shown,
        "own": "" in had,
        "groups": groups,
        "offers": bool(left) or "" not in had,
        "wanted": wanted,
        "asked": wanted in left,
    }
    return render(request, "games/calendar.html", context)


@login_required
@require_POST
def new_address(request: ViewerRequest) -> HttpResponse:
    """Give the viewer a new address; 404 for what they may not see, unless they have one already."""
    what = request.POST.get("what", "")
    choice = FeedChoice.read(what)
    if choice is None:
        raise Http404
    if what and not CalendarFeed.objects.filter(user=request.user, **choice.columns).exists():
        offered = (pair for group in choices_of(load_memberships(request.user)) for pair in group.choices)
        if what not in dict(offered):
            raise Http404
    address = f"{reverse('calendar')}?what={what}" if what else reverse("calendar")
    return redirect_once(request, lambda: FormResult(replace_address(request.user, db_now(), choice), address))


@login_required
@require_POST
def delete(request: ViewerRequest) -> HttpResponse:
    """Delete one of the viewer's addresses."""
    choice = FeedChoice.read(request.POST.get("what", ""))
    if choice is None:
        raise Http404
    return redirect_once(request, lambda: FormResult(delete_address(request.user, choice), reverse("calendar")))


@require_GET
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """Return the games of the feed whose address this is; the same 404 for every other."""
    found = find_feed(token)
    if found is None:
        raise Http404
    if not count_fetch(found, found.read_at):
        return _later(gettext(wording.TOO_OFTEN), 429, 60)
    with translation.override(language_of_person(found.user) or default_language()):
        return _answer(request, found)


def _answer(request: HttpRequest, found: CalendarFeed) -> HttpResponseBase:
    try:
        contents = read_contents(found, found.read_at)
    except Refused as refused:
        # A calendar keeps what it has, while games that were left out would vanish from it.
        return _later(refused.refusal.sentence, 503, 600)
    response = HttpResponse(content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="games.ics"'
    response["Cache-Control"] = f"private, max-age={CACHED_FOR}"
    response["ETag"] = contents.etag
    response["Content-Language"] = translation.get_language() or default_language()
    answer = get_conditional_response(request, etag=contents.etag, response=response)
    if answer is response:
        response.content = contents.file()
    return answer or response


def _later(sentence: str, status: int, seconds: int) -> HttpResponse:
    headers = {"Retry-After": seconds}
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8", headers=headers)
