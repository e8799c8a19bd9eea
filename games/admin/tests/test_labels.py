"""Each field of each admin page has a name for people who cannot see it."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import NoReverseMatch, reverse

from conftest import World
from games.privacy.tests.zoe import make_zoe
from gamesched.testing.labels import unlabelled

pytestmark = pytest.mark.slow


def pages(client: Any) -> dict[str, str]:
    """Return the HTML of every admin page by its address: lists, their questions, and each kind of page of a row."""
    found = {}

    def look(address: str, data: dict[str, Any] | None = None) -> None:
        response = client.post(address, data) if data else client.get(address, follow=True)
        if response.status_code == 200:
            found[address if not data else f"{address} {data}"] = response.text
        assert response.status_code in {200, 302, 403, 404}, address

    request = client.get(reverse("admin:index")).wsgi_request
    for name in ("index", "deliveries", "password_change"):
        look(reverse(f"admin:{name}"))
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses = [reverse(f"{name}_changelist"), f"{reverse(f'{name}_changelist')}?q=a", reverse(f"{name}_add")]
        row = model._default_manager.first()
        if row is not None:
            for kind in ("change", "delete", "history"):
                try:
                    addresses.append(reverse(f"{name}_{kind}", args=[row.pk]))
                except NoReverseMatch:
                    continue
        for address in addresses:
            look(address)
        if row is not None:
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
