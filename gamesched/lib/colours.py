"""Colours as numbers: their contrast by WCAG, and the accent that a colour gives both themes."""

import colorsys
from dataclasses import dataclass

Colour = tuple[int, int, int]

TEXT_CONTRAST = 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
STEPS = 100  # of lightness
# Hues as vivid and as light as these are told apart from each other, and from text.
LEAST_SATURATION, MOST_SATURATION = 0.3, 0.8
LEAST_LIGHTNESS, MOST_LIGHTNESS = 0.35, 0.75


@dataclass(frozen=True)
class Ground:
    """What text of the accent stands on in one theme, as tokens.css has it, and what stands on the accent."""

    surfaces: tuple[Colour, ...]  # ground, card, sunk
    tint: Colour  # ours; another tint is not nearer to the text
    on_accent: Colour
    is_dark: bool


@dataclass(frozen=True)
class Accent:
    """What a stylesheet of a server sets in one theme."""

    accent: Colour
    on_accent: Colour
    tint: Colour


def parse_colour(text: str) -> Colour:
    """Return `#abc` or `#aabbcc` as a colour. Raises ValueError."""
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6 or not text.startswith("#"):
        raise ValueError(text)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def colour_text(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def luminance(colour: Colour) -> float:
    """Return how bright a colour is, from 0 to 1. https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (each / 255 for each in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, from 1 to 21. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


DARK = Ground(((14, 18, 24), (23, 29, 38), (16, 22, 30)), (20, 48, 47), (0, 0, 0), is_dark=True)
LIGHT = Ground(((243, 245, 248), (255, 255, 255), (243, 245, 248)), (221, 243, 237), (255, 255, 255), is_dark=False)


def accent_of(colour: Colour, ground: Ground) -> Accent:
    """Return the accent of a colour's hue that is readable in a theme, the nearest to the colour itself."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    saturation = min(MOST_SATURATION, max(LEAST_SATURATION, saturation))
    tint = _tint(hue, saturation, ground)
    behind = (*ground.surfaces, tint)
    step = round(min(MOST_LIGHTNESS, max(LEAST_LIGHTNESS, lightness)) * STEPS)
    towards = range(step, STEPS + 1) if ground.is_dark else range(step, -1, -1)
    for each in towards:
        accent = _of_hls(hue, each / STEPS, saturation)
        if all(contrast(accent, surface) >= TEXT_CONTRAST for surface in behind):
            break
    return Accent(accent, ground.on_accent, tint)


def _tint(hue: float, saturation: float, ground: Ground) -> Colour:
    """Return a background of the hue that is as far from the text as ours."""
    bound = luminance(ground.tint)
    if ground.is_dark:
        steps = (_of_hls(hue, each / 2 / STEPS, saturation * 0.6) for each in range(STEPS // 3, -1, -1))
        return next(tint for tint in steps if luminance(tint) <= bound)
    steps = (_of_hls(hue, each / 2 / STEPS, saturation) for each in range(round(STEPS * 1.8), 2 * STEPS + 1))
    return next(tint for tint in steps if luminance(tint) >= bound)


def _of_hls(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)
