"""Popups and list actions of the admin, sent twice, do what they are for once."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django_q.models import Schedule

from games.core.base import Actor, EntryPoint
from games.models import AuditEntry, Game
from games.polls.tests.helpers import tick
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.series.tests.scene import repeat
from games.signups import actions as signups
from games.tests.stage import Stage, db, module_stage, rows, stage
from games.tests.test_sent_twice import ADMIN_FORMS, send
from gamesched.testing.page_forms import form_to
from guilds.admin_site import SentOnceMixin
from guilds.models import User

__all__ = ["db", "module_stage", "stage"]  # the fixtures


@pytest.fixture
def client(client: Any, stage: Stage) -> Any:
    """Return a client of an operator's."""
    User.objects.filter(pk=stage.world.alice.pk).update(is_superuser=True, is_staff=True)
    client.force_login(stage.world.alice, backend="django.contrib.auth.backends.ModelBackend")
    return client


def popup_data(response: Any) -> dict[str, Any]:
    """Return what a closing popup hands to the form that opened it."""
    data = re.search(r'data-popup-response="([^"]*)"', response.text)
    assert data is not None, response.text
    found: dict[str, Any] = json.loads(html.unescape(data[1]))
    return found


def test_a_popup_that_adds_a_row_sent_twice(stage: Stage, client: Any) -> None:
    for table in ("games_game", "games_gametemplate", "guilds_block", "django_q_schedule"):
        address = reverse(f"admin:{table}_add") + "?_to_field=id&_popup=1"
        form = form_to(client, address, reverse(f"admin:{table}_add"), **ADMIN_FORMS[table](stage))
        form |= {"_popup": "1", "_to_field": "id"}
        before = rows()
        first = client.post(address, form)
        assert first.status_code == 200, table
        saved = rows()
        assert saved != before or table == "django_q_schedule"
        second = client.post(address, form, follow=True)
        assert popup_data(second) == popup_data(first), table
        assert popup_data(first)["value"], table
        assert rows() == saved, table
    assert Schedule.objects.filter(name="Look").count() == 1


def test_a_popup_that_changes_or_deletes_a_row_sent_twice(stage: Stage, client: Any) -> None:
    task = Schedule.objects.create(name="Look", func="math.sqrt", schedule_type="O", repeats=-1)
    address = reverse("admin:django_q_schedule_change", args=[task.pk]) + "?_to_field=id&_popup=1"
    form = form_to(client, address, address.split("?")[0], func="math.floor") | {"_popup": "1", "_to_field": "id"}
    first, second = (client.post(address, form, follow=True) for _ in range(2))
    assert popup_data(first) == popup_data(second)
    assert popup_data(first)["obj"] == "math.floor"
    address = reverse("admin:django_q_schedule_delete", args=[task.pk]) + "?_to_field=id&_popup=1"
    form = form_to(client, address, address.split("?")[0]) | {"_popup": "1", "_to_field": "id"}
    first, second = (client.post(address, form, follow=True) for _ in range(2))
    assert popup_data(first) == popup_data(second)
    assert popup_data(first)["action"] == "delete"


def test_an_answer_of_somebody_elses_popup_does_not_exist(stage: Stage, client: Any, as_person: Any) -> None:
    address = reverse("admin:guilds_block_add") + "?_popup=1"
    form = form_to(client, address, reverse("admin:guilds_block_add"), **ADMIN_FORMS["guilds_block"](stage))
    for _ in range(2):
        response = client.post(address, form | {"_popup": "1"})
    assert client.get(response.url).status_code == 200
    for bad in (response.url[:-3], reverse("admin:popup"), reverse("admin:popup") + "?data=x"):
        assert client.get(bad).status_code == 404
    User.objects.filter(pk=stage.world.bob.pk).update(is_superuser=True)
    assert as_person(stage.world.bob).get(response.url).status_code == 404


def draft(stage: Stage) -> list[int]:
    world, announce = stage.world, AnnounceSchedule(AnnounceWhen.DRAFT)
    made = [
        scheduling.create_game(
            world.guild.pk,
            world.make_plan(title=title),
            Actor(world.bob, EntryPoint.PAGE),
            world.now,
            announce=announce,
        )
        for title in ("One", "Two")
    ]
    return [one.game.pk for one in made]


def cancelled(stage: Stage) -> list[int]:
    cancellation.cancel_game(stage.game.pk, "", Actor(stage.world.bob, EntryPoint.PAGE), stage.world.now)
    return [stage.game.pk]


def running(stage: Stage) -> list[int]:
    Game.objects.filter(pk=stage.game.pk).update(starts_at=stage.world.now - timedelta(hours=1))
    return [stage.game.pk]


def left(stage: Stage) -> list[int]:
    signups.leave(stage.game.pk, stage.world.charlie, Actor(stage.world.charlie, EntryPoint.PAGE), stage.world.now)
    return [stage.game.signups.get(user=stage.world.charlie).pk]


def repeating(stage: Stage) -> list[int]:
    return [repeat(stage.world, stage.game).pk]


def ticked(stage: Stage) -> list[int]:
    tick(stage.poll, stage.world.charlie, stage.world, [0])
    return [stage.poll.pk]


# By table and action: the rows that it is for, and whether it does something new when it comes again by itself.
LIST_ACTIONS: dict[tuple[str, str], Callable[[Stage], list[int]]] = {
    ("games_game", "announce"): draft,
    ("games_game", "undo"): cancelled,
    ("games_game", "end"): running,
    ("games_signup", "join"): left,
    ("games_signup", "leave"): lambda stage: list(stage.game.signups.values_list("pk", flat=True)),
    ("games_gametemplate", "make_default"): lambda stage: [stage.templates[2].pk],
    ("games_gametemplate", "duplicate"): lambda stage: [template.pk for template in stage.templates],
    ("games_series", "end"): repeating,
    ("games_timepoll", "cancel"): lambda stage: [stage.poll.pk],
    ("games_timepoll", "make_game"): ticked,
    ("guilds_block", "lift"): lambda stage: list(stage.blocked.blocks.values_list("pk", flat=True)),
    ("notifications_delivery", "retry"): lambda stage: [stage.delivery.pk],
    ("notifications_delivery", "drop"): lambda stage: [stage.delivery.pk],
}
# `cancel` and `forget` ask first; `export` changes nothing; the post that is announced again is one row.
NOT_HERE = {
    *(("games_game", action) for action in ("cancel", "export", "announce_again")),
    ("guilds_user", "forget"),
}


@pytest.mark.parametrize(("table", "action"), LIST_ACTIONS)
def test_a_list_action_sent_twice(stage: Stage, client: Any, table: str, action: str) -> None:
    chosen = LIST_ACTIONS[table, action](stage)
    address = reverse(f"admin:{table}_changelist")
    form = form_to(client, address, address, action=action, index="0") | {ACTION_CHECKBOX_NAME: chosen}
    before, entries = rows(), AuditEntry.objects.count()
    response = send(client, address, form)
    first = rows()
    assert first != before
    where, said = send(client, address, form)
    assert (where, said) == (response[0], [" ".join(response[1])]), "in one message"
    assert rows() == first
    assert AuditEntry.objects.count() >= entries
    # Opened anew it is another form, as two of a page are.
    assert form_to(client, address, address)["form_token"] != form["form_token"]


def test_cancelling_asks_first_and_then_is_taken_once(stage: Stage, client: Any) -> None:
    address = reverse("admin:games_game_changelist")
    form = form_to(client, address, address, action="cancel", index="0") | {ACTION_CHECKBOX_NAME: [stage.game.pk]}
    for _ in range(2):
        assert client.post(address, form).status_code == 200
    assert Game.objects.get(pk=stage.game.pk).cancelled_at is None
    again = form | {"confirmed": "1", "reason": "ill"}
    response = send(client, address, again)
    kept = rows()
    assert send(client, address, again) == response
    assert rows() == kept


def test_every_list_action_is_known() -> None:
    known = set(LIST_ACTIONS) | NOT_HERE
    found = {
        (f"{model._meta.app_label}_{model._meta.model_name}", action)
        for model, one in admin.site._registry.items()
        if model._meta.app_label in {"games", "guilds", "notifications"}
        for action in one.actions or ()
    }
    assert found == known
    unguarded = [one for one in admin.site._registry.values() if not isinstance(one, SentOnceMixin)]
    assert not unguarded, "every admin takes its forms once"
