"""An agenda is switched on, changed and off on its channel's settings page and in the admin."""

from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.agenda.tests.helpers import switch_on
from games.core.codes import NotificationKind
from games.models import Agenda, AgendaGames, AgendaProblem, AuditEntry
from games.models.settings import ChannelDefaults
from games.server_settings import wording
from gamesched.lib.refusal import Refused
from gamesched.local_discord import fixtures
from guilds.models import FORUM, Channel
from notifications.models import Notification


def address(world: World) -> str:
    return reverse("guild-channel", args=[GUILD, world.channel.pk])


def fields(**changes: Any) -> dict[str, Any]:
    layer = ChannelDefaults.objects.filter(pk=fixtures.GAME_NIGHT_ID).first()
    return {"for_games": "on", "edition": str(layer.edit_version if layer else 0), **changes}


def open_rows() -> int:
    return Notification.objects.open().filter(kind=NotificationKind.AGENDA).count()


def test_it_is_off_by_default(world: World, as_person: Any) -> None:
    form = as_person(world.alice).get(address(world), {"edit": "all"}).context["form"]
    assert [form.initial[name] for name in ("agenda_days", "agenda_games", "agenda_pinned")] == [
        None, AgendaGames.CHANNEL, False,
    ]  # fmt: skip
    as_person(world.alice).post(address(world), fields(seats="4"))
    assert (ChannelDefaults.objects.get().seats, Agenda.objects.exists(), open_rows()) == (4, False, 0)


def test_the_page_switches_it_on_and_off(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    typed = fields(agenda_days="14", agenda_games="server", agenda_pinned="on")
    assert client.post(address(world), typed).status_code == 302
    agenda = Agenda.objects.get()
    assert (agenda.days, agenda.games, agenda.pinned) == (14, AgendaGames.SERVER, True)
    assert (agenda.channel_id, open_rows()) == (world.channel.pk, 1)
    shown = client.get(address(world), {"edit": "all"}).context["form"].initial
    assert (shown["agenda_days"], shown["agenda_games"], shown["agenda_pinned"]) == (14, "server", True)
    assert client.post(address(world), fields()).status_code == 302
    assert Agenda.objects.get().days is None
    history = client.get(reverse("guild-history", args=[GUILD])).text
    for text in (wording.agenda_days(None), str(AgendaGames.SERVER.label), wording.OTHER_LABELS["agenda_days"]):
        assert text in history


@pytest.mark.parametrize("days", ["0", "32", "-1", "1.5", "many", "9" * 40])
def test_wrong_days_are_refused_and_given_back(world: World, as_person: Any, days: str) -> None:
    response = as_person(world.alice).post(address(world), fields(agenda_days=days))
    assert response.status_code == 422
    assert response.context["form"].errors == {"agenda_days": [wording.WRONG_AGENDA_DAYS]}
    assert f'value="{days}"' in response.text
    assert not Agenda.objects.exists()


@pytest.mark.parametrize("days", [0, 32])
def test_the_action_refuses_them_too(world: World, days: int) -> None:
    with pytest.raises(Refused) as refused:
        switch_on(world, days)
    assert refused.value.refusal.fields == {"agenda_days": wording.WRONG_AGENDA_DAYS}


def test_a_forum_has_none(world: World, as_person: Any) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(type=FORUM)
    assert "agenda_days" not in as_person(world.alice).get(address(world)).text
    with pytest.raises(Refused) as refused:
        switch_on(world)
    assert refused.value.refusal.fields == {"agenda_days": wording.NO_AGENDA_IN_FORUM}


@pytest.mark.parametrize("code", AgendaProblem.values)
def test_its_page_says_what_is_wrong(world: World, as_person: Any, code: str) -> None:
    switch_on(world)
    Agenda.objects.update(problem_code=code, message_id=5)
    response = as_person(world.alice).get(address(world))
    assert response.context["warning"] == wording.agenda_problem(code, [])
    assert response.context["warning"]
    assert str(Agenda.objects.get().url) in response.text


def test_another_setting_of_the_channel_leaves_it_alone(world: World, as_person: Any) -> None:
    switch_on(world, 3)
    Notification.objects.update(closed_at=world.now)
    kept = {"agenda_days": "3", "agenda_games": "channel"}
    as_person(world.alice).post(address(world), fields(**kept, seats="4"))
    assert (Agenda.objects.get().days, ChannelDefaults.objects.get().seats) == (3, 4)
    [entry] = AuditEntry.objects.order_by("-pk")[:1]
    assert "agenda_days" not in entry.changes
    assert open_rows() == 0


def test_the_admin_has_it_too(world: World, admin_client: Any) -> None:
    ChannelDefaults.objects.create(channel=world.channel)
    url = reverse("admin:games_channeldefaults_change", args=[world.channel.pk])
    page = admin_client.get(url)
    assert page.status_code == 200
    typed = {"edition": "1", "for_games": "on", "agenda_days": "5", "agenda_games": "channel", "agenda_pinned": "on"}
    response = admin_client.post(url, typed)
    assert response.status_code == 302, response.context["errors"]
    assert (Agenda.objects.get().days, open_rows()) == (5, 1)
