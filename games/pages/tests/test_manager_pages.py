"""A guild's tabs by what the viewer may, its people, its health and its first run."""

import re
from datetime import timedelta
from typing import Any

from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.wording import refused_by_discord
from games.hosts import actions as host_actions
from games.models import Announcement, AuditEntry, Game, PersonNote
from games.models.person_note import NOTE_MAX
from games.models.settings import GuildDefaults
from games.pages import health_wording as words
from games.scheduling import cancellation
from games.signups import actions as signups
from gamesched.testing.page_forms import form_to
from guilds.models import Channel, User
from notifications.models import Delivery, Notification

MANAGERS_TABS = ("guild-people", "guild-settings", "guild-health")
PARTS = (
    "guild-people", "guild-blocks", "guild-settings", "guild-channels", "guild-templates", "guild-health",
    "guild-setup", "guild-messages", "guild-history",
)  # fmt: skip


def tabs_of(text: str) -> list[str]:
    nav = text.partition('class="tabs guild-tabs"')[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]*)"', nav)


def current_of(text: str) -> list[str]:
    nav = text.partition('class="tabs guild-tabs"')[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]*)" aria-current', nav)


def addresses(*names: str) -> list[str]:
    return [reverse(name, args=[GUILD]) for name in names]


def test_tabs_are_what_the_viewer_may(world: World, as_person: Any) -> None:
    everyones = addresses("guild", "guild-month")
    for who, extra in ((world.alice, addresses(*MANAGERS_TABS)), (world.charlie, [])):
        for page in everyones:
            shown = as_person(who).get(page).text
            assert tabs_of(shown) == everyones + extra
            assert current_of(shown) == [page]
    alice = as_person(world.alice)
    for page in addresses(*PARTS):
        shown = alice.get(page).text
        assert tabs_of(shown) == everyones + addresses(*MANAGERS_TABS)
        assert len(current_of(shown)) == 1
        assert f'href="{page}" aria-current="page"' in shown


# --- people ------------------------------------------------------------------------------------------------


def past_game(world: World, **late: Any) -> Game:
    game = world.create_game()
    for person in (world.charlie, world.alice):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    start = world.now - timedelta(days=3)
    Game.objects.filter(pk=game.pk).update(starts_at=start, ends_at=start + timedelta(hours=2), announced_at=start)
    return game


def test_people_have_their_figures(world: World, as_person: Any) -> None:
    for missed in (False, True):
        game = past_game(world)
        game.signups.filter(user=world.charlie).update(no_show=missed)
    game.signups.filter(user=world.alice).update(left_at=world.now, seated_at=None, left_late=True)
    host_actions.block_user(GUILD, world.charlie, None, "rude", Actor(world.alice, EntryPoint.PAGE), world.now)
    client, address = as_person(world.alice), reverse("guild-people", args=[GUILD])
    rows = {row.user_id: row for row in client.get(address).context["rows"]}
    assert rows[world.charlie.pk].facts == [words.games_played(1), words.no_shows(1)]
    assert rows[world.charlie.pk].block.reason == "rude"
    assert rows[world.alice.pk].facts == [words.games_played(1), words.left_late(1)]
    [found] = client.get(address, {"q": "charl"}).context["rows"]
    assert (found.user_id, found.facts[0]) == (world.charlie.pk, words.games_played(1))
    [never_played] = client.get(address, {"q": world.bob.handle}).context["rows"]
    assert never_played.facts == [words.games_played(0)]
    assert client.get(address, {"q": "nobody at all"}).context["rows"] == []
    form = form_to(
        client, f"{reverse('guild-blocks', args=[GUILD])}?who={world.bob.pk}", reverse("guild-blocks", args=[GUILD])
    )
    assert form["who"] == [str(world.bob.pk)]


def test_people_of_a_hidden_channel_are_not_counted(world: World, as_person: Any) -> None:
    past_game(world)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, 1 << 10]])
    GuildDefaults.objects.update(manager_role_ids=[EVERYONE])
    assert as_person(world.bob).get(reverse("guild-people", args=[GUILD])).context["rows"] == []


def test_many_people_take_no_more_statements(world: World, as_person: Any, django_assert_max_num_queries: Any) -> None:
    game = past_game(world)
    for number, person in enumerate(world.add_members(range(100, 160), "Player{}")):
        game.signups.create(user=person, order_key=100 + number, joined_at=world.now, seated_at=world.now)
    client, address = as_person(world.alice), reverse("guild-people", args=[GUILD])
    client.get(address)
    with django_assert_max_num_queries(20):
        assert len(client.get(address).context["rows"]) == 50


# --- health ------------------------------------------------------------------------------------------------


def health(client: Any) -> Any:
    return client.get(reverse("guild-health", args=[GUILD])).context["health"]


def test_health_says_first_whether_all_is_well(
    world: World, as_person: Any, django_assert_max_num_queries: Any
) -> None:
    client = as_person(world.alice)
    assert (health(client).problems, health(client).text) == ([], words.ALL_WELL)
    game = world.create_game()
    Announcement.objects.update_or_create(
        game=game, defaults={"channel": world.channel, "problem_code": "refused", "problem": "No."}
    )
    row = Notification.objects.create(game=game, kind="reminder", due_at=world.now, closed_at=world.now)
    for person, status, late in ((world.bob, "failed", None), (world.alice, "sent", 600_000)):
        Delivery.objects.create(
            notification=row, recipient=person, status=status, lateness_ms=late, next_attempt_at=world.now
        )
    Channel.objects.filter(pk=world.other_channel.pk).update(bot_permissions=0)
    with django_assert_max_num_queries(45):
        found = health(client)
    texts = [problem.text for problem in found.problems]
    assert found.text == words.summary(len(texts))
    assert words.messages_failed(1) in texts
    assert words.messages_late(1, timedelta(minutes=10)) in texts
    assert words.of_game(game.title, refused_by_discord("No.")) in texts
    assert any(text.startswith("The bot lacks") for text in texts)
    assert all(problem.url or problem.advice for problem in found.problems), "each says what to do"


def test_a_cancellation_is_undone_from_the_history(world: World, as_person: Any) -> None:
    game = world.create_game()
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    client, undo = as_person(world.alice), reverse("game-undo", args=[game.pk])
    page = client.get(reverse("guild-health", args=[GUILD])).text
    assert f'action="{undo}"' in page
    client.post(undo)
    assert Game.objects.get(pk=game.pk).cancelled_at is None
    assert f'action="{undo}"' not in client.get(reverse("guild-history", args=[GUILD])).text


# --- the first run -----------------------------------------------------------------------------------------


def test_one_press_sets_a_server_up(world: World, as_person: Any) -> None:
    GuildDefaults.objects.all().delete()
    world.alice.zone = "Europe/Berlin"
    world.alice.save()
    client, address = as_person(world.alice), reverse("guild-setup", args=[GUILD])
    page = client.get(address)
    assert (page.context["ready"], page.context["decided"], page.context["first_game"]) == (True, False, False)
    form = form_to(client, address, address)
    started = client.post(address, form | {"start": "1"})
    assert started.url == reverse("game-new", args=[GUILD])
    saved = GuildDefaults.objects.get(pk=GUILD)
    assert (saved.host_role_ids, saved.zone) == ([EVERYONE], "Europe/Berlin")
    world.create_game()
    again = client.get(address)
    assert (again.context["decided"], again.context["first_game"]) == (True, True)
    assert 'name="start"' not in again.text


def test_the_first_step_says_what_the_bot_lacks(world: World, as_person: Any) -> None:
    Channel.objects.update(bot_permissions=1 << 10)
    page = as_person(world.alice).get(reverse("guild-setup", args=[GUILD]))
    assert not page.context["ready"]
    assert "Edit Channel of #general" in page.text


def test_a_note_is_for_managers(world: World, as_person: Any) -> None:
    past_game(world)
    client, address = as_person(world.alice), reverse("guild-people", args=[GUILD])
    note = reverse("guild-note", args=[GUILD, world.charlie.pk])
    assert client.post(note, form_to(client, address, note, text=" Brings  dice ")).status_code == 302
    notes = {row.user_id: row.note for row in client.get(address).context["rows"]}
    assert notes == {world.charlie.pk: "Brings dice", world.alice.pk: ""}
    assert "Brings dice" not in str(AuditEntry.objects.latest("pk").changes)
    long = "x" * (NOTE_MAX + 1)
    refused = client.post(note, {"text": long})
    assert (refused.status_code, long in refused.text) == (422, True)
    client.post(note, {"text": ""})
    assert not PersonNote.objects.exists()
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    assert client.post(reverse("guild-note", args=[GUILD, stranger.pk]), {"text": "x"}).status_code == 404
    assert as_person(world.bob).post(note, {"text": "x"}).status_code == 403
