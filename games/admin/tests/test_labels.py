"""Each page of the admin: each field has a name, it has room on a phone, and axe-core finds nothing."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.staticfiles import finders
from django.urls import NoReverseMatch, reverse

from conftest import World
from games.privacy.tests.zoe import make_zoe
from gamesched.testing.browsers import new_page, run_in_browser
from gamesched.testing.labels import unlabelled
from gamesched.testing.page_faults import MOVING, PHONE, ZOOMED, axe_faults, picture, weight_faults

pytestmark = pytest.mark.slow


def pages(client: Any, *, kinds: tuple[str, ...] = ("change", "delete", "history")) -> dict[str, str]:
    """Return the HTML of every admin page by its address: lists, their questions, and these kinds of page of a row.

    Without `history`, only the pages with fields of a model's own.
    """
    found = {}

    def look(address: str, data: dict[str, Any] | None = None) -> None:
        response = client.post(address, data) if data else client.get(address, follow=True)
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            found[address if not data else f"{address} {data}"] = response.text
        assert response.status_code in {200, 302, 403, 404}, address

    request = client.get(reverse("admin:index")).wsgi_request
    for name in ("index", "deliveries", "password_change"):
        look(reverse(f"admin:{name}"))
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        if "history" in kinds:
            addresses.append(f"{addresses[0]}?q=a")
        row = model._default_manager.first()
        if row is not None:
            for kind in kinds:
                try:
                    addresses.append(reverse(f"{name}_{kind}", args=[row.pk]))
                except NoReverseMatch:
                    continue
        for address in addresses:
            look(address)
        if row is not None and "history" in kinds:
            for action in model_admin.get_actions(request):
                look(addresses[0], {"action": action, ACTION_CHECKBOX_NAME: [str(row.pk)]})
    return found


def wanting(found: dict[str, str]) -> list[str]:
    """Return the fields without a name for people who cannot see them."""
    return [f"{address}: {field}" for address, html in found.items() for field in unlabelled(html)]


def test_every_field_of_a_managers_admin_has_a_name(world: World, as_person: Any) -> None:
    make_zoe(world)
    found = pages(as_person(world.alice), kinds=("change",))
    assert len(found) > 20, sorted(found)
    assert not wanting(found), "\n".join(wanting(found))


ORIGIN = "http://admin.example"
# How much wider than the screen a page is, and which of its controls a finger misses: those that stand for themselves.
MEASURE = """() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  const selector =
    "button, select, input[type=submit], .object-tools a, .submit-row a, .tables a, #changelist-filter > summary";
  const small = [...document.querySelectorAll(selector)]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5);
  return [
    ...(wide > 0 ? [`${wide} pixels wider than ${innerWidth}`] : []),
    ...small.map((each) => `small at ${innerWidth}: ${each.outerHTML.slice(0, 90)}`),
  ];
}"""
WEIGHT_MAX = 900_000  # bytes, not compressed; Django's own scripts are most of it


def looked_at(found: dict[str, str]) -> dict[str, str]:
    """Return the pages that a browser looks at: of each model those that its own fields make, of one all others."""
    fields = {address: set(re.findall(' name="([^"]+)"', html)) for address, html in found.items()}
    changed = {address.split("/")[3]: names for address, names in fields.items() if address.endswith("/change/")}

    def is_own(address: str) -> bool:
        if address.endswith("/add/"):
            return not fields[address] <= changed.get(address.split("/")[3], set())
        return not (address.endswith(("/delete/", "/history/")) or "?" in address or "{" in address)

    return {address: html for address, html in found.items() if is_own(address) or "/games/game/" in address}


@pytest.mark.browser
def test_every_page_of_the_admin(world: World, as_person: Any) -> None:
    make_zoe(world)
    world.alice.is_superuser = world.alice.is_staff = True
    world.alice.save()
    found = pages(as_person(world.alice))
    assert len(found) > 60, sorted(found)
    assert not wanting(found), "\n".join(wanting(found))
    bodies = looked_at(found)
    htmls, colours = list(bodies.values()), set[str]()

    def walk(browser: Any) -> list[str]:
        page = new_page(browser, viewport=PHONE)

        def answer(route: Any) -> None:
            path = route.request.url.removeprefix(ORIGIN)
            if path.startswith("/static/") and (file := finders.find(path.removeprefix("/static/").split("?")[0])):
                route.fulfill(path=file)
            elif path.startswith("/page/"):
                route.fulfill(body=htmls[int(path.removeprefix("/page/"))], content_type="text/html; charset=utf-8")
            else:
                route.fulfill(status=404)

        page.route("**/*", answer)
        faults = []
        for number, address in enumerate(bodies):
            page.set_viewport_size(PHONE)
            page.goto(f"{ORIGIN}/page/{number}")
            texts = page.evaluate(MEASURE)
            page.set_viewport_size(ZOOMED)
            texts += page.evaluate(MEASURE) + page.evaluate(MOVING) + weight_faults(page, WEIGHT_MAX)
            faults += [f"{address}: {text}" for text in texts + axe_faults(page, colours)]
            picture(page, f"admin-{number}")
        return faults

    faults = run_in_browser(walk)
    assert not faults, "\n".join(faults)
