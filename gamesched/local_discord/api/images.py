"""Pictures in a body: https://docs.discord.com/developers/reference#image-data"""

import base64
import binascii
import re

from gamesched.local_discord.api.validation import BodyPath
from gamesched.local_discord.errors import invalid_form_body

MAX_IMAGE_SIZE = 10 * 1024 * 1024  # bytes
DATA_URI = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,(.*)", re.DOTALL)
# How a file of each type begins; Discord looks at that, too.
BEGINNINGS = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF"}


def read_image(value: object, path: BodyPath) -> tuple[str, bytes]:
    """Return the type and the content of a picture given as a data URI. Raise 50035."""
    found = DATA_URI.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise invalid_form_body(path, "IMAGE_INVALID", "Unsupported image type given")
    try:
        data = base64.b64decode(found[2], validate=True)
    except (binascii.Error, ValueError):
        raise invalid_form_body(path, "IMAGE_INVALID", "Invalid image data") from None
    if not data.startswith(BEGINNINGS[found[1]]):
        raise invalid_form_body(path, "IMAGE_INVALID", "Unsupported image type given")
    if len(data) > MAX_IMAGE_SIZE:
        raise invalid_form_body(path, "BINARY_TYPE_MAX_SIZE", "File cannot be larger than 10240.0 kb.")
    return found[1], data
