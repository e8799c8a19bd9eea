"""Limits how often passwords can be tried: for one name, and from one address.

Operators alone have passwords. A limit ends by itself, and a browser that logged in as somebody before has a count of
its own, so that nobody can keep an operator out by typing wrong passwords for them.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gamesched.lib.clock import db_now
from gamesched.lib.proxies import network_of
from guilds.login.models import PasswordTries

WINDOW = timedelta(minutes=15)
MAX_BY_NAME = 5
MAX_BY_ADDRESS = 20  # of several operators behind one, too
COOKIE = "known_browser"
COOKIE_AGE = 60 * 60 * 24 * 365  # seconds

# Counted in the statement itself: of a hundred tries at once, each sees another count.
COUNT = """
INSERT INTO discord_login_passwordtries AS t (key, count, ends_at) VALUES (%(key)s, 1, %(ends_at)s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN t.ends_at <= %(now)s THEN 1 ELSE t.count + 1 END,
    ends_at = CASE WHEN t.ends_at <= %(now)s THEN excluded.ends_at ELSE t.ends_at END
RETURNING count, ends_at
"""


@dataclass(frozen=True)
class Limited:
    """Too many passwords were tried. `ends_at` is when the next one is looked at."""

    ends_at: datetime
    now: datetime

    @property
    def seconds(self) -> int:
        return max(1, math.ceil((self.ends_at - self.now).total_seconds()))

    @property
    def sentence(self) -> str:
        """Return what happened, and when to try again."""
        minutes = math.ceil(self.seconds / 60)
        again = ngettext(
            "Try again in %(count)d minute, at %(clock)s UTC.",
            "Try again in %(count)d minutes, at %(clock)s UTC.",
            minutes,
        )
        again %= {"count": minutes, "clock": f"{self.ends_at:%H:%M}"}
        return " ".join((_("You tried too many passwords, so we didn't check this one."), again))


def count_try(name: str, address: str, known_browser: str, now: datetime) -> Limited | None:
    """Count one try, and return the limit that it exceeds, if any: then the password is not to be looked at.

    `known_browser` is what `remember_browser` gave this browser, or ''.
    """
    counted = _count(_key_of_name(name, known_browser), now)
    over = [ends_at for count, ends_at in [counted] if count > MAX_BY_NAME]
    if not known_browser and not over:
        count, ends_at = _count(_key_of_address(address), now)
        over += [ends_at] if count > MAX_BY_ADDRESS else []
    return Limited(over[0], now) if over else None


def forget_tries(name: str, known_browser: str) -> None:
    """Count anew for somebody who logged in. Their address stays: it may be trying other names."""
    PasswordTries.objects.filter(key=_key_of_name(name, known_browser)).delete()


def delete_old_tries(now: datetime) -> int:
    """Delete the counts that are over, and return how many."""
    return PasswordTries.objects.filter(ends_at__lt=now).delete()[0]


def known_browser(request: HttpRequest, name: str) -> str:
    """Return the mark of a browser in which this person logged in by password before; '' for any other."""
    try:
        mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return ""
    return str(mark["mark"]) if isinstance(mark, dict) and mark.get("name") == name else ""


def remember_browser(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Give the browser of somebody who logged in a mark, for `known_browser`."""
    mark = {"name": name, "mark": _digest(f"{name} {db_now().timestamp()}")}
    value = signing.dumps(mark, salt=COOKIE)
    response.set_cookie(COOKIE, value, COOKIE_AGE, secure=request.is_secure(), httponly=True, samesite="Strict")


class PasswordGate:
    """An authentication backend that knows nobody, and stops those who try too many passwords.

    It stands before the others in AUTHENTICATION_BACKENDS, and so before every form with a password.
    """

    def authenticate(self, request: HttpRequest | None, username: Any = None, password: Any = None) -> None:
        """Raise PermissionDenied for one try too many, and leave the limit on the request as `password_limit`."""
        if request is None or not isinstance(username, str):
            return
        address = request.META.get("REMOTE_ADDR", "")
        limit = count_try(username, address, known_browser(request, username), db_now())
        if limit is not None:
            request.password_limit = limit  # type: ignore[attr-defined]
            raise PermissionDenied


def _count(key: str, now: datetime) -> tuple[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "now": now, "ends_at": now + WINDOW})
        count, ends_at = cursor.fetchone()
    return count, ends_at


def _key_of_name(name: str, browser: str) -> str:
    # Whoever mistakes the fields types a password as name, which is not to be kept.
    return f"browser:{browser}" if browser else f"name:{_digest(name.casefold())}"


def _key_of_address(text: str) -> str:
    return f"address:{network_of(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
