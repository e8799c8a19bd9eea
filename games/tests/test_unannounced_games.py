"""A game that is not announced yet, by every entry point: it does not exist for players."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from conftest import World
from games.core import choices
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.core.state_wording import NOBODY_TO_TELL
from games.core.wording import UNKNOWN_GAME
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.models import Follow, Game
from games.pages.game_list import ListKind
from games.pages.live_access import Access, access_to_page
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from games.tests.cast import (
    HOSTS,
    MEMBERS,
    Cast,
    cast,
    client_of,
    db,
    module_cast,
    module_world,
    only_outcomes,
    world,
)
from games.tests.test_access_matrix import ROUTES, outcome
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.directory.payloads import MemberPayload, UserPayload
from notifications.models import Delivery, Notification

__all__ = ["cast", "db", "module_cast", "module_world", "only_outcomes", "world"]  # the fixtures
pytestmark = pytest.mark.slow

OF_A_GAME = [name for name, (_, of, _) in ROUTES.items() if of in {"game", "signup", "delivery"}]
SECRET = "Surprise"
WHICH: tuple[ListKind, ...] = ("list", "mine")


@pytest.fixture
def game(cast: Cast, world: World) -> Game:
    """Return the host's game, with an added player."""
    plan = world.make_plan(title=SECRET, channel_id=world.other_channel.pk)
    named = (cast.people["player"].pk,)
    by = Actor(cast.people["host"], EntryPoint.PAGE)
    created = scheduling.create_game(
        world.guild.pk, plan, by, world.now, participants=named, announce=AnnounceSchedule(AnnounceWhen.DRAFT)
    ).game
    created.cohosts.add(cast.people["co-host"])
    return created


@pytest.mark.usefixtures("only_outcomes")
def test_urls_of_a_hidden_game(cast: Cast, game: Game) -> None:
    row = Notification.objects.create(game=game, kind="told", due_at=game.created_at)
    delivery = Delivery.objects.create(
        notification=row, recipient=game.host, status="failed", next_attempt_at=row.due_at
    )
    ids = {"signup": [game.signups.get().pk], "delivery": [delivery.pk]}
    # Who would be refused, and who has a seat; who manages the server sees it.
    asked = ["blocked", "player", "manager"]
    wrong = []
    for route in OF_A_GAME:
        method, of, _ = ROUTES[route]
        url = reverse(route, args=[game.pk, *ids.get(of, [])])
        # Undone for the next address, which is to find the game as it was.
        with transaction.atomic():
            for who in asked:
                if (outcome(client_of(cast, who), method, url) == "404") is (who == "manager"):
                    wrong.append((route, who))
            transaction.set_rollback(True)
    assert not wrong


@pytest.mark.parametrize("who", sorted(MEMBERS))
def test_lists_without_hidden_games(cast: Cast, game: Game, who: str, capsys: Any) -> None:
    from discord_bot.interactions.game_list import PageRequest as Wanted
    from discord_bot.interactions.game_list import load_page
    from guilds.models import Member

    client, user = client_of(cast, who), cast.people[who]
    assert (SECRET in client.get(reverse("guild", args=[game.guild_id])).text) is (who in HOSTS)
    assert (SECRET in client.get(reverse("home")).text) is (who in {"host", "co-host"})
    assert isinstance(access_to_page(user, "game", game.pk), Access) is (who in HOSTS)
    member = Member.objects.get(user=user, guild=game.guild_id)
    payload = MemberPayload(UserPayload(user.pk, user.handle), role_ids=tuple(member.role_ids))
    for which in WHICH:
        assert SECRET not in str(load_page(Wanted(which, game.guild_id, payload)))
    call_command("game", "list", "--as", str(user.pk))
    assert SECRET not in capsys.readouterr().out
    if who not in HOSTS:
        for word in ("show", "join", "leave", "announce"):
            with pytest.raises(CommandError, match=UNKNOWN_GAME):
                call_command("game", word, str(game.pk), "--as", str(user.pk))


def test_pages_do_not_count_it(cast: Cast, world: World, game: Game) -> None:
    Game.objects.exclude(pk=game.pk).delete()
    client = client_of(cast, "member")
    assert "Nothing on your calendar yet" in client.get(reverse("home")).text
    assert "No upcoming games here." in client.get(reverse("guild", args=[game.guild_id])).text


def test_buttons_of_a_hidden_game(cast: Cast, world: World, game: Game) -> None:
    from discord_bot.interactions.signup_buttons import Click, run_signup_action
    from games.core import wording

    player = cast.people["player"]
    member = MemberPayload(UserPayload(player.pk, player.handle), role_ids=(world.guild.pk + 31,))
    for action in ("join", "leave"):
        known, unknown = (run_signup_action(Click(pk, action, world.guild.pk, member)) for pk in (game.pk, 2**40))
        assert known == unknown, "a forged button tells nobody that there is a game"
        assert known.text == wording.OLD_BUTTON
    for pk in (game.pk, 2**40):
        with pytest.raises(Refused) as refused:
            choices.handle_choice(PromptChoice(PromptKind.DELETED_POST, pk, 1, "put_back"), player, world.now)
        assert refused.value.refusal == choices.outdated_refusal()


def test_actions_and_new_game_notifications(cast: Cast, world: World, game: Game) -> None:
    from games.reminders.followers import digest_games

    player, host = cast.people["player"], Actor(cast.people["host"], EntryPoint.PAGE)
    with refuses("unknown_game"):
        signups.leave(game.pk, player, Actor(player, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused, match=NOBODY_TO_TELL):
        host_messages.message_players(game.pk, "Soon!", Audience.ALL, host, world.now)
    Follow.objects.create(user=cast.people["player"], guild=world.guild, digest=True)
    Game.objects.exclude(pk=game.pk).update(cancelled_at=world.now)
    assert digest_games(player, world.now - timedelta(days=1), world.now) == []
    assert not Notification.objects.filter(game=game).exists()
