"""Every component of the pages in both themes, at /styleguide/ while DEBUG is set."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

THEMES = ("dark", "light")


class SampleForm(forms.Form):
    """One field of each kind, rendered by the fields' own templates."""

    title = forms.CharField(max_length=100, help_text="What you play.")
    wrong = forms.CharField(label="With a problem", required=True)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    seats = forms.ChoiceField(choices=[("", "As the server has it"), ("4", "4"), ("5", "5")], required=False)
    options = forms.MultipleChoiceField(
        choices=[("thread", "Open a thread"), ("voice", "Open a voice channel")],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    way = forms.ChoiceField(
        choices=[("first", "First come, first served"), ("host", "The host picks")], widget=forms.RadioSelect
    )


def sample_form(theme: str) -> SampleForm:
    data = {f"{theme}-{name}": value for name, value in {"title": "Curse of Strahd", "way": "first"}.items()}
    return SampleForm({**data, f"{theme}-options": ["thread"]}, prefix=theme)


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the components to who works on them; no page of a deployment."""
    if not settings.DEBUG:
        raise Http404
    themes: list[dict[str, Any]] = [{"name": theme, "form": sample_form(theme)} for theme in THEMES]
    return render(request, "styleguide.html", {"themes": themes})
