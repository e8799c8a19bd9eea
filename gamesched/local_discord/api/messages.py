"""What may stand in a message: limits and shapes, checked as Discord does.

https://discord.com/developers/docs/resources/message#create-message
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gamesched.local_discord.api.components import read_components
from gamesched.local_discord.errors import empty_message, invalid
from gamesched.local_discord.state.entities import EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, Json, Message

CONTENT_LONGEST = 2000
EMBEDS_MOST, EMBEDS_LONGEST = 10, 6000
FIELDS_MOST = 25
NONCE_LONGEST = 25
NOT_A_DICT = ("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
NOT_A_LIST = ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
SETTABLE_FLAGS = EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS

USER_MENTION = re.compile(r"<@!?(\d{1,20})>")
ROLE_MENTION = re.compile(r"<@&(\d{1,20})>")
EVERYONE_MENTION = re.compile(r"@(everyone|here)\b")


@dataclass
class Draft:
    """The parts of a message that a request names; None where it is silent."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    flags: int | None = None
    nonce: str | int | None = None
    enforce_nonce: bool = False
    pings: "Pings" = field(default_factory=lambda: Pings())

    def require_something(self) -> None:
        """A new message must say something. Raises 50006."""
        if not (self.content and self.content.strip()) and not self.embeds and not self.components:
            raise empty_message()


@dataclass
class Pings:
    """`allowed_mentions`: whom a message's mentions may notify. None: all that are mentioned."""

    users: set[int] | None = None
    roles: set[int] | None = None
    everyone: bool = True

    def of(self, content: str) -> tuple[list[int], list[int], bool]:
        """The users, the roles, and whether everyone, that this content notifies."""
        users = _mentioned(USER_MENTION, content, self.users)
        roles = _mentioned(ROLE_MENTION, content, self.roles)
        return users, roles, self.everyone and EVERYONE_MENTION.search(content) is not None


def _mentioned(pattern: re.Pattern[str], content: str, allowed: set[int] | None) -> list[int]:
    found = dict.fromkeys(int(each) for each in pattern.findall(content))
    return [each for each in found if allowed is None or each in allowed]


def read_draft(body: Json) -> Draft:
    """Check the body of a request that makes or edits a message. Raises 50035 where it breaks a limit."""
    content = text(body, "content", CONTENT_LONGEST)
    if content is not None:
        content = content.strip()
    return Draft(
        # An explicit null clears, as an empty text does.
        content="" if content is None and "content" in body else content,
        embeds=_embeds(body),
        components=read_components(body["components"] or []) if "components" in body else None,
        flags=None if body.get("flags") is None else integer(body["flags"], "flags") & SETTABLE_FLAGS,
        nonce=_nonce(body.get("nonce")),
        enforce_nonce=bool(body.get("enforce_nonce", False)),
        pings=_pings(body.get("allowed_mentions")),
    )


def text(body: Json, key: str, longest: int, path: tuple[str | int, ...] = (), required: bool = False) -> str | None:
    """A text of at most so many characters under `key`; None when it is absent or null."""
    value = body.get(key)
    if value is None or (required and value == ""):
        if required:
            raise invalid((*path, key), "BASE_TYPE_REQUIRED", "This field is required")
        return None
    if not isinstance(value, str):
        raise invalid((*path, key), "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
    if len(value) > longest:
        raise invalid((*path, key), "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
    return value


def length(value: object, least: int, most: int, *path: str | int) -> str:
    """A text of so many characters. Raises 50035."""
    if not isinstance(value, str):
        raise invalid(path, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
    if not least <= len(value) <= most:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
    return value


def between(value: int, least: int, most: int, *path: str | int) -> int:
    """The number, if it is in the range. Raises 50035."""
    if not least <= value <= most:
        code = "NUMBER_TYPE_MAX" if value > most else "NUMBER_TYPE_MIN"
        raise invalid(path, code, f"int value should be between {least} and {most}.")
    return value


def integer(value: object, *path: str | int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(r"-?\d+", str(value)):
        raise invalid(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    return int(value)


def snowflake(value: object, *path: str | int) -> int:
    """An id, as text or (discord.py does that) as a number. Raises 50035."""
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,20}", str(value)) or int(str(value)) >= 1 << 63:
        raise invalid(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    return int(str(value))


def _require(value: object, kind: type, path: tuple[str | int, ...]) -> None:
    if not isinstance(value, kind):
        raise invalid(path, *(NOT_A_DICT if kind is dict else NOT_A_LIST))


def _nonce(value: object) -> str | int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        raise invalid(("nonce",), "NONCE_TYPE_INVALID", "Nonce must be a string or an integer.")
    if len(value) > NONCE_LONGEST:
        raise invalid(("nonce",), "BASE_TYPE_MAX_LENGTH", f"Must be {NONCE_LONGEST} or fewer in length.")
    return value


def _pings(value: object) -> Pings:
    if value is None:
        return Pings()
    if not isinstance(value, dict):
        raise invalid(("allowed_mentions",), *NOT_A_DICT)
    parse: list[Any] = value.get("parse") or []
    _require(parse, list, ("allowed_mentions", "parse"))
    named: dict[str, set[int]] = {}
    for kind in ("users", "roles"):
        ids: list[Any] = value.get(kind) or []
        _require(ids, list, ("allowed_mentions", kind))
        if len(ids) > 100:
            raise invalid(("allowed_mentions", kind), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        named[kind] = {snowflake(each, "allowed_mentions", kind, i) for i, each in enumerate(ids)}
        if kind in parse and named[kind]:
            said = f"parse:[{kind}] and {kind}: [ids...] are mutually exclusive."
            raise invalid(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", said)
    return Pings(
        users=None if "users" in parse else named["users"],
        roles=None if "roles" in parse else named["roles"],
        everyone="everyone" in parse,
    )


def _embeds(body: Json) -> list[Json] | None:
    if "embeds" not in body:
        return None
    given = body["embeds"] or []
    _require(given, list, ("embeds",))
    if len(given) > EMBEDS_MOST:
        raise invalid(("embeds",), "BASE_TYPE_BAD_LENGTH", f"Must be {EMBEDS_MOST} or fewer in length.")
    sizes: list[int] = []
    embeds = [_embed(each, ("embeds", i), sizes) for i, each in enumerate(given)]
    if sum(sizes) > EMBEDS_LONGEST:
        said = f"Embed size exceeds maximum size of {EMBEDS_LONGEST}"
        raise invalid(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", said)
    return embeds


def _embed(given: object, path: tuple[str | int, ...], sizes: list[int]) -> Json:
    if not isinstance(given, dict):
        raise invalid(path, *NOT_A_DICT)
    embed: Json = {"type": "rich"}

    def take(
        source: Json, target: Json, key: str, longest: int, where: tuple[str | int, ...], need: bool = False
    ) -> None:
        value = text(source, key, longest, where, need)
        if value:
            target[key] = value.strip()
            sizes.append(len(value))

    take(given, embed, "title", 256, path)
    take(given, embed, "description", 4096, path)
    for part, key, longest in (("author", "name", 256), ("footer", "text", 2048)):
        if given.get(part):
            _require(given[part], dict, (*path, part))
            target: Json = {each: given[part][each] for each in ("url", "icon_url") if given[part].get(each)}
            take(given[part], target, key, longest, (*path, part), need=True)
            embed[part] = target
    fields = given.get("fields") or []
    _require(fields, list, (*path, "fields"))
    if len(fields) > FIELDS_MOST:
        raise invalid((*path, "fields"), "BASE_TYPE_BAD_LENGTH", f"Must be {FIELDS_MOST} or fewer in length.")
    for i, each in enumerate(fields):
        _require(each, dict, (*path, "fields", i))
        shown: Json = {"inline": bool(each.get("inline", False))}
        take(each, shown, "name", 256, (*path, "fields", i), need=True)
        take(each, shown, "value", 1024, (*path, "fields", i), need=True)
        embed.setdefault("fields", []).append(shown)
    if given.get("color") is not None:
        embed["color"] = integer(given["color"], *path, "color")
        if not 0 <= embed["color"] <= 0xFFFFFF:
            raise invalid((*path, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    if given.get("timestamp"):
        try:
            embed["timestamp"] = datetime.fromisoformat(given["timestamp"]).isoformat()
        except (TypeError, ValueError):
            said = f"Could not parse {given['timestamp']}. Should be ISO8601."
            raise invalid((*path, "timestamp"), "DATETIME_TYPE_PARSE", said) from None
    if given.get("url"):
        embed["url"] = web_address(given["url"], *path, "url")
    for part in ("image", "thumbnail"):
        if given.get(part):
            _require(given[part], dict, (*path, part))
            embed[part] = {"url": web_address(given[part].get("url"), *path, part, "url")}
    return embed


def web_address(value: object, *path: str | int) -> str:
    """An http(s) address. Raises 50035 for any other."""
    if not isinstance(value, str) or not re.match(r"(https?|discord)://\S+$", value) or len(value) > 2048:
        raise invalid(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    return value


def apply(message: Message, draft: Draft) -> None:
    """Put what an edit names into the message. Raises 50006 when nothing is left."""
    after = Draft(
        content=message.content if draft.content is None else draft.content,
        embeds=message.embeds if draft.embeds is None else draft.embeds,
        components=message.components if draft.components is None else draft.components,
    )
    after.require_something()
    message.content, message.embeds = after.content or "", after.embeds or []
    message.components = after.components or []
    if draft.content is not None:
        message.mentions, message.mention_roles, message.mention_everyone = draft.pings.of(message.content)
