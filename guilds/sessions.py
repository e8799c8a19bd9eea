"""Whether a session is a person's, and how PostgreSQL names its end and other changes of what they may see."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare

from guilds.models import User

# Its payload is "session.<md5 of the key>", "user.<id>" or "guild.<id>".
ACCESS_CHANGED = "access_changed"


def access_group_of_session(session_key: str) -> str:
    """Return the group of a session's sockets. Whoever reads notifications learns no key from it."""
    digest = hashlib.md5(session_key.encode(), usedforsecurity=False).hexdigest()
    return f"access.session.{digest}"


def is_session_of(session: Mapping[str, Any], user: User) -> bool:
    """Return whether a session is this person's, and as old as their password at most."""
    given = session.get(HASH_SESSION_KEY, "")
    return session.get(SESSION_KEY) == str(user.pk) and constant_time_compare(given, user.get_session_auth_hash())
