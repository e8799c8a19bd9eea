"""The form by which a game repeats: its values become a plan, and a plan its values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from games.scheduling.wording import BAD_DATE
from games.series import wording
from games.series.recurrence import EVERY, LAST, WEEKDAYS, Frequency, Recurrence, Unreadable, read_recurrence
from games.series.rules import SeriesPlan
from games.signups import participant_lookup
from games.signups.forms import NAMES_TYPED_MAX, ParticipantsForm, names_textarea
from gamesched.lib.moments import is_usable
from guilds.models import Guild, User

DATE_FORMAT = "%Y-%m-%d"
RULE_TYPED_MAX = 2000


def date_field(label: str, help_text: str = "", *, required: bool = False) -> forms.DateField:
    """Return a field of a date, as browsers show it; its words are translated where they are shown."""
    return forms.DateField(
        required=required,
        label=gettext_lazy(label),
        widget=forms.DateInput(attrs={"type": "date"}, format=DATE_FORMAT),
        input_formats=[DATE_FORMAT],
        help_text=gettext_lazy(help_text) if help_text else "",
        error_messages={"required": gettext_lazy(wording.NO_DATE), "invalid": gettext_lazy(BAD_DATE)},
    )


def weekday_choices() -> list[tuple[str, str]]:
    """Return the days of a week, from the one with which it begins in the reader's language."""
    days = [(code, gettext(name)) for code, name in wording.WEEKDAY_CHOICES]
    first = get_format("FIRST_DAY_OF_WEEK") - 1  # there Sunday is 0
    return days[first:] + days[:first]


class RuleForm(forms.Form):
    """How a game repeats, counted from its own date; `plan` is what a valid form says, without people."""

    pattern = forms.ChoiceField(label=gettext_lazy("How often"), widget=forms.RadioSelect)
    interval = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=99,
        initial=1,
        label=gettext_lazy("Every how many weeks or months"),
        help_text=gettext_lazy(wording.INTERVAL_HELP),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), gettext_lazy(wording.NO_INTERVAL)),
    )
    weekdays = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("On which days"),
        choices=weekday_choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(wording.WEEKDAYS_HELP),
    )
    rule = forms.CharField(
        required=False,
        max_length=RULE_TYPED_MAX,
        strip=False,
        label=gettext_lazy("Rule"),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy(wording.RULE_HELP),
    )
    until = date_field(gettext_noop("Last day"), wording.UNTIL_HELP)
    count = forms.IntegerField(
        required=False,
        min_value=2,
        max_value=9999,
        label=gettext_lazy("Games in all"),
        help_text=gettext_lazy(wording.COUNT_HELP),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), gettext_lazy(wording.NO_COUNT)),
    )
    lead_days = forms.IntegerField(
        min_value=1,
        max_value=365,
        initial=7,
        label=gettext_lazy("Days before"),
        help_text=gettext_lazy(wording.LEAD_HELP),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), gettext_lazy(wording.NO_LEAD)),
    )
    host_confirms = forms.BooleanField(
        required=False,
        label=gettext_lazy(wording.HOST_CONFIRMS_LABEL),
        help_text=gettext_lazy(wording.HOST_CONFIRMS_HELP),
    )
    asks_regulars = forms.BooleanField(
        required=False,
        initial=True,
        label=gettext_lazy(wording.ASKS_REGULARS_LABEL),
        help_text=gettext_lazy(wording.ASKS_REGULARS_HELP),
    )

    def __init__(self, data: Any, *, day: date, start_time: time, zone: str, kept: SeriesPlan | None) -> None:
        """`day`: the date that the rule counts from. `kept`: the plan by which the game repeats now."""
        self.day, self.start_time, self.zone, self.kept = day, start_time, zone, kept
        super().__init__(data, initial=initial_of(kept, day) if kept is not None else _first_values(day))
        pattern = self.fields["pattern"]
        assert isinstance(pattern, forms.ChoiceField)
        pattern.choices = list(
            {
                **{name: gettext(label) for name, label in wording.PATTERNS.items()},
                "monthly_date": wording.monthly_date_choice(day),
                "monthly_weekday": wording.monthly_weekday_choice(day, nth_in_month(day)),
            }.items()
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("until") and not is_usable(data["until"]):
            self.add_error("until", gettext(wording.NO_USABLE_DATE))
        elif data.get("until") and data.get("count"):
            self.add_error("count", gettext(wording.TWO_ENDS))
        if not self.errors:
            try:
                data["recurrence"] = self._recurrence(data)
            except Unreadable as unreadable:
                self.add_error("rule", wording.unreadable(unreadable.part))
        return data

    def _recurrence(self, data: dict[str, Any]) -> Recurrence:
        """Return the rule. Raises Unreadable."""
        if data["pattern"] == "rule":
            rule = read_recurrence(data["rule"], self.start_time, self.zone)
            if data["until"] or data["count"]:
                rule = replace(rule, until=data["until"], count=data["count"])
            return rule.anchored(self.day)
        days = sorted(WEEKDAYS.index(one) for one in data["weekdays"])
        rule = pattern_rule(data["pattern"], self.day, data["interval"] or 1, days)
        return replace(rule, until=data["until"], count=data["count"])

    def plan(self) -> SeriesPlan:
        """Return the plan that a valid form says; what is skipped or paused stays."""
        data = self.cleaned_data
        return SeriesPlan(
            recurrence=data["recurrence"],
            first_date=self.day,
            start_time=self.start_time,
            zone=self.zone,
            lead_days=data["lead_days"],
            host_confirms=data["host_confirms"],
            asks_regulars=data["asks_regulars"],
            skipped=self.kept.skipped if self.kept is not None else (),
            paused_until=self.kept.paused_until if self.kept is not None else None,
        )


def names_field(label: str, help_text: str) -> forms.CharField:
    """Return a field of members, in the order in which they are written; its words are translated when shown."""
    return forms.CharField(
        required=False,
        max_length=NAMES_TYPED_MAX,
        strip=False,
        widget=names_textarea(),
        label=gettext_lazy(label),
        help_text=gettext_lazy(help_text),
    )


class RepeatForm(ParticipantsForm, RuleForm):
    """How a game repeats, and with whom: names are looked up, so what is shown while one types reads the rule alone."""

    regulars = names_field(gettext_noop("Regulars"), wording.REGULARS_HELP)
    substitutes = names_field(gettext_noop("Substitutes"), wording.SUBSTITUTES_HELP)

    def __init__(self, data: Any, *, guild: Guild, players: Mapping[str, Mapping[int, str]], **kwargs: Any) -> None:
        """`players`: who stands in both fields, by name: how each is written, by id."""
        self.guild = guild
        super().__init__(data, **kwargs)
        self.initial = {**self.initial, **{name: "\n".join(people.values()) for name, people in players.items()}}
        self.kept_ids = {pk for people in players.values() for pk in people}
        for name in ("regulars", "substitutes"):
            self.enable_autocomplete(name)

    def clean_regulars(self) -> tuple[int, ...]:
        return self.resolve_members("regulars", wording.not_a_player)

    def clean_substitutes(self) -> tuple[int, ...]:
        return self.resolve_members("substitutes", wording.not_a_player)

    def plan(self) -> SeriesPlan:
        """Return the plan that a valid form says, with its people."""
        data = self.cleaned_data
        return replace(super().plan(), regulars=data["regulars"], substitutes=data["substitutes"])


class CorrectionForm(forms.Form):
    """Who hosts the next games, and where they are announced."""

    host = forms.CharField(
        max_length=200,
        label=gettext_lazy("Host"),
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": gettext_lazy(wording.NO_HOST)},
        help_text=gettext_lazy(wording.HOST_HELP),
    )
    channel = forms.TypedChoiceField(
        coerce=int,
        label=gettext_lazy("Channel"),
        error_messages={
            "required": gettext_lazy(wording.NO_CHANNEL),
            "invalid_choice": gettext_lazy(wording.NO_CHANNEL),
        },
    )

    def __init__(self, data: Any, *, guild: Guild, channels: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        self.guild = guild
        super().__init__(data, **kwargs)
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)
        channel.choices = channels

    def clean_host(self) -> User:
        return User.objects.get(pk=participant_lookup.resolve_one_member(self.guild.pk, self.cleaned_data["host"]))


class PauseForm(forms.Form):
    """Until when a series makes a break."""

    pause_until = date_field(gettext_noop("First day after the break"), required=True)


def nth_in_month(day: date) -> int:
    """Return which of its weekday a day is in its month, 1 to 4; the fifth is the last."""
    nth = (day.day - 1) // 7 + 1
    return nth if nth < 5 else LAST


def pattern_rule(pattern: str, day: date, interval: int, weekdays: Sequence[int] = ()) -> Recurrence:
    """Return the rule of a pattern other than `rule`, without an end."""
    if pattern == "weekly":
        rule = Recurrence(Frequency.WEEKLY, interval, tuple((EVERY, one) for one in weekdays))
    elif pattern == "monthly_weekday":
        rule = Recurrence(Frequency.MONTHLY, interval, ((nth_in_month(day), day.weekday()),))
    else:
        rule = Recurrence(Frequency.MONTHLY, interval)
    return rule.anchored(day)


def _first_values(day: date) -> dict[str, Any]:
    return {"pattern": "weekly", "weekdays": [WEEKDAYS[day.weekday()]]}


def initial_of(plan: SeriesPlan, day: date) -> dict[str, Any]:
    """Return the form's values for a plan."""
    rule = replace(plan.recurrence, until=None, count=None)
    weekdays = [one for _, one in rule.weekdays]
    patterns = (one for one in wording.PATTERNS if one != "rule")
    pattern = next((one for one in patterns if pattern_rule(one, day, rule.interval, weekdays) == rule), "rule")
    return {
        "pattern": pattern,
        "interval": rule.interval,
        "weekdays": [WEEKDAYS[one] for one in weekdays] if pattern == "weekly" else [WEEKDAYS[day.weekday()]],
        "rule": str(rule) if pattern == "rule" else "",
        "until": plan.recurrence.until,
        "count": plan.recurrence.count,
        "lead_days": plan.lead_days,
        "host_confirms": plan.host_confirms,
        "asks_regulars": plan.asks_regulars,
    }
