"""Each field of each admin page has a name for people who cannot see it, and each page has room on a phone."""

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

pytestmark = pytest.mark.slow


def pages(client: Any, *, kinds: tuple[str, ...] = ("change", "delete", "history")) -> dict[str, str]:
    """Return the HTML of every admin page by its address: lists, their questions, and these kinds of page of a row."""
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


@pytest.mark.parametrize("superuser", [True, False], ids=["superuser", "manager"])
def test_every_field_of_the_admin_has_a_name(world: World, as_person: Any, superuser: bool) -> None:
    make_zoe(world)
    if superuser:
        world.alice.is_superuser = world.alice.is_staff = True
        world.alice.save()
    client = as_person(world.alice)
    found = pages(client)
    assert len(found) > (60 if superuser else 20), sorted(found)
    wanting = {address: fields for address, html in found.items() if (fields := unlabelled(html))}
    assert not wanting, "\n".join(f"{address}: {field}" for address, fields in wanting.items() for field in fields)


ORIGIN = "http://admin.example"
# Wider than the screen, and controls that a finger misses: of those that stand for themselves.
# How much wider than the screen a page is, and which of its controls a finger misses.
MEASURE = """() => ({
    wide: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    small: [...document.querySelectorAll(
        "button, select, input[type=submit], .object-tools a, .submit-row a, .tables a, #changelist-filter > summary")]
        .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)
        .map((each) => each.outerHTML.slice(0, 90)),
})"""


@pytest.mark.browser
def test_every_page_of_the_admin_has_room_on_a_phone(world: World, as_person: Any) -> None:
    make_zoe(world)
    world.alice.is_superuser = True
    world.alice.save()
    found = list(pages(as_person(world.alice), kinds=("change",)).items())

    def walk(browser: Any) -> dict[str, Any]:
        page = new_page(browser, viewport={"width": 360, "height": 640}, java_script_enabled=False)

        def answer(route: Any) -> None:
            path = route.request.url.removeprefix(ORIGIN)
            if path.startswith("/static/") and (file := finders.find(path.removeprefix("/static/").split("?")[0])):
                route.fulfill(path=file)
            elif path.startswith("/page/"):
                route.fulfill(body=found[int(path.removeprefix("/page/"))][1], content_type="text/html; charset=utf-8")
            else:
                route.fulfill(status=404)

        page.route("**/*", answer)
        wrong = {}
        for number, (address, _) in enumerate(found):
            page.goto(f"{ORIGIN}/page/{number}")
            measured = page.evaluate(MEASURE)
            if measured["wide"] or measured["small"]:
                wrong[address] = measured
        return wrong

    wrong = run_in_browser(walk)
    assert not wrong, "\n".join(f"{address}: {measured}" for address, measured in wrong.items())
