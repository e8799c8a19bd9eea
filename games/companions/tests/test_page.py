"""What a game's page shows of its companions, and the button beside one that failed or was deleted."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import GUILD, World
from games.companions.actions import handle_deleted
from games.companions.summary import companion_rows
from games.companions.tests.badges import KIND, MADE, MANAGE_ROLES, registered, sync, take
from games.companions.wording import FULL, LABELS, MAKE_ROOM, TRY_AGAIN, problem_texts
from games.core.base import Actor, EntryPoint
from games.models import AuditEntry, CompanionKind, CompanionProblem, Game, GameCompanion
from games.pages.game_page import history
from games.signups import actions as signups
from guilds.models import Channel
from notifications.daemon import steps
from notifications.messages import PermanentError

ON: dict[str, Any] = {"server_event": True, "thread": "start", "voice_channel": "everyone", "player_role": True}


@pytest.fixture(autouse=True)
def badge(world: World) -> Iterator[None]:
    Channel.objects.update(bot_permissions=world.channel.bot_permissions | MANAGE_ROLES)
    with registered():
        yield


def rows(game: Game, world: World) -> dict[str, str]:
    return {row.kind: row.problem or row.state_text for row in companion_rows(game, world.now, manages=True)}


def test_everybody_is_shown_links_and_who_runs_it_the_states(world: World, as_person: Any) -> None:
    game = world.create_game(**ON)
    for number, kind in enumerate(CompanionKind):
        GameCompanion.objects.create(game=game, kind=kind, discord_id=number + 70, people_count=3)
    links = [f"/events/{GUILD}/70", f"/channels/{GUILD}/71", f"/channels/{GUILD}/72"]
    player = as_person(world.charlie).get(game.get_absolute_url()).text
    assert all(link in player for link in links)
    assert "3 interested" not in player
    host = as_person(world.bob).get(game.get_absolute_url()).text
    assert all(link in host for link in links)
    assert "3 interested" in host
    assert "/73" not in host, "a role has no address"


def test_what_is_not_there_yet_says_when_it_comes(world: World, as_person: Any) -> None:
    game = world.create_game(**ON)
    assert "15 minutes before the start" in rows(game, world)[CompanionKind.VOICE]
    assert "when the game starts" in rows(game, world)[CompanionKind.THREAD]
    player = as_person(world.charlie).get(game.get_absolute_url()).text
    assert "In Discord" not in player
    assert "15 minutes before the start" in as_person(world.bob).get(game.get_absolute_url()).text


def test_a_game_without_any_asks_nothing(world: World) -> None:
    game = Game.objects.get(pk=world.create_game().pk)
    assert not game.settings.player_role
    with CaptureQueriesContext(connection) as queries:
        assert companion_rows(game, world.now, manages=False) == ()
    assert len(queries) == 0


def test_what_is_off_but_cannot_go_is_said_to_who_runs_it(world: World) -> None:
    game = world.create_game()
    stuck = GameCompanion.objects.create(game=game, kind=CompanionKind.EVENT, discord_id=70)
    assert rows(game, world) == {}, "it is about to go"
    stuck.set_problem(CompanionProblem.MISSING_PERMISSION)
    stuck.save()
    [row] = companion_rows(game, world.now, manages=True)
    assert (row.kind, bool(row.problem), row.again) == (CompanionKind.EVENT, True, TRY_AGAIN)
    assert companion_rows(game, world.now, manages=False) == ()


def test_a_failure_is_said_to_who_runs_it_and_tried_again_at_once(world: World, as_person: Any) -> None:
    game = world.create_game(player_role=True)
    [job] = take(world.now)
    steps.record([(job, PermanentError("Maximum number of roles", PermanentError.LIMIT_REACHED))], world.now)
    url = reverse("game-companion", args=[game.pk, KIND])
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert FULL[KIND] in page
    assert MAKE_ROOM[KIND] in page
    assert url in page
    player = as_person(world.charlie)
    assert FULL[KIND] not in player.get(game.get_absolute_url()).text
    player.post(url)
    assert GameCompanion.objects.get().problem_code == CompanionProblem.LIMIT_REACHED, "not theirs"
    as_person(world.bob).post(url)
    assert len(sync(world.now + timedelta(seconds=5))) == 1
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert FULL[KIND] not in page
    assert url not in page
    assert "nothing to try again" in as_person(world.bob).post(url, follow=True).text


def test_what_somebody_deleted_is_made_again_by_who_wants_it(world: World, as_person: Any) -> None:
    game = world.create_game(player_role=True, discord_changes="take_over")
    sync(world.now)
    handle_deleted(KIND, [MADE], world.now)
    assert sync(world.now) == []
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert "Make it again" in page
    assert "your settings keep such changes" in page
    as_person(world.bob).post(reverse("game-companion", args=[game.pk, KIND]))
    assert [job.message.message_id for job in sync(world.now + timedelta(seconds=5), MADE + 1)] == [None]
    lines = [row.text for row in history(Game.objects.get())]
    assert lines[0].endswith("made the role again")
    assert lines[1].endswith("deleted the role, and it stays deleted")
    assert AuditEntry.objects.filter(game=game).count() == 3


def test_another_word_is_not_found(world: World, as_person: Any) -> None:
    game = world.create_game()
    assert as_person(world.bob).post(f"/games/{game.pk}/discord/anything/").status_code == 404


def test_a_page_is_fetched_anew_once_there_is_something_to_link_to(world: World, as_person: Any) -> None:
    game = world.create_game(player_role=True)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    sync(world.now + timedelta(seconds=3))
    client = as_person(world.charlie)
    first = client.get(game.get_absolute_url(), headers={"HX-Request": "true"})
    again = {"HX-Request": "true", "If-None-Match": first.headers["ETag"]}
    assert client.get(game.get_absolute_url(), headers=again).status_code in (200, 304)
    handle_deleted(KIND, [MADE], world.now)
    assert client.get(game.get_absolute_url(), headers=again).status_code == 200


@pytest.mark.parametrize("kind", CompanionKind)
@pytest.mark.parametrize("code", CompanionProblem)
def test_every_problem_has_one_sentence_and_what_to_do(kind: CompanionKind, code: CompanionProblem) -> None:
    for missing in ([], ["Manage Roles"]):
        problem, advice = problem_texts(kind, code, "", missing)
        assert problem.endswith(".")
        assert advice.endswith(".")
    assert LABELS[kind]
