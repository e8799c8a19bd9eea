"""People who are logged in to a page at once: logging in takes five pages, and has tests of its own."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from gamesched.testing.browsers import new_page
from guilds.models import User


def session_of(person: User) -> str:
    """Log a person in and return their session's key. Django's `force_login` does it in eight statements."""
    content = {
        SESSION_KEY: str(person.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: person.get_session_auth_hash(),
    }
    store = SessionStore()
    session = Session(get_random_string(32), store.encode(content), store.get_expiry_date(modified=timezone.now()))
    session.save(force_insert=True)
    return session.session_key


def page_with(browser: Any, url: str, session: str, **options: Any) -> Any:
    """Return a page that shares nothing with others, with a session at `url`. The rest as `new_page`."""
    page = new_page(browser, **options)
    use_session(page, url, session)
    return page


def use_session(page: Any, url: str, session: str) -> None:
    """Make a page that of another person from its next address on."""
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
