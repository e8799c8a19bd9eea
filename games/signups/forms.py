"""Forms in which people are named, one on each line or separated by commas."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse

from games.core import wording
from games.signups import participant_lookup
from games.signups.participants import ParsedNames, Problem
from guilds.models import Guild

NAMES_TYPED_MAX = 20_000  # characters of a field of names: as many as a game may have, each as long as it may be
CHOICE_PREFIX = "choice:"  # followed by what was typed: the field of the choice for it


def names_textarea() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})


class ParticipantsForm(forms.Form):
    """A form with a field of names; `parsed_names` holds the result once the form is valid."""

    guild: Guild
    parsed_names = ParsedNames()
    mentions_text = ""  # which names in its texts mention nobody

    def enable_autocomplete(self, field: str) -> None:
        """Offer members while a name is typed after @."""
        self.fields[field].widget.attrs["data-members"] = reverse("members", args=[self.guild.pk])

    def resolve_field(self, field: str) -> str:
        """Resolve the field's names into `parsed_names`.

        Choices are written into the field, so that they are kept.
        """
        text: str = self.cleaned_data[field]
        chosen = {name[len(CHOICE_PREFIX) :]: self.data[name] for name in self.data if name.startswith(CHOICE_PREFIX)}
        if chosen:
            text = participant_lookup.write_choices(self.guild.pk, text, chosen)
            data: Any = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
            data[field] = text
            self.data = data
        self.parsed_names = participant_lookup.resolve_typed_names(self.guild.pk, text)
        if self.parsed_names.problems:
            raise forms.ValidationError(
                [wording.name_problem(p.line, p.typed, p.sentence) for p in self.parsed_names.problems]
            )
        return text

    @property
    def ambiguous(self) -> list[Problem]:
        """Return the names for which a member must be chosen, each once."""
        return list({p.typed: p for p in self.parsed_names.problems if p.choices}.values())

    @property
    def completed_text(self) -> str:
        """Return which names were completed, and which mention nobody, to be shown once the form is saved."""
        pairs = ((typed, member.name) for typed, member in self.parsed_names.completed)
        return wording.names_completed(pairs) + self.mentions_text


class CohostsForm(ParticipantsForm):
    """Members to make co-hosts besides those ticked."""

    named = forms.CharField(
        required=False,
        max_length=NAMES_TYPED_MAX,
        strip=False,
        widget=names_textarea(),
        label="Add co-hosts",
        help_text=wording.COHOSTS_HELP,
    )

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        self.guild = guild
        super().__init__(*args, **kwargs)
        self.enable_autocomplete("named")

    def clean_named(self) -> str:
        text = self.resolve_field("named")
        placeholders = [name for name in self.parsed_names.participants if isinstance(name, str)]
        if placeholders:
            raise forms.ValidationError([wording.not_a_cohost(name) for name in placeholders])
        return text

    @property
    def user_ids(self) -> list[int]:
        """Return the ids of the users named in a valid form."""
        return [one for one in self.parsed_names.participants if isinstance(one, int)]
