"""A player or host of a game at that time is asked before they join or schedule another."""

import threading
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from conftest import World
from discord_bot.interactions.choices import run_choice as press
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from games.core import state_wording
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.core.states import State
from games.models import Game, Signup
from games.offers import overlap_wording
from games.offers.schedule_conflicts import ConflictPolicy, ScheduleConflict, find_conflict
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.signups import actions as signups
from games.signups import swaps
from games.tests.cast import foreign_game
from games.tests.test_entry_points import form_fields
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import upsert_member
from guilds.models import User


def actor_for(user: User) -> Actor:
    return Actor(user, EntryPoint.PAGE)


def join(world: World, game: Game, who: User) -> str:
    return signups.join(game.pk, who, actor_for(who), world.now, overlap=ConflictPolicy.ASK).text


def game_ids_of(who: User) -> set[int]:
    return set(Signup.objects.current().of(who).values_list("game_id", flat=True))


@pytest.fixture
def dune(world: World) -> Game:
    """A game that Charlie is in."""
    game = world.create_game(title="Dune*")
    join(world, game, world.charlie)
    return game


@pytest.mark.parametrize(
    ("minutes", "prompted"), [(-120, False), (-119, True), (0, True), (119, True), (120, False)]
)  # fmt: skip
def test_times_that_touch_do_not_overlap(world: World, dune: Game, minutes: int, prompted: bool) -> None:
    other = world.create_game(starts_at=dune.starts_at + timedelta(minutes=minutes))
    question = find_conflict(world.charlie, other.starts_at, other.ends_at, world.now, other)
    assert (question is not None) is prompted
    if question is not None:
        start = f"{dune.starts_at:%a} {dune.starts_at.day} {dune.starts_at:%b %Y, %H:%M} UTC"
        assert question.refusal.sentence.startswith(f"You're already in “Dune*” then ({start}).")


@pytest.mark.parametrize("why", ["waits", "hosts", "another server", "cancelled", "left", "by the host"])
def test_which_games_conflict(world: World, why: str) -> None:
    who = world.charlie
    if why == "another server":
        other = foreign_game(world)
        upsert_member(other.guild_id, MemberPayload(UserPayload(who.pk, "charlie")), world.now)
    elif why == "hosts":
        other = scheduling.create_game(world.guild.pk, world.make_plan(), actor_for(who), world.now).game
    else:
        other = world.create_game(seats=1)
    if why == "waits":
        signups.join(other.pk, world.alice, actor_for(world.alice), world.now)
    if why != "hosts":
        signups.join(other.pk, who, actor_for(who), world.now)
    if why == "cancelled":
        cancellation.cancel_game(other.pk, "", actor_for(world.bob), world.now)
    if why == "left":
        signups.leave(other.pk, who, actor_for(who), world.now)
    game = world.create_game()
    if why in {"cancelled", "left"}:
        assert join(world, game, who) == "You're in, seat 1 of 5."
    elif why == "by the host":
        assert signups.join(game.pk, who, actor_for(world.bob), world.now, overlap=ConflictPolicy.ASK).changed
    else:
        with pytest.raises(ScheduleConflict) as conflict:
            join(world, game, who)
        assert conflict.value.number == other.pk
        assert conflict.value.can_swap is (why != "hosts")
        assert ("You run" in conflict.value.refusal.sentence) is (why == "hosts")


def test_swapping_leaves_and_joins_or_does_neither(world: World, dune: Game) -> None:
    follower = world.add_member(100)
    full = scheduling.edit_game(dune.pk, world.make_plan(title="Dune*", seats=1), actor_for(world.bob), world.now).game
    signups.join(full.pk, follower, actor_for(follower), world.now)
    other = world.create_game(title="Root")
    done = swaps.swap_games(other.pk, actor_for(world.charlie), world.now, dune.pk)
    assert done.text == "You left “Dune*”. You're in, seat 1 of 5."
    assert game_ids_of(world.charlie) == {other.pk}
    assert Signup.objects.get(user=follower).seated_at is not None, "the next got the seat"
    closed = world.create_game(title="Late", starts_at=world.now + timedelta(hours=1))
    Game.objects.filter(pk=other.pk).update(starts_at=closed.starts_at, ends_at=closed.ends_at)
    with pytest.raises(Refused, match=state_wording.signups_closed(State.IN_PROGRESS)):
        swaps.swap_games(closed.pk, actor_for(world.charlie), closed.starts_at)
    assert game_ids_of(world.charlie) == {other.pk}


def test_a_hosted_game_cannot_be_swapped(world: World, dune: Game) -> None:
    own = scheduling.create_game(world.guild.pk, world.make_plan(), actor_for(world.charlie), world.now).game
    other = world.create_game()
    with pytest.raises(Refused, match=overlap_wording.HOSTING_CANNOT_SWAP):
        swaps.swap_games(other.pk, actor_for(world.charlie), world.now, dune.pk)
    assert game_ids_of(world.charlie) == {dune.pk}
    assert not own.cancelled_at


def test_opposite_swaps_at_once_do_not_deadlock(committed_world: World) -> None:
    world = committed_world
    games = [world.create_game(title=title, seats=1) for title in ("Dune", "Root")]
    people = [world.charlie, world.add_member(100)]
    for _ in range(3):
        failures: list[Exception] = []
        Signup.objects.all().delete()
        for game, person in zip(games, people, strict=True):
            signups.join(game.pk, person, actor_for(person), world.now)
        gate = threading.Barrier(2)

        def swap(game: Game, person: User, gate: threading.Barrier, failures: list[Exception]) -> None:
            gate.wait()
            try:
                swaps.swap_games(game.pk, actor_for(person), world.now)
            except Exception as reason:
                failures.append(reason)
            finally:
                connection.close()

        pairs = zip(reversed(games), people, strict=True)
        threads = [threading.Thread(target=swap, args=(*pair, gate, failures)) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert [game_ids_of(person) for person in people] == [{games[1].pk}, {games[0].pk}]


# --- entry points --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["anyway", "swap"])
def test_the_ephemeral_reply_has_the_buttons(world: World, dune: Game, choice: str) -> None:
    other = world.create_game()
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    reply = run_signup_action(Click(other.pk, "join", world.guild.pk, member))
    stamp = f"<t:{int(dune.starts_at.timestamp())}:F>"
    assert reply.text.startswith(f"You're already in **Dune\\*** then ({stamp}).")
    assert reply.post is None
    assert [button.label for button in reply.buttons] == ["Join anyway", "Swap"]
    ask = next(ask for button in reply.buttons if (ask := PromptChoice.parse(button.id)).choice == choice)
    assert ask.number == dune.pk
    chosen = press(ask, member.user, world.guild.pk, member)
    assert chosen.closes_prompt
    assert game_ids_of(world.charlie) == ({other.pk} if choice == "swap" else {other.pk, dune.pk})
    again = press(ask, member.user, world.guild.pk, member)
    assert again.text == "You're already in: seat 1 of 5."


def test_an_old_prompt_in_discord_is_shown_anew(world: World, dune: Game) -> None:
    other, third = world.create_game(title="Root"), world.create_game(title="Gloom")
    signups.leave(dune.pk, world.charlie, actor_for(world.charlie), world.now)
    join(world, third, world.charlie)
    ask = PromptChoice(PromptKind.SCHEDULE_CONFLICT, other.pk, dune.pk, "swap")
    chosen = press(ask, UserPayload(world.charlie.pk, "charlie"), None, None)
    assert chosen.text.startswith("You're already in **Gloom** then")
    assert len(chosen.buttons) == 2
    assert game_ids_of(world.charlie) == {third.pk}


@pytest.mark.parametrize("htmx", [True, False])
def test_the_page_prompts_with_two_buttons(world: World, dune: Game, as_person: Any, htmx: bool) -> None:
    other = world.create_game()
    client = as_person(world.charlie)
    headers = {"HX-Request": "true"} if htmx else {}
    page = client.post(reverse("game-join", args=[other.pk]), headers=headers)
    assert page.status_code == (200 if htmx else 422)
    assert unescape(page.text).count("You're already in “Dune*” then") == 1
    assert f'name="number" value="{dune.pk}"' in page.text
    assert page.text.count('name="choice"') == 2
    sent = {"number": dune.pk, "choice": "swap"}
    done = client.post(reverse("game-overlap", args=[other.pk]), sent, headers=headers, follow=True).text
    assert "You left “Dune*”. You&#x27;re in, seat 1 of 5." in done
    assert game_ids_of(world.charlie) == {other.pk}


def test_the_command_prompts_and_takes_options(world: World, dune: Game, capsys: Any) -> None:
    other, third = world.create_game(title="Root"), world.create_game(title="Gloom")
    join_command = ("game", "join", str(other.pk), "--as", "charlie")
    with pytest.raises(CommandError, match="You're already in “Dune"):
        call_command(*join_command)
    call_command(*join_command, "--anyway")
    assert game_ids_of(world.charlie) == {dune.pk, other.pk}
    call_command("game", "join", str(third.pk), "--as", "charlie", "--swap")
    assert "You left “Dune*” and “Root”." in capsys.readouterr().out
    assert game_ids_of(world.charlie) == {third.pk}
    with pytest.raises(CommandError, match="You can only swap your own games"):
        call_command("game", "join", str(dune.pk), "--as", "bob", "--person", "charlie", "--swap")


def test_scheduling_at_the_same_time_warns_and_keeps_the_form(world: World, dune: Game, as_person: Any) -> None:
    client, url = as_person(world.charlie), reverse("game-new", args=[world.guild.pk])
    assert "Schedule it anyway" not in client.get(url).text
    sent = form_fields(world, dune.starts_at + timedelta(hours=1)) | {"description": "Bring *my* dice."}
    response = client.post(url, sent)
    assert response.status_code == 422
    assert "You're already in “Dune*” then" in unescape(response.text)
    assert "Bring *my* dice." in response.text
    assert 'name="anyway"' in response.text
    assert Game.objects.count() == 1
    wrong = client.post(url, sent | {"anyway": "1", "title": ""}).text
    assert 'name="anyway" value="1" checked' in wrong
    assert client.post(url, sent | {"anyway": "1"}).status_code == 302
    assert Game.objects.count() == 2
