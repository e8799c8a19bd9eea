"""Wording about pictures."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.pictures.encoding import PictureProblem

# With the numbers of `encoding`, as a test checks.

PROBLEMS: dict[PictureProblem, str] = {
    PictureProblem.TOO_LARGE: gettext_noop("Choose a picture of at most 8 MB."),
    PictureProblem.NO_PICTURE: gettext_noop("Choose a PNG, JPEG, GIF, WebP or AVIF picture. This file is none."),
    PictureProblem.BROKEN: gettext_noop("A part of this picture is broken. Choose another one."),
    PictureProblem.TOO_MANY_PIXELS: gettext_noop("Choose a picture of at most 36 million pixels."),
    PictureProblem.TOO_LONG: gettext_noop("Choose a shorter animation, of at most 150 pictures."),
    PictureProblem.GONE: gettext_noop("This picture is gone. Choose it again."),
    PictureProblem.TOO_MANY: gettext_noop("You sent many pictures in a row. Wait ten minutes, then try again."),
}

BUSY = gettext_noop("Many people send pictures right now. Send this again in a minute.")
NO_PICTURE = gettext_noop("No picture")
THIS_PICTURE = gettext_noop("The picture shown here")
CHOOSE_FIRST_FILE = gettext_noop("Choose a picture")
CHOOSE_FILE = gettext_noop("Choose another picture")
NOT_A_FILE = gettext_noop("There's no readable picture at this path. Name another file.")


def too_large_request(megabytes: int) -> str:
    """Return why a form was not read at all."""
    return _("This is more than %(megabytes)d MB together, so we didn't read it. Go back and send less.") % {
        "megabytes": megabytes
    }
