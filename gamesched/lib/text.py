"""Text that programs and people send."""


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can store a text: it has no NUL, and no half of a character."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
