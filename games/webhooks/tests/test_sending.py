"""What webhooks are sent: which events, signed, tried again, and never into a network of ours."""

import asyncio
import socket
import threading
from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.api.shapes import PublicGame
from games.core.base import Actor, EntryPoint
from games.models import Game, RequestStatus, Signup, Webhook, WebhookEvent, WebhookRequest
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from games.webhooks import actions, rules
from games.webhooks.tests.conftest import Turn
from games.webhooks.tests.receiver import Receiver
from games.webhooks.tests.turns import Discord, take_turn
from gamesched.lib.clock import db_now
from gamesched.testing.refusals import refuses
from gamesched.testing.waiting import AT_ONCE
from guilds.models import VIEW_CHANNEL, Channel
from notifications.codes import RequestProblem
from notifications.daemon import requests, steps
from notifications.daemon.requests import RequestSender
from notifications.messages import Answer, Request
from notifications.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("receiver")]


def by(who: Any) -> Actor:
    return Actor(who, EntryPoint.PAGE)


def queued() -> list[str]:
    """Return the events that wait for notifyd, in their order, and forget them."""
    rows = Notification.objects.open().filter(kind="webhook_event").order_by("pk")
    events = [row.payload["event"] for row in rows]
    rows.delete()
    return events


# --- which events ------------------------------------------------------------------------------------------


def test_each_event_is_written_down_where_it_happens(world: World, webhook: Webhook) -> None:
    game = world.create_game(seats=1)
    assert queued() == ["game.announced"]
    signups.join(game.pk, world.charlie, by(world.charlie), world.now)
    signups.join(game.pk, world.alice, by(world.alice), world.now)
    assert queued() == ["signup.joined", "signup.joined"]
    signups.leave(game.pk, world.charlie, by(world.charlie), world.now + timedelta(seconds=1))
    assert queued() == ["signup.left", "signup.seated"]
    Signup.objects.filter(user=world.alice).update(seated_at=None)  # by SQL, too
    assert queued() == ["signup.waiting"]
    scheduling.edit_game(game.pk, world.make_plan(title="Later", seats=1), by(world.bob), world.now)
    assert queued() == ["game.changed"]
    cancellation.cancel_game(game.pk, "", by(world.bob), world.now)
    cancellation.undo_cancellation(game.pk, by(world.bob), world.now)
    assert [event for event in queued() if event.startswith("game")] == ["game.cancelled", "game.restored"]
    steps.create_due_deliveries(game.ends_at)
    assert [event for event in queued() if event.startswith("game")] == ["game.started", "game.ended"]


def test_nothing_is_written_down_for_nobody(world: World, receiver: Receiver) -> None:
    actor = by(world.alice)
    made = actions.create_webhook(world.guild.pk, receiver.url, [WebhookEvent.CANCELLED], actor, world.now)
    game = world.create_game()
    signups.join(game.pk, world.charlie, by(world.charlie), world.now)
    assert queued() == []
    actions.pause_webhook(made.pk, actor, world.now)
    cancellation.cancel_game(game.pk, "", by(world.bob), world.now)
    assert queued() == []


def test_drafts_and_games_hidden_from_somebody_are_told_to_nobody(
    world: World, webhook: Webhook, receiver: Receiver, turn: Turn
) -> None:
    draft = scheduling.create_game(
        world.guild.pk, world.make_plan(), by(world.bob), world.now, announce=AnnounceSchedule(AnnounceWhen.DRAFT)
    ).game
    signups.add_participants(
        Game.objects.with_guild_and_channel().get(pk=draft.pk), [world.charlie.pk], by(world.bob), world.now
    )
    assert queued() == []
    world.create_game()
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.guild.pk, 0, VIEW_CHANNEL]])
    turn(db_now())
    assert receiver.received == []
    assert not WebhookRequest.objects.exists()


# --- what arrives ------------------------------------------------------------------------------------------


def test_a_request_is_signed_and_has_the_shapes_of_the_api(
    world: World, webhook: Webhook, receiver: Receiver, turn: Turn
) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, by(world.charlie), world.now)
    for _ in range(2):
        turn(db_now())
    announced, joined = receiver.received
    assert joined.is_signed_by(webhook.secret)
    assert not joined.is_signed_by("another")
    assert (announced.body["type"], joined.body["type"]) == ("game.announced", "signup.joined")
    assert joined.headers["Webhook-Id"] == joined.body["id"] != announced.body["id"]
    assert PublicGame.model_validate(joined.body["game"]).model_dump(mode="json") == joined.body["game"]
    assert joined.body["signup"]["person"]["id"] == str(world.charlie.pk)
    assert joined.body["signup"]["seated"]
    assert {*WebhookRequest.objects.values_list("status", "answer_status", "answer")} == {("sent", 200, "thanks")}
    assert not Notification.objects.open().filter(kind="webhook").exists()


def test_a_game_too_large_is_sent_without_its_signups(
    world: World, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, receiver: Receiver, turn: Turn
) -> None:
    monkeypatch.setattr("games.webhooks.bodies.BODY_MAX", 300)
    game = world.create_game()
    signups.join(game.pk, world.charlie, by(world.charlie), world.now)
    turn(db_now())
    assert receiver.received[0].body["game"]["signups"] == []
    assert receiver.received[0].body["signups_left_out"]


# --- again -------------------------------------------------------------------------------------------------


def test_what_fails_is_sent_again_with_the_same_id_and_body(
    world: World, webhook: Webhook, receiver: Receiver, turn: Turn
) -> None:
    receiver.answers.extend([(500, {}, b"not now"), (302, {"Location": "/elsewhere"}, b"")])
    world.create_game()
    now = db_now()
    for wait in (timedelta(), *rules.WAITS[:2]):
        now += wait
        turn(now - timedelta(seconds=1))
        turn(now)
        turn(now)
    first, second, third = receiver.received
    assert first.text == second.text == third.text
    assert first.headers["Webhook-Id"] == third.headers["Webhook-Id"]
    assert third.path == "/hook", "no redirect is followed"
    request = WebhookRequest.objects.get()
    assert (request.status, request.attempts, request.answer_status) == (RequestStatus.SENT, 3, 200)
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_one_that_fails_keeps_no_other_waiting(world: World, webhook: Webhook, receiver: Receiver, turn: Turn) -> None:
    receiver.answers.append((500, {}, b""))
    world.create_game()
    turn(db_now())
    world.create_game(title="Another")
    turn(db_now())
    assert len(receiver.received) == 2
    assert {*WebhookRequest.objects.values_list("status", flat=True)} == {"pending", "sent"}


def test_given_up_at_last() -> None:
    assert all(rules.wait_after(number) for number in range(1, len(rules.WAITS) + 1))
    assert rules.wait_after(len(rules.WAITS) + 1) is None
    assert sum(rules.WAITS, timedelta()) > rules.PAUSED_AFTER


def test_a_day_of_failures_pauses_it_and_its_maker_hears(
    world: World, webhook: Webhook, receiver: Receiver, turn: Turn
) -> None:
    receiver.answers.extend([(500, {}, b"")] * 2)
    world.create_game()
    now = db_now()
    turn(now)
    turn(now + rules.PAUSED_AFTER)
    webhook.refresh_from_db()
    assert webhook.pause_code == "failing"
    assert WebhookRequest.objects.get().status == RequestStatus.DROPPED
    discord, later = Discord(), now + rules.PAUSED_AFTER
    Notification.objects.open().exclude(kind__startswith="webhook").delete()
    take_turn(later, discord)
    assert [message.user_id for message in discord.sent] == [world.alice.pk]
    assert f"/webhooks/{webhook.pk}/" in discord.sent[0].text
    actions.resume_webhook(webhook.pk, by(world.alice), later)
    world.create_game(title="Another")
    turn(later)
    assert len(receiver.received) == 3


def test_an_address_that_says_it_is_gone_is_paused_at_once(
    world: World, webhook: Webhook, receiver: Receiver, turn: Turn
) -> None:
    receiver.answers.append((410, {}, b""))
    world.create_game()
    turn(db_now())
    webhook.refresh_from_db()
    assert webhook.pause_code == "gone"


def test_the_log_has_the_last_hundred_and_sends_again(
    world: World, webhook: Webhook, receiver: Receiver, turn: Turn
) -> None:
    at = world.now
    WebhookRequest.objects.bulk_create(
        WebhookRequest(webhook=webhook, event="test", body="{}", status="sent", created_at=at, next_attempt_at=at)
        for _ in range(rules.LOG_MAX)
    )
    world.create_game()
    turn(db_now())
    assert WebhookRequest.objects.count() == rules.LOG_MAX
    newest = actions.log_of(webhook)[0]
    actions.send_again(webhook.pk, newest.pk, by(world.alice), db_now())
    turn(db_now())
    first, again = receiver.received
    assert first.text == again.text
    with refuses("unknown_request"):
        actions.send_again(webhook.pk, newest.pk + 1, by(world.alice), db_now())


def test_what_names_someone_forgotten_is_not_sent(world: World, webhook: Webhook, receiver: Receiver) -> None:
    from games.privacy.actions import forget_person

    game = world.create_game()
    signups.join(game.pk, world.charlie, by(world.charlie), world.now)
    steps.create_due_deliveries(db_now())
    assert str(world.charlie.pk) in WebhookRequest.objects.latest("pk").body
    forget_person(world.charlie.pk, db_now())
    assert not WebhookRequest.objects.filter(body__contains=str(world.charlie.pk)).exists()
    assert {*WebhookRequest.objects.filter(body="").values_list("status", flat=True)} == {"dropped"}


# --- whatever the other side is ----------------------------------------------------------------------------


def send(url: str) -> Answer:
    async def run() -> Answer:
        sender = RequestSender()
        try:
            return await sender.send(Request(url, "1", "{}", "secret"))
        finally:
            await sender.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://localhost/", "https://2130706433/",
        "http://example.com/", "https://169.254.169.254/", "https://db/",
    ],
)  # fmt: skip
def test_no_address_of_a_private_network(world: World, settings: Any, url: str) -> None:
    settings.SEND_TO_PRIVATE_ADDRESSES = False
    assert send(url).problem == RequestProblem.ADDRESS
    with refuses("bad_url"):
        actions.create_webhook(world.guild.pk, url, [WebhookEvent.JOINED], by(world.alice), world.now)


def test_no_name_that_leads_into_one(settings: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEND_TO_PRIVATE_ADDRESSES = False
    asked = []

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    port = receiver.url.split(":")[2].split("/")[0]
    assert send(f"https://rebinding.example.com:{port}/").problem == RequestProblem.CONNECTION
    assert asked == ["rebinding.example.com"], "resolved once"
    assert receiver.received == []


def test_name_servers_that_hang_keep_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a domain has its name server: one thread waits for each webhook there, and Discord needs none."""
    hangs, found = threading.Event(), socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> Any:
        if host.endswith("example.com"):
            hangs.wait(AT_ONCE)
            raise socket.gaierror
        return found(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(requests, "SECONDS", 0.2)

    async def run() -> list[Answer]:
        sender = RequestSender()
        sent = [asyncio.create_task(sender.send(Request(f"https://{n}.example.com/", "1", "", "s"))) for n in range(40)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(AT_ONCE / 2):
            await asyncio.get_running_loop().getaddrinfo("localhost", 443)
        answers = await asyncio.gather(*sent)
        hangs.set()
        await sender.close()
        return answers

    assert {one.problem for one in asyncio.run(run())} == {RequestProblem.TIMEOUT}


def test_slow_endless_and_unreadable_answers(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.answers.append((200, {}, b"\x00\xff" + b"a" * 500_000))
    answer = send(receiver.url)
    assert (answer.status, len(answer.text), "\x00" in answer.text) == (200, requests.KEPT, False)
    monkeypatch.setattr(requests, "SECONDS", 0.05)
    receiver.wait = 0.2
    assert send(receiver.url).problem == RequestProblem.TIMEOUT
    assert send("http://127.0.0.1:1/").problem == RequestProblem.CONNECTION


def test_requests_take_no_places_of_posts(world: World, webhook: Webhook) -> None:
    world.create_game()
    steps.create_due_deliveries(db_now())
    now = db_now()
    kinds = [job.kind for job in steps.due_posts(now, 10, requests=0)]
    assert "webhook" not in kinds
    assert kinds
    assert [job.kind for job in steps.due_posts(now, 10)] == ["webhook"]
