"""Manual seating: seat, wait list, up and down, by every entry point, for each way of giving seats."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import GUILD, World
from games.core import seating, state_wording, wording
from games.core.base import Actor, EntryPoint
from games.core.roster import load_roster
from games.core.seat_rules import SeatMoves
from games.core.settings import SeatMethod
from games.core.states import State
from games.models import AuditEntry, Game, Signup
from games.pages.game_page import history
from games.signups import actions as signups
from games.signups import manual_seating
from games.signups import wording as signup_wording
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.models import User
from notifications.daemon import steps
from notifications.models import Notification

pytestmark = pytest.mark.slow

DICE = GUILD + 40


def fill(world: World, people: int, **changes: Any) -> Game:
    """Create a game that so many people joined, one a minute, the first of them 100."""
    game = world.create_game(**changes)
    for number in range(people):
        person = world.add_member(100 + number)
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now - timedelta(minutes=60 - number))
    Notification.objects.filter(kind="moved").delete()
    return game


def signup_of(game: Game, number: int) -> Signup:
    return game.signups.current().get(user__handle=f"person{number}")


def names(game: Game) -> tuple[str, str]:
    people = load_roster(game)
    return tuple(" ".join(s.name.removeprefix("person") for s in these) for these in (people.seated, people.waiting))  # type: ignore[return-value]


def send_seat_changes(world: World) -> dict[str, str]:
    """Return the seat changes that people are notified of, two minutes later."""
    at = world.now + timedelta(minutes=2)
    steps.create_due_deliveries(at)
    messages = [job.message for job in steps.lease_jobs(at, 50) if job.message.user_id]
    assert len({message.user_id for message in messages}) == len(messages), "each once"
    return {User.objects.get(pk=message.user_id or 0).handle: message.text for message in messages}


def nothing_moves(game: Game, world: World) -> bool:
    return seating.pending_moves(Game.objects.get(pk=game.pk), world.now + timedelta(seconds=1)) == SeatMoves()


def host(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


@pytest.mark.parametrize("method", SeatMethod)
def test_seat_in_a_full_game_takes_the_last_seat(world: World, method: SeatMethod) -> None:
    game = fill(world, 5, seats=2)
    Game.objects.filter(pk=game.pk).update(method=method, priority_role_ids=[DICE])
    done = manual_seating.give_seat(game.pk, signup_of(game, 104).pk, host(world), world.now)
    assert done.text == "person104 has a seat now. person101 is first on the wait list."
    assert names(game) == ("100 104", "101 102 103")
    assert nothing_moves(game, world), "the rule moves nobody after it"
    messages = send_seat_changes(world)
    assert messages.keys() == {"person101", "person104"}
    assert "A seat is yours" in messages["person104"]
    what = "it" if method is SeatMethod.PRIORITY else "yours"
    assert f"the host gave {what} to someone else" in messages["person101"]
    assert history(game)[0].text == "Bob the GM gave person104 a seat instead of person101"
    # Who lost the seat comes next, where not the host alone gives seats.
    signups.remove_signup(game.pk, signup_of(game, 100).pk, host(world), world.now + timedelta(seconds=2))
    assert names(game) == (("104", "101 102 103") if method.by_host else ("104 101", "102 103"))


def test_a_host_who_picks_gives_free_seats(world: World) -> None:
    game = fill(world, 3, seats=2, method=SeatMethod.PICKS_WAITING.value)
    assert names(game) == ("", "100 101 102")
    for number in (102, 100):
        assert manual_seating.give_seat(game.pk, signup_of(game, number).pk, host(world), world.now).text.endswith(
            "has a seat now."
        )
    assert names(game) == ("102 100", "101")
    assert nothing_moves(game, world)
    again = manual_seating.give_seat(game.pk, signup_of(game, 102).pk, host(world), world.now)
    assert (again.changed, again.text) == (False, "person102 already has a seat.")
    assert send_seat_changes(world).keys() == {"person100", "person102"}


def test_a_seat_given_by_hand_is_not_lost_to_better_roles(world: World) -> None:
    game = fill(world, 3, seats=1, method=SeatMethod.PRIORITY.value, priority_role_ids=(DICE,))
    manual_seating.give_seat(game.pk, signup_of(game, 102).pk, host(world), world.now)
    world.charlie.memberships.update(role_ids=[DICE])
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert names(game)[0] == "102"
    assert nothing_moves(game, world)


@pytest.mark.parametrize("method", SeatMethod)
def test_a_player_moved_to_the_wait_list_waits_until_seated_by_hand(world: World, method: SeatMethod) -> None:
    game = fill(world, 3, seats=2)
    Game.objects.filter(pk=game.pk).update(method=method, priority_role_ids=[DICE])
    done = manual_seating.move_to_wait_list(game.pk, signup_of(game, 100).pk, host(world), world.now)
    assert done.text == "person100 is on the wait list now, until you seat them again."
    assert names(game) == (("101", "100 102") if method.by_host else ("101 102", "100"))
    assert nothing_moves(game, world), "a free seat is not given to them"
    messages = send_seat_changes(world)
    assert messages.keys() == ({"person100"} if method.by_host else {"person100", "person102"})
    assert "moved you to the wait list. You won't move up automatically" in messages["person100"]
    later = world.now + timedelta(minutes=5)
    signups.remove_signup(game.pk, signup_of(game, 101).pk, host(world), later)
    seating.assign_seats(Game.objects.get(), later)
    assert "100" in names(game)[1]
    manual_seating.give_seat(game.pk, signup_of(game, 100).pk, host(world), later)
    assert "100" in names(game)[0]
    assert nothing_moves(game, world)


@pytest.mark.parametrize("method", SeatMethod)
def test_up_and_down_within_ones_own_list(world: World, method: SeatMethod) -> None:
    game = fill(world, 6, seats=3)
    Signup.objects.filter(user__handle="person105").update(rank=7)
    Game.objects.filter(pk=game.pk).update(method=method, priority_role_ids=[DICE])
    by = host(world)
    assert (
        manual_seating.reorder(game.pk, signup_of(game, 102).pk, -2, by, world.now).text
        == "person102 is now in seat 1."
    )
    assert (
        manual_seating.reorder(game.pk, signup_of(game, 105).pk, -1, by, world.now).text
        == "person105 is now number 2 on the wait list."
    )
    assert manual_seating.reorder(game.pk, signup_of(game, 103).pk, 99, by, world.now).changed
    assert not manual_seating.reorder(game.pk, signup_of(game, 103).pk, 1, by, world.now).changed, (
        "they are last already"
    )
    assert names(game) == ("102 100 101", "105 104 103")
    assert nothing_moves(game, world)
    assert not send_seat_changes(world), "nobody was moved into or out of a seat"
    assert AuditEntry.objects.filter(action="reorder").count() == 3
    if not method.by_host:
        signups.remove_signup(game.pk, signup_of(game, 100).pk, by, world.now + timedelta(seconds=1))
        assert names(game) == ("102 101 105", "104 103"), "the new order counts"


def test_only_hosts_and_only_before_the_end(world: World) -> None:
    game = fill(world, 3, seats=2)
    actions: list[Any] = [
        manual_seating.give_seat,
        manual_seating.move_to_wait_list,
        lambda game_id, signup_id, actor, now: manual_seating.reorder(game_id, signup_id, 1, actor, now),
    ]
    for action in actions:
        with pytest.raises(Refused, match=wording.NOT_YOURS):
            action(game.pk, signup_of(game, 102).pk, Actor(world.charlie, EntryPoint.PAGE), world.now)
        with pytest.raises(Refused, match=state_wording.no_longer_changeable(State.COMPLETED)):
            action(game.pk, signup_of(game, 102).pk, host(world), game.ends_at)
        assert "nobody to remove" in action(game.pk, 10**9, host(world), world.now).text
    manual_seating.give_seat(game.pk, signup_of(game, 102).pk, host(world), game.starts_at + timedelta(minutes=1))
    assert names(game)[0] == "100 102", "also while it is played"


def test_the_pages_menu_by_plain_forms_and_htmx(world: World, as_person: Any) -> None:
    game = fill(world, 4, seats=2)
    client = as_person(world.bob)
    page = client.get(game.get_absolute_url()).text
    url = {
        action: {n: reverse(f"game-{action}", args=[game.pk, signup_of(game, n).pk]) for n in range(100, 104)}
        for action in ("seat", "bench", "up", "down")
    }
    offered = {
        action: [n for n, where in these.items() if f'formaction="{where}"' in page] for action, these in url.items()
    }
    assert offered == {"seat": [102, 103], "bench": [100, 101], "up": [101, 103], "down": [100, 102]}
    assert "instead of person101" in page
    assert "formaction" not in as_person(world.charlie).get(game.get_absolute_url()).text
    client = as_person(world.bob)
    assert "person103 has a seat now" in client.post(url["seat"][103], follow=True).text
    moved = client.post(url["down"][100], headers={"HX-Request": "true"}).text
    assert "person100 is now in seat 2." in moved
    assert "<html" not in moved
    assert names(game) == ("103 100", "101 102")


def test_a_place_by_number_in_the_list_that_was_seen(world: World, as_person: Any) -> None:
    game = fill(world, 6, seats=3)
    client, htmx = as_person(world.bob), {"HX-Request": "true"}

    def place(number: int, to: int, seen: str) -> Any:
        address = reverse("game-place", args=[game.pk, signup_of(game, number).pk])
        return client.post(address, {"to": to, "seen": seen}, headers=htmx)

    seen = load_roster(game).order_version
    assert f'data-seen="{seen}"' in client.get(game.get_absolute_url()).text
    assert "person105 is now number 1 on the wait list." in place(105, 1, seen).text
    assert names(game) == ("100 101 102", "105 103 104")
    # Seen before that move, a list is another by now.
    assert signup_wording.STALE_ORDER in place(103, 1, seen).text
    by, seen = host(world), load_roster(game).order_version
    signups.leave(game.pk, User.objects.get(handle="person100"), by, world.now)  # the first in line has the seat
    with refuses("stale_order"):
        manual_seating.move_to_place(game.pk, signup_of(game, 103).pk, 2, seen, by, world.now)
    assert names(game) == ("101 102 105", "103 104")
    send_seat_changes(world)
    place(101, 99, load_roster(game).order_version)
    assert names(game) == ("102 105 101", "103 104"), "beyond the end is the end"
    assert nothing_moves(game, world)
    assert AuditEntry.objects.filter(action="reorder").count() == 2
    client = as_person(world.charlie)
    assert wording.NOT_YOURS in place(103, 2, load_roster(game).order_version).text
    assert "data-handle" not in client.get(game.get_absolute_url()).text


def test_the_command(world: World) -> None:
    game = fill(world, 3, seats=2)
    out = StringIO()
    for words in (["seat", str(game.pk), "person102"], ["reorder", str(game.pk), "person102", "--by", "-1"]):
        call_command("game", *words, stdout=out)
    assert "person101 is first on the wait list" in out.getvalue()
    assert names(game) == ("102 100", "101")
    call_command("game", "bench", str(game.pk), str(signup_of(game, 102).user_id), "--as", "bob", stdout=out)
    assert names(game) == ("100 101", "102")
    with pytest.raises(CommandError, match="Nobody in this game is called 'zoe'"):
        call_command("game", "seat", str(game.pk), "zoe")


@pytest.mark.parametrize("method", [SeatMethod.PICKS, SeatMethod.PICKS_WAITING])
def test_join_gives_no_seat_back_where_the_host_picks(world: World, method: SeatMethod) -> None:
    game = world.create_game(seats=2, method=method)
    signups.join(game.pk, world.charlie, host(world), world.now)
    manual_seating.move_to_wait_list(game.pk, game.signups.get().pk, host(world), world.now)
    text = signups.join(
        game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now + timedelta(minutes=1)
    ).text
    assert text == "You're back in line: number 1 on the wait list."
    assert not game.signups.filter(seated_at__isnull=False).exists()
