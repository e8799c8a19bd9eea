"""The pictures of README and docs, taken from the running demo: `python3 run.py shots`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from gamesched.demo.environment import REPOSITORY, load_settings
from gamesched.demo.supervisor import responds
from gamesched.local_discord import fixtures
from gamesched.testing.environment import find_browser

FOLDER = REPOSITORY / "docs" / "pictures"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
GUILD = f"/guilds/{fixtures.GUILD_ID}/"
GAP = 24  # pixels between two phones


class Shot(NamedTuple):
    """One page as one person sees it. `game` names a game whose page it is, by its title."""

    person: str
    path: str
    size: dict[str, int]
    theme: str = "dark"
    game: str = ""


# File, and what stands side by side in it.
PICTURES = {
    "phone": (Shot("Charlie", "/", PHONE), Shot("Charlie", GUILD, PHONE, game="Lost Mine of Phandelver")),
    "schedule": (Shot("Bob", f"{GUILD}new/", DESKTOP),),
    "month": (Shot("Bob", f"{GUILD}month/", DESKTOP, theme="light"),),
    "settings": (Shot("Alice", f"{GUILD}settings/", DESKTOP),),
}


def main() -> int:
    site = load_settings()["PUBLIC_URL"]
    if not responds(f"{site}/healthz"):
        print(
            "The demo isn't running.\nStart python3 run.py in another terminal, then run this again.", file=sys.stderr
        )
        return 1
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
            for name, shots in PICTURES.items():
                file = FOLDER / f"{name}.png"
                _save_side_by_side([_take(browser, site, shot) for shot in shots], file)
                print(f"Written: {file.relative_to(REPOSITORY)}")
    except Error as problem:
        print(f"The browser failed: {problem.message}", file=sys.stderr)
        return 1
    return 0


def _take(browser: Browser, site: str, shot: Shot) -> Image.Image:
    with _logged_in(browser, site, shot) as page:
        page.goto(site + shot.path)
        if shot.game:
            page.get_by_role("link", name=shot.game).first.click()
        page.wait_for_load_state("networkidle")
        return Image.open(BytesIO(page.screenshot())).convert("RGB")


@contextmanager
def _logged_in(browser: Browser, site: str, shot: Shot) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": shot.size["width"], "height": shot.size["height"]},
        device_scale_factor=2 if shot.size is PHONE else 1,
        color_scheme="light" if shot.theme == "light" else "dark",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{site}/login/")
    page.get_by_role("button", name="Log in with Discord").click()
    page.get_by_role("button", name=shot.person).click()
    page.wait_for_url(f"{site}/**")
    try:
        yield page
    finally:
        context.close()


def _save_side_by_side(images: list[Image.Image], file: Path) -> None:
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    whole = Image.new("RGB", (width, max(image.height for image in images)), "white")
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width + GAP
    # Few colours are used, and a page of docs is read over the wire.
    whole.quantize(192).save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
