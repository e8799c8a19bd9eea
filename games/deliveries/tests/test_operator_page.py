"""The operator's page: what is due, how late deliveries were, what failed, and the pause."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.deliveries.operator_views import chart_context
from games.deliveries.wording import NOT_PAUSED
from guilds.directory import upsert
from guilds.models import User
from notifications import heartbeat, report
from notifications.daemon import pause
from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification

PAGE = "/admin/deliveries/"


@pytest.fixture
def root(as_person: Any, db: None) -> Any:
    return as_person(User.objects.create(id=5, username="root", handle="root", is_staff=True, is_superuser=True))


def create_delivery(world: World, hours: float, **fields: Any) -> Delivery:
    """Create a delivery of so many hours ago."""
    at = world.now - timedelta(hours=hours)
    row = Notification.objects.create(kind="reminder", due_at=at, closed_at=at)
    Notification.objects.filter(pk=row.pk).update(created_at=at)
    return Delivery.objects.create(notification=row, recipient=world.bob, **{"next_attempt_at": at, **fields})


def test_the_hourly_numbers(world: World) -> None:
    now = world.now
    for lateness in (100, 300, 50_000):
        create_delivery(world, 3, status=DeliveryStatus.SENT, sent_at=now - timedelta(hours=3), lateness_ms=lateness)
    old = create_delivery(world, 3, status=DeliveryStatus.FAILED)
    create_delivery(world, 0, status=DeliveryStatus.SENT, sent_at=now, lateness_ms=10_000_000, resend_of=old)
    create_delivery(world, 50, status=DeliveryStatus.SENT, sent_at=now - timedelta(hours=50), lateness_ms=9)
    create_delivery(world, 2, status=DeliveryStatus.DROPPED, error="they left")
    create_delivery(world, 0.1)
    create_delivery(world, 0, leased_until=now + timedelta(seconds=30))
    create_delivery(world, -0.1, error="Discord answered 502")
    hours = report.hourly_reports(now)
    assert len(hours) == report.HOURS
    [busy] = [hour for hour in hours if hour.sent and hour.p50 is not None and hour.p50 < 1]
    assert (busy.sent, busy.p50, busy.failed) == (3, 0.3, 1)
    assert busy.p99 == pytest.approx(49, abs=1)
    assert sum(hour.failed for hour in hours) == 1
    queue = report.queue_report(now)
    assert (queue.due, queue.oldest, queue.in_flight, queue.retried) == (1, timedelta(minutes=6), 1, 1)
    assert report.skip_reasons(now) == [("they left", 1)]
    bars = chart_context(hours)["bars"]
    assert [bar.failed for bar in bars if bar.failed] == [60.0]


def test_the_page(world: World, root: Any) -> None:
    empty = root.get(PAGE).text
    assert "In the last 48 hours nothing was sent and nothing failed." in empty
    assert "No program has run yet." in empty
    world.create_game()
    create_delivery(world, 1, status=DeliveryStatus.SENT, sent_at=world.now - timedelta(hours=1), lateness_ms=400)
    create_delivery(world, 1, status=DeliveryStatus.UNCERTAIN)
    heartbeat.record_heartbeat("notifyd", world.now - timedelta(minutes=3))
    upsert.mark_bot_removed(world.guild.pk, world.now)
    page = root.get(PAGE)
    assert "<b>notifyd</b> last seen 3 minutes ago" in page.text
    assert "in Friday Night Dice" in page.text
    assert page.text.count("<rect class=") == 3
    assert "style=" not in page.text
    assert "<script" not in page.text.split("<svg viewBox")[1].split("</svg>")[0]
    assert PAGE in root.get("/admin/").text


def test_it_is_for_superusers(world: World, as_person: Any) -> None:
    manager = as_person(world.alice)
    assert manager.get(PAGE).status_code == 404
    pause.pause("The ledger is old.", world.now)
    assert manager.post(reverse("admin:release")).status_code == 404
    page = manager.get("/admin/").text
    assert "Notifications are paused" not in page
    assert PAGE not in page
    assert as_person(world.charlie).get(PAGE).status_code == 403
    assert pause.current_pause() is not None


def test_a_pause_is_shown_on_every_page_and_resumed(world: World, root: Any) -> None:
    pause.pause("The ledger is old.", world.now)
    create_delivery(world, 1)
    for url in ("/admin/", PAGE, "/admin/notifications/delivery/", "/admin/games/game/"):
        page = root.get(url).text
        assert "The ledger is old." in page
        assert "manage.py notifyd --release" in page
    assert root.get(reverse("admin:release")).status_code == 405
    response = root.post(reverse("admin:release"), follow=True)
    assert "Released. 1 message that was" in response.text
    assert "Notifications are paused" not in response.text
    assert pause.current_pause() is None
    assert NOT_PAUSED in root.post(reverse("admin:release"), follow=True).text
    assert Heartbeat.objects.count() == 0
