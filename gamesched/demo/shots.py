"""The pictures of README and docs, taken from the running demo: `python3 run.py shots`.

They are of the demo's own games, so a new demo (`python3 run.py reset`) has the best ones.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
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
PHONE, DESKTOP = (390, 820), (1280, 800)
GUILD = f"/guilds/{fixtures.GUILD_ID}/"
CHANNELS = f"/channels/{fixtures.GUILD_ID}/"
GAP = 24  # pixels between two pictures side by side
QUALITY = 78  # a page of docs is read over the wire, and letters have to stay sharp

ONLY_LOCAL = ".banner, .demo, #faults-open, #status"  # what no site and no Discord has


class Shot(NamedTuple):
    """One page as one person sees it, once they've done `steps`."""

    person: str
    path: str
    steps: Callable[[Page], object] = lambda page: None
    size: tuple[int, int] = PHONE
    theme: str = "dark"
    in_discord: bool = False


def _follow(name: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_role("link", name=name).first.click()


def _show_post(title: str) -> Callable[[Page], object]:
    def show(page: Page) -> None:
        post = page.locator(".message", has=page.get_by_role("link", name=title)).last
        # Its first line is at the top, with who wrote it.
        post.evaluate("post => post.scrollIntoView({block: 'start'})")

    return show


def _write_line(page: Page) -> None:
    page.get_by_label("What and when").fill("Castaway Isle friday 8pm, 4 seats, 3h")
    page.locator("#reading > *").first.wait_for()


def _fill_in_line(page: Page) -> None:
    _write_line(page)
    page.get_by_role("button", name="Fill in").click()
    page.get_by_label("Preview").get_by_text("Castaway Isle").last.wait_for()


def _use_command(page: Page) -> None:
    box = page.locator("#text")
    box.press_sequentially("/game create")
    page.get_by_role("option", name="/game create").click()
    page.get_by_label("what (optional)").fill("Castaway Isle friday 8pm, 4 seats, 3h")
    page.get_by_role("button", name="Use command").click()
    page.get_by_text("Only you can see this").last.wait_for()
    page.locator(".message").last.scroll_into_view_if_needed()


def _show_series(page: Page) -> None:
    _follow("Kingmaker: all day at the table")(page)
    page.wait_for_url("**/games/*/")
    page.goto(page.url + "repeat/")


def _get_address(page: Page) -> None:
    if not page.get_by_role("button", name="Copy the address").count():
        page.get_by_role("button", name="Get the address").click()
        page.get_by_role("button", name="Copy the address").first.wait_for()
        page.reload()  # without what was said


def _month() -> str:
    """Return the month that most of the demo's games are in, as addresses have it: they are in the next two weeks."""
    return f"{date.today() + timedelta(days=8):%Y-%m}"


GAME = "Lost Mine of Phandelver"
POLL = "When do we start Spelljammer?"

# File, and what stands side by side in it.
PICTURES: dict[str, tuple[Shot, ...]] = {
    "home": (Shot("Charlie", "/"),),
    "game": (Shot("Charlie", GUILD, _follow(GAME)),),
    "post": (Shot("Charlie", f"{CHANNELS}{fixtures.GAME_NIGHT_ID}", _show_post(GAME), in_discord=True),),
    "month": (Shot("Bob", f"{GUILD}month/?month={_month()}", size=DESKTOP, theme="light"),),
    "schedule": (Shot("Bob", f"{GUILD}new/", _fill_in_line, DESKTOP, "light"),),
    "command": (Shot("Dana", f"{CHANNELS}{fixtures.RAIDS_ID}", _use_command, in_discord=True),),
    "poll": (Shot("Charlie", GUILD, _follow(POLL)), Shot("Bob", GUILD, _follow(POLL))),
    "series": (Shot("Bob", GUILD, _show_series),),
    "calendar": (Shot("Charlie", "/me/calendar/", _get_address),),
    "settings": (Shot("Alice", f"{GUILD}settings/", size=DESKTOP, theme="light"),),
}


def main() -> int:
    """Take all pictures, or those named."""
    stored = load_settings()
    if not responds(f"{stored['PUBLIC_URL']}/healthz"):
        print(
            "The demo isn't running.\nStart python3 run.py in another terminal, then run this again.", file=sys.stderr
        )
        return 1
    named = [word for word in sys.argv[1:] if word in PICTURES] or list(PICTURES)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
            for name in named:
                file = FOLDER / f"{name}.webp"
                _save_side_by_side([_take(browser, stored, shot) for shot in PICTURES[name]], file)
                print(f"Written: {file.relative_to(REPOSITORY)}, {file.stat().st_size // 1000} kB", flush=True)
    except Error as problem:
        print(f"The browser failed: {problem.message}", file=sys.stderr)
        return 1
    return 0


def _take(browser: Browser, stored: dict[str, str], shot: Shot) -> Image.Image:
    with _logged_in(browser, stored, shot) as page:
        shot.steps(page)
        page.wait_for_load_state("networkidle")
        page.add_style_tag(content=f"{ONLY_LOCAL} {{ display: none !important; }}")
        page.wait_for_timeout(500)  # what moves has stopped
        return Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")


@contextmanager
def _logged_in(browser: Browser, stored: dict[str, str], shot: Shot) -> Iterator[Page]:
    site, discord = stored["PUBLIC_URL"], stored["DISCORD_API_URL"].partition("/api/")[0]
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]},
        device_scale_factor=2 if shot.size is PHONE else 1,
        color_scheme="light" if shot.theme == "light" else "dark",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
        bypass_csp=True,  # for the style that hides what is only local
    )
    page = context.new_page()
    try:
        if shot.in_discord:
            page.goto(f"{discord}{shot.path}?as={shot.person.lower()}")
            page.locator(".message").first.wait_for()
        else:
            page.goto(f"{site}/login/")
            page.get_by_role("button", name="Log in with Discord").click()
            page.get_by_role("button", name=shot.person).click()
            page.wait_for_url(f"{site}/**")
            page.goto(site + shot.path)
        yield page
    finally:
        context.close()


def _save_side_by_side(images: list[Image.Image], file: Path) -> None:
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    whole = Image.new("RGBA", (width, max(image.height for image in images)))
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width + GAP
    whole.save(file, quality=QUALITY, method=6, use_sharp_yuv=True)


if __name__ == "__main__":
    sys.exit(main())
