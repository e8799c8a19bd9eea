"""A manager's games in the admin: lists, the form, and actions on several games, all by the shared actions."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import GUILD, World
from games.admin.base import admin_actor
from games.admin.tests.two_guilds import SCOPED, edit_of, furnish, lists, make_manager, name_of
from games.core.audit_people import stored_person
from games.core.base import Actor, EntryPoint
from games.core.codes import NotificationKind
from games.core.csv_files import escape_csv_formula
from games.core.state_wording import ROSTER_CLOSED
from games.models import AuditEntry, Game, GameTemplate, Signup
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.signups import actions as signups
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.types import user_message_types

pytestmark = pytest.mark.slow

LIST = "/admin/games/game/"


@pytest.fixture
def manager(world: World, as_person: Any) -> Any:
    """Return the browser of Bob, who manages the guild and hosts nothing of Alice's."""
    return as_person(make_manager(world))


def game_of_alice(world: World, **changes: Any) -> Game:
    return scheduling.create_game(
        world.guild.pk, world.make_plan(**changes), Actor(world.alice, EntryPoint.PAGE), world.now
    ).game


def change_url(game: Game) -> str:
    return reverse("admin:games_game_change", args=[game.pk])


def test_the_next_game_comes_first_with_its_seats_and_status(world: World, manager: Any) -> None:
    for title, days in (("Later", 5), ("Sooner", 1), ("Much later", 9)):
        game = game_of_alice(world, title=title, starts_at=world.now + timedelta(days=days))
    cancellation.cancel_game(Game.objects.get(title="Later").pk, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    page = manager.get(LIST).text
    assert page.index("Sooner") < page.index(">Later<") < page.index("Much later"), "a cancelled one keeps its place"
    assert "1 of 5" in page
    assert "Scheduled" in page
    only = manager.get(LIST, {"status": "cancelled"}).text
    assert ">Later<" in only
    assert "Sooner" not in only


def test_an_edit_passes_only_changed_fields_to_the_action(world: World, manager: Any) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", channel=world.channel)
    game = game_of_alice(
        world, template_id=template.pk, player_role_ids=(GUILD,), instructions="Bring tea.", seats=None
    )
    kept = {"instructions": "Bring tea.", "seats": "", "own_player_roles": "on", "player_role_ids": [GUILD]}
    data = edit_of(game) | {"title": "Renamed"} | kept
    response = manager.post(change_url(game), data, follow=True)
    assert response.status_code == 200
    game.refresh_from_db()
    assert (game.title, game.template, game.player_role_ids, game.seats) == ("Renamed", template, [GUILD], None)
    entry = AuditEntry.objects.get(action="edit")
    assert entry.changes == {"title": ["Curse of Strahd", "Renamed"]}
    assert (entry.actor, entry.source) == (world.bob, "admin")


def test_a_stale_form_shows_the_saved_values_and_keeps_the_typed_ones(world: World, manager: Any) -> None:
    game = game_of_alice(world)
    data = edit_of(game) | {"title": "Mine"}
    plan = world.make_plan(title="Theirs")
    scheduling.edit_game(game.pk, plan, Actor(world.alice, EntryPoint.PAGE), world.now)
    response = manager.post(change_url(game), data)
    assert response.status_code == 200
    assert "Someone else changed this while" in response.text
    assert "Theirs" in response.text
    assert 'value="Mine"' in response.text
    assert Game.objects.get().title == "Theirs"
    assert 'name="edition" value="2"' in response.text
    manager.post(change_url(game), data | {"edition": 2})
    assert Game.objects.get().title == "Mine", "sent once more, on purpose"


def test_a_manager_schedules_a_game_of_their_own(world: World, manager: Any) -> None:
    page = manager.get(reverse("admin:games_game_add")).text
    assert 'name="host"' in page
    assert "Friday Night Dice" in page, "the only server is chosen already"
    start = world.now + timedelta(days=2)
    data = {
        "guild": world.guild.pk, "channel": world.channel.pk, "template": "", "title": "One shot", "description": "",
        "starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M:%S}", "zone": "Europe/Berlin",
    }  # fmt: skip
    manager.post(reverse("admin:games_game_add"), data)
    game = Game.objects.get()
    assert (game.host, game.starts_at, game.seats) == (world.bob, start, None)
    assert Notification.objects.filter(kind="announcement").exists()


def test_times_are_read_and_shown_in_the_persons_zone(world: World, manager: Any) -> None:
    world.bob.zone = "Asia/Tokyo"
    world.bob.save()
    game = game_of_alice(world)
    local = game.starts_at + timedelta(hours=9)
    assert f'value="{local:%H:%M:%S}"' in manager.get(change_url(game)).text
    data = edit_of(game) | {"starts_at_0": f"{local:%Y-%m-%d}", "starts_at_1": f"{local:%H:%M:%S}"}
    manager.post(change_url(game), data)
    assert not AuditEntry.objects.filter(action="edit").exists(), "nothing was different"


def test_a_row_under_the_game_signs_somebody_up(world: World, manager: Any) -> None:
    game = game_of_alice(world)
    rows = {"signups-TOTAL_FORMS": 1, "signups-0-user": world.charlie.pk, "signups-0-game": game.pk}
    response = manager.post(change_url(game), edit_of(game) | rows, follow=True)
    assert "is signed up: seat 1 of 5." in response.text
    assert Signup.objects.get().user == world.charlie
    assert AuditEntry.objects.get(action="join").changes == {"for": stored_person(world.charlie.pk)}


def test_a_refused_row_is_an_error_of_the_form(world: World, manager: Any) -> None:
    game = game_of_alice(world)
    past = world.now - timedelta(minutes=10)
    Game.objects.update(starts_at=past, ends_at=world.now + timedelta(hours=1))
    game.refresh_from_db()
    rows = {"signups-TOTAL_FORMS": 1, "signups-0-user": world.charlie.pk, "signups-0-game": game.pk}
    response = manager.post(change_url(game), edit_of(game) | rows)
    assert ROSTER_CLOSED in response.text
    assert not Signup.objects.exists()


def test_a_game_that_is_over_is_only_shown(world: World, manager: Any) -> None:
    game = game_of_alice(world)
    cancellation.cancel_game(game.pk, "rain", Actor(world.alice, EntryPoint.PAGE), world.now)
    page = manager.get(change_url(game)).text
    assert 'name="title"' not in page
    assert "rain" in page


def test_cancelling_asks_for_the_reason_first(world: World, manager: Any) -> None:
    games = [game_of_alice(world, title=title) for title in ("One", "Two")]
    data = {"action": "cancel", "_selected_action": [game.pk for game in games]}
    page = manager.post(LIST, data)
    assert "Reason" in page.text
    assert not Game.objects.filter(cancelled_at__isnull=False).exists()
    long = manager.post(LIST, data | {"confirmed": "yes", "reason": "x" * 301})
    assert long.status_code == 422
    assert "Shorten it to 300." in long.text
    assert "x" * 301 in long.text
    manager.post(LIST, data | {"confirmed": "yes", "reason": "rain"})
    assert {game.cancel_reason for game in Game.objects.filter(cancelled_at__isnull=False)} == {"rain"}
    assert AuditEntry.objects.filter(action="cancel", actor=world.bob).count() == 2


def test_announcing_again_and_removing_a_player(world: World, manager: Any) -> None:
    game = game_of_alice(world)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    manager.post(LIST, {"action": "announce_again", "_selected_action": [game.pk]})
    assert AuditEntry.objects.filter(action="announce", actor=world.bob).exists()
    signup = Signup.objects.get()
    manager.post("/admin/games/signup/", {"action": "leave", "_selected_action": [signup.pk]})
    signup.refresh_from_db()
    assert signup.left_at is not None


def test_failed_deliveries_are_sent_again(world: World, manager: Any) -> None:
    furnish(world, world.guild, world.channel, world.bob, world.charlie, "Avalon")
    delivery = Delivery.objects.get()
    response = manager.post(
        "/admin/notifications/delivery/", {"action": "retry", "_selected_action": [delivery.pk]}, follow=True
    )
    assert "We send the message to Bob the GM again." in response.text
    assert Delivery.objects.get(resend_of=delivery).status == DeliveryStatus.PENDING
    response = manager.post(
        "/admin/notifications/delivery/", {"action": "drop", "_selected_action": [delivery.resend.pk]}, follow=True
    )
    assert "You gave up the message to Bob the GM." in response.text
    assert list(AuditEntry.objects.filter(actor=world.bob, source="admin").values_list("action", flat=True)) == [
        "drop",
        "resend",
    ]


def test_exporting_selected_games_as_csv(world: World, manager: Any) -> None:
    game = game_of_alice(world, title="=HYPERLINK(1)")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    game_of_alice(world, title="Not selected")
    response = manager.post(LIST, {"action": "export", "_selected_action": [game.pk]})
    assert response.headers["Content-Type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert row["title"] == "'=HYPERLINK(1)"
    line = response.content.decode("utf-8-sig").splitlines()[1]
    assert line == ",".join(f'"{cell}"' for cell in next(csv.reader([line]))), "each cell is quoted"
    assert (row["seats"], row["seated"], row["server"]) == ("5", "charlie", "Friday Night Dice")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\rx", " =1", "\ufeff+1", "\xa0@x", "＝1", '"=1"'])
def test_csv_text_is_no_formula(text: str) -> None:
    assert escape_csv_formula(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ('x;=HYPERLINK("https://e.io")', 'x;\'=HYPERLINK("https://e.io")'),
        ("x; +1", "x;' +1"),
        ("x,-1", "x,'-1"),
        ("x\t@y", "x\t'@y"),
        ("x\n=1", "x\n'=1"),
        ("x\r\n=1", "x\r\n'=1"),
        ("x|=1", "x|'=1"),
        ("x;＝1;＠y", "x;'＝1;'＠y"),
        ('x;"=1"', 'x;\'"=1"'),
        ("x;;\u200b=1", "x;;'\u200b=1"),
        (";=1", ";'=1"),
    ],
)
def test_no_cell_inside_a_csv_text_is_a_formula(text: str, escaped: str) -> None:
    """Where a semicolon or tab separates cells, a spreadsheet divides even a quoted text there."""
    assert escape_csv_formula(text) == escaped


@pytest.mark.parametrize("text", ["Smith, John", "a-b; c+d = e@f", "2026-01-01", "5", "", "x|y", "2 + 2"])
def test_csv_leaves_other_text_as_it_is(text: str) -> None:
    assert escape_csv_formula(text) == text


def test_the_audit_log_shows_values_before_and_after(world: World, manager: Any) -> None:
    game = game_of_alice(world)
    plan = world.make_plan(channel_id=world.other_channel.pk, seats=0, reminders=(30,))
    scheduling.edit_game(game.pk, plan, Actor(world.alice, EntryPoint.PAGE), world.now)
    entry = AuditEntry.objects.get(action="edit")
    page = manager.get(reverse("admin:games_auditentry_change", args=[entry.pk])).text
    for words in ("#game-night", "#raids", "5 seats", "unlimited seats", "30 minutes before", "alice changed"):
        assert words in page
    history = manager.get(reverse("admin:games_game_history", args=[game.pk]), follow=True).text
    assert "alice changed Channel; Reminders; Seats: 5 → unlimited" in history
    for query in ({"source": "page"}, {"action": "edit"}, {"actor__id__exact": world.alice.pk}):
        assert "alice changed" in manager.get("/admin/games/auditentry/", query).text


def test_actions_check_managers_and_trust_superusers(world: World) -> None:
    assert admin_actor(world.bob) == Actor(world.bob, EntryPoint.ADMIN, operator=False)
    world.bob.is_staff = True
    assert not admin_actor(world.bob).operator
    world.bob.is_superuser = True
    assert admin_actor(world.bob).operator


def test_a_list_takes_a_fixed_number_of_queries(world: World, manager: Any) -> None:
    furnish(world, world.guild, world.channel, world.bob, world.charlie, "First")

    def queries(model: type[Model]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(lists(model)).status_code == 200
        return len(captured)

    before = {name_of(model): queries(model) for model in SCOPED}
    for number in range(6):
        person = world.add_member(100 + number)
        game = game_of_alice(world, title=f"Game {number}")
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
        GameTemplate.objects.create(guild=world.guild, name=f"{number}")
        row = Notification.objects.create(game=game, kind="reminder", recipient=person, due_at=world.now)
        Delivery.objects.create(notification=row, recipient=person, next_attempt_at=world.now)
    assert {name_of(model): queries(model) for model in SCOPED} == before


def test_empty_reminders_inherit_and_none_means_none(world: World, manager: Any) -> None:
    game = game_of_alice(world, reminders=(60,))
    for typed, kept in (("none", []), ("", None), ("2h, 15", [120, 15])):
        game.refresh_from_db()
        assert manager.post(change_url(game), edit_of(game) | {"reminders": typed}).status_code == 302
        game.refresh_from_db()
        assert game.reminders == kept


def test_a_games_page_lists_notifications_of_people_and_no_internal_rows(world: World, manager: Any) -> None:
    game = game_of_alice(world, reminders=(60,))
    for kind in [*NotificationKind]:
        Notification.objects.get_or_create(game=game, kind=kind, defaults={"due_at": world.now})
    shown = manager.get(change_url(game)).context["inline_admin_formsets"][1].formset.queryset
    assert {row.kind for row in shown} == set(user_message_types())
    assert not {"start", "offer_end", "question_end", "signups_close", "changed_end"} & {row.kind for row in shown}
