"""Webhooks by their page and by the API."""

from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.api.tests.test_api import program
from games.models import AuditEntry, Webhook, WebhookRequest
from games.privacy.export import export_text
from games.webhooks.tests.conftest import Turn
from games.webhooks.tests.receiver import Receiver
from gamesched.lib.clock import db_now
from gamesched.testing.page_forms import form_to
from guilds.models import Guild

__all__ = ["program"]  # the fixture

pytestmark = pytest.mark.django_db


def test_from_making_one_to_sending_again(world: World, as_person: Any, receiver: Receiver, turn: Turn) -> None:
    client, page = as_person(world.alice), reverse("guild-webhooks", args=[GUILD])
    form = form_to(client, page, page, url=receiver.url, events=["signup.joined"])
    shown = client.post(page, form)
    webhook = Webhook.objects.get()
    assert webhook.secret in shown.text
    assert shown.status_code == 201
    assert client.post(page, form).status_code == 302, "sent twice"
    assert Webhook.objects.count() == 1

    own = reverse("guild-webhook", args=[GUILD, webhook.pk])
    assert webhook.secret not in client.get(own).text + client.get(page).text
    test = reverse("guild-webhook-test", args=[GUILD, webhook.pk])
    client.post(test, form_to(client, own, test))
    turn(db_now())
    assert receiver.received[0].is_signed_by(webhook.secret)
    again = reverse("guild-webhook-again", args=[GUILD, webhook.pk, WebhookRequest.objects.get().pk])
    client.post(again, form_to(client, own, again))
    turn(db_now())
    assert [one.body["type"] for one in receiver.received] == ["test", "test"]

    renew = reverse("guild-webhook-secret", args=[GUILD, webhook.pk])
    renewed = client.post(renew, form_to(client, own, renew))
    assert Webhook.objects.get().secret in renewed.text
    assert Webhook.objects.get().secret != webhook.secret
    client.post(own, form_to(client, own, own, events=["game.ended"]))
    assert Webhook.objects.get().events == ["game.ended"]
    assert client.post(own, form_to(client, own, own, url="ftp://example.com")).status_code == 422
    for what in ("pause", "resume", "delete"):
        address = reverse(f"guild-webhook-{what}", args=[GUILD, webhook.pk])
        client.post(address, form_to(client, own, address))
    assert not Webhook.objects.exists()
    done = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert [*done] == [
        "webhook", "webhook_secret", "webhook_edit", "webhook_paused", "webhook_resumed", "webhook_gone",
    ]  # fmt: skip
    assert "127.0.0.1" in client.get(reverse("guild-history", args=[GUILD])).text


def test_a_webhook_of_another_server_is_not_there(world: World, as_person: Any, webhook: Webhook) -> None:
    Webhook.objects.update(guild=Guild.objects.create(id=77, name="Elsewhere", owner_id=1))
    client = as_person(world.alice)
    assert client.get(reverse("guild-webhook", args=[GUILD, webhook.pk])).status_code == 404
    assert client.post(reverse("guild-webhook-delete", args=[GUILD, webhook.pk])).status_code == 404
    assert Webhook.objects.exists()


def test_by_the_api(world: World, program: Any, receiver: Receiver, turn: Turn) -> None:
    manager, path = program(world.alice), f"/guilds/{GUILD}/webhooks"
    made = manager("POST", path, {"url": receiver.url, "events": ["game.announced"]}, Idempotency_Key="a")
    assert made.status_code == 201, made.text
    assert manager("POST", path, {"url": receiver.url, "events": ["game.announced"]}, Idempotency_Key="a").json() == (
        made.json()
    )
    assert made.json()["secret"] not in export_text(world.alice, world.now)
    own = f"{path}/{made.json()['id']}"
    assert "secret" not in manager("GET", path).json()[0]
    world.create_game()
    turn(db_now())
    assert receiver.received[0].is_signed_by(made.json()["secret"])
    (entry,) = manager("GET", f"{own}/requests").json()
    assert (entry["status"], entry["body"]) == ("sent", receiver.received[0].text)
    assert manager("POST", f"{own}/requests/{entry['id']}/again").status_code == 200
    turn(db_now())
    assert len(receiver.received) == 2
    changed = manager("PATCH", own, {"events": ["game.ended"], "paused": True})
    assert (changed.json()["events"], changed.json()["pause_code"]) == (["game.ended"], "by_hand")
    assert manager("POST", f"{own}/test").status_code == 409
    assert manager("POST", f"{own}/secret").json()["secret"] != made.json()["secret"]
    assert manager("PATCH", own, {"url": "https://10.0.0.1\\@x"}).status_code == 422
    assert manager("DELETE", own).status_code == 200
    assert manager("GET", f"{own}/requests").status_code == 404
