"""Validates message bodies: limits and shapes, as Discord does.

https://discord.com/developers/docs/resources/message#create-message
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gamesched.local_discord.api import layout
from gamesched.local_discord.api.components import read_components
from gamesched.local_discord.api.uploads import (
    AttachmentEdit,
    Upload,
    read_attachments,
    resolve_attachment_urls,
    save_attachments,
)
from gamesched.local_discord.api.validation import BodyPath, check_url, parse_integer, parse_snowflake, read_text
from gamesched.local_discord.errors import empty_message, invalid_form_body, not_modelled
from gamesched.local_discord.state.entities import (
    EPHEMERAL,
    IS_COMPONENTS_V2,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Json,
    Message,
)
from gamesched.local_discord.state.state import State

MAX_CONTENT_LENGTH = 2000
MAX_EMBEDS, MAX_EMBEDS_LENGTH = 10, 6000
MAX_EMBED_FIELDS = 25
MAX_NONCE_LENGTH = 25
NOT_A_DICT = ("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
NOT_A_LIST = ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
SETTABLE_FLAGS = EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_COMPONENTS_V2
IS_VOICE_MESSAGE = 1 << 13

USER_MENTION = re.compile(r"<@!?(\d{1,20})>")
ROLE_MENTION = re.compile(r"<@&(\d{1,20})>")
EVERYONE_MENTION = re.compile(r"@(everyone|here)\b")


@dataclass
class AllowedMentions:
    """`allowed_mentions`: who a message's mentions may notify. None: everyone mentioned."""

    users: set[int] | None = None
    roles: set[int] | None = None
    everyone: bool = True
    replied_user: bool = True

    def mentions_in(self, content: str) -> tuple[list[int], list[int], bool]:
        """Return the users, the roles, and whether everyone, that this content notifies."""
        users = _mentioned(USER_MENTION, content, self.users)
        roles = _mentioned(ROLE_MENTION, content, self.roles)
        return users, roles, self.everyone and EVERYONE_MENTION.search(content) is not None


MENTIONED_USERS = AllowedMentions(roles=set(), everyone=False)  # the default of webhooks and interactions


@dataclass
class MessageBody:
    """The parts of a message in a request; None for omitted ones."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    flags: int | None = None
    nonce: str | int | None = None
    enforce_nonce: bool = False
    allowed_mentions: AllowedMentions = field(default_factory=AllowedMentions)
    attachments: AttachmentEdit = field(default_factory=AttachmentEdit)

    def require_content(self) -> None:
        """Raise 50006 for an empty new message."""
        if not (self.content and self.content.strip()) and not (
            self.embeds or self.components or self.attachments.uploads
        ):
            raise empty_message()

    @property
    def is_layout(self) -> bool:
        """Return whether this makes the message a layout of Components V2."""
        return bool((self.flags or 0) & IS_COMPONENTS_V2)

    @property
    def text(self) -> str | None:
        """Return what mentions are looked for in: the content, or all texts of a layout; None for an omitted one."""
        if self.components and layout.texts(self.components):
            return "\n".join(layout.texts(self.components))
        return self.content


def _mentioned(pattern: re.Pattern[str], content: str, allowed: set[int] | None) -> list[int]:
    ids = dict.fromkeys(int(each) for each in pattern.findall(content))
    return [each for each in ids if allowed is None or each in allowed]


def read_message_body(
    body: Json,
    uploads: Iterable[Upload] = (),
    default_mentions: AllowedMentions | None = None,
    edited: Message | None = None,
) -> MessageBody:
    """Validate the body of a request that creates a message, or edits the `edited` one. Raise 50035.

    `default_mentions` apply where the body has no `allowed_mentions`; usually, everyone mentioned is notified.
    """
    flags = None if body.get("flags") is None else parse_integer(body["flags"], "flags")
    _refuse_what_is_not_modelled(body, flags or 0)
    was_layout = edited is not None and bool(edited.flags & IS_COMPONENTS_V2)
    is_layout = was_layout or bool((flags or 0) & IS_COMPONENTS_V2)
    content = read_text(body, "content", MAX_CONTENT_LENGTH)
    if content is not None:
        content = content.strip()
    embeds, attachments = _read_embeds(body), read_attachments(body, uploads)
    components: list[Json] | None = None
    if is_layout:
        _check_layout_fields(body, flags, was_layout, None if was_layout else edited)
    if "components" in body:
        given = body["components"] or []
        names = attachments.filenames(edited.attachments if edited is not None else [])
        components = layout.read_layout(given, names) if is_layout else read_components(given)
    return MessageBody(
        # An explicit null clears, as an empty text does.
        content="" if content is None and "content" in body else content,
        embeds=embeds,
        components=components,
        flags=None if flags is None else flags & SETTABLE_FLAGS,
        nonce=_read_nonce(body.get("nonce")),
        enforce_nonce=bool(body.get("enforce_nonce", False)),
        allowed_mentions=_read_allowed_mentions(body.get("allowed_mentions"), default_mentions),
        attachments=attachments,
    )


def _check_layout_fields(body: Json, flags: int | None, was_layout: bool, upgraded: Message | None) -> None:
    """Raise 50035 where a layout would have a content or embeds, or would be none any more.

    A message that is `upgraded` to one must have them cleared in the same request.
    """
    if was_layout and flags is not None and not flags & IS_COMPONENTS_V2:
        problem = "The IS_COMPONENTS_V2 flag cannot be removed from a message"
        raise invalid_form_body(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", problem)
    for key in ("content", "embeds"):
        if body.get(key) or (upgraded is not None and key not in body and getattr(upgraded, key)):
            if was_layout and flags is None:  # as Discord says it: such a body would make it an ordinary message
                problem = "The IS_COMPONENTS_V2 flag cannot be removed from a message"
                raise invalid_form_body(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", problem)
            problem = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise invalid_form_body((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", problem)


def _refuse_what_is_not_modelled(body: Json, flags: int) -> None:
    """Raise 50035 for polls, stickers, voice messages and themes, which docs/local-discord.md lists."""
    for key, what in (("poll", "polls"), ("sticker_ids", "stickers"), ("shared_client_theme", "themes")):
        if body.get(key):
            raise not_modelled((key,), what)
    if flags & IS_VOICE_MESSAGE:
        raise not_modelled(("flags",), "voice messages")


def _require_type(value: object, kind: type, path: BodyPath) -> None:
    if not isinstance(value, kind):
        raise invalid_form_body(path, *(NOT_A_DICT if kind is dict else NOT_A_LIST))


def _read_nonce(value: object) -> str | int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        raise invalid_form_body(("nonce",), "NONCE_TYPE_INVALID", "Nonce must be a string or an integer.")
    if len(value) > MAX_NONCE_LENGTH:
        raise invalid_form_body(("nonce",), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_NONCE_LENGTH} or fewer in length.")
    return value


def _read_allowed_mentions(value: object, default: AllowedMentions | None) -> AllowedMentions:
    if value is None:
        return default or AllowedMentions()
    if not isinstance(value, dict):
        raise invalid_form_body(("allowed_mentions",), *NOT_A_DICT)
    parse: list[Any] = value.get("parse") or []
    _require_type(parse, list, ("allowed_mentions", "parse"))
    named: dict[str, set[int]] = {}
    for kind in ("users", "roles"):
        ids: list[Any] = value.get(kind) or []
        _require_type(ids, list, ("allowed_mentions", kind))
        if len(ids) > 100:
            raise invalid_form_body(
                ("allowed_mentions", kind), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."
            )
        named[kind] = {parse_snowflake(each, "allowed_mentions", kind, i) for i, each in enumerate(ids)}
        if kind in parse and named[kind]:
            problem = f"parse:[{kind}] and {kind}: [ids...] are mutually exclusive."
            raise invalid_form_body(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", problem)
    return AllowedMentions(
        users=None if "users" in parse else named["users"],
        roles=None if "roles" in parse else named["roles"],
        everyone="everyone" in parse,
        replied_user=bool(value.get("replied_user", False)),
    )


def _read_embeds(body: Json) -> list[Json] | None:
    if "embeds" not in body:
        return None
    given = body["embeds"] or []
    _require_type(given, list, ("embeds",))
    if len(given) > MAX_EMBEDS:
        raise invalid_form_body(("embeds",), "BASE_TYPE_BAD_LENGTH", f"Must be {MAX_EMBEDS} or fewer in length.")
    sizes: list[int] = []
    embeds = [_read_embed(each, ("embeds", i), sizes) for i, each in enumerate(given)]
    if sum(sizes) > MAX_EMBEDS_LENGTH:
        problem = f"Embed size exceeds maximum size of {MAX_EMBEDS_LENGTH}"
        raise invalid_form_body(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", problem)
    return embeds


def _read_embed(given: object, path: BodyPath, sizes: list[int]) -> Json:
    if not isinstance(given, dict):
        raise invalid_form_body(path, *NOT_A_DICT)
    embed: Json = {"type": "rich"}

    def take(source: Json, target: Json, key: str, longest: int, where: BodyPath, need: bool = False) -> None:
        value = read_text(source, key, longest, where, need)
        if value:
            target[key] = value.strip()
            sizes.append(len(value))

    take(given, embed, "title", 256, path)
    take(given, embed, "description", 4096, path)
    for part, key, longest in (("author", "name", 256), ("footer", "text", 2048)):
        if given.get(part):
            _require_type(given[part], dict, (*path, part))
            urls = [each for each in ("url", "icon_url") if given[part].get(each)]
            target: Json = {each: check_url(given[part][each], *path, part, each) for each in urls}
            take(given[part], target, key, longest, (*path, part), need=True)
            embed[part] = target
    fields = given.get("fields") or []
    _require_type(fields, list, (*path, "fields"))
    if len(fields) > MAX_EMBED_FIELDS:
        raise invalid_form_body(
            (*path, "fields"), "BASE_TYPE_BAD_LENGTH", f"Must be {MAX_EMBED_FIELDS} or fewer in length."
        )
    for i, each in enumerate(fields):
        _require_type(each, dict, (*path, "fields", i))
        field: Json = {"inline": bool(each.get("inline", False))}
        take(each, field, "name", 256, (*path, "fields", i), need=True)
        take(each, field, "value", 1024, (*path, "fields", i), need=True)
        embed.setdefault("fields", []).append(field)
    if given.get("color") is not None:
        embed["color"] = parse_integer(given["color"], *path, "color")
        if not 0 <= embed["color"] <= 0xFFFFFF:
            raise invalid_form_body(
                (*path, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215."
            )
    if given.get("timestamp"):
        try:
            embed["timestamp"] = datetime.fromisoformat(given["timestamp"]).isoformat()
        except (TypeError, ValueError):
            problem = f"Could not parse {given['timestamp']}. Should be ISO8601."
            raise invalid_form_body((*path, "timestamp"), "DATETIME_TYPE_PARSE", problem) from None
    if given.get("url"):
        embed["url"] = check_url(given["url"], *path, "url")
    for part in ("image", "thumbnail"):
        if given.get(part):
            _require_type(given[part], dict, (*path, part))
            embed[part] = {"url": check_url(given[part].get("url"), *path, part, "url")}
    return embed


def save_files(
    state: State, channel_id: int, message_body: MessageBody, existing: list[Json], ephemeral: bool = False
) -> list[Json]:
    """Save a message's new files, and point its embeds and components to them. Return its attachments."""
    attachments = save_attachments(state, channel_id, message_body.attachments, existing, ephemeral)
    resolve_attachment_urls(message_body.embeds or [], attachments)
    layout.resolve_media(state, message_body.components or [], attachments)
    return attachments


def apply_edit(state: State, message: Message, edit: MessageBody) -> None:
    """Apply an edit to the message. Raise 50006 if nothing is left."""
    kept = [each for each in message.attachments if edit.attachments.keeps(each["id"])]
    edited = MessageBody(
        content=message.content if edit.content is None else edit.content,
        embeds=message.embeds if edit.embeds is None else edit.embeds,
        components=message.components if edit.components is None else edit.components,
    )
    if not kept:
        edited.attachments = edit.attachments
        edited.require_content()
    message.attachments = save_files(
        state, message.channel_id, edit, message.attachments, bool(message.flags & EPHEMERAL)
    )
    if edit.flags is not None:
        message.flags = message.flags & ~SUPPRESS_EMBEDS | edit.flags & (SUPPRESS_EMBEDS | IS_COMPONENTS_V2)
    message.content, message.embeds = edited.content or "", edited.embeds or []
    message.components = edited.components or []
    if edit.text is not None:
        message.mentions, message.mention_roles, message.mention_everyone = edit.allowed_mentions.mentions_in(edit.text)
        replied = state.messages.get(message.channel_id, {}).get(message.replies_to or 0)
        if replied is not None and edit.allowed_mentions.replied_user and replied.author_id not in message.mentions:
            message.mentions.append(replied.author_id)
