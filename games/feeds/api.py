"""A person's calendar addresses, for programs."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404
from django.utils.translation import gettext
from ninja import Path, Schema
from pydantic import Field

from games.api.base import answers, once, require_first
from games.api.caller import PLAY, ApiRequest
from games.api.routes import router
from games.core.permissions import load_memberships
from games.feeds import wording
from games.feeds.actions import delete_address, replace_address
from games.feeds.choices import OWN_GAMES, FeedChoice, choices_of, feed_title
from games.models import CalendarFeed
from gamesched.lib.clock import db_now

OWN = "own"
NAMED = "own, guild-ID, channel-ID or template-ID."
What = Annotated[str, Field(description=NAMED, max_length=40)]


class CalendarShape(Schema):
    """Games that you can have in your calendar, and the address from which it reads them."""

    what: str = Field(description=NAMED)
    title: str
    url: str | None = Field(description="Secret: it shows what you can see to anyone. None: you have none yet.")
    fetched_at: datetime | None


@router.get("/calendars", auth=PLAY, response=answers(list[CalendarShape]))
def calendars(request: ApiRequest) -> Any:
    """List your calendar addresses, and what else you can have one of."""
    return list(_calendars(request).values())


@router.post("/calendars/{what}", auth=PLAY, response=answers(CalendarShape, 201))
def new_calendar(request: ApiRequest, what: Path[What]) -> Any:
    """Make a calendar address; the one that you had of the same stops at once."""
    choice = _choice(request, what)

    def act() -> CalendarShape:
        replace_address(request.user, db_now(), choice)
        return _calendars(request)[what]

    return once(request, act, 201)


@router.delete("/calendars/{what}", auth=PLAY, response=answers(None, 204))
def delete_calendar(request: ApiRequest, what: Path[What]) -> Any:
    """Delete a calendar address: it stops at once."""
    choice = _choice(request, what)

    def act() -> None:
        delete_address(request.user, choice)

    return once(request, act, 204)


def _choice(request: ApiRequest, what: str) -> FeedChoice:
    """Return what a path names; raise Http404 for what they may not see, unless they have its address already."""
    choice = OWN_GAMES if what == OWN else FeedChoice.read(what)
    if choice is None or what not in _calendars(request):
        raise Http404
    require_first(request)
    return choice


def _calendars(request: ApiRequest) -> dict[str, CalendarShape]:
    """Return the person's addresses, and what else they may have one of, as far as the token reaches."""
    only = request.token.guild_id
    memberships = load_memberships(request.user, only)
    feeds = CalendarFeed.objects.filter(user=request.user).select_related(
        "guild", "channel__parent", "template__channel__parent"
    )
    found = {
        one.what or OWN: CalendarShape(
            what=one.what or OWN, title=feed_title(one, memberships), url=one.url, fetched_at=one.fetched_at
        )
        for one in feeds.order_by("pk")
        if only in {None, one.only_guild_id}
    }
    offered = [] if only is not None else [(OWN, gettext(wording.OWN_GAMES))]
    offered += [pair for group in choices_of(memberships) for pair in group.choices]
    for what, title in offered:
        found.setdefault(what, CalendarShape(what=what, title=title, url=None, fetched_at=None))
    return found
