"""Requests, typed by what the middleware adds."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from guilds.models import User


class ViewerRequest(HttpRequest):
    """A request of a person: `user` is theirs behind `login_required`, `htmx` tells fragments from pages."""

    htmx: HtmxDetails
    user: User
