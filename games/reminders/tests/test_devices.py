"""Notifications on people's devices: from the browser's subscription to what it shows, and each way it can fail."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.messages import ERROR, get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.push import BODY_MAX
from games.hosts.messages import message_players
from games.hosts.rules import Audience
from games.models import Game
from games.reminders import actions as preferences
from games.reminders import devices
from games.reminders.actions import NotificationPreferences
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY
from games.signups import actions as signups
from gamesched.lib.vapid import new_private_key
from gamesched.testing.push_service import Browser, PushService
from gamesched.testing.refusals import refuses
from guilds.models import User
from guilds.profile import set_zone
from notifications.codes import ErrorCode
from notifications.daemon import steps
from notifications.daemon.loop import Notifyd
from notifications.daemon.push import PublicResolver
from notifications.devices import is_endpoint, public_key
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, DeliveryStatus, Notification, PushSubscription

pytestmark = pytest.mark.slow

KEY, OTHER_KEY = new_private_key(), new_private_key()
ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"


class Discord:
    """Takes every message."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []

    async def send(self, message: OutgoingMessage) -> SentMessage:
        self.sent.append(message)
        return SentMessage(message.channel_id or 5, 6)


@pytest.fixture(scope="module")
def running_service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
def service(running_service: PushService, settings: Any) -> PushService:
    settings.VAPID_PRIVATE_KEY, settings.SEND_TO_PRIVATE_ADDRESSES = KEY, True
    running_service.answers.clear()
    running_service.browsers.clear()
    running_service.requests = 0
    return running_service


@pytest.fixture
def discord() -> Discord:
    return Discord()


@pytest.fixture
def game(world: World) -> Game:
    created = world.create_game(reminders=(60,))
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    Notification.objects.open().filter(kind="announcement").delete()
    return created


def add(world: World, service: PushService, who: User, number: int = 1) -> list[Browser]:
    """Have so many new devices of a person notified."""
    browsers = [service.subscribe(public_key()) for _ in range(number)]
    for browser in browsers:
        devices.add_device(who, world.guild.pk, devices.NewDevice(**browser.form), world.now)
    return browsers


def choose(world: World, who: User, how: str = "push", **fields: Any) -> None:
    chosen = NotificationPreferences(how=how, **fields)
    preferences.save_preferences(world.guild.pk, chosen, Actor(who, EntryPoint.PAGE), world.now)


def take_turn(discord: Discord, now: datetime) -> None:
    """Do what notifyd does in one turn, sending included."""

    async def send(jobs: list[steps.Job]) -> list[tuple[steps.Job, steps.SendResult]]:
        notifyd = Notifyd(discord, asyncio.Event())  # type: ignore[arg-type]
        await asyncio.gather(*(notifyd._send(job) for job in jobs))
        await notifyd.push.close()
        return notifyd.results

    steps.create_due_deliveries(now)
    steps.record(asyncio.run(send(steps.lease_jobs(now, 100))), now)


def due(game: Game) -> datetime:
    return game.starts_at - timedelta(minutes=60)


def charlies(world: World) -> Delivery:
    return Delivery.objects.select_related("notification").get(recipient=world.charlie)


# --- what arrives ------------------------------------------------------------------------------------------


def test_a_reminder_is_shown_by_every_device(world: World, service: PushService, discord: Discord, game: Game) -> None:
    set_zone(world.charlie, "Asia/Tokyo")
    choose(world, world.charlie)
    browsers = add(world, service, world.charlie, 2)
    now = due(game)
    take_turn(discord, now)
    assert [message.user_id for message in discord.sent] == [world.bob.pk], "others as before"
    delivery = charlies(world)
    assert (delivery.status, delivery.push, delivery.in_channel) == (DeliveryStatus.SENT, "chosen", False)
    assert (delivery.channel_id, delivery.message_id, delivery.attempts) == (None, None, 1)
    for browser in browsers:
        [received] = browser.received
        content = received.content
        assert content["title"] == game.title
        assert "Start: " in content["body"]
        assert "JST" in content["body"], "by the reader's clock"
        assert [markup for markup in ("**", "<t:", "http", "-#", "()") if markup in content["body"]] == []
        assert content["url"] == f"{game.url}?d={delivery.nonce}"
        assert (content["id"], content["silent"]) == (delivery.nonce, False)
        assert received.headers["Topic"] == content["tag"]
        assert 0 < int(received.headers["TTL"]) <= 60 * 60, "until it would help nobody"
        assert received.headers["Urgency"] == "high"
    assert PushSubscription.objects.filter(last_success_at=now).count() == 2
    world.charlie.refresh_from_db()
    assert world.charlie.dm_channel_id is None, "nothing is learnt of direct messages"


def test_a_later_reminder_replaces_an_earlier_one_and_nothing_else_does(
    world: World, service: PushService, discord: Discord
) -> None:
    game = world.create_game(reminders=(60, 30))
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    Notification.objects.open().filter(kind="announcement").delete()
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    for minutes in (60, 30):
        take_turn(discord, game.starts_at - timedelta(minutes=minutes))
    for text in ("Bring dice.", "x" * 900):
        message_players(game.pk, text, Audience.ALL, Actor(world.bob, EntryPoint.PAGE), game.starts_at)
    take_turn(discord, game.starts_at + timedelta(minutes=1))
    reminders, said = browser.received[:2], browser.received[2:]
    assert len({one.content["tag"] for one in reminders}) == 1
    assert len({one.content["id"] for one in reminders}) == 2, "so that the later is heard"
    assert len({one.content["tag"] for one in said}) == 2
    assert "Bring dice." in "".join(one.content["body"] for one in said)
    assert max(len(one.content["body"]) for one in said) == BODY_MAX, "cut; the page shows all of it"


def test_the_game_page_shows_what_a_device_cut(
    world: World, service: PushService, discord: Discord, game: Game, as_person: Any
) -> None:
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    message_players(game.pk, f"{'x' * 800} at the end", Audience.ALL, Actor(world.bob, EntryPoint.PAGE), world.now)
    take_turn(discord, world.now + timedelta(minutes=1))
    address = browser.received[0].content["url"].removeprefix("http://testserver")
    assert "at the end" in as_person(world.charlie).get(address).text
    assert "at the end" not in as_person(world.add_member(100)).get(address).text


def test_in_quiet_hours_it_makes_no_sound(world: World, service: PushService, discord: Discord, game: Game) -> None:
    choose(world, world.charlie, quiet_from=time(0), quiet_to=time(23, 59, 59))
    [browser] = add(world, service, world.charlie)
    take_turn(discord, due(game))
    assert browser.received[0].content["silent"] is True
    assert browser.received[0].headers["Urgency"] == "normal"


def test_devices_are_read_once_and_only_for_those_who_chose_them(
    world: World, service: PushService, discord: Discord, game: Game
) -> None:
    def device_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            take_turn(discord, due(game))
        Delivery.objects.all().delete()
        Notification.objects.update(closed_at=None)
        return sum("SELECT" in query["sql"] and "pushsubscription" in query["sql"] for query in captured)

    add(world, service, world.charlie)
    add(world, service, world.bob)
    assert device_queries() == 0
    choose(world, world.charlie)
    choose(world, world.bob)
    assert device_queries() == 1


def test_one_device_is_enough(world: World, service: PushService, discord: Discord, game: Game) -> None:
    choose(world, world.charlie)
    browsers = add(world, service, world.charlie, 3)
    service.answers.extend([(500, {}), (410, {})])
    take_turn(discord, due(game))
    assert charlies(world).status == DeliveryStatus.SENT
    assert sum(len(browser.received) for browser in browsers) == 1
    assert PushSubscription.objects.count() == 2, "who is gone is removed, who has trouble is not"
    take_turn(discord, due(game) + timedelta(minutes=1))
    assert service.requests == 3, "nothing is sent again"


# --- what goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "wait", "attempts"),
    [
        (500, {}, 2, 1),
        (503, {"Retry-After": "30"}, 30, 1),
        (429, {}, 2, 1),
        (429, {"Retry-After": "60"}, 60, 1),
        (429, {"Retry-After": "0"}, 2, 1),
    ],
)
def test_what_may_pass_is_tried_again(
    world: World,
    service: PushService,
    discord: Discord,
    game: Game,
    status: int,
    headers: dict[str, str],
    wait: int,
    attempts: int,
) -> None:
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    service.answers.append((status, headers))
    take_turn(discord, due(game))
    delivery = charlies(world)
    assert (delivery.status, delivery.push, delivery.attempts) == (DeliveryStatus.PENDING, "chosen", attempts)
    assert delivery.next_attempt_at == due(game) + timedelta(seconds=wait)
    take_turn(discord, delivery.next_attempt_at)
    assert charlies(world).status == DeliveryStatus.SENT
    assert len(browser.received) == 1
    assert len(discord.sent) == 1, "the host's"


def test_nobody_there_is_tried_again(world: World, service: PushService, discord: Discord, game: Game) -> None:
    choose(world, world.charlie)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        [browser] = add(world, service, world.charlie)
        PushSubscription.objects.update(endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}/x")
        take_turn(discord, due(game))
    delivery = charlies(world)
    assert (delivery.status, delivery.error_code) == (DeliveryStatus.PENDING, ErrorCode.TEMPORARY)
    assert "127.0.0.1" in delivery.error
    assert "/x" not in delivery.error, "an endpoint is a secret"
    take_turn(discord, game.starts_at)
    assert charlies(world).status == DeliveryStatus.DROPPED, "it would help nobody"
    assert browser.received == []


@pytest.mark.parametrize(
    ("status", "left"), [(404, 0), (410, 0), (400, 1), (401, 1), (403, 1), (413, 1), (301, 1), (307, 1)]
)
def test_without_a_device_it_is_a_direct_message(
    world: World, service: PushService, discord: Discord, game: Game, status: int, left: int
) -> None:
    choose(world, world.charlie)
    add(world, service, world.charlie)
    service.answers.append((status, {"Location": f"{service.origin}/elsewhere"}))
    now = due(game)
    take_turn(discord, now)
    first = charlies(world)
    assert (first.status, first.push, first.attempts) == (DeliveryStatus.PENDING, "refused", 0)
    assert PushSubscription.objects.count() == left
    take_turn(discord, now)
    assert {message.user_id for message in discord.sent} == {world.bob.pk, world.charlie.pk}
    [message] = [one for one in discord.sent if one.user_id == world.charlie.pk]
    assert message.push is None
    assert "[Change your notifications]" in message.text
    assert charlies(world).status == DeliveryStatus.SENT
    assert service.requests == 1, "no redirect is followed"


def test_what_would_be_late_is_a_direct_message(
    world: World, service: PushService, discord: Discord, game: Game
) -> None:
    choose(world, world.charlie)
    add(world, service, world.charlie)
    service.answers.extend([(503, {"Retry-After": "90"}), (429, {"Retry-After": "90"})])
    take_turn(discord, due(game))
    again = due(game) + timedelta(seconds=90)
    take_turn(discord, again)
    assert charlies(world).push == "refused"
    take_turn(discord, again)
    assert charlies(world).status == DeliveryStatus.SENT
    assert world.charlie.pk in {message.user_id for message in discord.sent}


def test_with_direct_messages_closed_too_it_is_a_mention(
    world: World, service: PushService, discord: Discord, game: Game
) -> None:
    User.objects.filter(pk=world.charlie.pk).update(dm_closed_at=world.now)
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    take_turn(discord, due(game))
    assert len(browser.received) == 1, "devices need no direct messages"
    PushSubscription.objects.all().delete()
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now - CANCELLATION_DELAY)
    take_turn(discord, world.now)
    [message] = [one for one in discord.sent if world.charlie.pk in one.ping_users]
    assert message.channel_id == game.channel_id


def test_an_attempt_made_once_more_replaces_the_first(
    world: World, service: PushService, discord: Discord, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    with monkeypatch.context() as killed:
        killed.setattr(steps, "record", lambda results, now: None)
        take_turn(discord, due(game))
    steps.release_leases()  # as whoever takes over does
    take_turn(discord, due(game) + timedelta(seconds=1))
    first, again = browser.received
    assert first.headers["Topic"] == again.headers["Topic"], "at the push service"
    assert [first.content[name] for name in ("tag", "id")] == [again.content[name] for name in ("tag", "id")]
    assert charlies(world).status == DeliveryStatus.SENT


def test_removed_after_an_attempt_it_is_a_direct_message(
    world: World, service: PushService, discord: Discord, game: Game
) -> None:
    choose(world, world.charlie)
    add(world, service, world.charlie)
    service.answers.append((500, {}))
    take_turn(discord, due(game))
    PushSubscription.objects.all().delete()
    take_turn(discord, due(game) + timedelta(seconds=10))
    assert charlies(world).push == "refused"
    assert world.charlie.pk in {message.user_id for message in discord.sent}


@pytest.mark.parametrize("key", ["", OTHER_KEY], ids=["none", "another"])
def test_with_another_key_or_none_it_is_a_direct_message(
    world: World, service: PushService, discord: Discord, game: Game, settings: Any, key: str
) -> None:
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    settings.VAPID_PRIVATE_KEY = key
    take_turn(discord, due(game))
    assert world.charlie.pk in {message.user_id for message in discord.sent}
    assert browser.received == []
    settings.VAPID_PRIVATE_KEY = KEY
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), due(game) - CANCELLATION_DELAY)
    take_turn(discord, due(game))
    assert len(browser.received) == 1, "with the key that was, devices are as they were"


def test_no_name_leads_to_a_private_address(settings: Any) -> None:
    async def resolve(host: str) -> Any:
        resolver = PublicResolver()
        try:
            return await resolver.resolve(host, 443)
        finally:
            await resolver.close()

    with pytest.raises(OSError, match="no public address"):
        asyncio.run(resolve("localhost"))
    settings.SEND_TO_PRIVATE_ADDRESSES = True
    assert asyncio.run(resolve("localhost"))


# --- adding and removing -----------------------------------------------------------------------------------


def address(world: World, name: str = "guild-notifications") -> str:
    return reverse(name, args=[world.guild.pk])


def refusals(response: Any) -> list[str]:
    return [str(one) for one in get_messages(response.wsgi_request) if one.level == ERROR]


def test_a_device_is_added_shown_tried_and_removed(
    world: World, service: PushService, discord: Discord, as_person: Any
) -> None:
    client = as_person(world.charlie)
    page = client.get(address(world)).text
    assert f'data-push-key="{public_key()}"' in page
    assert 'value="push"' in page
    browser = service.subscribe(public_key())
    response = client.post(address(world, "notification-device-add"), browser.form, headers={"User-Agent": ANDROID})
    assert response.url == f"{address(world)}#devices"
    choose(world, world.charlie)
    page = client.get(address(world)).text
    assert "Chrome, Android" in page
    assert browser.endpoint not in page
    assert browser.form["auth"] not in page
    client.post(address(world, "notification-test"))
    take_turn(discord, Notification.objects.get(kind="test_reminder").due_at)
    assert len(browser.received) == 1
    assert "We sent it to your devices." in client.get(address(world)).text
    [device] = PushSubscription.objects.all()
    client.post(address(world, "notification-device-remove"), {"device": device.pk})
    assert not PushSubscription.objects.exists()
    assert "so we send you direct messages" in client.get(address(world)).text


def test_added_again_it_is_the_same_device_and_whose_browser_it_is_now(world: World, service: PushService) -> None:
    [browser] = add(world, service, world.charlie)
    for who in (world.charlie, world.bob):
        devices.add_device(who, world.guild.pk, devices.NewDevice(**browser.form), world.now)
        assert PushSubscription.objects.get().user == who


def test_nobody_removes_anothers_device(world: World, service: PushService, as_person: Any) -> None:
    add(world, service, world.charlie)
    [device] = PushSubscription.objects.all()
    client = as_person(world.bob)
    assert client.post(address(world, "notification-device-remove"), {"device": device.pk}).status_code == 404
    for odd in ("", "x", "0", str(2**70)):
        assert client.post(address(world, "notification-device-remove"), {"device": odd}).status_code == 404
    assert PushSubscription.objects.get().user == world.charlie


def test_ten_devices_are_the_most(world: World, service: PushService) -> None:
    browsers = add(world, service, world.charlie, devices.DEVICES_MAX)
    with refuses("too_many"):
        add(world, service, world.charlie)
    devices.add_device(world.charlie, world.guild.pk, devices.NewDevice(**browsers[0].form), world.now)
    add(world, service, world.bob)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://push.example.org/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:192.168.0.1]/x",
        "https://printer.local/x",
        "https://intranet/x",
        "https://user@push.example.org/x",
        "https://push.example.org:99999/x",
        "https://push.example.org/a b",
        "https://push.example.org/é",
        "https://push.example.org/\x00",
        f"https://push.example.org/{'x' * 1000}",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_are_no_push_service(world: World, settings: Any, endpoint: str) -> None:
    settings.VAPID_PRIVATE_KEY = KEY
    device = devices.NewDevice(**Browser("https://push.example.org/x", "").form)
    with refuses("bad_subscription"):
        devices.add_device(world.charlie, world.guild.pk, replace(device, endpoint=endpoint), world.now)
    devices.add_device(world.charlie, world.guild.pk, device, world.now)


@pytest.mark.parametrize("fields", [{"p256dh": ""}, {"auth": "AAAA"}, {"p256dh": "é" * 87}, {"auth": "x" * 5000}])
def test_keys_that_are_none(world: World, service: PushService, as_person: Any, fields: dict[str, str]) -> None:
    form = service.subscribe(public_key()).form | fields
    response = as_person(world.charlie).post(address(world, "notification-device-add"), form)
    assert len(refusals(response)) == 1
    assert not PushSubscription.objects.exists()


def test_without_a_key_it_is_not_offered(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    choose(world, world.charlie)
    page = client.get(address(world)).text
    assert 'value="push"' not in page
    assert "data-push-key" not in page
    assert "push.js" not in page
    assert client.post(address(world), {"how": "push"}).status_code == 422
    device = devices.NewDevice(**Browser("https://push.example.org/x", "").form)
    with refuses("push_off"):
        devices.add_device(world.charlie, world.guild.pk, device, world.now)


def test_what_holds_of_endpoints_is_asked_again_before_sending(
    world: World, service: PushService, discord: Discord, game: Game, settings: Any
) -> None:
    choose(world, world.charlie)
    [browser] = add(world, service, world.charlie)
    settings.SEND_TO_PRIVATE_ADDRESSES = False
    assert not is_endpoint(browser.endpoint)
    take_turn(discord, due(game))
    assert service.requests == 0
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (ANDROID, "Chrome, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) Version/20.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_names_of_browsers(user_agent: str, name: str) -> None:
    assert devices.browser_name(user_agent) == name
