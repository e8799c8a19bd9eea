"""Parses ids from URLs, sockets, buttons and commands."""

import base64

MAX_ID = 2**63 - 1


def parse_id(text: str) -> int | None:
    """Return the id in a text, or None if it has other characters than digits, or exceeds 63 bits."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if 0 < number <= MAX_ID else None


class IdConverter:
    """URL converter for `<id:game_id>`: anything that cannot be an id is a 404, never a database error."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = parse_id(value)
        if number is None:
            raise ValueError
        return number

    def to_url(self, value: int) -> str:
        return str(value)


def application_id(bot_token: str) -> str:
    """Return the application id, which is the first part of its bot token in base64; '' for anything else."""
    head = bot_token.split(".")[0]
    try:
        text = base64.b64decode(head + "=" * (-len(head) % 4), validate=True).decode("ascii")
    except ValueError:
        return ""
    return text if text.isdigit() else ""
