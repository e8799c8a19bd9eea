"""People who are logged in to a page at once: logging in takes five pages, and has tests of its own."""

from typing import Any

from django.conf import settings
from django.test import Client

from gamesched.testing.browsers import new_page
from guilds.models import User


def session_of(person: User) -> str:
    """Log a person in and return their session's key."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def page_with(browser: Any, url: str, session: str, **options: Any) -> Any:
    """Return a page that shares nothing with others, with a session at `url`. The rest as `new_page`."""
    page = new_page(browser, **options)
    use_session(page, url, session)
    return page


def use_session(page: Any, url: str, session: str) -> None:
    """Make a page that of another person from its next address on."""
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
