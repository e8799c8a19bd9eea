"""The form field of a picture: a file, or the picture that there is already, or none, or what is inherited.

A file is read and stored when the field is cleaned. From then on the form has the picture's name in its place, which
it shows and sends along, so that nobody chooses a file twice because another field was refused.
"""

from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext

from games.core.setting_kinds import PICTURE_NAME
from games.pictures import wording
from games.pictures.actions import count_upload, read_bounded, store_picture
from games.pictures.addresses import shown_picture
from games.pictures.encoding import BYTES_MAX, BadPicture, PictureProblem

NONE = "none"
ACCEPTED = "image/png,image/jpeg,image/gif,image/webp,image/avif"


def file_field(name: str) -> str:
    """Return the name under which a form sends the file of a picture."""
    return f"{name}_file"


class PictureInput(forms.Select):
    """A choice between what is inherited, none and the picture that there is, with a file beside it."""

    template_name = "games/picture_input.html"
    needs_multipart_form = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the file that was sent, or else what was chosen."""
        return (files or {}).get(file_field(name)) or super().value_from_datadict(data, files, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return file_field(name) not in files and super().value_omitted_from_data(data, files, name)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        picture = shown_picture(value) if isinstance(value, str) else None
        if picture is None:
            value = NONE if value == NONE else ""
        context = super().get_context(name, value, attrs)
        context |= {
            "picture": picture,
            "picture_value": value,
            "picture_label": gettext(wording.THIS_PICTURE),
            "file_name": file_field(name),
            "file_label": gettext(wording.CHOOSE_FILE) if picture is not None else gettext(wording.CHOOSE_FIRST_FILE),
            "accepted": ACCEPTED,
        }
        return context


class PictureField(forms.ChoiceField):
    """A picture's name, '' for none, or nothing (None)."""

    widget = PictureInput
    uploader_id: int | None = None  # whose pictures are counted; an operator's are not

    def clean(self, value: Any) -> Any:
        """Return the chosen picture's name; store one that was sent. Raises ValidationError."""
        if isinstance(value, UploadedFile):
            return self._store(value)
        if not value:
            return None
        if value == NONE:
            return ""
        if not PICTURE_NAME.fullmatch(str(value)):
            raise forms.ValidationError(gettext(wording.PROBLEMS[PictureProblem.GONE]), "gone")
        return value

    def _store(self, sent: "UploadedFile[Any]") -> str:
        try:
            if (sent.size or 0) > BYTES_MAX:
                raise BadPicture(PictureProblem.TOO_LARGE)
            if self.uploader_id is not None:
                count_upload(self.uploader_id)
            return store_picture(read_bounded(sent))
        except BadPicture as bad:
            raise forms.ValidationError(gettext(wording.PROBLEMS[bad.problem]), bad.problem.value) from None

    def prepare_value(self, value: Any) -> Any:
        return NONE if value == "" else value

    def bound_data(self, data: Any, initial: Any) -> Any:
        # Inherited, and sent so: that is no choice of "none".
        return initial if self.disabled else data or None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return isinstance(data, UploadedFile) or (self.prepare_value(initial) or "") != (data or "")


def store_file(path: str) -> str:
    """Store a picture of this machine's files, and return its name. Raises ValidationError."""
    try:
        with Path(path).expanduser().open("rb") as file:
            content = read_bounded(file)
    except (OSError, RuntimeError, ValueError):  # the second of `~nobody`, the third of a NUL
        raise forms.ValidationError(gettext(wording.NOT_A_FILE)) from None
    try:
        return store_picture(content)
    except BadPicture as bad:
        raise forms.ValidationError(gettext(wording.PROBLEMS[bad.problem])) from None
