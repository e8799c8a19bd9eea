"""Every verb in every state: what the table allows is done, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from conftest import World
from games.actions import life, lifecycle, people, signups, telling
from games.actions.planning import Actor
from games.life import Announce, When
from games.models import Game, Signup
from games.rules import To
from games.show import game_context
from games.states import ALLOWED, State, allowed
from gamesched.lib.refusal import Refused


def made(world: World, state: State) -> tuple[Game, datetime]:
    """A game of Bob's that stands there at the time, with Charlie in it."""
    now = world.now
    hidden = {
        State.DRAFT: Announce(When.DRAFT),
        State.UNANNOUNCED: Announce(When.LATER, now + timedelta(days=1)),
    }
    by = Actor(world.bob, "page")
    game = lifecycle.create(
        world.guild.pk, world.plan(), by, now, named=(world.charlie.pk,), announce=hidden.get(state, Announce())
    ).game
    if state is State.CANCELLED:
        lifecycle.cancel(game.pk, "", by, now)
    if state is State.IN_PROGRESS:
        now = game.starts_at
    if state in {State.COMPLETED, State.ARCHIVED}:
        now = game.ends_at
    if state is State.ARCHIVED:
        Game.objects.filter(pk=game.pk).update(archived_at=now)
    game.refresh_from_db()
    assert game.state(now) is state
    return game, now


def verbs(world: World, game: Game, now: datetime) -> dict[str, Callable[[], object]]:
    bob, charlie = Actor(world.bob, "page"), Actor(world.charlie, "page")
    plan = lifecycle.plan_of(game)
    return {
        "announce": lambda: life.announce(game.pk, bob, now),
        "repost": lambda: lifecycle.announce_again(game.pk, bob, now),
        "edit": lambda: lifecycle.edit(game.pk, plan, bob, now),
        "cancel": lambda: lifecycle.cancel(game.pk, "", bob, now),
        "undo": lambda: life.uncancel(game.pk, bob, now),
        "join": lambda: signups.join(game.pk, world.alice, bob, now),
        "leave": lambda: signups.leave(game.pk, world.charlie, charlie, now),
        "add": lambda: lifecycle.edit(game.pk, plan, bob, now, named=("Grandma",)),
        "remove": lambda: signups.remove(game.pk, Signup.objects.get().pk, bob, now),
        "hosts": lambda: people.set_cohosts(game.pk, [world.alice], bob, now),
        "tell": lambda: telling.tell(game.pk, "Bring dice.", To.ALL, bob, now),
    }


OURS = ("announce", "repost", "edit", "cancel", "undo", "join", "leave", "add", "remove", "hosts", "tell")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", OURS)
def test_a_verb_in_a_state(world: World, verb: str, state: State) -> None:
    game, now = made(world, state)
    try:
        done = verbs(world, game, now)[verb]()
        refused = ""
    except Refused as reason:
        refused = reason.refusal.code
    if verb == "cancel" and state is State.CANCELLED:
        assert not done.changed, "twice is once"  # type: ignore[attr-defined]
        return
    if verb == "leave" and state.hidden:
        assert refused == "unknown_game"
        return
    assert (refused == "") is allowed(verb, state), refused
    assert refused in {"", "closed"}


@pytest.mark.parametrize("state", State)
def test_a_page_offers_what_the_table_allows(world: World, state: State) -> None:
    game, now = made(world, state)
    may = game_context(game, world.bob, now)["may"]
    for verb in ("announce", "edit", "cancel", "undo", "join", "remove", "tell"):
        assert getattr(may, verb) is allowed(verb, state), verb
    assert may.choose_hosts is allowed("hosts", state)


def test_the_table_knows_every_verb() -> None:
    assert set(OURS) <= ALLOWED.keys()
