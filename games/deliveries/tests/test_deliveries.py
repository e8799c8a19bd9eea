"""Deliveries on a game's page, for its hosts, and on a server's page, for its managers."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import NotifyListener, World
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_viewer
from games.deliveries import report as delivery_report
from games.deliveries import wording as delivery_wording
from games.deliveries.tests.test_resend import fail, lease_message_jobs
from games.models import Game
from games.signups import actions as signups
from games.tests.cast import foreign_game
from notifications.codes import SkipCode
from notifications.daemon import steps
from notifications.messages import PermanentError, SentMessage, TemporaryError
from notifications.models import Delivery, DeliveryStatus, Notification

pytestmark = pytest.mark.slow


@pytest.fixture
def game(world: World) -> Game:
    created = world.create_game(reminders=(60,))
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return created


def test_a_game_with_all_deliveries_sent(world: World, game: Game, as_person: Any) -> None:
    assert "Who was told" not in as_person(world.bob).get(game.get_absolute_url()).text
    at = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(at)
    steps.record([(job, SentMessage(1, job.pk)) for job in lease_message_jobs(at)], at)
    report = delivery_report.game_deliveries(game, at)
    [notice] = report.notifications
    assert (notice.title, notice.at, notice.text, notice.recipients) == (
        "Reminder 1 hour before",
        at,
        "2 of 2 reached",
        (),
    )
    assert (report.text, report.has_problem) == ("2 of 2 reached", False)
    Notification.objects.filter(kind="reminder").update(due_at=world.now)
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert '<details id="deliveries" class="card fold deliveries">' in page


def test_unreached_recipients_are_named_with_the_reason(world: World, game: Game, as_person: Any) -> None:
    people = {name: world.add_member(number, name) for number, name in enumerate(("Ann", "Ben", "Cat", "Dan"), 100)}
    for person in people.values():
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    at = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(at)
    signups.leave(game.pk, people["Dan"], Actor(people["Dan"], EntryPoint.PAGE), world.now)
    outcomes: dict[int, Any] = {
        people["Ann"].pk: PermanentError("closed", PermanentError.CLOSED_DMS),
        people["Ben"].pk: PermanentError("It may have been sent.", PermanentError.UNCERTAIN),
        people["Cat"].pk: TemporaryError("Discord answered 502"),
        world.charlie.pk: PermanentError("Missing Access", "50001"),
    }
    steps.record(
        [(job, outcomes.get(job.message.user_id or 0, SentMessage(1, job.pk))) for job in lease_message_jobs(at)], at
    )
    steps.record([(job, SentMessage(1, job.pk)) for job in lease_message_jobs(at)], at)
    [notice] = delivery_report.game_deliveries(game, at).notifications
    assert {line.name: (line.text, line.has_problem, line.may_resend) for line in notice.recipients} == {
        "Ann": ("mentioned in the channel, as their direct messages are closed", False, False),
        "Ben": ("It may have been sent", True, True),
        "Cat": ("we're still trying: Discord answered 502", False, False),
        "Dan": ("not sent: they left", False, False),
        "charlie": ("failed: the bot can't see the channel", True, True),
    }
    assert notice.text == "2 of 6 reached"
    assert delivery_report.game_deliveries(game, game.starts_at).notifications[0].recipients[-1].may_resend is False, (
        "too late"
    )
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert '<details id="deliveries" class="card fold deliveries" open>' in page
    assert page.count("Send again") == 2
    assert "Who was told" not in as_person(world.charlie).get(game.get_absolute_url()).text


def test_a_list_that_cannot_name_everybody_says_so(world: World, game: Game, monkeypatch: Any) -> None:
    fail(game, world.charlie, "Missing Access", "50001")
    assert delivery_report.game_deliveries(game, game.starts_at).more_text == ""
    monkeypatch.setattr(delivery_report, "MAX_RECIPIENT_ROWS", 0)
    assert delivery_report.game_deliveries(game, game.starts_at).more_text == delivery_wording.first_named(0)


def test_a_notification_that_expired_is_shown(world: World, game: Game) -> None:
    steps.create_due_deliveries(game.starts_at)
    report = delivery_report.game_deliveries(game, game.starts_at)
    assert report.notifications[0].text == f"not sent: {SkipCode.EXPIRED.label}"
    assert report.has_problem


def test_the_button_resends_and_the_page_shows_the_new_delivery(world: World, game: Game, as_person: Any) -> None:
    failed = fail(game, world.charlie, "Missing Access", "50001")
    host = as_person(world.bob)
    url = reverse("game-resend", args=[game.pk, failed.pk])
    response = host.post(url, headers={"hx-request": "true"})
    assert "We send the message to charlie again." in response.text
    assert "on its way" in response.text
    assert "Send again" not in response.text
    assert Delivery.objects.get(resend_of=failed).status == DeliveryStatus.PENDING
    assert "We already sent the message to" in host.post(url, follow=True).text
    assert host.post(reverse("game-resend", args=[world.create_game().pk, failed.pk])).status_code == 404


def test_the_game_page_takes_a_fixed_number_of_queries(world: World, game: Game) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            delivery_report.game_deliveries(game, game.starts_at)
        return len(captured)

    fail(game, world.charlie, "Missing Access", "50001")
    before = queries()
    row = Notification.objects.get(kind="reminder")
    for number in range(100, 120):
        Delivery.objects.create(
            notification=row,
            recipient=world.add_member(number),
            status=DeliveryStatus.FAILED,
            next_attempt_at=world.now,
        )
    assert queries() == before == 3


# --- a server's messages -----------------------------------------------------------------------------------


def test_the_servers_page(world: World, game: Game, as_person: Any, monkeypatch: Any) -> None:
    failed = fail(game, world.charlie, "Missing Access", "50001")
    other = foreign_game(world)
    row = Notification.objects.create(game=other, kind="reminder", due_at=world.now)
    other_delivery = Delivery.objects.create(
        notification=row, recipient=world.bob, status="failed", next_attempt_at=world.now
    )
    welcome = Notification.objects.create(kind="welcome", due_at=world.now, payload={"guild": str(world.guild.pk)})
    Delivery.objects.create(notification=welcome, recipient=world.alice, status="sent", next_attempt_at=world.now)
    Notification.objects.filter(kind="reminder", game=game).update(due_at=world.now)
    manager = as_person(world.alice)
    url = reverse("guild-messages", args=[world.guild.pk])
    page = manager.get(url).text
    assert page.count('class="delivery') == 3
    assert "How to set the server up" in page
    assert "failed: the bot can't see the channel" in unescape(page)
    deliveries = delivery_report.guild_deliveries(load_viewer(world.alice, world.guild.pk))
    assert dict(delivery_report.delivery_counts(deliveries, world.now)) == {
        "reached": 2, "mentioned in the channel instead": 0, "failed or in doubt": 1, "not sent: no longer useful": 0,
        "on their way": 0,
    }  # fmt: skip
    undone = manager.get(url, {"show": "undone"}).text
    assert undone.count('class="delivery') == 1
    again = reverse("guild-resend", args=[world.guild.pk, failed.pk])
    response = manager.post(f"{again}?show=undone", follow=True)
    assert response.redirect_chain[-1][0] == f"{url}?show=undone"
    assert "We send the message to charlie again." in response.text
    assert delivery_wording.ALL_REACHED in response.text
    assert manager.post(reverse("guild-resend", args=[world.guild.pk, other_delivery.pk])).status_code == 404
    assert "; sent again" in manager.get(url).text
    monkeypatch.setattr("games.deliveries.views.PAGE_SIZE", 2)
    page = manager.get(url).text
    assert page.count('class="delivery') == 2
    last = delivery_report.guild_deliveries(load_viewer(world.alice, world.guild.pk)).order_by("-pk")[1].pk
    assert f'href="?before={last}"' in page
    assert manager.get(url, {"before": last}).text.count('class="delivery') == 2


def test_the_servers_page_takes_a_fixed_number_of_queries(world: World, game: Game, as_person: Any) -> None:
    manager, url = as_person(world.alice), reverse("guild-messages", args=[world.guild.pk])
    fail(game, world.charlie, "Missing Access", "50001")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(url).status_code == 200
        return len(captured)

    before = queries()
    row = Notification.objects.get(kind="reminder")
    for number in range(100, 120):
        Delivery.objects.create(
            notification=row,
            recipient=world.add_member(number),
            status=DeliveryStatus.FAILED,
            next_attempt_at=world.now,
        )
    assert queries() == before


def test_open_pages_refresh_once_all_deliveries_are_complete(
    committed_world: World, pg_notifications: NotifyListener
) -> None:
    world = committed_world
    created = world.create_game(reminders=(60,))
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    at = created.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(at)
    first, second = lease_message_jobs(at)
    pg_notifications.received()
    steps.record([(first, SentMessage(1, 7))], at)
    assert "game_changed" not in pg_notifications.received()
    steps.record([(second, PermanentError("Missing Access", "50001"))], at)
    assert "game_changed" in pg_notifications.received()
