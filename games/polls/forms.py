"""The form that opens a poll: it turns typed values into a plan."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, gettext_noop, pgettext

from games.core import wording as core_wording
from games.core.frequent_queries import ANNOUNCEMENT_CHANNELS
from games.core.permissions import Viewer
from games.polls import rules, wording
from games.polls.rules import TIMES_MAX, PollPlan
from games.scheduling import wording as schedule_wording
from games.scheduling.rules import ClockProblem, check_start, resolve_local_time
from games.scheduling.start_form import shown_moment
from games.server_settings.base_forms import channel_label
from guilds.forms import ZoneField, ZoneInput, zone_choices
from guilds.models import Guild

SHOWN_AT_FIRST = 4  # of the ten times; the others are behind "More times"


def _date_field(label: str, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=gettext_lazy(label),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_DATE),
            "invalid": gettext_lazy(schedule_wording.BAD_DATE),
        },
        **kwargs,
    )


def _time_field(label: str, **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        label=gettext_lazy(label),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_CLOCK),
            "invalid": gettext_lazy(schedule_wording.BAD_TIME),
        },
        **kwargs,
    )


class PollForm(forms.Form):
    """What a person decides about a poll; `rules.check_poll` and scheduling decide whether it is good.

    A day without a time takes the time of the day above, so that the same time on several days is typed once.
    """

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=1000,
        strip=False,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": gettext_lazy(schedule_wording.NO_TITLE)},
    )
    channel = forms.TypedChoiceField(
        label=gettext_lazy("Channel"),
        coerce=int,
        help_text=gettext_lazy(wording.CHANNEL_HELP),
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_CHANNEL),
            "invalid_choice": gettext_lazy(core_wording.UNKNOWN_CHANNEL),
        },
    )
    template = forms.TypedChoiceField(
        label=gettext_lazy("Template"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy(schedule_wording.TEMPLATE_HELP),
    )
    zone = ZoneField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        widget=ZoneInput,
        help_text=gettext_lazy(wording.ZONE_HELP),
    )
    closes_date = _date_field(gettext_noop("Closes on"))
    closes_time = _time_field(gettext_noop("At"))
    wins = forms.ChoiceField(
        label=gettext_lazy(wording.WINS_LABEL),
        choices=[(name, gettext_lazy(label)) for name, label in wording.WINS_CHOICES.items()],
        widget=forms.RadioSelect,
        initial="host",
    )
    number = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=rules.QUORUM_MAX,
        label=gettext_lazy("Number of people"),
        help_text=gettext_lazy(wording.NUMBER_HELP),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), gettext_lazy(wording.NO_NUMBER)),
    )

    def __init__(self, *args: Any, guild: Guild, viewer: Viewer, **kwargs: Any) -> None:
        """`viewer`: whom the form is for; it offers only channels and templates that are theirs to choose."""
        super().__init__(*args, **kwargs)
        self.guild = guild
        self.starts: dict[int, datetime] = {}
        self._set_choices(
            "channel",
            [(c.pk, channel_label(c)) for c in ANNOUNCEMENT_CHANNELS.all(guild.pk) if viewer.may_announce_in(c)],
        )
        self._set_choices(
            "template", [("", pgettext("template", "None")), *((one.pk, one.name) for one in viewer.templates)]
        )
        if not viewer.templates:
            del self.fields["template"]
        for number in range(1, TIMES_MAX + 1):
            # What is needed is named with all else that is missing, and not called optional.
            self.fields[f"date_{number}"] = _date_field(
                gettext("Day %(number)d") % {"number": number}, required=number <= rules.TIMES_MIN
            )
            self.fields[f"time_{number}"] = _time_field(
                gettext("Time %(number)d") % {"number": number}, required=number == 1
            )
        self.fields[f"date_{rules.TIMES_MIN}"].error_messages["required"] = gettext(wording.NO_TIMES)
        self.fields["time_1"].error_messages["required"] = gettext(wording.NO_TIME_YET)

    def _set_choices(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(str(value), label) for value, label in choices]

    def _rows(self, first: int, last: int) -> list[tuple[Any, Any]]:
        return [(self[f"date_{number}"], self[f"time_{number}"]) for number in range(first, last + 1)]

    @property
    def first_rows(self) -> list[tuple[Any, Any]]:
        """Return the fields of the times that are shown at once, as pairs of date and time."""
        return self._rows(1, SHOWN_AT_FIRST)

    @property
    def more_rows(self) -> list[tuple[Any, Any]]:
        """Return the fields of the other times."""
        return self._rows(SHOWN_AT_FIRST + 1, TIMES_MAX)

    @property
    def has_more(self) -> bool:
        """Return whether one of the other times is filled in or wrong."""
        return any(field.value() or field.errors for row in self.more_rows for field in row)

    @property
    def ending_summary(self) -> str:
        wins = str(self["wins"].value() or "")
        return wording.ending_summary(
            shown_moment(self, "closes_date", "closes_time"), wording.WINS_SUMMARY.get(wins, "")
        )

    @property
    def has_ending_errors(self) -> bool:
        return bool({"closes_date", "closes_time", "wins", "number"} & self.errors.keys())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        zone = data.get("zone")
        if zone:
            self.starts = dict(self._starts(data, zone))
            if {"closes_date", "closes_time"} <= data.keys():
                closes_at = self._moment("closes_date", "closes_time", data["closes_date"], data["closes_time"], zone)
                data["closes_at"] = closes_at
        return data

    def _starts(self, data: dict[str, Any], zone: str) -> Iterator[tuple[int, datetime]]:
        """Yield the times that are filled in, with their row; what cannot be one is an error of its field."""
        last: time | None = None
        for number in range(1, TIMES_MAX + 1):
            day_field, time_field = f"date_{number}", f"time_{number}"
            if {day_field, time_field} & self.errors.keys():
                continue
            day, at = data[day_field], data[time_field] or last
            if day is None:
                if data[time_field] is not None:
                    self.add_error(day_field, gettext(wording.NO_DATE))
                continue
            if at is None:
                if not any(f"time_{above}" in self.errors for above in range(1, number)):  # else it is said there
                    self.add_error(time_field, gettext(wording.NO_TIME_YET))
                continue
            last = at
            starts_at = self._moment(day_field, time_field, day, at, zone)
            if starts_at is not None:
                yield number, starts_at

    def _moment(self, day_field: str, time_field: str, day: date, at: time, zone: str) -> datetime | None:
        """Return the moment at which clocks in the zone show this time, the earlier of two; None for an error."""
        moment = resolve_local_time(day, at.replace(second=0), zone)  # no label shows seconds, so two would read alike
        if isinstance(moment, ClockProblem) and moment.comes_twice:
            return moment.choices[0]
        if isinstance(moment, ClockProblem):
            self.add_error(time_field if moment.choices else day_field, moment.sentence)
            return None
        return moment

    def check_times(self, now: datetime) -> bool:
        """Add an error to each time that is past or too far ahead; return whether there is none."""
        for number, starts_at in self.starts.items():
            for name, sentence in check_start(starts_at, now).items():
                self.add_error(f"{name}_{number}", sentence)
        return not self.errors

    def plan(self) -> PollPlan:
        """Return the plan that a valid form describes."""
        data = self.cleaned_data
        return PollPlan(
            title=data["title"],
            zone=data["zone"],
            channel_id=data["channel"],
            starts=tuple(self.starts.values()),
            closes_at=data["closes_at"],
            template_id=data.get("template"),
            quorum=(data["number"] or 0) if data["wins"] == "number" else None,
            by_minimum=data["wins"] == "minimum",
        )
