"""The audit log keeps people by id and names them when it is read, so that no name outlives its person."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from conftest import World
from games.admin.audit import AuditEntryAdmin
from games.attendance.actions import mark_attendance
from games.core.audit_people import stored_people, stored_person, user_ids, with_names
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_viewer
from games.hosts import actions as hosts
from games.models import AuditEntry, Game, GameEdit, Signup
from games.pages.game_page import history
from games.pages.guild_history import history_entries
from games.signups import actions as signups
from games.signups import manual_seating, responses, standby
from guilds.directory import upsert
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import SOMEBODY_NAME, User

NAME = "Zebulon"


def zebulon(world: World) -> User:
    return world.add_member(200, NAME)


def signup_of(world: World, who: User) -> tuple[int, int]:
    game, signup = seated(world, who)
    return game.pk, signup.pk


def seated(world: World, who: User) -> tuple[Game, Signup]:
    game = world.create_game()
    signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
    return game, game.signups.get(user=who)


def leave_server(world: World, user_id: int | None) -> None:
    upsert.mark_member_left(world.guild.pk, user_id or 0, world.now)


def by_bob(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


ACTS: dict[str, Callable[[World, User], object]] = {
    "remove": lambda w, who: signups.remove_signup(*signup_of(w, who), by_bob(w), w.now),
    "add": lambda w, who: manual_seating.add_people(w.create_game().pk, [who.pk, "Guest"], by_bob(w), w.now),
    "bench": lambda w, who: manual_seating.move_to_wait_list(*signup_of(w, who), by_bob(w), w.now),
    "lost_seat": lambda w, who: leave_server(w, seated(w, who)[1].user_id),
    "wait": lambda w, who: standby.set_standby(seated(w, who)[0].pk, who, True, by_bob(w), w.now),
    "note": lambda w, who: responses.set_note(seated(w, who)[0].pk, who, "late", by_bob(w), w.now),
    "edit": lambda w, who: hosts.hand_over(w.create_game().pk, who, Actor(w.alice, EntryPoint.PAGE), w.now),
    "hand_over": lambda w, who: hosts.hand_over(w.create_game().pk, who, by_bob(w), w.now),
    "block": lambda w, who: hosts.block_user(w.guild.pk, who, None, "", Actor(w.alice, EntryPoint.PAGE), w.now),
    "unblock": lambda w, who: [
        ACTS["block"](w, who),
        hosts.unblock_user(w.guild.pk, who, Actor(w.alice, EntryPoint.PAGE), w.now),
    ],
}


@pytest.mark.parametrize("action", ACTS)
def test_no_entry_has_a_name(world: World, action: str) -> None:
    who = zebulon(world)
    ACTS[action](world, who)
    entry = AuditEntry.objects.filter(action=action).latest("pk")
    assert user_ids(entry.changes) & {who.pk}
    assert NAME not in json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert NAME not in json.dumps(list(GameEdit.objects.values_list("previous", flat=True)))
    assert NAME in shown(entry), "the reader sees the name"
    upsert.upsert_member(world.guild.pk, MemberPayload(UserPayload(who.pk, "z"), "Renamed"), world.now)
    assert "Renamed" in shown(entry), "and the name of today"
    assert NAME not in shown(entry)


def shown(entry: AuditEntry) -> str:
    """Return an entry as its page and the admin show it."""
    admin = AuditEntryAdmin(AuditEntry, importlib.import_module("django.contrib.admin").site)
    viewer = load_viewer(None, entry.guild_id, operator=True)
    entry.viewer = viewer  # type: ignore[attr-defined]  # as the admin sets it
    table = str(admin.before_and_after(entry))
    if entry.game is not None:
        assert history(entry.game)[0].text
        return table + "".join(row.text for row in history(entry.game))
    return table + history_entries(viewer, [entry], "UTC")[0].text


def test_marking_who_came_keeps_no_name(world: World) -> None:
    who = zebulon(world)
    game, signup = seated(world, who)
    mark_attendance(game.pk, signup.pk, True, by_bob(world), game.starts_at)
    assert AuditEntry.objects.get(action="attend").changes == {"for": stored_person(who.pk), "no_show": True}


def test_people_at_any_depth_are_named_and_nothing_else_is_taken_for_one() -> None:
    stored = {"for": stored_people([5, "Bob"]), "co-hosts": [stored_people([]), stored_people([7])], "note": "<@5>"}
    assert user_ids(stored) == {5, 7}
    assert with_names(stored, {}) == {
        "for": f"{SOMEBODY_NAME}, Bob",
        "co-hosts": ["", SOMEBODY_NAME],
        "note": "<@5>",
    }
    typed: dict[str, Any] = {"users": [5], "other": 1}
    assert user_ids(typed) == set()


def test_names_of_older_entries_become_ids_where_they_are_one_persons(world: World) -> None:
    who, game = zebulon(world), world.create_game()
    twins = [world.add_member(number, "Twin") for number in (201, 202)]
    Signup.objects.create(game=game, placeholder="Bob", order_key=1, joined_at=world.now)

    def entry(action: str, **changes: Any) -> AuditEntry:
        return AuditEntry.objects.create(
            guild=world.guild, game=game, action=action, source="page", at=world.now, changes=changes
        )

    one = entry("remove", **{"for": NAME, "word": NAME})
    several = entry("add", **{"for": f"{NAME}, Bob, charlie"})
    in_doubt = entry("remove", **{"for": "Twin"})
    unknown = entry("remove", **{"for": "Nobody Here"})
    time = entry("keep", **{"for": NAME})
    host = entry("edit", **{"host": [NAME, "charlie"], "co-hosts": [[], [NAME]], "title": [NAME, "b"]})
    blocked = entry("block", of=NAME, until=None)
    edit = GameEdit.objects.create(game=game, at=world.now, previous={"host": NAME, "title": NAME})
    for _ in range(2):  # and once more changes nothing
        importlib.import_module("games.migrations.0019_audit_people").store_ids(apps, None)
        for row in (one, several, in_doubt, unknown, time, host, blocked, edit):
            row.refresh_from_db()
        stored = stored_person(who.pk)
        assert one.changes == {"for": stored, "word": NAME}
        assert several.changes == {"for": stored_people([who.pk, "Bob", world.charlie.pk])}
        assert in_doubt.changes == {"for": "Twin"}
        assert len(twins) == 2
        assert unknown.changes == {"for": "Nobody Here"}
        assert time.changes == {"for": NAME}
        assert host.changes["host"] == [stored, stored_person(world.charlie.pk)]
        assert host.changes["co-hosts"] == [stored_people([]), stored]
        assert host.changes["title"] == [NAME, "b"]
        assert blocked.changes == {"of": stored, "until": None}
        assert edit.previous == {"host": stored, "title": NAME}
