"""What keeps a page from people: too wide, broken words, what axe-core finds, what moves, and how heavy it is."""

import os
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

SMALL_PHONE = {"width": 320, "height": 740}
PHONE = {"width": 360, "height": 640}  # and all up to 416 pixels, for which the same of our styles hold
TALL_PHONE = {"width": 360, "height": 3000}  # what stays at its bottom covers nothing
DESK = {"width": 1280, "height": 800}
ZOOMED = {"width": 640, "height": 400}  # what a desk has room for at 200 %
SHIFT_MAX = 0.01
WEIGHT_MAX = 100_000  # bytes of a page, its styles and its scripts, as they travel and with an empty cache

# Words as people write them that stand on two lines; longer ones may have to.
BROKEN_WORDS = """() => {
  const range = document.createRange();
  const onTwoLines = (node, start, end) => {
    range.setStart(node, start);
    range.setEnd(node, end);
    const tops = [...range.getClientRects()].filter((r) => r.width > 1).map((r) => r.top);
    return tops.length > 1 && Math.max(...tops) - Math.min(...tops) > 4;
  };
  const broken = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.checkVisibility() || node.parentElement.closest("option, script, .unseen")) continue;
    if (!onTwoLines(node, 0, node.length)) continue;
    for (const word of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      if (word[0].length <= 15 && onTwoLines(node, word.index, word.index + word[0].length)) broken.push(word[0]);
    }
  }
  return broken;
}"""
TOO_WIDE = """() => {
  const bodies = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  for (const box of document.querySelectorAll(".card, .say, .row, .empty, fieldset, main")) {
    if (box.scrollWidth > box.clientWidth + 1) bodies.push(`in ${box.outerHTML.slice(0, 200)}`);
  }
  const within = (e) => e.closest(".tabs, table, .unseen, .skip, pre");
  const wide = (e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !within(e);
  return bodies.concat([...document.querySelectorAll("body *")].filter(wide).map((e) => e.outerHTML.slice(0, 200)));
}"""
DOES_NOT_FIT = f"() => ({TOO_WIDE})().concat(({BROKEN_WORDS})())"
UNFOLD = """() => {
  for (const one of document.querySelectorAll("details:not(.menu, .more)")) one.open = true;
  return document.title + document.querySelector("main").innerHTML;
}"""
# What moves while a page loads, as a share of the screen; after what a person does it may.
COUNT_SHIFTS = """
  window.shifted = [0, ""];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      window.shifted[0] += value;
      for (const { node } of sources) window.shifted[1] += ` ${(node?.outerHTML ?? node?.data ?? "").slice(0, 120)}`;
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
# Each file as it travelled, also where it comes from the cache; pictures are their own.
WEIGHT = """() => {
  const parts = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter((one) => ["navigation", "link", "script"].includes(one.initiatorType));
  return Object.fromEntries(parts.map((one) => [new URL(one.name).pathname, one.encodedBodySize]));
}"""
# For who asked the system for less motion, nothing slides or fades.
MOVING = """() => [
  ...document.getAnimations().map((one) => `an animation of ${one.effect.target.outerHTML.slice(0, 200)}`),
  ...[...document.querySelectorAll("*")]
    .filter((e) => getComputedStyle(e).transitionDuration !== "0s" || getComputedStyle(e).scrollBehavior !== "auto")
    .map((e) => `a transition of ${e.outerHTML.slice(0, 200)}`),
]"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Nothing is fetched again, and no selectors are made up, which takes most of its time.
QUICKLY = {"resultTypes": ["violations"], "preload": False, "iframes": False, "selectors": False}
ALL_RULES = QUICKLY | {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {
        "color-contrast": {"enabled": False}
    },  # which takes half of the time, and is looked at once for each kind
}
COLOURS = QUICKLY | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
OPEN_MENUS = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
VIOLATIONS = """async ([context, options]) => {
  const { violations } = await axe.run(context ?? document, options);
  const texts = ({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    `axe: ${id}: ${html.slice(0, 200)}: ${failureSummary.replace(/\\s+/g, " ")}`);
  return violations.flatMap(texts);
}"""
VIOLATIONS_OF_MARKED = f"""(options) =>
  document.querySelector("[data-new-colours]")
    ? ({VIOLATIONS})([{{ include: ["[data-new-colours]"] }}, options])
    : null"""
# Mark one element with text for each set of colours and size that it has and lies on, but for those that are known.
MARK_NEW_COLOURS = """(known) => {
  const found = new Set(known), grounds = new Map();
  const groundOf = (e) => {
    if (!e) return "";
    if (!grounds.has(e)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(e);
      const own = `${backgroundColor} ${backgroundImage} ${opacity}`;
      const behind = groundOf(e.parentElement);
      grounds.set(e, own === "rgba(0, 0, 0, 0) none 1" ? behind : `${behind}/${own}`);
    }
    return grounds.get(e);
  };
  const hasText = (e) => [...e.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim());
  for (const e of document.body.querySelectorAll("*")) {
    if (!(hasText(e) || e.matches("input, select, textarea")) || !e.checkVisibility()) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(e);
    const key = `${color} ${fontSize} ${fontWeight} ${groundOf(e)}`;
    e.toggleAttribute("data-new-colours", !found.has(key));
    found.add(key);
  }
  return [...found];
}"""


def picture(page: Any, name: str) -> None:
    """Save a screenshot to the folder in SCREENSHOTS, for people to look at."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def axe_faults(page: Any, known: set[str]) -> list[str]:
    """Return what axe-core finds: by all rules on a phone in the dark, by that of colours also at a desk in the light.

    Colours that are `known` from pages before are not looked at again; those of this page are added.
    """
    page.evaluate(_axe())
    page.set_viewport_size(TALL_PHONE)
    page.emulate_media(color_scheme="dark")
    found = page.evaluate(VIOLATIONS, [None, ALL_RULES]) + _colour_faults(page, known)
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    page.evaluate(OPEN_MENUS)
    return list(found + _colour_faults(page, known))


def _colour_faults(page: Any, known: set[str]) -> list[str]:
    """Return the texts that cannot be told from what is behind them, one for each kind that is not `known`."""
    while not known.issuperset(colours := page.evaluate(MARK_NEW_COLOURS, list(known))):
        # A page that refreshes itself just then has other elements: none is marked.
        if (found := page.evaluate(VIOLATIONS_OF_MARKED, COLOURS)) is not None:
            known.update(colours)
            return list(found)
    return []


def weight_faults(page: Any, most: int = WEIGHT_MAX) -> list[str]:
    """Return what a page weighs, where that is too much."""
    parts = page.evaluate(WEIGHT)
    return [f"{sum(parts.values())} bytes: {parts}"] if sum(parts.values()) > most else []


def load_faults(page: Any) -> list[str]:
    """Return what moved while a page loaded with `COUNT_SHIFTS`, and what still does."""
    shift, moved = page.evaluate("window.shifted")
    found = [f"{shift:.3f} of the screen moved while it loaded:{moved}"] if shift > SHIFT_MAX else []
    return found + list(page.evaluate(MOVING))


def fit_faults(page: Any, sizes: Iterable[dict[str, int]] = (PHONE, SMALL_PHONE, ZOOMED)) -> list[str]:
    """Return what does not fit a phone, nor a desk at 200 %."""
    found = []
    for size in sizes:
        page.set_viewport_size(size)
        found += [f"at {size['width']}: {text}" for text in page.evaluate(DOES_NOT_FIT)]
    return found
