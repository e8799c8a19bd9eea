"""How PostgreSQL names the end of a session, and other changes of what a person may see."""

import hashlib

# Its payload is "session.<md5 of the key>", "user.<id>" or "guild.<id>".
ACCESS_CHANGED = "access_changed"


def access_group_of_session(session_key: str) -> str:
    """Return the group of a session's sockets. Whoever reads notifications learns no key from it."""
    digest = hashlib.md5(session_key.encode(), usedforsecurity=False).hexdigest()
    return f"access.session.{digest}"
