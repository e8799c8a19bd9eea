"""Ids as people send them: in addresses, sockets, buttons and commands."""

MAX_ID = 2**63 - 1


def parse_id(text: str) -> int | None:
    """The id that a text names, or None where it can name none (not digits, or past 63 bits)."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if 0 < number <= MAX_ID else None


class IdConverter:
    """`<id:game_id>` in a URL pattern: anything that cannot be an id is a 404, never a database error."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = parse_id(value)
        if number is None:
            raise ValueError
        return number

    def to_url(self, value: int) -> str:
        return str(value)
