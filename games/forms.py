"""The form in which a game is scheduled and edited: typed words become a plan, and a plan becomes words."""

import re
import zoneinfo
from datetime import datetime
from typing import Any

from django import forms

from games import messages, rules
from games.models import Game
from games.rules import ClockProblem, Plan, resolve
from guilds.forms import UNKNOWN_ZONE, zone_choices
from guilds.models import Guild

UNITS = {"": 1, "m": 1, "min": 1, "h": 60, "d": 1440, "w": 10080}
_LENGTH = re.compile(r"(\d{1,6})\s*(|m|min|h|d|w)", re.IGNORECASE)


def parse_minutes(text: str) -> list[int]:
    """`60, 2h, 1d` as minutes. Raises ValueError naming the first part that is none."""
    found = []
    for part in filter(None, re.split(r"[,;\s]+", text.strip())):
        match = _LENGTH.fullmatch(part)
        if match is None:
            raise ValueError(part)
        found.append(int(match[1]) * UNITS[match[2].lower()])
    return found


def minutes_words(minutes: int) -> str:
    """`90`, `2h`, `1d`: a length as the form takes it."""
    for word, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{word}"
    return str(minutes)


class RemindersField(forms.CharField):
    """Lengths of time before the start: `1d, 2h, 15`."""

    def to_python(self, value: str | None) -> Any:
        try:
            return tuple(parse_minutes(super().to_python(value) or ""))
        except ValueError as part:
            raise forms.ValidationError(
                f"“{part}” is not a length of time. Write minutes, hours or days: 15, 2h, 1d."
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(minutes_words(m) for m in value) if isinstance(value, (list, tuple)) else value


class GameForm(forms.Form):
    """Everything a person decides about a game. What makes a good plan is for `rules.check_plan` to say."""

    title = forms.CharField(
        max_length=1000,
        strip=False,
        help_text="What you will play.",
        error_messages={"required": "Give the game a title."},
    )
    description = forms.CharField(
        required=False,
        max_length=20000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What to bring, which rules, what to expect. Discord's formatting works in the announcement.",
    )
    date = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"required": "Choose a date.", "invalid": "Write the date as 2026-12-31."},
    )
    time = forms.TimeField(
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={"required": "Choose a time.", "invalid": "Write the time as 19:30."},
    )
    zone = forms.ChoiceField(
        label="Time zone",
        choices=zone_choices,
        help_text="The zone in which this time is meant.",
        error_messages={"invalid_choice": UNKNOWN_ZONE},
    )
    fold = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        label="Which one?",
        choices=[("0", "The first"), ("1", "The second")],
    )
    channel = forms.TypedChoiceField(
        coerce=int,
        help_text="Where it is announced.",
        error_messages={
            "required": "Choose a channel.",
            "invalid_choice": messages.UNKNOWN_CHANNEL,
        },
    )
    seats = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10**6,
        help_text="1 to 100. Leave it empty for unlimited.",
        widget=forms.NumberInput(attrs={"min": 1, "max": rules.SEATS_MAX, "inputmode": "numeric"}),
        error_messages={"invalid": "Write the number of seats in digits, or leave it empty for unlimited."},
    )
    duration = forms.CharField(
        initial="2h",
        help_text="How long it lasts: 90, 2h, 1d. Plain numbers are minutes.",
        error_messages={"required": "Say how long the game lasts, for example 2h."},
    )
    reminders = RemindersField(
        required=False,
        initial=(1440, 60),
        max_length=200,
        help_text="How long before the start people are reminded: 1d, 1h, 15. Empty for none.",
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, guild: Guild, game: Game | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guild = guild
        self.game = game
        self.clock: ClockProblem | None = None
        channels = list(guild.channels.for_announcements())
        if game is not None and game.channel not in channels:
            channels.append(game.channel)
        field = self.fields["channel"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            (str(c.pk), f"#{c.name}" + (f" (the bot lacks {' and '.join(c.missing)})" if c.missing else ""))
            for c in channels
        ]

    @property
    def clock_choices(self) -> list[tuple[str, str]]:
        """The moments that a time which exists twice, or not at all, may mean; for people to choose from."""
        if self.clock is None:
            return []
        zone = zoneinfo.ZoneInfo(self.cleaned_data["zone"])
        return [
            (str(n), f"{moment.astimezone(zone):%H:%M} {moment.astimezone(zone).tzname()}")
            for n, moment in enumerate(self.clock.choices)
        ]

    def clean_date(self) -> Any:
        day = self.cleaned_data["date"]
        if not 2000 <= day.year <= 2200:
            raise forms.ValidationError(rules.TOO_FAR if day.year > 2200 else "That date is past. Choose a later one.")
        return day

    def clean_duration(self) -> int:
        try:
            return sum(parse_minutes(self.cleaned_data["duration"]))
        except ValueError:
            raise forms.ValidationError("Write how long it lasts as 90, 2h or 1d.") from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if {"date", "time", "zone"} <= data.keys():
            start = resolve(data["date"], data["time"], data["zone"], data.get("fold"))
            if isinstance(start, ClockProblem):
                self.clock = start
                self.add_error("time", start.sentence)
            else:
                data["starts_at"] = self._as_meant(start)
        return data

    def _as_meant(self, start: datetime) -> datetime:
        """The game's own start where its minute was not touched: the form shows no seconds."""
        if self.game is not None and self.game.starts_at.replace(second=0, microsecond=0) == start:
            return self.game.starts_at
        return start

    def plan(self) -> Plan:
        """The plan that a valid form describes."""
        data = self.cleaned_data
        return Plan(
            title=data["title"],
            description=data["description"],
            starts_at=data["starts_at"],
            zone=data["zone"],
            seats=data["seats"] or 0,
            duration=data["duration"],
            channel_id=data["channel"],
            reminders=data["reminders"],
        )

    @staticmethod
    def initial_of(game: Game) -> dict[str, Any]:
        """What the form shows of a game."""
        local = game.starts_at.astimezone(zoneinfo.ZoneInfo(game.zone))
        return {
            "title": game.title,
            "description": game.description,
            "date": local.date(),
            "time": local.time(),
            "zone": game.zone,
            "fold": local.fold or None,
            "channel": str(game.channel_id),
            "seats": game.seats or None,
            "duration": minutes_words(game.duration),
            "reminders": tuple(game.reminders),
            "edition": game.edition,
        }
