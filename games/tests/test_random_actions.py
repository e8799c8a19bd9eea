"""Random actions and a random clock on one game, with everybody's messages read.

What each person knows from replies and messages is tracked, and compared with the truth once all is sent.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from conftest import GUILD, World
from games.core import seating
from games.core.base import Actor, EntryPoint
from games.core.seating import offer_number
from games.core.settings import SeatMethod
from games.core.states import State
from games.offers import actions as offers
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from games.signups import closing, manual_seating, responses, standby
from games.tests.state_machine import OneGame, person, run
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

UNTIL_ALL_SENT = timedelta(minutes=2)  # after which everything that moved somebody was notified


class Life(OneGame):
    """One game, its host and six people."""

    def __init__(self) -> None:
        super().__init__()
        self.knows: dict[int, str] = {}
        self.by_host: Counter[tuple[str, int]] = Counter()

    @initialize(
        seats=st.integers(0, 3),
        method=st.sampled_from(SeatMethod),
        offering=st.booleans(),
        hours=st.integers(1, 30),
    )
    def schedule(self, seats: int, method: SeatMethod, offering: bool, hours: int) -> None:
        changes: dict[str, Any] = {"seats": seats, "method": method.value, "offer_within": 120 if offering else 0}
        changes |= {"answers": True, "plus_one": True, "priority_role_ids": (GUILD + 20,)}
        starts_at = self.now + timedelta(hours=hours)
        self.inside: set[int] = set()
        self.id = self.world.create_game(**changes, starts_at=starts_at, reminders=(), offer_for=15).pk

    def place(self, who: int) -> str:
        """Return where a person really is."""
        signup = next((s for s in self.current() if s.user_id == who), None)
        return "out" if signup is None else "seated" if signup.seated_at else "waiting"

    # --- what people do ----------------------------------------------------------------------------------

    @rule(who=person)
    def join(self, who: int) -> None:
        user = self.people[who]
        if self.do(lambda: signups.join(self.id, user, Actor(user, EntryPoint.PAGE), self.now)):
            self.inside.add(user.pk)
            self.knows[user.pk] = self.place(user.pk)

    @rule(who=person)
    def leave(self, who: int) -> None:
        user = self.people[who]
        if self.do(lambda: signups.leave(self.id, user, Actor(user, EntryPoint.PAGE), self.now)):
            self.inside.discard(user.pk)
            self.knows[user.pk] = "out"

    @rule(who=person)
    def cannot_come(self, who: int) -> None:
        user = self.people[who]
        if self.do(lambda: responses.respond_absent(self.id, user, Actor(user, EntryPoint.PAGE), self.now)):
            self.inside.discard(user.pk)
            self.knows[user.pk] = "out"

    @rule(who=person, on=st.booleans())
    def wait_on_standby(self, who: int, on: bool) -> None:
        user = self.people[who]
        if self.do(lambda: standby.set_standby(self.id, user, on, Actor(user, EntryPoint.PAGE), self.now)):
            if on:
                self.inside.add(user.pk)
            self.knows[user.pk] = self.place(user.pk)

    @rule(who=person, choice=st.sampled_from(["take", "pass"]))
    def answer_an_offer(self, who: int, choice: str) -> None:
        user = self.people[who]
        signup = next((s for s in self.current() if s.user_id == user.pk), None)
        number = offer_number(signup) if signup is not None else 1
        actor = Actor(user, EntryPoint.BUTTON)
        if self.do(lambda: offers.answer_offer(self.id, number, choice, actor, self.now)):
            self.knows[user.pk] = self.place(user.pk)

    @rule(who=person)
    def bring_guest(self, who: int) -> None:
        user = self.people[who]
        self.do(lambda: responses.add_guest(self.id, user, f"Friend of {who}", Actor(user, EntryPoint.PAGE), self.now))

    @rule(at=st.integers(0, 9), action=st.sampled_from(["seat", "bench", "up", "down"]))
    def seat_by_hand(self, at: int, action: str) -> None:
        current = self.current()
        if at < len(current):
            pk = current[at].pk
            self.do(
                lambda: {
                    "seat": lambda: manual_seating.give_seat(self.id, pk, self.host, self.now),
                    "bench": lambda: manual_seating.move_to_wait_list(self.id, pk, self.host, self.now),
                    "up": lambda: manual_seating.reorder(self.id, pk, -1, self.host, self.now),
                    "down": lambda: manual_seating.reorder(self.id, pk, 1, self.host, self.now),
                }[action]()
            )

    @rule(closed=st.booleans())
    def close_or_open(self, closed: bool) -> None:
        self.do(lambda: (closing.close_signups if closed else closing.reopen_signups)(self.id, self.host, self.now))

    @rule(undo=st.booleans())
    def cancel_or_undo(self, undo: bool) -> None:
        if undo:
            self.do(lambda: cancellation.undo_cancellation(self.id, self.host, self.now))
        elif self.now.second % 3 == 0:  # seldom, so that there is a game to do things to
            self.do(lambda: cancellation.cancel_game(self.id, "", self.host, self.now))

    @rule(who=person)
    def add_player(self, who: int) -> None:
        if self.do(lambda: signups.join(self.id, self.people[who], self.host, self.now)):
            self.inside.add(self.people[who].pk)
            self.by_host["added", self.people[who].pk] += 1

    @rule(who=person)
    def remove_player(self, who: int) -> None:
        if self.do(lambda: signups.leave(self.id, self.people[who], self.host, self.now)):
            self.inside.discard(self.people[who].pk)
            self.by_host["removed", self.people[who].pk] += 1

    @rule(seats=st.integers(0, 4))
    def change_seats(self, seats: int) -> None:
        def edit() -> None:
            plan = scheduling.plan_from_game(self.game)
            scheduling.edit_game(self.id, change_plan(plan, seats=seats), self.host, self.now)

        self.do(edit)

    # --- time, and messages ------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([5, 30, 61, 600, 1000, 3600]))
    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.run_notifyd()

    def receive(self, delivery: Delivery, message: OutgoingMessage) -> None:
        who, place = delivery.recipient_id, self.place(delivery.recipient_id)
        match delivery.notification.kind:
            case "moved":
                assert self.knows.get(who) != place, f"told again: {place}"
                self.knows[who] = place
            case "added" | "removed" as kind:
                # By whom is news, even to somebody who looked meanwhile.
                self.by_host[kind, who] -= 1
                assert self.by_host[kind, who] >= 0, f"told twice of being {kind}"
                self.knows[who] = place

    # --- what always holds -------------------------------------------------------------------------------

    @invariant()
    def seats_and_people_are_right(self) -> None:
        if not hasattr(self, "id"):
            return
        game, current = self.game, self.current()
        if seats := game.settings.seats:
            assert sum(s.seated_at is not None for s in current) <= seats
        people = [s.user_id for s in current if s.user_id]
        assert sorted(people) == sorted(self.inside), "nobody is lost, and nobody is there twice"
        assert len({(s.rank, s.order_key) for s in current}) == len(current), "the order is definite"
        assert {s.guest_of_id for s in current if s.guest_of_id} <= {s.pk for s in current}, (
            "guests go with who brought them"
        )
        if game.state(self.now) is State.SCHEDULED:
            moves = seating.pending_moves(game, self.now)
            assert not moves.promoted
            assert not moves.demoted

    @rule()
    def everybody_knows_their_place_once_all_is_sent(self) -> None:
        self.now += UNTIL_ALL_SENT
        self.run_notifyd()
        if self.game.state(self.now) is State.SCHEDULED:
            for user in self.people:
                assert self.knows.get(user.pk, "out") == self.place(user.pk), user.handle
            assert not Notification.objects.open().filter(game=self.id, kind="moved").exists()


@pytest.mark.django_db
def test_whatever_happens_to_a_game(world: World) -> None:
    run(Life, world, examples=10)
