"""Forms in which people are named, one in each line or between commas."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse

from games.core import wording
from games.signups import participant_lookup
from games.signups.participants import Judged, Problem
from guilds.models import Guild

CHOICE = "choice:"  # and what was typed: the field in which somebody is chosen for it


def names_area() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})


class NamesPeople(forms.Form):
    """Has a field of names; whom they mean is in `judged` once the form is valid."""

    guild: Guild
    judged = Judged()

    def offer_members(self, field: str) -> None:
        """Have members offered while a name is typed after @."""
        self.fields[field].widget.attrs["data-members"] = reverse("members", args=[self.guild.pk])

    def judge(self, field: str) -> str:
        """Whom the field's names mean goes to `judged`; choices made are written into the field, and so kept."""
        text: str = self.cleaned_data[field]
        chosen = {name[len(CHOICE) :]: self.data[name] for name in self.data if name.startswith(CHOICE)}
        if chosen:
            text = participant_lookup.choose(self.guild.pk, text, chosen)
            data: Any = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
            data[field] = text
            self.data = data
        self.judged = participant_lookup.judged(self.guild.pk, text)
        if self.judged.problems:
            raise forms.ValidationError(
                [wording.name_problem(p.line, p.typed, p.sentence) for p in self.judged.problems]
            )
        return text

    @property
    def ambiguous(self) -> list[Problem]:
        """The names for which somebody is to be chosen, each once."""
        return list({p.typed: p for p in self.judged.problems if p.choices}.values())

    @property
    def completed_text(self) -> str:
        """Which names were taken for a longer one, to be said once it is saved."""
        return wording.completed((typed, found.name) for typed, found in self.judged.completed)


class CohostsForm(NamesPeople):
    """Members who are to be co-hosts beside those ticked."""

    named = forms.CharField(
        required=False,
        max_length=10000,
        strip=False,
        widget=names_area(),
        label="Add co-hosts",
        help_text=wording.COHOSTS_HELP,
    )

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        self.guild = guild
        super().__init__(*args, **kwargs)
        self.offer_members("named")

    def clean_named(self) -> str:
        text = self.judge("named")
        plain = [name for name in self.judged.named if isinstance(name, str)]
        if plain:
            raise forms.ValidationError([wording.not_a_cohost(name) for name in plain])
        return text

    @property
    def user_ids(self) -> list[int]:
        """Who was named in a valid form."""
        return [one for one in self.judged.named if isinstance(one, int)]
