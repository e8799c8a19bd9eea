"""The colour of a server's icon, read from Discord's CDN when the icon changed."""

import colorsys
from collections import defaultdict
from io import BytesIO

import requests
from django.db.models import F
from PIL import Image

from gamesched.lib.colours import Colour, colour_text
from guilds.models import Guild

TIMEOUT = 5.0  # seconds
MAX_BYTES = 256 * 1024  # of a picture of 64 by 64 pixels
MAX_SIDE = 512
SIDE = 32  # to which a picture is brought before its colours are counted
HUES = 24
# Of all pixels; with less colour than this, a picture is grey.
LEAST_COLOUR = 0.03
NOT_A_PICTURE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def read_icon_colours(limit: int) -> int:
    """Read the colours of icons that changed, at most `limit`, and return how many. Stop where the CDN is away."""
    changed = Guild.objects.present().exclude(icon="").exclude(icon=F("coloured_icon")).order_by("pk")[:limit]
    read = 0
    for guild in list(changed):
        try:
            data = _download(guild.icon_url or "")
        except requests.RequestException:
            return read
        colour = dominant_colour(data)
        values = {"coloured_icon": guild.icon, "icon_colour": colour_text(colour) if colour else ""}
        read += Guild.objects.filter(pk=guild.pk, icon=guild.icon).update(**values)
    return read


def _download(url: str) -> bytes:
    """Return a picture of the CDN; b"" for what is none. Raises RequestException where it cannot be asked."""
    with requests.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
        if response.status_code >= requests.codes.server_error or response.status_code == requests.codes.too_many:
            response.raise_for_status()
        if response.status_code != requests.codes.ok:
            return b""
        data: bytes = next(response.iter_content(MAX_BYTES + 1), b"")
    return data if len(data) <= MAX_BYTES else b""


def dominant_colour(data: bytes) -> Colour | None:
    """Return the colour that a PNG shows most of, by hue; None for a grey one, and for what cannot be read."""
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            if max(image.size) > MAX_SIDE:
                return None
            pixels = image.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.NEAREST).tobytes()
    except NOT_A_PICTURE:
        return None
    weights: defaultdict[int, float] = defaultdict(float)
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for at in range(0, len(pixels), 4):
        red, green, blue, alpha = (part / 255 for part in pixels[at : at + 4])
        hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
        # Vivid pixels count; nearly black and nearly white ones hardly have a hue.
        weight = alpha * saturation * (1 - abs(2 * lightness - 1))
        if weight > 0:
            hue_bin = round(hue * HUES) % HUES
            weights[hue_bin] += weight
            for part, value in enumerate((red, green, blue)):
                sums[hue_bin][part] += weight * value
    if sum(weights.values()) < LEAST_COLOUR * SIDE * SIDE:
        return None
    best = max(weights, key=lambda each: (weights[each], each))
    red, green, blue = (round(255 * value / weights[best]) for value in sums[best])
    return red, green, blue
