"""Attendance: marked by hosts and managers, visible to nobody else but the player."""

import csv
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from games.attendance import wording as attendance_wording
from games.attendance.actions import mark_attendance
from games.core.base import Actor, EntryPoint
from games.core.state_wording import NOT_STARTED
from games.models import AuditEntry, Game, Signup
from games.posts.announcement import announcement_view
from games.posts.calendars import calendar_file
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from notifications.models import Notification

MARKED = attendance_wording.you_did_not_come("Bob the GM")


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game that has started: Charlie and a placeholder are seated, Alice waits."""
    created = world.create_game(seats=2)
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    created.signups.create(placeholder="=Grandma", order_key=10**12, joined_at=world.now, seated_at=world.now)
    signups.join(created.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    Game.objects.update(starts_at=world.now - timedelta(minutes=5), ends_at=world.now + timedelta(hours=2))
    return Game.objects.get()


def seat(game: Game, world: World) -> Signup:
    return game.signups.get(user=world.charlie)


def test_marking_attendance_and_undoing_it_changes_no_post(world: World, game: Game, as_person: Any) -> None:
    Notification.objects.all().delete()
    before = announcement_view(game, world.now), calendar_file(game, world.now)
    host = as_person(world.bob)
    page = host.get(game.get_absolute_url()).text
    assert page.count("Didn't come") == 2, "each with a seat; not who waits"
    url = reverse("game-attendance", args=[game.pk, seat(game, world).pk])
    response = host.post(url, {"no_show": "yes"}, headers={"HX-Request": "true"})
    assert attendance_wording.attendance_marked("charlie", True, True) in unescape(response.text)
    assert "Came after all" in response.text
    assert "Bob the GM marked that charlie didn't come" in unescape(response.text)
    assert (game.guild_id, "attend") == AuditEntry.objects.values_list("guild_id", "action").first()
    game = Game.objects.get()
    assert (announcement_view(game, world.now), calendar_file(game, world.now)) == before
    assert not Notification.objects.exists(), "the post is not even edited"
    assert MARKED in unescape(as_person(world.charlie).get(game.get_absolute_url()).text)
    manager = unescape(as_person(world.alice).get(game.get_absolute_url()).text)
    assert "charlie didn't come" in manager, "she manages the server"
    other = unescape(as_person(world.add_member(9)).get(game.get_absolute_url()).text)
    assert "didn't come" not in other
    assert "Who came" not in other
    response = as_person(world.bob).post(url, {"no_show": "no"}, follow=True)
    assert "You marked that charlie came after all." in response.text
    assert not seat(game, world).no_show
    assert MARKED not in unescape(as_person(world.charlie).get(game.get_absolute_url()).text)


def test_who_may_mark_attendance_and_when(world: World, game: Game) -> None:
    pk, by = seat(game, world).pk, Actor(world.bob, EntryPoint.PAGE)
    with refuses("not_yours"):
        mark_attendance(game.pk, pk, True, Actor(world.charlie, EntryPoint.PAGE), world.now)
    with refuses("unknown_seat"):
        mark_attendance(game.pk, game.signups.get(user=world.alice).pk, True, by, world.now)
    with refuses("unknown_seat"):
        mark_attendance(world.create_game().pk, pk, True, by, world.now + timedelta(days=4))
    with pytest.raises(Refused, match=NOT_STARTED):
        mark_attendance(game.pk, pk, True, by, world.now - timedelta(hours=1))
    assert mark_attendance(game.pk, pk, True, Actor(world.alice, EntryPoint.PAGE), world.now).changed
    again = mark_attendance(game.pk, pk, True, by, world.now + timedelta(days=9))
    assert (again.changed, again.text) == (False, attendance_wording.attendance_marked("charlie", True, False))


def rows(response: Any) -> list[list[str]]:
    return list(csv.reader(response.content.decode("utf-8-sig").splitlines()))


def test_the_csv_file_of_a_server(world: World, game: Game, as_person: Any) -> None:
    Game.objects.update(title="=SUM(A1)")
    mark_attendance(game.pk, seat(game, world).pk, True, Actor(world.bob, EntryPoint.PAGE), world.now)
    # Alice left late and came back; dave left late and stayed away.
    dave = world.add_member(9)
    for user, key in ((world.alice, 10**13), (dave, 10**14)):
        game.signups.create(user=user, order_key=key, joined_at=world.now, left_at=world.now, left_late=True)
    game.signups.filter(user=world.alice, left_at=None).update(seated_at=world.now)
    world.create_game(title="To come")
    begins = f"{game.starts_at:%Y-%m-%d %H:%M}"
    manager, url = as_person(world.alice), reverse("guild-attendance", args=[world.guild.pk])
    assert url in manager.get(reverse("guild-people", args=[world.guild.pk])).text
    head, *lines = rows(manager.get(url))
    assert head == ["game", "title", "start (UTC)", "person", "name", "present", "left late"]
    assert {tuple(line[:3]) for line in lines} == {(str(game.pk), "'=SUM(A1)", begins)}
    assert sorted(line[3:] for line in lines) == sorted(
        [
            [str(world.charlie.pk), "charlie", "no", "no"],
            ["", "'=Grandma", "yes", "no"],
            [str(world.alice.pk), "alice", "yes", "no"],
            [str(dave.pk), str(dave), "no", "yes"],
        ]
    )
    day = game.starts_at.date()
    assert len(rows(manager.get(url, {"from": day, "to": day}))) == 5
    assert len(rows(manager.get(url, {"from": day + timedelta(days=1)}))) == 1
    assert len(rows(manager.get(url, {"to": day - timedelta(days=1)}))) == 1
    for bad in ("yesterday", "9999-12-31"):
        assert attendance_wording.BAD_DAY in manager.get(url, {"to": bad}, follow=True).text


def test_the_command(world: World, game: Game, capsys: Any) -> None:
    call_command("game", "attendance", str(game.pk), "--absent", "Charlie", "--as", "bob")
    assert attendance_wording.attendance_marked("charlie", True, True) in capsys.readouterr().out
    call_command("game", "attendance", str(game.pk))
    assert capsys.readouterr().out.splitlines() == ["didn't come   charlie", "came          =Grandma"]
    call_command("game", "attendance", str(game.pk), "--present", str(world.charlie.pk))
    assert not seat(game, world).no_show
    capsys.readouterr()
    call_command("game", "attendance", "--guild", str(world.guild.pk))
    assert "Curse of Strahd" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody with a seat is called “alice”"):
        call_command("game", "attendance", str(game.pk), "--absent", "alice")
    for arguments in ([str(game.pk)], [str(game.pk), "--absent", "charlie"], ["--guild", str(world.guild.pk)]):
        with pytest.raises(CommandError, match="Only"):
            call_command("game", "attendance", *arguments, "--as", "charlie")
    call_command("game", "show", str(game.pk), "--as", "charlie")
    assert "come" not in capsys.readouterr().out
