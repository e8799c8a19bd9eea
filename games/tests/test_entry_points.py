"""One action by every entry point: the same sign-ups, the same rows and the same pg_notify."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import NotifyListener, World
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from games.models import AuditEntry, Game, Signup
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User
from notifications.models import Notification

pytestmark = pytest.mark.slow

HTMX = {"HX-Request": "true"}


def click(world: World, game: Game, action: str) -> None:
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    run_signup_action(Click(game.pk, action, world.guild.pk, member))


def post(world: World, client: Any, user: User, url: str, data: dict[str, Any], **extra: Any) -> Any:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(url, data, **extra)
    assert response.status_code in {200, 302}, response.text
    return response


def operator(world: World) -> User:
    world.alice.is_staff = world.alice.is_superuser = True
    world.alice.save()
    return world.alice


def page_join(world: World, client: Any, game: Game) -> None:
    post(world, client, world.charlie, reverse("game-join", args=[game.pk]), {})


def htmx_join(world: World, client: Any, game: Game) -> None:
    post(world, client, world.charlie, reverse("game-join", args=[game.pk]), {}, headers=HTMX)


def admin_join(world: World, client: Any, game: Game) -> None:
    data = {"game": game.pk, "user": world.charlie.pk}
    post(world, client, operator(world), reverse("admin:games_signup_add"), data)


def command_join(world: World, client: Any, game: Game) -> None:
    call_command("game", "join", str(game.pk), "--as", str(world.charlie.pk))


JOINS: dict[str, Callable[[World, Any, Game], None]] = {
    "button": lambda world, client, game: click(world, game, "join"),
    "page": page_join,
    "htmx": htmx_join,
    "admin form": admin_join,
    "command": command_join,
}


def page_leave(world: World, client: Any, game: Game) -> None:
    post(world, client, world.charlie, reverse("game-leave", args=[game.pk]), {})


def htmx_leave(world: World, client: Any, game: Game) -> None:
    post(world, client, world.charlie, reverse("game-leave", args=[game.pk]), {}, headers=HTMX)


def admin_leave(world: World, client: Any, game: Game) -> None:
    signup = game.signups.current().get(user=world.charlie)
    data = {"action": "leave", "_selected_action": [signup.pk]}
    post(world, client, operator(world), reverse("admin:games_signup_changelist"), data)


def command_leave(world: World, client: Any, game: Game) -> None:
    call_command("game", "leave", str(game.pk), "--as", "charlie")


def page_remove(world: World, client: Any, game: Game) -> None:
    signup = game.signups.current().get(user=world.charlie)
    post(world, client, world.bob, reverse("game-remove", args=[game.pk, signup.pk]), {})


def command_remove(world: World, client: Any, game: Game) -> None:
    call_command("game", "leave", str(game.pk), "--person", "charlie")


LEAVES: dict[str, Callable[[World, Any, Game], None]] = {
    "button": lambda world, client, game: click(world, game, "leave"),
    "page": page_leave,
    "htmx": htmx_leave,
    "admin action": admin_leave,
    "command": command_leave,
    "page, by the host": page_remove,
    "command, by an operator": command_remove,
}
BY_OTHERS = {"admin form", "admin action", "page, by the host", "command, by an operator"}


def form_fields(world: World, start: datetime) -> dict[str, Any]:
    return {
        "title": "Curse of Strahd",
        "description": "Bring dice.",
        "date": f"{start:%Y-%m-%d}",
        "time": f"{start:%H:%M:%S}",
        "zone": "UTC",
        "channel": str(world.channel.pk),
        "seats": "5",
        "duration": "120",
        "reminders": "1440, 60, 1",
        "edition": "1",
    }


def page_edit(world: World, client: Any, game: Game, start: datetime) -> None:
    post(world, client, world.bob, reverse("game-edit", args=[game.pk]), form_fields(world, start))


def admin_edit(world: World, client: Any, game: Game, start: datetime) -> None:
    data = form_fields(world, start) | {"starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M:%S}"}
    rows = {f"{rows}-{count}": 0 for rows in ("signups", "notifications") for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
    post(world, client, operator(world), reverse("admin:games_game_change", args=[game.pk]), data | rows)


def command_edit(world: World, client: Any, game: Game, start: datetime) -> None:
    when = ["--date", f"{start:%Y-%m-%d}", "--time", f"{start:%H:%M:%S}", "--zone", "UTC"]
    call_command("game", "edit", str(game.pk), *when, "--reminders", "1440, 60, 1", "--as", "bob")


EDITS: dict[str, Callable[[World, Any, Game, datetime], None]] = {
    "page": page_edit,
    "admin form": admin_edit,
    "command": command_edit,
}


def page_cancel(world: World, client: Any, game: Game) -> None:
    post(world, client, world.bob, reverse("game-cancel", args=[game.pk]), {})


def htmx_cancel(world: World, client: Any, game: Game) -> None:
    post(world, client, world.bob, reverse("game-cancel", args=[game.pk]), {}, headers=HTMX)


def admin_cancel(world: World, client: Any, game: Game) -> None:
    data = {"action": "cancel", "_selected_action": [game.pk], "confirmed": "yes", "reason": ""}
    post(world, client, operator(world), reverse("admin:games_game_changelist"), data)


def command_cancel(world: World, client: Any, game: Game) -> None:
    call_command("game", "cancel", str(game.pk), "--as", "bob")


CANCELS: dict[str, Callable[[World, Any, Game], None]] = {
    "page": page_cancel,
    "htmx": htmx_cancel,
    "admin action": admin_cancel,
    "command": command_cancel,
}


def open_rows() -> set[tuple[str, int | None, int | None]]:
    rows = Notification.objects.open().values_list("kind", "recipient_id", "minutes")
    return {(kind, recipient, minutes) for kind, recipient, minutes in rows}


PLANNED = {("announcement", None, None), ("start", None, None), ("end", None, None)}
BEFORE = PLANNED | {("reminder", None, 60), ("reminder", None, 1440)}


@pytest.mark.parametrize("entry_point", JOINS)
def test_join(committed_world: World, client: Any, pg_notifications: NotifyListener, entry_point: str) -> None:
    world = committed_world
    game = world.create_game()
    pg_notifications.received()
    JOINS[entry_point](world, client, game)
    signup = Signup.objects.get()
    assert (signup.user, signup.order_key, signup.left_at) == (world.charlie, 1, None)
    assert signup.seated_at is not None
    notified = {("added", world.charlie.pk, None)} if entry_point in BY_OTHERS else set()
    assert open_rows() == BEFORE | notified
    assert signup.added_by_other is (entry_point in BY_OTHERS)
    assert Notification.objects.open().get(kind="announcement").post_version == 2
    assert pg_notifications.received() == {"game_changed", "notification_due"}
    assert AuditEntry.objects.filter(action="join").count() == 1


@pytest.mark.parametrize("entry_point", LEAVES)
def test_leave(committed_world: World, client: Any, pg_notifications: NotifyListener, entry_point: str) -> None:
    world = committed_world
    game = world.create_game(seats=1)
    click(world, game, "join")
    page = reverse("game-join", args=[game.pk])
    post(world, client, world.bob, page, {})
    pg_notifications.received()
    LEAVES[entry_point](world, client, game)
    assert [s.user for s in game.signups.current()] == [world.bob]
    assert game.signups.current().get().seated_at is not None
    notified = {("removed", world.charlie.pk, None)} if entry_point in BY_OTHERS else set()
    assert open_rows() == BEFORE | notified | {("moved", world.bob.pk, None)}
    assert pg_notifications.received() == {"game_changed", "notification_due"}


@pytest.mark.parametrize("entry_point", EDITS)
def test_moving_the_start_from_three_days_off_to_ninety_seconds(
    committed_world: World, client: Any, pg_notifications: NotifyListener, entry_point: str
) -> None:
    world = committed_world
    game = world.create_game()
    pg_notifications.received()
    start = (datetime.now(UTC) + timedelta(seconds=90)).replace(microsecond=0)
    EDITS[entry_point](world, client, game, start)
    game.refresh_from_db()
    assert game.starts_at == start
    assert game.edit_version == 2
    assert open_rows() == PLANNED | {("reminder", None, 1)}, "nothing of the old time is left"
    assert Notification.objects.open().get(kind="reminder").due_at == start - timedelta(minutes=1)
    assert pg_notifications.received() == {"game_changed", "notification_due"}


@pytest.mark.parametrize("entry_point", CANCELS)
def test_cancel(committed_world: World, client: Any, pg_notifications: NotifyListener, entry_point: str) -> None:
    world = committed_world
    game = world.create_game()
    click(world, game, "join")
    pg_notifications.received()
    CANCELS[entry_point](world, client, game)
    game.refresh_from_db()
    assert game.cancelled_at is not None
    assert open_rows() == {("announcement", None, None), ("cancelled", None, None)}
    assert pg_notifications.received() == {"game_changed", "notification_due"}


def test_the_admin_shows_problems_and_keeps_the_typed_values(world: World, client: Any) -> None:
    game = world.create_game()
    start = world.now - timedelta(days=1)
    data = form_fields(world, start) | {"starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M:%S}"}
    response = post(world, client, operator(world), reverse("admin:games_game_change", args=[game.pk]), data)
    assert "That time is past" in response.text
    game.refresh_from_db()
    assert game.starts_at == world.now + timedelta(days=3)


def test_a_dry_run_changes_nothing(world: World, capsys: Any) -> None:
    game = world.create_game()
    call_command("game", "join", str(game.pk), "--as", "charlie", "--dry-run", "--json")
    assert "You're in, seat 1 of 5." in capsys.readouterr().out
    assert not Signup.objects.exists()
