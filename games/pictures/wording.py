"""Wording about pictures."""

from games.pictures.encoding import FRAMES_MAX, MEGABYTES_MAX, PIXELS_MAX, PictureProblem

PROBLEMS: dict[PictureProblem, str] = {
    PictureProblem.TOO_LARGE: f"Choose a picture of at most {MEGABYTES_MAX} MB.",
    PictureProblem.NO_PICTURE: "Choose a PNG, JPEG, GIF, WebP or AVIF picture. This is none, whatever its name says.",
    PictureProblem.BROKEN: "Choose another picture, or save this one anew: a part of it is missing or wrong.",
    PictureProblem.TOO_MANY_PIXELS: f"Choose a picture of at most {PIXELS_MAX // 1_000_000} million pixels.",
    PictureProblem.TOO_LONG: f"Choose an animation with fewer or smaller pictures, at most {FRAMES_MAX} of them.",
    PictureProblem.GONE: "Choose this picture again: it is gone.",
    PictureProblem.TOO_MANY: "You sent many pictures just now. Wait ten minutes, then choose this one again.",
}

BUSY = "Many people send pictures just now. Nothing was changed; send this again in a minute."
NO_PICTURE = "No picture"
THIS_PICTURE = "The picture shown here"
CHOOSE_FIRST_FILE = "Choose a picture"
CHOOSE_FILE = "Choose another picture"
NOT_A_FILE = "Name a picture file that can be read. There is none at this path."


def too_large_request(megabytes: int) -> str:
    """Return why a form was not read at all."""
    return f"This is more than {megabytes} MB together, so we read none of it. Go back and send less."
