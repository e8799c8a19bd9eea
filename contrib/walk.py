#!/usr/bin/env python3
"""Walk through a running stack with a browser: a host schedules a game, a player joins, and the post says so.

    python contrib/walk.py SITE

It needs the demo's people and Debian's chromium-headless-shell. compose.e2e.yaml runs it in a container.
"""

import re
import sys
from datetime import date, timedelta

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium-headless-shell"
PATIENCE = 30_000  # milliseconds, on a slow machine


def log_in(browser: Browser, site: str, person: str) -> Page:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{site}/login/")
    page.get_by_role("button", name="Log in with Discord").click()
    page.get_by_role("button", name=person).click()
    page.wait_for_url(f"{site}/**")
    return page


def walk(browser: Browser, site: str) -> None:
    title = "Walked through the whole stack"
    host = log_in(browser, site, "Bob")
    host.get_by_role("link", name=re.compile("Friday Night Dice")).first.click()
    host.get_by_role("link", name="Schedule a game").first.click()
    host.locator("#id_title").fill(title)
    host.locator("#id_date").fill(f"{date.today() + timedelta(days=3):%Y-%m-%d}")
    host.locator("#id_time").fill("06:00")  # the demo's games are in the evening, and nobody runs two at once
    host.locator("main form[method=post] button.primary.big").click()
    host.wait_for_url(re.compile(r"/games/\d+/$"))
    print("scheduled:", host.url, flush=True)
    # Its announcement, once notifyd has sent it, links to Discord; an open page does not hear of that.
    announcement = host.locator("main a[href*='/channels/']")
    for _ in range(PATIENCE // 1000):
        if announcement.count():
            break
        host.wait_for_timeout(1000)
        host.reload()
    announcement.first.wait_for()
    print("announced", flush=True)

    player = log_in(browser, site, "Charlie")
    player.goto(host.url)
    player.locator("#sign-up").click()
    expect(host.locator("#live")).to_contain_text("Charlie", timeout=PATIENCE)
    print("joined, and the host's page says so", flush=True)


def main(site: str) -> int:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        walk(browser, site)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
