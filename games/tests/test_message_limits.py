"""Every notification fits a message, and every post an embed, with the longest texts that users may type."""

from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from conftest import World
from discord_bot.render import announcement_embed
from games.attendance import rules as attendance_rules
from games.confirmations.edits import snapshot
from games.core import base, rules
from games.core.base import Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.core.payloads import WebhookPayload
from games.core.seating import offer_number
from games.core.text_rules import REASON_MAX
from games.core.wording import POST_DELETED, quote
from games.hosts import rules as host_rules
from games.hosts.rules import PLAYER_MESSAGE_MAX
from games.models import Announcement, AuditEntry, Follow, Game, Series, Signup, Webhook
from games.posts.announcement import DESCRIPTION_SHOWN, LOCATION_SHOWN, announcement_view
from games.posts.tests.test_post_layout import check_limits
from games.scheduling import cancellation
from games.scheduling.rules import TITLE_MAX
from games.series.tests.scene import repeat
from games.signups import actions as signups
from guilds.models import Guild, Member
from notifications.models import Delivery, Notification
from notifications.policy import LATE_AFTER
from notifications.types import Skip, expanded_types, get_message_type, internal_types

pytestmark = pytest.mark.slow

MARKS, LINES = "*", "a\n"
HOUR = timedelta(hours=1)
NOT_OF_A_GAME = {"welcome", "digest", "test_reminder", "time_poll_end", "time_poll_game"}  # polls have a test of theirs


def filled(part: str, longest: int) -> str:
    return (part * longest)[: longest - 1] + "x"


@pytest.fixture(params=[MARKS, LINES])
def part(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def game(world: World, part: str, settings: Any) -> Game:
    """Bob's game, in which Charlie is seated, with the longest texts."""
    settings.PUBLIC_URL = "https://games.a-rather-long-name.example.org"
    line = part.strip()
    Guild.objects.update(name=filled(line, 100))
    Member.objects.update(nick=filled(line, 32))
    created = world.create_game(
        title=filled(line, TITLE_MAX),
        description=filled(part, rules.DESCRIPTION_MAX),
        location=filled(line, rules.LOCATION_MAX),
        instructions=filled(part, rules.INSTRUCTIONS_MAX),
        seats=1,
        minimum=100,
    )
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    return created


def before(game: Game, part: str) -> dict[str, Any]:
    """Values before an edit: all different, and as long."""
    was = snapshot(game)
    for word, value in was.items():
        was[word] = f"{value[:-1]}y" if isinstance(value, str) and word != "start" else value
    return was | {"start": (game.starts_at + HOUR).isoformat(), "duration": 6 * 1440 + 23 * 60 + 59, "channel": 1}


def kinds() -> list[str]:
    return sorted(set(expanded_types()) - set(internal_types()) - NOT_OF_A_GAME)


def test_a_notification_fits(world: World, game: Game, part: str) -> None:
    for kind in kinds():
        base.dry_run(lambda kind=kind: check(world, game, part, kind))  # type: ignore[misc]


def make_subject(world: World, game: Game, kind: str) -> dict[str, Any]:
    """Make what a message is about that is about no game, and return what its payload names."""
    match kind:
        case "series_host":
            Game.objects.update(announced_at=None)
        case "series_not_made":
            repeat(world, game)
            Series.objects.update(problem_code="no_host")
        case "webhook_paused":
            webhook = Webhook.objects.create(
                guild=game.guild, url=f"https://{'a.' * 100}example.com/", events=[], pause_code="gone",
                created_at=world.now, paused_at=world.now,
            )  # fmt: skip
            return WebhookPayload(game.guild_id, webhook.pk).to_json()
    return {}


def check(world: World, game: Game, part: str, kind: str) -> None:
    """Check the message with every line it may have, late, as a direct message and in the channel."""
    now, person = game.starts_at - HOUR, world.charlie
    signup = Signup.objects.filter(game=game, user=person)
    payload: dict[str, Any] = {"starts_at": game.starts_at.isoformat(), "by": world.bob.pk, "was_seated": False}
    payload |= {"before": before(game, part), "number": 1, "again": False, "person": str(world.alice.pk)}
    payload |= {
        "who": filled(part.strip(), 32),
        "left": True,
        "to": host_rules.Audience.ALL.value,
        "at": now.isoformat(),
    }
    payload |= {"come": 100, "left": 100, "silent": 100, "freed": True, "word": filled(part, REASON_MAX)}
    payload |= {"text": longest_player_message(part), "host": str(world.bob.pk), "people": [person.pk]}
    payload["code"] = "no_host"
    payload |= make_subject(world, game, kind)
    match kind:
        case "removed" | "silent" | "host_left" | "lost_access" | "lost_role" | "invited" | "substitute" | "interested":
            person = world.alice
        case "short" | "deleted":
            person = world.bob
        case "new_game" | "nudge":
            person = world.alice
            Follow.objects.create(user=person, guild=game.guild)
            Game.objects.update(seats=2)
    match kind:
        case "offer":
            signup.update(seated_at=None, offered_at=now, offered_until=now + HOUR)
            payload["offer"] = offer_number(signup.get())
        case "question":
            signup.update(open_confirmation=1)
            Game.objects.update(confirmation_number=1, confirm_by=now + HOUR, drop_unconfirmed=True)
        case "host_chosen":
            Game.objects.update(host=person)
        case "rewarded":
            Game.objects.update(rewards=filled(part, attendance_rules.REWARDS_MAX))
        case "hand_over":
            Game.objects.update(next_host=person, handover_number=1)
        case "cancelled":
            cancellation.cancel_game(game.pk, filled(part, REASON_MAX), Actor(world.bob, EntryPoint.PAGE), now)
        case "rewards":
            now = game.ends_at
        case "deleted":
            Announcement.objects.update(
                problem_code="deleted", problem=POST_DELETED, deletion_number=1, post_deleted_at=now
            )
            payload["number"] = 1
        case "host_left":
            Member.objects.filter(user=world.bob).update(left_at=now)
        case "not_announced":
            now = game.starts_at
            Game.objects.update(announced_at=None)
    due_at = now - LATE_AFTER - timedelta(seconds=1)
    row = Notification.objects.create(
        kind=kind, game=game, recipient=person, due_at=due_at, payload=payload, dedupe_key=60, minutes=60
    )
    delivery = Delivery.objects.create(notification=row, recipient=person, next_attempt_at=now)
    render = get_message_type(kind).build_message
    assert render is not None
    # A game that is not announced is named in no channel, and nobody is called to one that they cannot see.
    by_dm_alone = {"not_announced", "lost_access", "series_host", "webhook_paused"}
    for in_channel in (False, True)[: 1 if kind in by_dm_alone else 2]:
        delivery.in_channel = in_channel
        message = render(delivery, now)
        assert not isinstance(message, Skip), f"{kind}: {message}"
        assert len(message.text) <= 2000, f"{kind}: {len(message.text)}"
        assert delivery.nonce in message.text


@cache
def longest_player_message(part: str) -> str:
    """Return the longest end of a text that is allowed; what is longer than one that is not, is not either."""
    text = filled(part, PLAYER_MESSAGE_MAX)

    def is_allowed(cut: int) -> bool:
        return not host_rules.check_player_message(text[cut:], quote(escape_markdown(text[cut:])))

    cut = bisect_left(range(len(text)), True, key=is_allowed)
    assert is_allowed(cut)
    assert cut == 0 or not is_allowed(cut - 1)
    return text[cut:]


def test_a_post_fits(world: World, game: Game, part: str) -> None:
    """What mentions grow the texts to counts too."""
    changes = {word: [value, None] for word, value in before(game, part).items()}
    for number in range(120):
        Signup.objects.create(
            game=game,
            placeholder=f"{filled(part.strip(), 60)}{number}",
            order_key=number + 2,
            joined_at=world.now,
            seated_at=world.now if number < 60 else None,
            note=filled(part.strip(), 100),
        )
    for now in (game.starts_at - HOUR, game.starts_at, game.ends_at):
        AuditEntry.objects.create(guild=game.guild, game=game, source="page", action="edit", changes=changes, at=now)
        rewards = filled(part, attendance_rules.REWARDS_MAX) if now >= game.starts_at else ""
        Game.objects.update(rewards=rewards)
        shown = announcement_view(Game.objects.get(pk=game.pk), now)
        shown = replace(shown, description="d" * DESCRIPTION_SHOWN, location="l" * LOCATION_SHOWN)
        embed = announcement_embed(shown)
        assert len(embed) <= 6000
        assert any("seats taken" in (field.name or "") for field in embed.fields)
        check_limits(shown)
