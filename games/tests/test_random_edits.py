"""Random edits of one game: confirmations, answers, notices, hidden games and cancellations.

What each person knows of the game, from its page when they sign up and from messages, is tracked.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from conftest import World
from games.attendance import actions as attendance
from games.confirmations import edits
from games.confirmations.wording import NO, YES
from games.core import choices
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.core.states import State
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, publishing
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, change_plan
from games.signups import actions as signups
from games.tests.state_machine import OneGame, run
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

UNTIL_ALL_SENT = timedelta(minutes=2)  # after which everything that an edit changed was notified
person = st.integers(0, 2)  # so few that something happens to each
KINDS_WHEN_CANCELLED = {"cancelled", "on_again", "told"}


class Edits(OneGame):
    """One game that its host keeps changing."""

    def __init__(self) -> None:
        super().__init__()
        self.knows: dict[int, dict[str, Any]] = {}
        self.said_yes: set[int] = set()
        self.prompted: Counter[tuple[int, int]] = Counter()
        self.last_edited: dict[int, str] = {}
        self.delivered: Counter[tuple[Any, ...]] = Counter()
        self.notified_cancelled: set[int] = set()

    @initialize(
        seats=st.integers(1, 4),
        hours=st.integers(1, 30),
        announce=st.sampled_from(
            [AnnounceWhen.NOW, AnnounceWhen.NOW, AnnounceWhen.NOW, AnnounceWhen.LATER, AnnounceWhen.DRAFT]
        ),
        frees=st.booleans(),
    )
    def schedule(self, seats: int, hours: int, announce: AnnounceWhen, frees: bool) -> None:
        starts_at = self.now + timedelta(hours=hours)
        plan = self.world.make_plan(
            seats=seats,
            starts_at=starts_at,
            reminders=(60,),
            unconfirmed_lose_seat=frees,
            offer_within=0,
            location="Table 1",
        )
        at = self.now + timedelta(minutes=30) if announce is AnnounceWhen.LATER else None
        named = [user.pk for user in self.people[:3]]
        kept = AnnounceSchedule(announce, at)
        game = scheduling.create_game(
            self.world.guild.pk, plan, self.host, self.now, participants=named, announce=kept
        ).game
        self.id = game.pk
        self.knows = dict.fromkeys(named, edits.snapshot(game))
        self.now += timedelta(minutes=5)
        self.run_notifyd()

    # --- what people do ----------------------------------------------------------------------------------

    @rule(who=person)
    def join(self, who: int) -> None:
        user = self.people[who]
        inside = self.is_in(user.pk)
        if self.do(lambda: signups.join(self.id, user, Actor(user, EntryPoint.PAGE), self.now)) and not inside:
            self.knows[user.pk] = edits.snapshot(self.game)

    @rule(who=person)
    def leave(self, who: int) -> None:
        user = self.people[who]
        self.do(lambda: signups.leave(self.id, user, Actor(user, EntryPoint.PAGE), self.now))

    @rule(who=person, choice=st.sampled_from(["yes", "no"]), before=st.integers(0, 2))
    def answer(self, who: int, choice: str, before: int) -> None:
        user, number = self.people[who], self.game.confirmation_number - before
        inside = self.is_in(user.pk)
        if self.do(
            lambda: choices.handle_choice(
                PromptChoice(PromptKind.CONFIRMATION, self.id, number, choice), user, self.now
            )
        ):
            assert before == 0, "an old number is always outdated"
            assert inside
            assert self.is_in(user.pk) is (choice == "yes")
            if choice == "yes":  # on the page, before any message: they saw there what they say yes to
                self.knows[user.pk] = edits.snapshot(self.game)
                self.said_yes.add(user.pk)

    def is_in(self, who: int) -> bool:
        return any(signup.user_id == who for signup in self.current())

    def is_seated(self, who: int) -> bool:
        return any(signup.user_id == who and signup.seated_at is not None for signup in self.current())

    # --- what the host does ------------------------------------------------------------------------------

    def edit(self, silence: bool | None = None, **changes: Any) -> None:
        plan = change_plan(scheduling.plan_from_game(self.game), **changes)
        self.do(lambda: scheduling.edit_game(self.id, plan, self.host, self.now, drop_unconfirmed=silence))

    @rule(
        minutes=st.sampled_from([-300, -60, -20, -5, 5, 20, 25, 60, 300, 3000]),
        silence=st.sampled_from([None, True, False]),
    )
    def move_the_start(self, minutes: int, silence: bool | None) -> None:
        self.edit(silence, starts_at=self.game.starts_at + timedelta(minutes=minutes))

    @rule(seats=st.integers(1, 4), place=st.sampled_from(["Table 1", "Table 2", "Table 3"]))
    def change_seats_and_place(self, seats: int, place: str) -> None:
        self.edit(seats=seats, location=place)

    @rule(at=st.integers(0, 5), word=st.sampled_from(["", "Sorry."]))
    def remove(self, at: int, word: str) -> None:
        current = self.current()
        if at < len(current):
            self.do(lambda: signups.remove_signup(self.id, current[at].pk, self.host, self.now, word))

    @rule(who=person)
    def add_player(self, who: int) -> None:
        user = self.people[who]
        inside = self.is_in(user.pk)
        if self.do(lambda: signups.join(self.id, user, self.host, self.now)) and not inside:
            self.knows[user.pk] = edits.snapshot(self.game)

    @rule()
    def announce(self) -> None:
        if self.do(lambda: publishing.announce_game(self.id, self.host, self.now)):
            self.knows |= {signup.user_id: edits.snapshot(self.game) for signup in self.current() if signup.user_id}

    @rule(to=st.sampled_from(Audience))
    def tell(self, to: Audience) -> None:
        self.do(lambda: host_messages.message_players(self.id, "Bring dice.", to, self.host, self.now))

    @rule(undo=st.booleans())
    def cancel_or_undo(self, undo: bool) -> None:
        if undo:
            self.do(lambda: cancellation.undo_cancellation(self.id, self.host, self.now))
        elif self.now.second % 3 == 0:  # seldom, so that there is a game to do things to
            self.do(lambda: cancellation.cancel_game(self.id, "", self.host, self.now))

    @rule(at=st.integers(0, 5), no_show=st.booleans())
    def attend(self, at: int, no_show: bool) -> None:
        current = self.current()
        if at < len(current):
            done = self.do(lambda: attendance.mark_attendance(self.id, current[at].pk, no_show, self.host, self.now))
            begun = self.game.state(self.now) in {State.IN_PROGRESS, State.COMPLETED, State.ARCHIVED}
            assert done is (begun and current[at].seated_at is not None)

    # --- time, and messages ------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([5, 30, 61, 700, 3600, 20000, 90000]))
    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.run_notifyd()

    def receive(self, delivery: Delivery, message: OutgoingMessage) -> None:
        row, who, game = delivery.notification, delivery.recipient_id, self.game
        state = game.state(self.now)
        assert not state.hidden or row.kind == "not_announced", row.kind
        assert state is not State.CANCELLED or row.kind in KINDS_WHEN_CANCELLED, row.kind
        match row.kind:
            case "question" | "edited":
                assert self.is_in(who), "nobody is asked or told who is not in"
                # Who lost the seat before it was sent is told what changed, and asked nothing.
                if row.kind == "question" and (message.buttons or self.is_seated(who)):
                    self.prompted[who, row.payload["number"]] += 1
                    assert self.prompted[who, row.payload["number"]] == 1, "one letter for each question"
                    assert row.payload["number"] == game.confirmation_number
                    assert [button.label for button in message.buttons] == [YES, NO]
                    assert game.confirm_by is not None
                    assert self.now < game.confirm_by
                else:
                    text = message.text.replace(delivery.nonce, "")
                    assert self.last_edited.get(who) != text, "the same twice in a row"
                    self.last_edited[who] = text
                    # What was changed besides the start goes out as planned, whatever they saw when they said yes.
                    assert self.news(who) or who in self.said_yes, "they know all of it"
                    self.said_yes.discard(who)
                self.knows[who] = edits.snapshot(game)
            case "added":
                # What was edited since it was planned has a message of its own, a minute later.
                rows = Notification.objects.open().filter(game=self.id, recipient=who, kind__in=["edited", "question"])
                if not rows.exists():
                    self.knows[who] = edits.snapshot(game)
            case "cancelled":
                assert who not in self.notified_cancelled, "told twice of a cancellation"
                self.notified_cancelled.add(who)
            case "on_again":
                self.notified_cancelled.remove(who)
            case "told" | "removed" | "silent" | "answered_sum" | "reminder" as kind:
                # A row is one occasion, and whoever is notified of it is notified once.
                self.delivered[kind, row.pk, who] += 1
                assert self.delivered[kind, row.pk, who] == 1
                if kind == "reminder":
                    self.delivered[kind, row.payload["starts_at"], who] += 1
                    assert self.delivered[kind, row.payload["starts_at"], who] == 1, "reminded twice of one start"

    def news(self, who: int) -> set[str]:
        """Return what a person does not know of the game yet."""
        current, known = edits.snapshot(self.game), self.knows[who]
        return {word for word in edits.TRACKED_FIELDS if known[word] != current[word]}

    # --- what always holds -------------------------------------------------------------------------------

    @invariant()
    def only_the_seated_have_to_confirm_and_the_latest_change(self) -> None:
        if hasattr(self, "id"):
            game = self.game
            unconfirmed = [signup for signup in self.current() if signup.open_confirmation]
            assert all(
                signup.open_confirmation == game.confirmation_number and signup.seated_at is not None
                for signup in unconfirmed
            )
            if unconfirmed and game.cancelled_at is None:
                assert game.confirm_by is not None
                rows = Notification.objects.open().filter(game=self.id, kind="question_end")
                assert rows.count() == 1, "what is asked ends"

    @invariant()
    def of_what_players_do_not_see_only_announcing_is_planned(self) -> None:
        if hasattr(self, "id") and self.game.announced_at is None:
            kinds = set(Notification.objects.open().filter(game=self.id).values_list("kind", flat=True))
            assert kinds <= {"announce"}

    @rule()
    def everybody_knows_the_game_once_all_is_sent(self) -> None:
        self.now += UNTIL_ALL_SENT
        self.run_notifyd()
        game = self.game
        if game.state(self.now) in {State.SCHEDULED, State.IN_PROGRESS}:
            for signup in self.current():
                assert signup.user_id is not None
                assert not self.news(signup.user_id), self.news(signup.user_id)
            assert not Notification.objects.open().filter(game=self.id, kind__in=["edited", "question"]).exists()
            if game.confirm_by is not None and game.confirm_by <= self.now:
                assert not any(signup.open_confirmation for signup in self.current()), (
                    "after the deadline nobody is asked"
                )


@pytest.mark.django_db
def test_however_a_game_is_edited(world: World) -> None:
    run(Edits, world, examples=10)
