"""Reads threads in a request: https://docs.discord.com/developers/topics/threads"""

from gamesched.local_discord.api.validation import check_length, check_list, check_range, parse_integer, parse_snowflake
from gamesched.local_discord.errors import invalid_form_body, missing_permissions, tag_required, thread_archived
from gamesched.local_discord.state.entities import FORUM, REQUIRE_TAG, Channel, Json
from gamesched.local_discord.state.permissions import Permission

AUTO_ARCHIVE_DURATIONS = (60, 1440, 4320, 10080)  # minutes
MAX_SLOWMODE = 21_600  # seconds
MAX_APPLIED_TAGS = 5
PINNED = 1 << 1  # a flag of forum posts


def read_auto_archive_duration(body: Json, key: str = "auto_archive_duration") -> int | None:
    """Return a duration in minutes. Raise 50035 for any but Discord's four."""
    if body.get(key) is None:
        return None
    minutes = parse_integer(body[key], key)
    if minutes not in AUTO_ARCHIVE_DURATIONS:
        problem = "Value must be one of {4320, 60, 10080, 1440}."
        raise invalid_form_body((key,), "BASE_TYPE_CHOICES", problem)
    return minutes


def read_applied_tags(forum: Channel, value: object, bits: int, before: list[int] | None = None) -> list[int]:
    """Return a post's tags. Raise 50035 for an unknown tag, 50013 for a moderators' one, 40067 for none.

    A tag that the post had `before` may stay.
    """
    known = {tag["id"]: tag for tag in forum.available_tags}
    given = check_list(value or [], "applied_tags")
    if len(given) > MAX_APPLIED_TAGS:
        problem = f"Must be {MAX_APPLIED_TAGS} or fewer in length."
        raise invalid_form_body(("applied_tags",), "BASE_TYPE_MAX_LENGTH", problem)
    tags = list(dict.fromkeys(parse_snowflake(each, "applied_tags", i) for i, each in enumerate(given)))
    moderates = bits & Permission.MANAGE_THREADS
    for i, tag in enumerate(tags):
        if tag not in known:
            raise invalid_form_body(("applied_tags", i), "INVALID_FORUM_TAG", "Unknown tag")
        if known[tag]["moderated"] and not moderates and tag not in (before or []):
            raise missing_permissions()
    if forum.flags & REQUIRE_TAG and not tags:
        raise tag_required()
    return tags


def read_thread_changes(parent: Channel, channel: Channel, body: Json, user_id: int, bits: int) -> Json:
    """Return the thread's fields in the body. Raise 50013 where permission is missing.

    Anyone who may send there may unarchive; the owner archives, renames and tags; the rest is for moderators.
    """
    thread = channel.thread
    assert thread is not None, "not a thread"
    moderates = bool(bits & Permission.MANAGE_THREADS)
    changes: Json = {key: bool(body[key]) for key in ("archived", "locked", "invitable") if body.get(key) is not None}
    if body.get("name") is not None:
        changes["name"] = check_length(body["name"], 1, 100, "name")
    duration = read_auto_archive_duration(body)
    if duration is not None:
        changes["auto_archive_duration"] = duration
    if body.get("rate_limit_per_user") is not None:
        slow = parse_integer(body["rate_limit_per_user"], "rate_limit_per_user")
        changes["rate_limit_per_user"] = check_range(slow, 0, MAX_SLOWMODE, "rate_limit_per_user")
    if parent.type == FORUM and body.get("flags") is not None:
        flags = parse_integer(body["flags"], "flags") & PINNED
        if flags != channel.flags & PINNED:
            changes["flags"] = channel.flags & ~PINNED | flags
    if parent.type == FORUM and body.get("applied_tags") is not None:
        changes["applied_tags"] = read_applied_tags(parent, body["applied_tags"], bits, thread.applied_tags)
    opens = thread.archived and changes.get("archived") is False
    if thread.archived and not opens:
        raise thread_archived()
    own = moderates or thread.owner_id == user_id
    for key in changes:
        if key == "archived" and opens:
            allowed = moderates or (not thread.locked and bool(bits & Permission.SEND_MESSAGES_IN_THREADS))
        else:
            allowed = moderates if key in ("locked", "rate_limit_per_user", "flags") else own
        if not allowed:
            raise missing_permissions()
    return changes
