"""Messages from hosts and managers to players, by action, page and command."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.state_wording import NOBODY_TO_TELL
from games.hosts.messages import message_players
from games.hosts.rules import Audience
from games.hosts.wording import MESSAGE_TOO_LATE
from games.models import AuditEntry, Game
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Notification

pytestmark = pytest.mark.slow


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game with Charlie seated, Alice waiting, a placeholder, and its announcement posted."""
    created = world.create_game(seats=1)
    for person in (world.charlie, world.alice):
        signups.join(created.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    created.signups.create(placeholder="Grandma", order_key=10**12, joined_at=world.now)
    [post] = steps.lease_jobs(world.now, 10)
    steps.record([(post, SentMessage(created.channel_id, 777))], world.now)
    return created


def sent(world: World, later: int = 0) -> dict[int | None, OutgoingMessage]:
    at = world.now + timedelta(minutes=later)
    steps.create_due_deliveries(at)
    return {job.message.user_id: job.message for job in steps.lease_jobs(at, 10)}


def test_a_message_reaches_its_audience_without_the_author(world: World, game: Game) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    assert (
        message_players(game.pk, "Bring dice", Audience.SEATED, by, world.now).text
        == "Your message is on its way to 1 person."
    )
    assert sent(world).keys() == {world.charlie.pk}
    message_players(game.pk, "No seat yet", Audience.WAITING, by, world.now)
    assert sent(world).keys() == {world.alice.pk}
    assert message_players(game.pk, "Late", Audience.ALL, Actor(world.alice, EntryPoint.PAGE), world.now).text.endswith(
        "1 person."
    )
    assert sent(world).keys() == {world.charlie.pk}, "Alice manages the server, and wrote it"
    entries = AuditEntry.objects.filter(action="tell").order_by("pk")
    assert entries[0].changes == {"text": "Bring dice", "to": "seated"}
    assert list(Notification.objects.filter(kind="told").order_by("pk").values_list("dedupe_key", flat=True)) == [
        "1",
        "2",
        "3",
    ]


def test_the_text_is_quoted_and_escaped(world: World, game: Game) -> None:
    message_players(
        game.pk, "  Meet at **8**\r\n@everyone <@1> ", Audience.SEATED, Actor(world.bob, EntryPoint.PAGE), world.now
    )
    message = sent(world)[world.charlie.pk]
    first, *quote, url, choices = message.text.split("\n")
    assert first.startswith("💬 Bob the GM about **Curse of Strahd** in Friday Night Dice, <t:")
    assert quote == ["> Meet at \\*\\*8\\*\\*", "> \\@everyone \\<\\@1\\>"]
    assert url.startswith(game.url)
    assert "/notifications/" in choices
    assert message.ping_users == ()


def test_players_who_left_meanwhile_get_no_message(world: World, game: Game) -> None:
    message_players(game.pk, "Bring dice", Audience.ALL, Actor(world.bob, EntryPoint.PAGE), world.now)
    signups.leave(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert world.alice.pk not in sent(world)
    message_players(game.pk, "Again", Audience.ALL, Actor(world.bob, EntryPoint.PAGE), world.now)
    steps.create_due_deliveries(world.now)
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert world.charlie.pk not in sent(world)


def test_at_most_three_messages_a_day(world: World, game: Game) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    world.bob.zone = "Europe/Berlin"
    for hours in (0, 1, 2):
        message_players(game.pk, f"{hours}", Audience.ALL, by, world.now + timedelta(hours=hours))
    with pytest.raises(Refused, match=r"Three messages in 24 hours .* can be sent from .* CE.?T on") as refused:
        message_players(game.pk, "4", Audience.ALL, by, world.now + timedelta(hours=23, minutes=59))
    assert refused.value.refusal.code == "too_often"
    assert message_players(game.pk, "4", Audience.ALL, by, world.now + timedelta(hours=24)).changed


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" \n ", "Write what they are to know."),
        ("x" * 1001, "has 1,001 characters. Shorten it to 1,000."),
        ("a\x00b", "cannot be shown"),
        ("*" * 900, "plainer words"),
        ("a\n" * 450, "plainer words"),
    ],
)
def test_bad_texts_are_refused(world: World, game: Game, text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        message_players(game.pk, text, Audience.ALL, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert not Notification.objects.filter(kind="told").exists()


def test_no_recipients_and_no_permission(world: World, game: Game) -> None:
    signups.leave(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    with refuses("nobody"):
        message_players(game.pk, "Hi", Audience.WAITING, Actor(world.bob, EntryPoint.PAGE), world.now)
    with refuses("not_yours"):
        message_players(game.pk, "Hi", Audience.ALL, Actor(world.charlie, EntryPoint.PAGE), world.now)


def test_messages_until_a_day_after_the_game(world: World, game: Game) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    cancellation.cancel_game(game.pk, "", by, world.now)
    assert message_players(game.pk, "Sorry", Audience.ALL, by, world.now + timedelta(hours=23)).changed
    with pytest.raises(Refused, match=MESSAGE_TOO_LATE):
        message_players(game.pk, "Sorry", Audience.ALL, by, world.now + timedelta(hours=25))


def test_no_messages_about_a_cancelled_draft(world: World, as_person: Any) -> None:
    by, draft = Actor(world.bob, EntryPoint.PAGE), AnnounceSchedule(AnnounceWhen.DRAFT)
    game = scheduling.create_game(
        world.guild.pk, world.make_plan(), by, world.now, participants=[world.charlie.pk], announce=draft
    ).game
    cancellation.cancel_game(game.pk, "", by, world.now)
    with pytest.raises(Refused, match=NOBODY_TO_TELL):
        message_players(game.pk, "Sorry.", Audience.ALL, by, world.now)
    assert "Tell the players" not in as_person(world.bob).get(game.get_absolute_url()).text


def test_the_page(world: World, game: Game, as_person: Any) -> None:
    url = reverse("game-tell", args=[game.pk])
    assert "Tell the players" not in as_person(world.charlie).get(game.get_absolute_url()).text
    host = as_person(world.bob)
    page = host.get(game.get_absolute_url()).text
    assert "Everyone: 2 people" in page
    assert "Those with a seat: 1 person" in page
    refused = host.post(url, {"to": "waiting", "text": "x" * 1001})
    assert refused.status_code == 422
    assert "Shorten it to 1,000." in refused.text
    assert "x" * 1001 in refused.text
    assert host.post(url, {"to": "all", "text": "<b>Hi</b>"}, follow=True).status_code == 200
    page = host.get(game.get_absolute_url()).text
    assert "Bob the GM wrote to everyone: &lt;b&gt;Hi&lt;/b&gt;" in page
    for _ in range(2):
        host.post(url, {"to": "all", "text": "Hi"})
    refused = host.post(url, {"to": "all", "text": "Kept as typed"})
    assert "Three messages in 24 hours" in refused.text
    assert "Kept as typed" in refused.text


def test_the_command(world: World, game: Game, capsys: Any) -> None:
    words = ("game", "tell", str(game.pk), "--text", "Hi", "--to", "seated")
    call_command(*words, "--dry-run")
    assert "It would answer: Your message is on its way to 1 person." in capsys.readouterr().out
    call_command(*words)
    assert sent(world, 5)[world.charlie.pk].text.startswith("💬 An operator about")
    with pytest.raises(CommandError, match="Only the host"):
        call_command(*words, "--as", "charlie")
