"""Draws static/logo.png and static/favicon.ico, as static/logo.svg has the mark: a calendar that is a die.

.venv/bin/python contrib/logo.py
"""

from pathlib import Path

from PIL import Image, ImageDraw

STATIC = Path(__file__).resolve().parents[1] / "static"
GROUND, BODY, DAY = "#0e1218", "#0f9d85", "#f4c15d"
SHARP = 8  # times larger than what is kept
PIPS = ((9.5, 11.5), (22.5, 11.5), (9.5, 23.5), (22.5, 23.5))


def main() -> None:
    """Write both files."""
    tile = Image.new("RGB", (512, 512), GROUND)
    tile.paste(mark(304), (104, 104), mark(304))
    tile.save(STATIC / "logo.png", optimize=True)
    mark(48).save(STATIC / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)], append_images=[mark(16), mark(32)])


def mark(size: int) -> Image.Image:
    """Return the mark in a size, on nothing."""
    scale = size * SHARP / 32
    image = Image.new("RGBA", (size * SHARP, size * SHARP))
    pen = ImageDraw.Draw(image)

    def at(*places: float) -> tuple[float, ...]:
        return tuple(place * scale for place in places)

    for left in (8, 20):
        pen.rounded_rectangle(at(left, 1.5, left + 4, 9), 2 * scale, fill=BODY)
    pen.rounded_rectangle(at(2, 5, 30, 30), 6 * scale, fill=BODY)
    for x, y in PIPS:
        pen.ellipse(at(x - 2.5, y - 2.5, x + 2.5, y + 2.5), fill="#00000000")
    pen.ellipse(at(12.5, 14, 19.5, 21), fill=DAY)
    return image.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
