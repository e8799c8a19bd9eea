"""Makes the site's icons, its card for previews and the welcome page's picture, from static/logo.png.

.venv/bin/python contrib/icons.py
"""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from games.pictures.drawing import font  # noqa: E402
from gamesched.demo.demo_pictures import mountains  # noqa: E402

STATIC = ROOT / "static"
ROUNDNESS = 0.25  # of the logo's corners, by its width


def main() -> None:
    """Write all of them."""
    (STATIC / "icons").mkdir(exist_ok=True)
    logo = Image.open(STATIC / "logo.png").convert("RGB")
    for size in (192, 512):
        rounded(logo, size).save(STATIC / "icons" / f"icon-{size}.png", optimize=True)
    # A phone cuts these to its own shape; the mark lies within the circle that each shape keeps.
    logo.resize((512, 512), Image.Resampling.LANCZOS).save(STATIC / "icons" / "maskable-512.png", optimize=True)
    logo.resize((180, 180), Image.Resampling.LANCZOS).save(STATIC / "icons" / "apple-touch-icon.png", optimize=True)
    picture = Image.open(BytesIO(mountains())).convert("RGB")
    card(logo, picture).save(STATIC / "card.jpg", quality=88, optimize=True, progressive=True)
    picture.resize((960, 360), Image.Resampling.LANCZOS).save(STATIC / "welcome.webp", quality=80, method=6)


def rounded(logo: Image.Image, size: int) -> Image.Image:
    """Return the logo in a size, with its corners cut off."""
    corners = Image.new("L", (4 * size, 4 * size))
    radius = round(4 * size * ROUNDNESS)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, 4 * size - 1, 4 * size - 1), radius, fill=255)
    icon = logo.resize((size, size), Image.Resampling.LANCZOS).convert("RGBA")
    icon.putalpha(corners.resize((size, size), Image.Resampling.LANCZOS))
    return icon


def card(logo: Image.Image, picture: Image.Image) -> Image.Image:
    """Return what previews show of all pages but a shared game's."""
    ground = ImageOps.fit(picture, (1200, 630), Image.Resampling.LANCZOS)
    image = Image.blend(ground, Image.new("RGB", ground.size, "#0e1218"), 0.55)
    mark = rounded(logo, 168)
    image.paste(mark, (96, 150), mark)
    pen = ImageDraw.Draw(image)
    pen.text((96, 358), "Game Scheduler", font=font(88), fill="#ffffff")
    pen.text((96, 478), "Game night, on time, with everyone in it.", font=font(40), fill="#7fe6cf")
    return image


if __name__ == "__main__":
    main()
