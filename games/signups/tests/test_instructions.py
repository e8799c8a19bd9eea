"""A host's instructions reach who plays from Discord alone, in private answers and direct messages only."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from discord import Locale

from conftest import World
from discord_bot.interactions.choices import ChoiceHandler, ChoiceResult, run_choice
from discord_bot.interactions.log import InteractionRecord
from discord_bot.interactions.signup_buttons import Click, SignupReply, run_signup_action
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.core.notifications import INSTRUCTIONS_SHOWN
from games.core.rules import INSTRUCTIONS_MAX
from games.models import Game
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.lib.clock import db_now
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage

SECRET = "Elm Street 5, door code 4711"


def payload(who: User) -> UserPayload:
    return UserPayload(who.pk, who.handle)


def press(world: World, game: Game, who: User, button: str) -> SignupReply:
    return run_signup_action(Click(game.pk, button, world.guild.pk, MemberPayload(payload(who))))


def messages_to(who: User, now: Any) -> list[OutgoingMessage]:
    steps.create_due_deliveries(now)
    jobs = [job for job in steps.lease_jobs(now, 100) if job.post is None]
    steps.record([(job, SentMessage(1, job.pk)) for job in jobs], now)
    return [job.message for job in jobs if job.message.user_id == who.pk]


@pytest.fixture
def game(world: World) -> Game:
    return world.create_game(seats=1, instructions=SECRET, reminders=(), answers=True)


def test_the_answer_to_join_has_them(world: World, game: Game) -> None:
    assert SECRET in press(world, game, world.charlie, "join").text
    assert SECRET in press(world, game, world.charlie, "join").text, "whoever asks again reads them again"
    assert SECRET in press(world, game, world.alice, "join").text, "who waits reads them on the page too"


@pytest.mark.parametrize("button", ["leave", "maybe", "cant"])
def test_who_is_not_in_does_not_read_them(world: World, game: Game, button: str) -> None:
    assert SECRET not in press(world, game, world.charlie, button).text
    press(world, game, world.charlie, "join")
    assert SECRET not in press(world, game, world.charlie, button).text


def test_a_game_without_any_adds_nothing(world: World) -> None:
    reply = press(world, world.create_game(), world.charlie, "join")
    assert reply.text == reply.text.strip()
    assert "\n" not in reply.text


def test_long_ones_full_of_markup_fit_into_the_answer(world: World) -> None:
    game = world.create_game(instructions="*" * INSTRUCTIONS_MAX)
    assert INSTRUCTIONS_SHOWN - 50 < len(press(world, game, world.charlie, "join").text) < 2000


def test_a_promotion_has_them(world: World, game: Game) -> None:
    press(world, game, world.alice, "join")
    press(world, game, world.charlie, "join")
    press(world, game, world.alice, "leave")
    [message] = messages_to(world.charlie, db_now() + timedelta(minutes=2))
    assert SECRET in message.text


def test_who_is_added_by_the_host_reads_them(world: World, game: Game) -> None:
    signups.join(game.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now)
    [message] = messages_to(world.charlie, db_now())
    assert SECRET in message.text


def test_a_demotion_has_none(world: World) -> None:
    game = world.create_game(seats=2, instructions=SECRET, reminders=())
    press(world, game, world.alice, "join")
    press(world, game, world.charlie, "join")
    Game.objects.update(seats=1)
    plan = scheduling.plan_from_game(Game.objects.get())
    Game.objects.update(seats=2)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    texts = [message.text for message in messages_to(world.charlie, db_now() + timedelta(minutes=2))]
    assert texts
    assert not any(SECRET in text for text in texts)


def offered(world: World) -> tuple[Game, PromptChoice]:
    """A game whose one seat is offered to Charlie."""
    game = world.create_game(
        seats=1, instructions=SECRET, reminders=(), starts_at=db_now() + timedelta(minutes=50), offer_within=120
    )
    press(world, game, world.alice, "join")
    press(world, game, world.charlie, "join")
    press(world, game, world.alice, "leave")
    signup = game.signups.get(user=world.charlie)
    assert signup.offered_at is not None
    return game, PromptChoice(PromptKind.OFFER, game.pk, signup.offer_number, "take")


def test_taking_an_offered_seat_has_them_apart_from_what_closes_the_prompt(world: World) -> None:
    _, choice = offered(world)
    result = run_choice(choice, payload(world.charlie), None, None)
    assert SECRET in result.private_text
    assert SECRET not in result.text


def test_swapping_has_them(world: World, game: Game) -> None:
    other = world.create_game(seats=1, reminders=())
    press(world, other, world.charlie, "join")
    choice = PromptChoice(PromptKind.SCHEDULE_CONFLICT, game.pk, other.pk, "swap")
    assert SECRET in run_choice(choice, payload(world.charlie), None, None).private_text


@pytest.mark.parametrize(
    ("guild_id", "ephemeral", "public"), [(None, False, False), (5, True, False), (5, False, True)]
)
@pytest.mark.parametrize("deferred", [True, False])
async def test_a_prompt_in_a_channel_is_closed_without_them(
    monkeypatch: pytest.MonkeyPatch, guild_id: int | None, ephemeral: bool, public: bool, deferred: bool
) -> None:
    shown, whispered = AsyncMock(), AsyncMock()
    message = SimpleNamespace(content="Take it?", flags=SimpleNamespace(ephemeral=ephemeral))
    response = SimpleNamespace(is_done=lambda: deferred, edit_message=shown)
    interaction: Any = SimpleNamespace(
        id=1, created_at=datetime.now(UTC), guild_id=guild_id, message=message,
        response=response, edit_original_response=shown, user=SimpleNamespace(id=1),
        locale=Locale.british_english, guild_locale=None,
    )  # fmt: skip
    monkeypatch.setattr("discord_bot.interactions.choices.reply_ephemeral", whispered)
    handler = ChoiceHandler(SimpleNamespace())  # type: ignore[arg-type]
    result = ChoiceResult("You are in.", True, private_text=SECRET)
    await handler._close_prompt(InteractionRecord(interaction, "ask"), result)
    assert (SECRET in shown.await_args.kwargs["content"]) is not public  # type: ignore[union-attr]
    assert [call.args[1] for call in whispered.await_args_list] == ([SECRET] if public else [])
