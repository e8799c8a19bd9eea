"""Wording about pictures."""

from games.pictures.encoding import FRAMES_MAX, MEGABYTES_MAX, PIXELS_MAX, PictureProblem

PROBLEMS: dict[PictureProblem, str] = {
    PictureProblem.TOO_LARGE: f"Choose a picture of at most {MEGABYTES_MAX} MB.",
    PictureProblem.NO_PICTURE: "Choose a PNG, JPEG, GIF, WebP or AVIF picture. This file is none.",
    PictureProblem.BROKEN: "A part of this picture is broken. Choose another one.",
    PictureProblem.TOO_MANY_PIXELS: f"Choose a picture of at most {PIXELS_MAX // 1_000_000} million pixels.",
    PictureProblem.TOO_LONG: f"Choose a shorter animation, of at most {FRAMES_MAX} pictures.",
    PictureProblem.GONE: "This picture is gone. Choose it again.",
    PictureProblem.TOO_MANY: "You sent many pictures in a row. Wait ten minutes, then try again.",
}

BUSY = "Many people send pictures right now. Send this again in a minute."
NO_PICTURE = "No picture"
THIS_PICTURE = "The picture shown here"
CHOOSE_FIRST_FILE = "Choose a picture"
CHOOSE_FILE = "Choose another picture"
NOT_A_FILE = "There's no readable picture at this path. Name another file."


def too_large_request(megabytes: int) -> str:
    """Return why a form was not read at all."""
    return f"This is more than {megabytes} MB together, so we didn't read it. Go back and send less."
