"""Text and edges can be told from what lies behind them, in both themes and with any server's accent."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gamesched.lib.colours import DARK, LIGHT, Colour, accent_of, contrast, parse_colour
from gamesched.settings import BASE_DIR

PAIR = re.compile(r"^\s*--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);$", re.MULTILINE)
SURFACES = ("ground", "card", "sunk")
# What is written, and on what.
TEXT = [
    *((text, surface) for text in ("text", "quiet", "accent", "good", "warn", "bad") for surface in SURFACES),
    *((text, "tint") for text in ("text", "quiet", "accent", "good")),
    *((text, tint) for text in ("text", "quiet", "warn") for tint in ("warn-tint",)),
    *((text, tint) for text in ("text", "quiet", "bad") for tint in ("bad-tint",)),
    ("on-accent", "accent"),
    ("on-warn", "warn"),
    ("card", "good"),  # a step that is done
    ("on-accent", "bad"),  # a button that deletes, in the admin
]
EDGES = [("edge", surface) for surface in (*SURFACES, "tint", "warn-tint", "bad-tint")]
THEMES = {"light": LIGHT, "dark": DARK}


def tokens() -> dict[str, dict[str, Colour]]:
    """Return the colours of each theme, by name, as tokens.css has them."""
    found = PAIR.findall((BASE_DIR / "static" / "tokens.css").read_text())
    return {
        theme: {name: parse_colour(each[at]) for name, *each in found} for at, theme in enumerate(("light", "dark"))
    }


def test_text_keeps_four_and_a_half_to_one_and_edges_three() -> None:
    low = []
    for theme, colours in tokens().items():
        for least, pairs in ((4.5, TEXT), (3.0, EDGES)):
            for front, behind in pairs:
                ratio = contrast(colours[front], colours[behind])
                if ratio < least:
                    low.append(f"{theme}: {front} on {behind} has {ratio:.2f}")
    assert not low


def test_accents_are_fitted_to_the_grounds_of_the_tokens() -> None:
    for theme, colours in tokens().items():
        ground = THEMES[theme]
        assert ground.surfaces == tuple(colours[name] for name in SURFACES)
        assert ground.tint == colours["tint"]


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_any_colour_gives_a_readable_accent(colour: Colour) -> None:
    for theme, colours in tokens().items():
        fitted = accent_of(colour, THEMES[theme])
        for surface in (*THEMES[theme].surfaces, fitted.tint):
            assert contrast(fitted.accent, surface) >= 4.5
        assert contrast(fitted.on_accent, fitted.accent) >= 4.5
        for text in ("text", "quiet", "good"):
            assert contrast(colours[text], fitted.tint) >= 4.5
        assert contrast(colours["edge"], fitted.tint) >= 3
