"""The forms of an import: the file, and what a person says of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from games.core import wording as core_wording
from games.core.permissions import Viewer
from games.imports import wording
from games.imports.actions import ImportPlan
from games.imports.found import ZIP_MAX, Reading, ReadingOptions
from games.imports.pasted import TEXT_MAX
from games.imports.table import FIELDS
from games.models import GameImport
from games.scheduling import wording as schedule_wording
from games.scheduling.planned_line import channels_for, zone_of_new_game
from games.scheduling.rules import AnnounceWhen
from games.server_settings.base_forms import channel_label
from guilds.forms import ZoneField, ZoneInput, zone_choices
from guilds.models import Guild, User

COLUMNS_MAX = 40  # that a person may say of a table what they are


class FileForm(forms.Form):
    """A file, or a text that was pasted; `content` is what a valid form has."""

    file = forms.FileField(
        required=False,
        label=gettext_lazy("File"),
        help_text=gettext_lazy("Calendar (.ics or Google's .zip), CSV, JSON or our archive. Up to 5 MB, a zip 30 MB."),
        widget=forms.FileInput(attrs={"accept": ".ics,.csv,.json,.txt,.zip"}),
        allow_empty_file=True,
    )
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=TEXT_MAX,
        label=gettext_lazy("Or paste announcements"),
        help_text=gettext_lazy("As another bot posted them: a title, and when it is."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        file, text = data.get("file"), data.get("text", "")
        if self.errors:
            return data
        if file is not None and text.strip():
            raise forms.ValidationError(gettext(wording.TWO_FILES))
        if file is None and not text.strip():
            self.add_error("file", gettext(wording.NO_FILE))
        elif file is not None and (file.size or 0) > ZIP_MAX:
            self.add_error("file", gettext(wording.FILE_PROBLEMS["zip_too_large"]))
        return data

    @property
    def content(self) -> bytes:
        """Return what the file holds, or the text."""
        file = self.cleaned_data["file"]
        content: bytes = file.read() if file is not None else self.cleaned_data["text"].encode(errors="replace")
        return content


class ChoicesForm(forms.Form):
    """What a person says of a file: where its games go, and which of its columns is what."""

    channel = forms.TypedChoiceField(
        label=gettext_lazy("Channel"),
        coerce=int,
        error_messages={
            "required": gettext_lazy(schedule_wording.NO_CHANNEL),
            "invalid_choice": gettext_lazy(core_wording.UNKNOWN_CHANNEL),
        },
    )
    zone = ZoneField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        widget=ZoneInput,
        help_text=gettext_lazy("For times that say none."),
    )
    announce = forms.ChoiceField(
        label=gettext_lazy("When players see them"),
        choices=[
            (AnnounceWhen.DRAFT.value, gettext_lazy("Keep them as drafts")),
            (AnnounceWhen.NOW.value, gettext_lazy("Announce them now")),
        ],
        initial=AnnounceWhen.DRAFT.value,
        widget=forms.RadioSelect,
    )
    day_first = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Dates such as 3/4/2027"),
        choices=[
            ("", gettext_lazy("Tell by the other dates")),
            ("yes", gettext_lazy("Day first: 3 April")),
            ("no", gettext_lazy("Month first: 4 March")),
        ],
    )

    def __init__(self, data: Any, *, guild: Guild, viewer: Viewer, user: User, reading: Reading) -> None:
        channels = channels_for(viewer, guild)
        initial = {"zone": zone_of_new_game(user, guild, channels[0] if channels else None, None)}
        if channels:
            initial["channel"] = str(channels[0].pk)
        super().__init__(data, initial=initial)
        self.user = user
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)
        channel.choices = [(str(one.pk), channel_label(one)) for one in channels]
        self.columns = reading.columns[:COLUMNS_MAX]
        if not reading.columns:
            del self.fields["day_first"]
        guessed = dict(reading.mapping)
        choices = [("", gettext(wording.NOT_USED)), *((name, gettext(wording.FIELDS[name])) for name in FIELDS)]
        for number, column in enumerate(self.columns):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                required=False, label=column[:80] or "–", choices=choices, initial=guessed.get(column, "")
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """Return the fields of the table's columns."""
        return [self[f"column_{number}"] for number in range(len(self.columns))]

    @property
    def values(self) -> dict[str, Any]:
        """Return what the form says as it stands, before it is sent too."""
        return self.cleaned_data if self.is_bound else {name: self[name].value() for name in self.fields}

    @property
    def options(self) -> ReadingOptions:
        """Return what is said of the file."""
        values = self.values
        mapping = tuple(
            (column, field) for number, column in enumerate(self.columns) if (field := values.get(f"column_{number}"))
        )
        day_first = {"yes": True, "no": False}.get(values.get("day_first") or "")
        return ReadingOptions(values.get("zone") or "UTC", mapping, day_first)

    def plan(self) -> ImportPlan | None:
        """Return what is said of the games; None where no channel is chosen."""
        values = self.values
        if not values.get("channel") or not values.get("zone"):
            return None
        return ImportPlan(int(values["channel"]), values["zone"], self.user, AnnounceWhen(values["announce"]))


def content_of(file: GameImport) -> bytes:
    """Return what a kept file holds."""
    return bytes(file.file or b"")
