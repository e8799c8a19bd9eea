"""The pages of tokens: each is shown once, and deleted by its person, or by the managers of its server."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.api.tokens import find_token
from games.models import ApiToken, AuditEntry
from gamesched.testing.page_forms import form_to

pytestmark = pytest.mark.django_db


def make(client: Any, **typed: Any) -> Any:
    page = reverse("tokens")
    return client.post(page, form_to(client, page, page, **{"name": "My bot", "scopes": ["read", "play"], **typed}))


def test_a_token_is_shown_once_and_kept_as_a_hash(world: World, as_person: Any) -> None:
    client, page = as_person(world.charlie), reverse("tokens")
    form = form_to(client, page, page, name="My bot", scopes=["read", "play"])
    shown = client.post(page, form)
    secret = shown.context["secret"]
    found = find_token(secret, world.now)
    assert found is not None
    assert (found.user, found.scopes, found.name) == (world.charlie, ["read", "play"], "My bot")
    assert secret not in client.get(page).text
    assert secret not in str(ApiToken.objects.values())
    assert client.post(page, form).status_code == 302, "sent twice"
    assert ApiToken.objects.count() == 1


def test_it_ends_with_its_day_in_the_persons_zone(world: World, as_person: Any) -> None:
    world.charlie.zone = "Pacific/Auckland"
    world.charlie.save()
    day = (world.now + timedelta(days=9)).date()
    make(as_person(world.charlie), expires=day.isoformat())
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert token.expires_at.astimezone(world.charlie.tzinfo).strftime("%F %T") == f"{day} 23:59:59"
    assert make(as_person(world.charlie), expires="2020-01-01").status_code == 422
    assert make(as_person(world.charlie), expires="9999-12-31").status_code in {201, 422}
    assert make(as_person(world.charlie), name=" ").status_code == 422
    assert make(as_person(world.charlie), scopes=[]).status_code == 422


def test_only_managers_make_one_for_a_server_and_all_of_them_see_it(world: World, as_person: Any) -> None:
    assert make(as_person(world.charlie), guild=str(GUILD)).status_code == 422
    assert make(as_person(world.alice), guild=str(GUILD)).status_code == 201
    token, page = ApiToken.objects.get(), reverse("guild-tokens", args=[GUILD])
    assert "My bot" in as_person(world.alice).get(page).text
    assert as_person(world.charlie).get(page).status_code == 403
    address = reverse("guild-token-delete", args=[GUILD, token.pk])
    client = as_person(world.alice)
    client.post(address, form_to(client, page, address))
    assert not ApiToken.objects.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", "changes")
    assert [*actions] == [("program", {"name": "My bot"}), ("program_gone", {"name": "My bot"})]
    assert "My bot" in as_person(world.alice).get(reverse("guild-history", args=[GUILD])).text


def test_nobody_has_more_than_twenty(world: World, as_person: Any) -> None:
    ApiToken.objects.bulk_create(
        ApiToken(user=world.charlie, name="x", digest=str(n), scopes=["read"], created_at=world.now) for n in range(20)
    )
    assert make(as_person(world.charlie)).status_code == 422
