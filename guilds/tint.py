"""A server's accent on its pages: a stylesheet made from the colour of its icon."""

from gamesched.lib.colours import DARK, LIGHT, accent_of, colour_text, parse_colour

VERSION = 1  # counts changes of the rule: an address never gives two stylesheets


def tint_version(colour: str) -> str:
    return f"{VERSION}-{colour.removeprefix('#')}"


def tint_stylesheet(colour: str) -> str:
    """Return the tokens that a server's colour, `#rrggbb`, sets in both themes."""
    light, dark = (accent_of(parse_colour(colour), ground) for ground in (LIGHT, DARK))
    pairs = {
        "--accent": (light.accent, dark.accent),
        "--on-accent": (light.on_accent, dark.on_accent),
        "--tint": (light.tint, dark.tint),
    }
    lines = (f"{name}: light-dark({colour_text(one)}, {colour_text(other)});" for name, (one, other) in pairs.items())
    return f":root {{ {' '.join(lines)} }}\n"
