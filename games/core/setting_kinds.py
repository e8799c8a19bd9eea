"""The kinds of setting: the values that each takes, how they are tidied and checked, and how they read.

`null` in a layer inherits. "None" is a value of its own: 0 seats (unlimited), no reminders, an empty text, no roles.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from django.db.models import TextChoices
from django.utils.translation import gettext, gettext_noop, ngettext, pgettext

from games.core import rules
from games.core.text_rules import has_control_characters, tidy_lines
from gamesched.lib.durations import minutes_text
from gamesched.lib.zones import find_zone
from guilds.forms import UNKNOWN_ZONE
from guilds.names import tidy_line

T = TypeVar("T")
E = TypeVar("E", bound=TextChoices)


class Group(StrEnum):
    """Settings that forms show together, in the order of forms."""

    HOSTS = "hosts"
    BASICS = "basics"
    GAME = "game"
    PEOPLE = "people"
    SIGNING_UP = "signing_up"
    CHANGES = "changes"
    AFTERWARDS = "afterwards"
    DISCORD = "discord"
    SHARING = "sharing"
    PICTURES = "pictures"


# Groups without a title are always open.
GROUP_TITLES = {
    Group.SIGNING_UP: gettext_noop("Signing up"),
    Group.CHANGES: gettext_noop("When plans change"),
    Group.AFTERWARDS: gettext_noop("Afterwards"),
    Group.DISCORD: gettext_noop("In Discord"),
    Group.SHARING: gettext_noop("Sharing"),
    Group.PICTURES: gettext_noop("Pictures"),
}


@dataclass(frozen=True)
class ResolvedSetting:
    """A resolved setting and the layer it comes from: `this game`, `Campaign`, `#raids` or `the server`."""

    value: Any
    source: str
    locked: bool = False  # by the template: the game cannot change it
    hidden: bool = False  # from a channel that the reader may not view


class Resolved(Protocol):
    """An object with resolved settings by name."""

    @property
    def values(self) -> Mapping[str, Any]: ...


@dataclass(kw_only=True, eq=False)
class Setting(Generic[T]):
    """One setting. As an attribute of resolved settings it gives its value.

    Its words are in English here: whoever shows them translates them.
    """

    label: str
    default: T
    group: Group
    help: str
    beside: str = ""  # the setting in whose row forms show it
    for_games: bool = True  # whether a game can set it, and a template can lock it
    former_option: str = ""  # its option on the command line before it was renamed, which scripts may use
    name: str = field(init=False, default="")

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Resolved, owner: type) -> T: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Any: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self.from_stored(instance.values[self.name])

    def __set__(self, instance: object, value: Any) -> None:
        raise AttributeError(f"{self.name} is read only")

    def from_stored(self, value: Any) -> T:
        """Convert a column's value to this setting's type."""
        found: T = value
        return found

    def tidy(self, value: Any) -> Any:
        """Return the value in the form in which every layer stores it."""
        return value

    def as_json(self, value: Any) -> Any:
        """Return a value as JSON has it: ids are text, since many programs cut long numbers."""
        return value

    def check(self, value: Any) -> str:
        """Return the problem with a tidy value, as a sentence; '' for none."""
        return ""

    def text(self, value: Any, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        """Return the value as text."""
        return str(value) or gettext("none")

    @property
    def option(self) -> str:
        """Return its option on the command line, without the dashes."""
        return self.name.replace("_", "-")

    @property
    def audit_key(self) -> str:
        """Return its name in the audit log of a game."""
        return self.name.removesuffix("_ids").removesuffix("_id").replace("_", " ")


@dataclass(kw_only=True, eq=False)
class WholeNumber(Setting[int]):
    """A number from 0, which stands for none, to `most`."""

    most: int
    wrong: str
    none: str = gettext_noop("none")  # the word for 0 in forms
    reads: str = "{}"
    reads_one: str = ""
    reads_none: str = gettext_noop("none")

    def check(self, value: int) -> str:
        return "" if 0 <= value <= self.most else gettext(self.wrong)

    def text(self, value: int, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        if not value:
            return gettext(self.reads_none)
        return gettext(self.reads_one) if value == 1 and self.reads_one else gettext(self.reads).format(value)


@dataclass(kw_only=True, eq=False)
class DurationSetting(Setting[int]):
    """A length of time in minutes; where `least` is 0, that stands for none."""

    least: int = 0
    most: int = rules.REMINDER_MAX
    wrong: str = gettext_noop("Write up to 30 days: 30 min, 1h30m, 2 days. Or none.")
    reads: str = "{}"
    reads_none: str = gettext_noop("none")

    def check(self, value: int) -> str:
        return "" if self.least <= value <= self.most else gettext(self.wrong)

    def text(self, value: int, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        return gettext(self.reads).format(minutes_text(value)) if value else gettext(self.reads_none)


@dataclass(kw_only=True, eq=False)
class DurationListSetting(Setting[tuple[int, ...]]):
    """Lengths of time in minutes before the start, the longest first; at most `count_max`."""

    least: int
    most: int
    count_max: int
    wrong: str
    too_many: str

    def tidy(self, value: Any) -> Any:
        return tuple(sorted(set(value), reverse=True))

    def check(self, value: tuple[int, ...]) -> str:
        if len(value) > self.count_max:
            return gettext(self.too_many).format(len(value), self.count_max)
        return gettext(self.wrong) if any(not self.least <= minutes <= self.most for minutes in value) else ""

    def text(self, value: tuple[int, ...], roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        lengths = ", ".join(map(minutes_text, value))
        return gettext("%(time)s before") % {"time": lengths} if lengths else pgettext("reminders", "none")


@dataclass(kw_only=True, eq=False)
class Text(Setting[str]):
    """One line of at most `most` characters."""

    most: int

    def tidy(self, value: Any) -> Any:
        return tidy_line(value)

    def check(self, value: str) -> str:
        if len(value) > self.most:
            text = ngettext(
                "This has %(count)s characters. Shorten it to %(most)s.",
                "This has %(count)s characters. Shorten it to %(most)s.",
                len(value),
            )
            return text % {"count": f"{len(value):,}", "most": f"{self.most:,}"}
        if has_control_characters(value.replace("\n", "").replace("\t", "")):
            return gettext("This has a character we can't show. Type it again without it.")
        return ""


@dataclass(kw_only=True, eq=False)
class MultiLineText(Text):
    """Lines of at most `most` characters in all."""

    def tidy(self, value: Any) -> Any:
        return tidy_lines(value)


@dataclass(kw_only=True, eq=False)
class YesNo(Setting[bool]):
    """Yes or no."""

    def text(self, value: bool, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        return gettext("yes") if value else gettext("no")


@dataclass(kw_only=True, eq=False)
class ChoiceSetting(Setting[E]):
    """One of several; `reads` has its words by value, and the choices' labels are for forms."""

    choices: type[E]
    reads: Mapping[str, str]
    column_length: int

    def from_stored(self, value: Any) -> E:
        return self.choices(value)

    def text(self, value: str, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        return gettext(self.reads[value])


@dataclass(kw_only=True, eq=False)
class Roles(Setting[tuple[int, ...]]):
    """Any of the server's roles, by id; at most `most`."""

    most: int = 250  # as many as a server may have
    too_many: str = gettext_noop("Choose at most {} roles.")
    override_label: str = ""  # of the checkbox that a layer sets its own roles
    reads_none: str = gettext_noop("none")
    everyone: bool = True  # whether @everyone may be one of them

    def as_json(self, value: Any) -> Any:
        return [str(role) for role in value]

    def check(self, value: tuple[int, ...]) -> str:
        return "" if len(value) <= self.most else gettext(self.too_many).format(self.most)

    def text(self, value: tuple[int, ...], roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        names = (roles.get(role, gettext("a deleted role")) for role in value)
        return ", ".join(names) or gettext(self.reads_none)

    @property
    def option(self) -> str:
        return f"{self.name.removesuffix('_role_ids')}-roles"


@dataclass(kw_only=True, eq=False)
class RolesInOrder(Roles):
    """At most `most` of the server's roles, the first first."""

    most: int
    too_many: str


@dataclass(kw_only=True, eq=False)
class ChannelId(Setting[int]):
    """One of the server's channels, by id; 0 for none."""

    reads_none: str
    reads_unknown: str

    def as_json(self, value: Any) -> Any:
        return str(value)

    def text(self, value: int, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        return channels.get(value, gettext(self.reads_unknown)) if value else gettext(self.reads_none)

    @property
    def option(self) -> str:
        return super().option.removesuffix("-id")


@dataclass(kw_only=True, eq=False)
class Zone(Setting[str]):
    """A time zone by its IANA name."""

    def tidy(self, value: Any) -> Any:
        return find_zone(value) or value

    def check(self, value: str) -> str:
        return "" if find_zone(value) == value else gettext(UNKNOWN_ZONE)


PICTURE_NAME = re.compile(r"[0-9a-f]{64}-(?P<width>[1-9][0-9]{0,4})x(?P<height>[1-9][0-9]{0,4})")


@dataclass(kw_only=True, eq=False)
class PictureSetting(Setting[str]):
    """A stored picture by its name, which says its size; '' for none. Actions find out whether it is stored."""

    def check(self, value: str) -> str:
        is_name = not value or PICTURE_NAME.fullmatch(value) is not None
        return "" if is_name else gettext("This picture is gone. Choose it again.")

    def text(self, value: str, roles: Mapping[int, str], channels: Mapping[int, str]) -> str:
        size = PICTURE_NAME.fullmatch(value)
        return gettext("a picture of %(width)s × %(height)s") % size.groupdict() if size else gettext("none")
