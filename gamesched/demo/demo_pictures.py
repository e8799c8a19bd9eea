"""Pictures of the demo's games, as hosts would choose them; drawn here, so that no file of somebody's is needed."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, SIDE = 1280, 480, 320
RIDGES = (((52, 66, 104), 0.52), ((34, 45, 78), 0.64), ((18, 25, 48), 0.8))


def mountains() -> bytes:
    """Return a cover: three ridges at night, under a moon."""
    sky = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    image = Image.composite(
        Image.new("RGB", (WIDTH, HEIGHT), (214, 138, 110)), Image.new("RGB", (WIDTH, HEIGHT), (24, 32, 66)), sky
    )
    pen, dice = ImageDraw.Draw(image), Random(7)
    for _ in range(90):
        x, y = dice.randrange(WIDTH), dice.randrange(HEIGHT // 2)
        pen.point((x, y), fill=(240, 236, 220))
    pen.ellipse((930, 50, 1030, 150), fill=(246, 238, 214))
    for colour, level in RIDGES:
        heights = [HEIGHT * level + dice.randrange(-70, 70) for _ in range(14)]
        points = [(WIDTH * number / 13, height) for number, height in enumerate(heights)]
        pen.polygon([(0, HEIGHT), *points, (WIDTH, HEIGHT)], fill=colour)
    return _png(image)


def track() -> bytes:
    """Return a cover: a railway line between cities."""
    image, dice = Image.new("RGB", (WIDTH, HEIGHT), (226, 214, 186)), Random(3)
    pen = ImageDraw.Draw(image)
    cities = [(WIDTH * (number + 0.5) / 7, HEIGHT * (0.3 + 0.4 * dice.random())) for number in range(7)]
    pen.line(cities, fill=(122, 38, 32), width=18)
    pen.line(cities, fill=(226, 214, 186), width=6)
    for x, y in cities:
        pen.ellipse((x - 26, y - 26, x + 26, y + 26), fill=(44, 62, 80), outline=(255, 255, 255), width=6)
    return _png(image)


def die() -> bytes:
    """Return a thumbnail: a die that shows five."""
    image = Image.new("RGB", (SIDE, SIDE), (20, 88, 82))
    shadow = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(shadow).rounded_rectangle((62, 74, 270, 282), 40, fill=150)
    image.paste((6, 30, 28), mask=shadow.filter(ImageFilter.GaussianBlur(14)))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((56, 56, 264, 264), 40, fill=(248, 244, 232))
    for x, y in ((104, 104), (216, 104), (160, 160), (104, 216), (216, 216)):
        pen.ellipse((x - 20, y - 20, x + 20, y + 20), fill=(26, 40, 48))
    return _png(image)


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
