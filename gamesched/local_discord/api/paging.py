"""Pages of lists, as `limit`, `before` and `after` ask for them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from gamesched.local_discord.api.validation import check_range, parse_integer, parse_snowflake
from gamesched.local_discord.errors import invalid_form_body


def read_limit(query: Mapping[str, str], default: int, most: int) -> int:
    """Return how many a page has at most. Raise 50035 outside 1 to `most`."""
    return check_range(parse_integer(query.get("limit", str(default)), "limit"), 1, most, "limit")


def page_of_ids(query: Mapping[str, str], ids: Iterable[int], default: int, most: int) -> list[int]:
    """Return a page of ids, ascending: the first after `after`, the last before `before`, else the first of all.

    A client that asks for the next page until one is empty would never end if these were ignored.
    """
    limit, page = read_limit(query, default, most), sorted(ids)
    if "after" in query:
        after = parse_snowflake(query["after"], "after")
        return [each for each in page if each > after][:limit]
    if "before" in query:
        before = parse_snowflake(query["before"], "before")
        return [each for each in page if each < before][-limit:]
    return page[:limit]


def is_before(seconds: float, time: datetime | None) -> bool:
    """Return whether a moment, in seconds since 1970, is told as one before `time`; any is before None."""
    return time is None or datetime.fromtimestamp(seconds, UTC) < time


def read_time(query: Mapping[str, str], key: str) -> datetime | None:
    """Return a time; None if absent. Raise 50035."""
    if key not in query:
        return None
    try:
        given = datetime.fromisoformat(query[key].replace(" ", "+"))  # a plus that was not quoted
    except ValueError:
        problem = f"Could not parse {query[key]}. Should be ISO8601."
        raise invalid_form_body((key,), "DATETIME_TYPE_PARSE", problem) from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)
