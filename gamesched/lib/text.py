"""Text that programs and people send."""

import re

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can store a text: it has no NUL, and no half of a character."""
    return _NOT_STORABLE.search(text) is None
