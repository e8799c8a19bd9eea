"""The form on a game's page that adds people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from games.signups import wording as signup_wording
from games.signups.forms import NAMES_TYPED_MAX, ParticipantsForm, names_textarea
from guilds.models import Guild


class AddParticipantsForm(ParticipantsForm):
    """The people to add; the action checks whether they can be added."""

    participants = forms.CharField(
        max_length=NAMES_TYPED_MAX,
        strip=False,
        widget=names_textarea(),
        label=gettext_lazy("Who"),
        help_text=gettext_lazy(signup_wording.ADD_HELP),
        error_messages={"required": gettext_lazy(signup_wording.NOBODY_NAMED)},
    )

    def __init__(self, *args: Any, guild: Guild, **kwargs: Any) -> None:
        self.guild = guild
        super().__init__(*args, **kwargs)
        self.enable_autocomplete("participants")

    def clean_participants(self) -> str:
        return self.resolve_field("participants")
