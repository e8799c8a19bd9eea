"""Lists of games: every game is reached by their links, and filters and what one may see come before the pages."""

import asyncio
import random
import re
from collections.abc import Iterable
from copy import copy
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import GUILD, World
from discord_bot import render
from discord_bot.interactions.buttons import PageButton
from discord_bot.interactions.game_list import PageRequest, load_page
from games.core.base import Actor, EntryPoint
from games.core.settings import SeatMethod
from games.models import Announcement, AuditEntry, Game, GameTemplate
from games.models.game_conditions import is_to_come
from games.models.settings import ChannelDefaults, GuildDefaults
from games.pages import game_list
from games.pages.game_filter import Section, with_open_seats
from games.pages.game_list import LIST_TEXT_MAX, PER_PAGE, GameList, ListOptions, list_games
from games.pages.game_page import HISTORY_PAGE
from games.scheduling.cancellation import cancel_game
from games.signups import actions as signups
from games.signups.rules import signup_closed_reason
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Channel, Guild, User

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def copies(game: Game, starts: Iterable[datetime], **changes: Any) -> list[Game]:
    """Store copies of a game, numbered by title, in two statements."""
    rows = []
    for number, start in enumerate(starts):
        row = copy(game)
        row.pk, row._state.adding = None, True
        row.title, row.starts_at, row.ends_at = f"Night {number:03}.", start, start + 2 * HOUR
        for name, value in changes.items():
            setattr(row, name, value)
        rows.append(row)
    made = Game.objects.bulk_create(rows)
    Announcement.objects.bulk_create([Announcement(game=row, channel_id=row.channel_id) for row in made])
    return made


TITLE = re.compile(r'id="game-\d+">.*?<a class="name" href="[^"]*">([^<]*)</a>', re.DOTALL)


def titles(text: str) -> list[str]:
    return [unescape(title) for title in TITLE.findall(text)]


def visit(client: Any, address: str, towards: str = "next") -> dict[str, str]:
    """Return the pages, by address, of the first list that has more than one, by its links to the next."""
    base = address.partition("?")[0]
    found = {address: client.get(address).text}
    while following := re.search(rf'rel="{towards}" href="([^"]+)"', found[address]):
        address = base + unescape(following[1])
        found[address] = client.get(address).text
    return found


def pages(client: Any, address: str, towards: str = "next") -> list[str]:
    """Return the addresses of all these pages."""
    return [*visit(client, address, towards)]


def walk(client: Any, address: str, towards: str = "next") -> list[str]:
    """Return the titles of all these pages."""
    return [title for text in visit(client, address, towards).values() for title in titles(text)]


@pytest.mark.parametrize("section", list(Section))
def test_every_game_is_reached_by_links(
    world: World, as_person: Any, section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(game_list, "PER_PAGE", 4)
    game = world.create_game()
    ahead = section is not Section.PAST
    starts = [world.now + (1 if ahead else -1) * (DAY + n * HOUR) for n in range(2 * 4 + 3)]
    changes = {"announced_at": None} if section is Section.UNANNOUNCED else {}
    rows = copies(game, starts, **changes)
    Game.objects.filter(pk=game.pk).update(announced_at=None, cancelled_at=world.now)  # so it is in no list
    expected = [row.title for row in rows]
    client, show = as_person(world.bob), f"?show={section.value}"
    for address in (reverse("guild", args=[GUILD]), "/"):
        found = visit(client, address if ahead else address + show)
        assert [title for text in found.values() for title in titles(text)] == expected
        *_, (last, text) = found.items()
        assert titles(text) == expected[-3:]
        assert 'rel="next"' not in text
        assert walk(client, last, "prev") == [*expected[-3:], *expected[4:8], *expected[:4]]
        for before in ("0", "-1", "x", "9" * 5000, f"{10**17 - 1}-1", f"-{10**17 - 1}-1", "1-0", f"1-{10**19 - 1}"):
            assert client.get(address, {"show": section.value, "before": before}).status_code == 200
    place = [*found][1]
    fragment = client.get(place, headers={"HX-Request": "true"}).text
    assert f'hx-get="{escape(place)}"' in fragment, "a page that looks again stays on its page"


def test_a_page_stays_in_place_while_games_end(world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By numbers, each game that ended while somebody turned pages hid another from them."""
    monkeypatch.setattr(game_list, "PER_PAGE", 4)
    first, *_ = copies(world.create_game(title="Far"), [world.now + HOUR * (n + 1) for n in range(9)])
    client, address = as_person(world.charlie), reverse("guild", args=[GUILD])
    second = pages(client, address)[1]
    Game.objects.filter(pk=first.pk).update(starts_at=world.now - DAY, ends_at=world.now - HOUR)
    assert titles(client.get(second).text) == [f"Night {n:03}." for n in range(4, 8)]


def test_equal_starts_are_told_apart(world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(game_list, "PER_PAGE", 2)
    rows = copies(world.create_game(), [world.now + DAY] * 5)
    found = walk(as_person(world.charlie), reverse("guild", args=[GUILD]))
    assert found[:5] == [row.title for row in rows]


def test_a_cancelled_game_stands_where_it_was(world: World, as_person: Any, capsys: Any) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    soon, late, begun = (world.create_game(title=title) for title in ("Soon", "Late", "Begun"))
    Game.objects.filter(pk=late.pk).update(starts_at=world.now + 9 * DAY, ends_at=world.now + 9 * DAY + HOUR)
    for game in (soon, begun):
        cancel_game(game.pk, "", by, world.now)
    # Its end would be to come, but nobody looks forward to it any more.
    Game.objects.filter(pk=begun.pk).update(starts_at=world.now - HOUR, ends_at=world.now + HOUR)
    client = as_person(world.charlie)
    signups.join(late.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    address = reverse("guild", args=[GUILD])
    to_come, past = (client.get(address, {"show": name}).text for name in ("to_come", "past"))
    assert titles(to_come) == ["Soon", "Late"]
    assert to_come.count('class="tag cancelled"') == 1
    assert titles(past) == ["Begun"]
    assert titles(client.get(address).text) == ["Soon", "Late"], "what is past has a page of its own"
    call_command("game", "list")
    listed = capsys.readouterr().out
    assert re.findall(r"(\w+) \(.*?\)(, cancelled)?", listed) == [("Soon", ", cancelled"), ("Late", "")]
    call_command("game", "list", "--past")
    assert "Begun" in capsys.readouterr().out
    assert set(Game.objects.filter(is_to_come(world.now))) == {soon, late}


@pytest.mark.parametrize("page", ["guild", "home"])
def test_only_past_games_fit_a_filter(world: World, as_person: Any, page: str) -> None:
    copies(world.create_game(title="Elsewhere"), [world.now - 3 * DAY], title="Quiz")
    address = reverse(page, args=[GUILD] if page == "guild" else [])
    client = as_person(world.bob)
    assert titles(client.get(address, {"text": "quiz"}).text) == []
    assert titles(client.get(address, {"text": "quiz", "show": "past"}).text) == ["Quiz"]


def test_what_one_may_not_see_takes_no_place(world: World, as_person: Any) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Surprise party")
    game = world.create_game()
    secret = Channel.objects.create(id=88, guild=world.guild, name="secret", type=0, overwrites=[[GUILD, 0, 1 << 10]])
    starts = [world.now + DAY + n * HOUR for n in range(PER_PAGE)]
    copies(game, [start - HOUR / 2 for start in starts], channel=secret, channel_id=secret.pk, template=template)
    copies(game, starts, announced_at=None)
    shown = copies(game, starts[1:])
    response = as_person(world.charlie).get(reverse("guild", args=[GUILD]))
    page = response.text
    assert titles(page) == [*(row.title for row in shown), game.title]
    assert 'rel="next"' not in page, "these are twenty"
    assert "secret" not in page
    assert response.context["filters"].groups == [], "nor is it offered by the filter"
    found = list_games("list", world.guild, world.charlie, world.now)
    assert (len(found.rows), found.pages) == (8, 3), "of 20"


def test_a_template_of_a_hidden_channel_is_not_named(world: World, as_person: Any) -> None:
    secret = Channel.objects.create(id=88, guild=world.guild, name="secret", type=0, overwrites=[[GUILD, 0, 1 << 10]])
    names = ("Surprise party", "Quiz", "Raid")
    party, quiz, raid = (GameTemplate.objects.create(guild=world.guild, name=name) for name in names)
    for template in (party, quiz, raid):
        world.create_game(title=f"Game {template.pk}", template_id=template.pk)
    GameTemplate.objects.filter(pk=party.pk).update(channel=secret)
    address = reverse("guild", args=[GUILD])
    for person, sees in ((world.charlie, False), (world.alice, True)):
        page = as_person(person).get(address).text
        assert ("Surprise party" in page, "Raid" in page) == (sees, True)
        games = [f"Game {party.pk}"] if sees else []
        assert titles(as_person(person).get(address, {"text": "surprise"}).text) == games
        found = list_games("list", world.guild, person, world.now, options=ListOptions(text="surprise"))
        assert [row.title for row in found.rows] == games
    by_template = as_person(world.charlie).get(address, {"template": party.pk}).text
    assert len(titles(by_template)) == 3, "it cannot be chosen"


def test_free_seats_are_found_by_the_rule_for_one_game(world: World) -> None:
    dice = random.Random(7)
    templates = [
        GameTemplate.objects.create(
            guild=world.guild, name=f"T{n}", locked=locked, seats=seats, method=method, signups_close=close,
            deleted_at=world.now if n == 4 else None,
        )
        for n, (locked, seats, method, close) in enumerate(
            [([], None, None, None), (["seats"], 1, None, 60), (["seats", "method"], None, "picks", None),
             (["signups_close"], 3, "priority", 0), (["seats"], 1, "picks", None)]
        )
    ]  # fmt: skip
    thread = Channel.objects.create(id=77, guild=world.guild, name="table", type=11, parent=world.other_channel)
    gone = Channel.objects.create(id=78, guild=world.guild, name="gone", type=0, deleted_at=world.now)
    ChannelDefaults.objects.create(channel=world.other_channel, seats=2, method="picks_waiting", signups_close=0)
    ChannelDefaults.objects.create(channel=gone, seats=1, method="picks")
    GuildDefaults.objects.filter(pk=GUILD).update(seats=1, signups_close=120)
    game = world.create_game(seats=5)
    rows = copies(game, [world.now + n * HOUR / 2 for n in range(-3, 117)])
    people = [world.add_member(number) for number in range(100, 103)]
    for row in rows:
        row.template = dice.choice([None, *templates])
        row.channel = dice.choice([world.channel, world.other_channel, thread, gone])
        row.seats, row.method = dice.choice([None, None, 0, 1, 2]), dice.choice([None, None, *SeatMethod])
        row.signups_close = dice.choice([None, None, 0, 60])
        row.settings_frozen_at = dice.choice([None, None, world.now])
        row.closed_at, row.cancelled_at = dice.choice([None] * 5 + [world.now]), dice.choice([None] * 5 + [world.now])
        row.save()
        for number, person in enumerate(people[: dice.randrange(4)]):
            row.signups.create(user=person, order_key=number, joined_at=world.now, seated_at=world.now)

    def free(one: Game) -> bool:
        one.drop_cached_settings()
        settings = one.settings
        seats = not settings.seats or one.signups.seated().count() < settings.seats
        return seats and not settings.method.by_host and not signup_closed_reason(one, world.now, None)

    mine = Game.objects.filter(pk__in=[row.pk for row in rows])
    expected = {row.pk for row in mine if free(row)}
    assert 15 < len(expected) < 60
    assert set(with_open_seats(mine, world.now).values_list("pk", flat=True)) == expected


def member(user: User) -> MemberPayload:
    return MemberPayload(UserPayload(user.pk, user.handle))


def shown(which: Any, user: User, **options: Any) -> GameList:
    found = load_page(PageRequest(which, GUILD, member(user), options.pop("page", 1), ListOptions(**options)))
    assert isinstance(found, GameList), found
    return found


def test_a_page_in_discord_fits_a_message(world: World) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(name="_" * 100)
    Guild.objects.filter(pk=GUILD).update(name="*" * 100)
    made = copies(world.create_game(), [world.now + DAY + n * HOUR for n in range(8)], host=world.charlie)
    Game.objects.filter(pk__in=[row.pk for row in made]).update(title="`" * 200, cancelled_at=world.now)
    embed, _ = render.game_list_page(shown("mine", world.charlie))
    assert len(embed.description or "") <= 4096


@pytest.mark.parametrize("text", ["", "a:b::pf:", "Raid\n2", "🎲" * LIST_TEXT_MAX, "٣"])
@pytest.mark.parametrize(("free", "past"), [(False, False), (True, False), (True, True)])
def test_a_button_that_turns_pages_holds_the_options(text: str, free: bool, past: bool) -> None:
    options = ListOptions(2**63 - 1, text, free, past)
    button = PageButton("Later", "list", 99999, options)
    assert len(button.custom_id.encode("utf-16-le")) <= 200, "Discord's hundred characters"
    match = PageButton.__discord_ui_compiled_template__.fullmatch(button.custom_id)
    assert match is not None
    again = asyncio.run(PageButton.from_custom_id(None, None, match))  # type: ignore[arg-type]
    assert (again.which, again.page, again.options) == ("list", 99999, options)
    assert PageButton.__discord_ui_compiled_template__.fullmatch("games:mine:2:0"), "of a list that is open still"


def test_all_of_a_games_history_is_reached(world: World, as_person: Any) -> None:
    game = world.create_game()
    AuditEntry.objects.bulk_create(
        AuditEntry(game=game, guild=world.guild, actor=world.bob, source="page", action="message", changes={},
                   at=world.now + timedelta(minutes=n + 1)) for n in range(2 * HISTORY_PAGE)
    )  # fmt: skip
    client, address = as_person(world.bob), reverse("game-history", args=[game.pk])
    assert address in client.get(game.get_absolute_url()).text
    lines: list[str] = []
    while address:
        text = client.get(address).text
        lines += re.findall(r'<time class="quiet small" datetime="([^"]+)"', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = reverse("game-history", args=[game.pk]) + following[1] if following else ""
    assert len(lines) == 2 * HISTORY_PAGE + 1, "and that it was scheduled"
    assert len(set(lines)) == len(lines)
    address = reverse("game-history", args=[game.pk])
    assert client.get(address, {"page": "-1"}).context["page"].number == 1
    assert as_person(world.charlie).get(address).status_code == 403


def test_all_who_left_late_are_named(world: World, as_person: Any) -> None:
    game = world.create_game()
    people = world.add_members(range(100, 160), "Late{}")
    for number, person in enumerate(people):
        game.signups.create(
            user=person, order_key=number, joined_at=world.now, left_at=world.now, left_late=True
        )  # fmt: skip
    client, address = as_person(world.alice), reverse("guild-people", args=[GUILD])
    pages = [client.get(address, {"page": page}).context["rows"] for page in (1, 2)]
    assert sorted(row.name for rows in pages for row in rows) == [f"Late{n}" for n in range(100, 160)]


def test_home_of_who_is_in_no_server_has_no_games(world: World, as_person: Any) -> None:
    world.create_game()
    stranger = User.objects.create(pk=1300000000000000990, handle="stranger")
    response = as_person(stranger).get("/")
    assert (response.status_code, titles(response.text)) == (200, [])


def test_who_has_had_no_game_reads_how_it_goes(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    addresses = (reverse("home"), reverse("guild", args=[GUILD]))
    assert all('class="empty first-run"' in client.get(address).text for address in addresses)
    signups.join(world.create_game().pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    Game.objects.update(starts_at=world.now - DAY, ends_at=world.now - DAY + HOUR)
    assert not any('class="empty first-run"' in client.get(address).text for address in addresses)
