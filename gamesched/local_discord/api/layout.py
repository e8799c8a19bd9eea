"""Components V2, with which a message is a layout: https://docs.discord.com/developers/components/reference

Texts, sections, pictures, files and containers, and the rows among them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gamesched.local_discord.api.components import ACTION_ROW, BUTTON, number, own_id, read_button, read_row, walk
from gamesched.local_discord.api.validation import (
    BodyPath,
    check_length,
    check_list,
    check_object,
    check_range,
    check_url,
    parse_integer,
)
from gamesched.local_discord.errors import DiscordError, invalid_form_body
from gamesched.local_discord.state.core import StateCore
from gamesched.local_discord.state.entities import Json

SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
IN_CONTAINER = (ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR)
TOP_LEVEL = (*IN_CONTAINER, CONTAINER)
MAX_COMPONENTS = 40  # in a message, those inside others too
MAX_TEXT_LENGTH = 4000  # of all texts of a message together
MAX_SECTION_TEXTS, MAX_GALLERY_ITEMS, MAX_DESCRIPTION_LENGTH = 3, 10, 1024
ATTACHMENT = "attachment://"


def read_layout(given: object, filenames: Iterable[str]) -> list[Json]:
    """Validate the components of a message that is a layout. Raise 50035.

    `filenames` are those of the message's files, to which `attachment://` may refer.
    """
    reader = _LayoutReader(frozenset(filenames))
    listed = check_list(given, "components")
    layout = number([reader.read(each, ("components", i), TOP_LEVEL) for i, each in enumerate(listed)])
    if sum(1 for _ in walk(layout)) > MAX_COMPONENTS:
        problem = f"Total number of components exceeds the maximum of {MAX_COMPONENTS}"
        raise invalid_form_body(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", problem)
    if sum(len(each) for each in texts(layout)) > MAX_TEXT_LENGTH:
        problem = f"Total displayable text size exceeds the maximum of {MAX_TEXT_LENGTH}"
        raise invalid_form_body(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", problem)
    return layout


def texts(layout: list[Json]) -> list[str]:
    """Return the texts in a layout, from top to bottom."""
    return [each["content"] for each in walk(layout) if each["type"] == TEXT_DISPLAY]


@dataclass
class _LayoutReader:
    """Reads a message's components; custom ids are unique in all of it."""

    filenames: frozenset[str]
    custom_ids: set[str] = field(default_factory=set)

    def read(self, value: object, path: BodyPath, allowed: tuple[int, ...]) -> Json:
        given = check_object(value, *path)
        kind = given.get("type")
        if kind not in allowed:
            raise _wrong_type(path, allowed)
        if kind == ACTION_ROW:
            return read_row(given, path, self.custom_ids)
        if kind == BUTTON:
            return read_button(given, path, self.custom_ids)
        read = {
            SECTION: self._read_section,
            TEXT_DISPLAY: self._read_text,
            THUMBNAIL: self._read_picture,
            MEDIA_GALLERY: self._read_gallery,
            FILE: self._read_file,
            SEPARATOR: self._read_separator,
            CONTAINER: self._read_container,
        }[kind]
        return own_id(given, path) | {"type": kind} | read(given, path)

    def _read_inside(self, given: Json, path: BodyPath, allowed: tuple[int, ...], most: int) -> list[Json]:
        inside = check_list(given.get("components"), *path, "components")
        if not 1 <= len(inside) <= most:
            problem = f"Must be between 1 and {most} in length."
            raise invalid_form_body((*path, "components"), "BASE_TYPE_BAD_LENGTH", problem)
        return [self.read(each, (*path, "components", i), allowed) for i, each in enumerate(inside)]

    def _read_container(self, given: Json, path: BodyPath) -> Json:
        colour = given.get("accent_color")
        if colour is not None:
            colour = check_range(parse_integer(colour, *path, "accent_color"), 0, 0xFFFFFF, *path, "accent_color")
        inside = self._read_inside(given, path, IN_CONTAINER, MAX_COMPONENTS)
        return {"accent_color": colour, "spoiler": bool(given.get("spoiler")), "components": inside}

    def _read_section(self, given: Json, path: BodyPath) -> Json:
        inside = self._read_inside(given, path, (TEXT_DISPLAY,), MAX_SECTION_TEXTS)
        if given.get("accessory") is None:
            raise invalid_form_body((*path, "accessory"), "BASE_TYPE_REQUIRED", "This field is required")
        return {
            "components": inside,
            "accessory": self.read(given["accessory"], (*path, "accessory"), (BUTTON, THUMBNAIL)),
        }

    def _read_text(self, given: Json, path: BodyPath) -> Json:
        return {"content": check_length(given.get("content"), 1, MAX_TEXT_LENGTH, *path, "content")}

    def _read_picture(self, given: Json, path: BodyPath) -> Json:
        """Return a thumbnail, or an item of a gallery."""
        description = given.get("description")
        if description is not None:
            description = check_length(description, 1, MAX_DESCRIPTION_LENGTH, *path, "description")
        media = self._read_media(given.get("media"), (*path, "media"))
        return {"media": media, "description": description, "spoiler": bool(given.get("spoiler"))}

    def _read_gallery(self, given: Json, path: BodyPath) -> Json:
        items = check_list(given.get("items"), *path, "items")
        if not 1 <= len(items) <= MAX_GALLERY_ITEMS:
            problem = f"Must be between 1 and {MAX_GALLERY_ITEMS} in length."
            raise invalid_form_body((*path, "items"), "BASE_TYPE_BAD_LENGTH", problem)
        return {
            "items": [
                self._read_picture(check_object(each, *path, "items", i), (*path, "items", i))
                for i, each in enumerate(items)
            ]
        }

    def _read_file(self, given: Json, path: BodyPath) -> Json:
        media = self._read_media(given.get("file"), (*path, "file"))
        if not media["url"].startswith(ATTACHMENT):
            problem = "Scheme must be one of ('attachment',)."
            raise invalid_form_body((*path, "file", "url"), "URL_TYPE_INVALID_SCHEME", problem)
        return {"file": media, "name": None, "size": None, "spoiler": bool(given.get("spoiler"))}

    def _read_separator(self, given: Json, path: BodyPath) -> Json:
        spacing = 1 if given.get("spacing") is None else parse_integer(given["spacing"], *path, "spacing")
        if spacing not in (1, 2):
            raise invalid_form_body((*path, "spacing"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
        return {"spacing": spacing, "divider": given.get("divider") is not False}

    def _read_media(self, value: object, path: BodyPath) -> Json:
        url = check_url(check_object(value, *path).get("url"), *path, "url")
        if url.startswith(ATTACHMENT) and url.removeprefix(ATTACHMENT) not in self.filenames:
            problem = "The referenced attachment was not found in the message attachments"
            raise invalid_form_body((*path, "url"), "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", problem)
        return {"url": url}


def _wrong_type(path: BodyPath, allowed: tuple[int, ...]) -> DiscordError:
    return invalid_form_body((*path, "type"), "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {allowed}.')


# --- the pictures and files in it -----------------------------------------------------------------------------


def resolve_media(state: StateCore, layout: list[Json], attachments: list[Json]) -> None:
    """Tell of each picture and file where it is, once the message's files are saved."""
    files = {ATTACHMENT + each["filename"]: each for each in attachments}
    for holder, key in _media_in(layout):
        url = holder[key]["url"]
        attachment = files.get(url)
        holder[key] = {"id": str(state.new_id()), "url": url, "proxy_url": url, "width": None, "height": None}
        holder[key]["content_type"] = None
        if attachment is not None:
            where = {"url": attachment["url"], "proxy_url": attachment["url"], "attachment_id": attachment["id"]}
            holder[key] |= where | {"content_type": attachment["content_type"]}
            if holder.get("type") == FILE:
                holder |= {"name": attachment["filename"], "size": attachment["size"]}


def _media_in(layout: list[Json]) -> Iterator[tuple[Json, str]]:
    for each in walk(layout):
        if each["type"] == THUMBNAIL:
            yield each, "media"
        elif each["type"] == FILE:
            yield each, "file"
        elif each["type"] == MEDIA_GALLERY:
            yield from ((item, "media") for item in each["items"])
