"""The form in which a host writes to players."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from games.hosts import rules as host_rules
from games.hosts import wording as host_wording
from games.hosts.rules import Audience


class MessagePlayersForm(forms.Form):
    """The message to players, with the number of people that each audience reaches."""

    to = forms.ChoiceField(
        label=pgettext_lazy("recipients", "To"), widget=forms.RadioSelect, initial=Audience.ALL.value
    )
    text = forms.CharField(
        # No max_length: the action refuses a long text with a sentence, where a browser would cut it off.
        strip=False,
        label=gettext_lazy("Message"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(host_wording.MESSAGE_HELP),
        error_messages={"required": gettext_lazy(host_rules.PLAYER_MESSAGE_EMPTY)},
    )

    def __init__(self, *args: Any, counts: Mapping[Audience, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (to.value, host_wording.audience_choice(to.value, number)) for to, number in counts.items()
        ]
