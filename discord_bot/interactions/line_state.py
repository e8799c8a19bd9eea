"""What is chosen beside the line of `/game create`, as the custom ids of its buttons carry it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from games.scheduling.planned_line import NO_TEMPLATE, LineChoices
from gamesched.lib.durations import BadDuration, parse_duration
from gamesched.lib.ids import parse_id
from gamesched.lib.moments import LAST_YEAR

_LATEST = int(datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp())
EMPTY = "-"
PATTERN = (
    r"^line:(?P<action>post|anyway|change|at):(?P<starts_at>[0-9]{1,11}|-):(?P<channel>[0-9]{1,19}|-)"
    r":(?P<template>[0-9]{1,19}|-):(?P<seats>[0-9]{1,6}|-):(?P<duration>[0-9]{1,8}|-)(?::(?P<game>[0-9]{1,19}))?$"
)


class LineAction(StrEnum):
    """What a button does: posts the game, at an overlap too, asks for the line again, or takes one of the times."""

    POST = "post"
    ANYWAY = "anyway"
    CHANGE = "change"
    AT = "at"


@dataclass(frozen=True)
class LineState(LineChoices):
    """What is chosen beside a line, and what a button does with it. The picture's name is too long for its id."""

    action: LineAction = LineAction.AT
    game_id: int | None = None  # the game that is scheduled again

    @property
    def posts(self) -> bool:
        return self.action in {LineAction.POST, LineAction.ANYWAY}

    @property
    def chosen(self) -> LineChoices:
        return self

    @property
    def query(self) -> dict[str, int | str]:
        """Return what is chosen as the form's address takes it."""
        at = int(self.starts_at.timestamp()) if self.starts_at is not None else None
        values: dict[str, int | str | None] = {
            "at": at,
            "channel": self.channel_id,
            "template": self.template_id,
            "seats": self.seats,
            "duration": self.duration,
            "cover": self.cover or None,
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def custom_id(self) -> str:
        names = ("at", "channel", "template", "seats", "duration")
        again = (str(self.game_id),) if self.game_id else ()
        return ":".join(("line", self.action, *(str(self.query.get(name, EMPTY)) for name in names), *again))

    @classmethod
    def of_options(cls, template: str, channel: str, seats: int | None, duration: str) -> "LineState | str":
        """Return what the options of a command choose; or what is wrong with them, a key of LINE_PROBLEMS."""
        template_id = NO_TEMPLATE if template == str(NO_TEMPLATE) else parse_id(template)
        channel_id = parse_id(channel)
        if (template and template_id is None) or (channel and channel_id is None):
            return "not_listed"
        try:
            minutes = parse_duration(duration) if duration else None
        except BadDuration:
            return "bad_length"
        return cls(None, channel_id, template_id, seats, minutes)

    @classmethod
    def parse(cls, custom_id: str) -> "LineState | None":
        """Return what a custom id says; None for one that is none of these."""
        match = re.fullmatch(PATTERN, custom_id)
        if match is None:
            return None
        seconds, seats, minutes = (
            int(match[name]) if match[name] != EMPTY else None for name in ("starts_at", "seats", "duration")
        )
        starts_at = datetime.fromtimestamp(min(seconds, _LATEST), UTC) if seconds is not None else None
        channel, template = (parse_id(match[name]) for name in ("channel", "template"))
        if match["template"] == "0":
            template = 0
        game = parse_id(match["game"] or "")
        action = LineAction(match["action"])
        return cls(starts_at, channel, template, seats, minutes, action=action, game_id=game)
