"""The form of a webhook: where it leads, and what it is told."""

from django import forms
from django.utils.translation import gettext_lazy

from games.models import WebhookEvent
from games.webhooks import wording
from notifications.devices import ENDPOINT_MAX


class WebhookForm(forms.Form):
    """Where a webhook leads, and what it is told."""

    url = forms.CharField(
        max_length=ENDPOINT_MAX,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Your program's, with https. We send each event there as JSON."),
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.TypedMultipleChoiceField(
        coerce=WebhookEvent,
        choices=WebhookEvent.choices,
        initial=[event.value for event in WebhookEvent],
        label=gettext_lazy("We send it when"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy(wording.NO_EVENT)},
    )
