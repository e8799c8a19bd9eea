"""Forms in which people are named, one on each line or separated by commas."""

from collections.abc import Callable, Collection
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from games.core import wording
from games.signups import participant_lookup
from games.signups.participants import Candidate, ParsedNames, Problem
from guilds.models import Guild

NAMES_TYPED_MAX = 20_000  # characters of a field of names: as many as a game may have, each as long as it may be
CHOICE_PREFIX = "choice:"  # followed by what was typed: the field of the choice for it


def names_textarea() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})


class ParticipantsForm(forms.Form):
    """A form with fields of names; `parsed_names` holds the result of the last one once the form is valid."""

    guild: Guild
    kept_ids: Collection[int] = ()  # of those who stand in the fields already
    parsed_names = ParsedNames()
    name_problems: tuple[Problem, ...] = ()  # of all fields
    completed_names: tuple[tuple[str, Candidate], ...] = ()
    mentions_text = ""  # which names in its texts mention nobody

    def enable_autocomplete(self, field: str) -> None:
        """Offer members while a name is typed after @."""
        self.fields[field].widget.attrs["data-members"] = reverse("members", args=[self.guild.pk])

    def resolve_field(self, field: str, *, members_only: bool = False) -> str:
        """Resolve the field's names into `parsed_names`; `members_only`: no plain name may be kept.

        Choices are written into the field, so that they are kept.
        """
        text: str = self.cleaned_data[field]
        chosen = {name[len(CHOICE_PREFIX) :]: self.data[name] for name in self.data if name.startswith(CHOICE_PREFIX)}
        if chosen:
            text = participant_lookup.write_choices(self.guild.pk, text, chosen)
            data: Any = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
            data[field] = text
            self.data = data
        self.parsed_names = participant_lookup.resolve_typed_names(self.guild.pk, text, self.kept_ids)
        self.name_problems += self.parsed_names.problems
        self.completed_names += self.parsed_names.completed
        if self.parsed_names.problems:
            sentences = (
                (p, gettext(wording.NO_SUCH_MEMBER) if members_only and p.is_unknown and not p.choices else p.sentence)
                for p in self.parsed_names.problems
            )
            raise forms.ValidationError([wording.name_problem(p.line, p.typed, text) for p, text in sentences])
        return text

    def resolve_members(self, field: str, not_a_member: Callable[[str], str]) -> tuple[int, ...]:
        """Return the ids of the members whom a field names, in order; `not_a_member` refuses a plain name."""
        self.resolve_field(field, members_only=True)
        placeholders = [name for name in self.parsed_names.participants if isinstance(name, str)]
        if placeholders:
            raise forms.ValidationError([not_a_member(name) for name in placeholders])
        return tuple(one for one in self.parsed_names.participants if isinstance(one, int))

    @property
    def ambiguous(self) -> list[Problem]:
        """Return the names for which a member must be chosen, each once."""
        return list({p.typed: p for p in self.name_problems if p.choices}.values())

    @property
    def completed_text(self) -> str:
        """Return which names were completed, and which mention nobody, to be shown once the form is saved."""
        pairs = ((typed, member.name) for typed, member in self.completed_names)
        return wording.names_completed(pairs) + self.mentions_text


class CohostsForm(ParticipantsForm):
    """Members to make co-hosts besides those ticked; `user_ids` are theirs once the form is valid."""

    user_ids: tuple[int, ...] = ()

    named = forms.CharField(
        required=False,
        max_length=NAMES_TYPED_MAX,
        strip=False,
        widget=names_textarea(),
        label=gettext_lazy("Add co-hosts"),
        help_text=gettext_lazy(wording.COHOSTS_HELP),
    )

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        self.guild = guild
        super().__init__(*args, **kwargs)
        self.enable_autocomplete("named")

    def clean_named(self) -> str:
        self.user_ids = self.resolve_members("named", wording.not_a_cohost)
        named: str = self.cleaned_data["named"]
        return named
