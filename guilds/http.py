"""Request types with what the middleware adds."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from guilds.models import User


class ViewerRequest(HttpRequest):
    """A person's request: `user` is a User behind `login_required`, `htmx` tells fragments from pages."""

    htmx: HtmxDetails
    user: User
    asks_language: bool  # whether the person or their browser says which
