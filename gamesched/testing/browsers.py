"""pytest plugin: one Chromium for all tests of a process, in a thread of its own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from gamesched.testing.environment import find_browser
from gamesched.testing.waiting import PATIENCE, eventually

T = TypeVar("T")

CALM = 650  # milliseconds in which a press after an answer is not taken
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--disable-quic"]
BOXES = """(selectors) => {
  const found = selectors.map((one) => document.querySelector(one));
  if (!found.every((one) => one?.checkVisibility())) return null;
  return found.map((one) => one.getBoundingClientRect().toJSON());
}"""

# A page that a press opened is seen before its scripts run. Pressed then, it does what it does without a script, so a
# press waits for them: nothing is hit before. (A slow machine went on to a new page that the test was to stay on.)
HIT_ONCE_IT_LIVES = """
  const untouchable = new CSSStyleSheet();
  untouchable.replaceSync("* { pointer-events: none !important; }");
  document.adoptedStyleSheets = [untouchable];
  window.addEventListener("DOMContentLoaded", () => { document.adoptedStyleSheets = []; });
"""

# Playwright keeps an event loop running in its thread, where every ORM call and async test would fail.
_thread = ThreadPoolExecutor(1, "browser")
_playwright: Any = None
_browser: Any = None


def run_in_browser(action: Callable[[Any], T]) -> T:
    """Run `action(browser)` in the browser's thread, and close the pages that it opened."""

    def run(browser: Any) -> T:
        try:
            return action(browser)
        finally:
            for context in browser.contexts:
                context.close()

    return in_browser_thread(run)


def calm(page: Any) -> None:
    """Let the time pass in which a press after an answer is not taken.

    It is real time: in it come the looks of a page that others change, which would take a press's button away.
    """
    page.wait_for_timeout(CALM)


def in_browser_thread(action: Callable[[Any], T]) -> T:
    """Run `action(browser)` in the browser's thread, the only one in which its pages can be used."""
    return _thread.submit(lambda: action(_running())).result()


def boxes(page: Any, *selectors: str) -> dict[str, dict[str, float]]:
    """Return the place and size, in pixels, of the first element of each selector, all at one moment.

    A page that lives replaces its parts: one that is found and then measured may be gone in between.
    """
    found = eventually(lambda: page.evaluate(BOXES, list(selectors)))
    return dict(zip(selectors, found, strict=True))


def eventually_shown(page: Any, text: str) -> None:
    """Load a page without a script of ours again and again until it shows a text."""
    deadline = time.monotonic() + PATIENCE
    while not page.get_by_text(text).count():
        assert time.monotonic() < deadline, text
        page.wait_for_timeout(500)
        page.reload()


def new_page(browser: Any, **options: Any) -> Any:
    """Return a page that shares nothing with others. `options` are those of `browser.new_context`."""
    # A service worker would fetch the pages, past what a test holds back.
    context = browser.new_context(**{"reduced_motion": "reduce", "service_workers": "block", **options})
    context.set_default_timeout(PATIENCE * 1000)
    if options.get("java_script_enabled", True):  # Chromium runs it without JavaScript too, and hears no event then
        context.add_init_script(HIT_ONCE_IT_LIVES)
    return context.new_page()


def _running() -> Any:
    """Return the running Chromium; start it at first, and after a crash."""
    from playwright.sync_api import sync_playwright

    global _playwright, _browser
    if _playwright is None:
        _playwright = sync_playwright().start()
    if _browser is None or not _browser.is_connected():
        _browser = _playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
    return _browser


def _stop() -> None:
    global _playwright, _browser
    if _browser is not None:
        _browser.close()
    if _playwright is not None:
        _playwright.stop()
    _playwright = _browser = None


def pytest_sessionfinish() -> None:
    _thread.submit(_stop).result()
