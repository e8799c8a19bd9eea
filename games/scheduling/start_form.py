"""The fields that say when a game starts."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from games.models import Game
from games.scheduling import wording as schedule_wording
from games.scheduling.rules import ClockProblem, resolve_local_time
from gamesched.lib.dates import near_moment_text
from gamesched.lib.zones import zone_info
from guilds.forms import ZoneField, ZoneInput, zone_choices


def shown_moment(form: forms.Form, date_field: str, time_field: str) -> str:
    """Return what two fields of a form say together, as `Fri 27 Nov, 20:00`; '' while they say no moment."""
    try:
        day, at = (form.fields[name].clean(form[name].value()) for name in (date_field, time_field))
    except forms.ValidationError:
        return ""
    return near_moment_text(datetime.combine(day, at)) if day and at else ""


class StartForm(forms.Form):
    """When a game starts: a valid form has `starts_at`; `game` is the one that is edited, None for a new one."""

    date = forms.DateField(
        label=gettext_lazy("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_DATE),
            "invalid": gettext_lazy(schedule_wording.BAD_DATE),
        },
    )
    time = forms.TimeField(
        label=gettext_lazy("Time"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_CLOCK),
            "invalid": gettext_lazy(schedule_wording.BAD_TIME),
        },
    )
    zone = ZoneField(label=gettext_lazy("Time zone"), choices=zone_choices, widget=ZoneInput)
    fold = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        label=gettext_lazy(schedule_wording.WHICH_TIME),
        choices=[("0", gettext_lazy(schedule_wording.FIRST_TIME)), ("1", gettext_lazy(schedule_wording.SECOND_TIME))],
    )

    game: Game | None = None
    clock_problem: ClockProblem | None = None

    @property
    def clock_choices(self) -> list[tuple[str, str]]:
        """Return the moments to choose from for a time that exists twice, or not at all."""
        if self.clock_problem is None:
            return []
        zone = zone_info(self.cleaned_data["zone"])
        return [
            (str(n), f"{moment.astimezone(zone):%H:%M} {moment.astimezone(zone).tzname()}")
            for n, moment in enumerate(self.clock_problem.choices)
        ]

    @property
    def shown_start(self) -> datetime | None:
        """Return the moment that the fields say as they stand; None while they say none."""
        if self.is_bound:
            self.is_valid()
            start: datetime | None = self.cleaned_data.get("starts_at")
            return start
        try:
            day, at, zone = (self.fields[name].clean(self[name].value()) for name in ("date", "time", "zone"))
        except forms.ValidationError:
            return None
        fold = self.initial.get("fold")
        resolved = resolve_local_time(day, at, zone, int(fold) if fold else None)
        if isinstance(resolved, ClockProblem):
            return self.game.starts_at if self.game is not None else None
        return resolved

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if {"date", "time", "zone"} <= data.keys():
            start = self._own_start(data) or resolve_local_time(
                data["date"], data["time"], data["zone"], data.get("fold")
            )
            if isinstance(start, ClockProblem):
                self.clock_problem = start
                self.add_error("time" if start.choices else "date", start.sentence)
            else:
                data["starts_at"] = self.keep_seconds(start)
        return data

    def _own_start(self, data: dict[str, Any]) -> datetime | None:
        """Return the game's own start if the form still says it: a time that comes twice is not asked for again."""
        if self.game is None or data["zone"] != self.game.zone:
            return None
        local = self.game.starts_at.astimezone(zone_info(self.game.zone))
        times = {local.time(), local.time().replace(second=0, microsecond=0)}  # the form shows no seconds
        is_own = data["date"] == local.date() and data["time"] in times
        return self.game.starts_at if is_own and data.get("fold") in {None, local.fold} else None

    def keep_seconds(self, at: datetime) -> datetime:
        """Return the game's own time if its minute is unchanged: the form shows no seconds."""
        times = (self.game.starts_at, self.game.announce_at) if self.game is not None else ()
        return next((time for time in times if time and time.replace(second=0, microsecond=0) == at), at)
