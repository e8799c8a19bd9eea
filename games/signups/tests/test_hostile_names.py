"""Names that hold separators, marks and other writing, and many names at once, by every entry point."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.html import escape

from conftest import StoredDirectory, World
from games.core import wording
from games.core.roster import load_roster
from games.core.text import GuildTexts
from games.models import Game
from games.pages.tests.test_pages import fields
from games.signups import participant_lookup
from games.signups.participants import resolve_names
from gamesched.local_discord.fixtures import USER_ID_BASE
from guilds.directory import lookup, upsert
from guilds.directory.lookup import LookupLimited
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Block, Member
from guilds.names import normalize_name

NICKS = ["Smith, John", "Smith", "Doe, Jane, M.D.", "@home", "none", "[GM] “Q”", "שלום", "Zed;Zed", "\u200bGhost\u202e"]
members: dict[int, MemberPayload] = {}
asked: list[str] = []
searches_left: list[int] = []  # until Discord limits searches; empty for no limit


class Directory:
    """Answers like Discord: by the beginning of a username or nick, and sometimes with a limit."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        asked.append(str(user_id))
        return members.get(user_id) or StoredDirectory().member(guild_id, user_id)

    def search(self, guild_id: int, query: str, limit: int) -> list[MemberPayload]:
        if searches_left:
            if searches_left[0] == 0:
                raise LookupLimited(20.0)
            searches_left[0] -= 1
        asked.append(query)
        found = [
            one
            for one in members.values()
            if any(name.lower().startswith(query.lower()) for name in (one.user.handle, one.nick))
        ]
        return found[:limit]

    def has_message(self, channel_id: int, message_id: int) -> bool:
        return True


def add(number: int, nick: str, **user: Any) -> int:
    """Add somebody to the server whom the bot has not met."""
    user_id = USER_ID_BASE + 500 + number
    members[user_id] = MemberPayload(UserPayload(user_id, f"u{number}", **user), nick)
    return user_id


@pytest.fixture(autouse=True)
def discord(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.Directory"
    monkeypatch.setattr(lookup, "LookupLimited", LookupLimited)
    for kept in (members, asked, searches_left):
        kept.clear()


def signed_up(game: Game) -> list[int | str]:
    return [one.user_id or one.placeholder for one in game.signups.current()]


def add_all(world: World, client: Any, typed: list[str]) -> list[int | str]:
    """Add these by one form, each between two who are not in Discord, and return who stands for each."""
    game = world.create_game(seats=0)
    between = [f"Guest {n}" for n in range(len(typed) + 1)]
    text = ", ".join([between[0], *(f"{one}, {guest}" for one, guest in zip(typed, between[1:], strict=True))])
    reply = client.post(reverse("game-add", args=[game.pk]), {"participants": text})
    assert reply.status_code == 302, re.findall(r"<li>(.*)</li>|Line.*", reply.text)
    added = signed_up(game)
    assert added[::2] == between, added
    return added[1::2]


def test_a_members_name_is_judged_whole(world: World, as_person: Any) -> None:
    ids = [add(n, name) for n, name in enumerate(NICKS)]
    assert add_all(world, as_person(world.bob), [f"@{nick}" for nick in NICKS]) == ids


def test_the_command_and_the_games_form_judge_them_whole_too(world: World, as_person: Any) -> None:
    john = add(1, "Smith, John")
    as_person(world.bob).post(
        reverse("game-new", args=[world.guild.pk]), fields(world, participants="@Smith, John, Grandma")
    )
    assert signed_up(Game.objects.get()) == [john, "Grandma"]
    game = world.create_game(title="Another")
    call_command("game", "add", str(game.pk), "@smith,  JOHN, Grandma", stdout=StringIO())
    assert signed_up(game) == [john, "Grandma"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("@Smith, Jo", ["john"]),  # the beginning of the only name so
        ("@Smith\nJohn", ["john", "John"]),  # a line is an end
        ("@Smith, Peter", ["john", "Peter"]),
        ("Smith, John", ["Smith", "John"]),  # no @: people who are not in Discord
        ("@Smith, John, @Smith, Johnny", ["john", "johnny"]),
    ],
)
def test_how_far_a_name_with_a_comma_reaches(world: World, as_person: Any, typed: str, expected: list[str]) -> None:
    ids = {"john": add(1, "Smith, John")}
    if "johnny" in expected:
        ids["johnny"] = add(2, "Smith, Johnny")
    game = world.create_game()
    reply = as_person(world.bob).post(reverse("game-add", args=[game.pk]), {"participants": typed})
    assert reply.status_code == 302, re.findall(r"<li>(.*)</li>|Line.*", reply.text)
    assert signed_up(game) == [ids.get(who, who) for who in expected]


def test_of_two_with_the_same_name_with_a_comma_one_is_chosen(world: World, as_person: Any) -> None:
    add(1, "Smith, John")
    other = add(2, "smith,  john")
    game = world.create_game()
    client, url = as_person(world.bob), reverse("game-add", args=[game.pk])
    wrong = client.post(url, {"participants": "Grandma, @Smith, John"})
    assert wrong.status_code == 422
    assert 'name="choice:@Smith, John"' in wrong.text
    assert not game.signups.exists(), "nobody is guessed"
    data = {"participants": "Grandma, @Smith, John", "choice:@Smith, John": str(other)}
    assert client.post(url, data).status_code == 302
    assert signed_up(game) == ["Grandma", other]


def test_names_that_show_nothing_fall_back(world: World, as_person: Any) -> None:
    shown = {
        add(1, "\u3164", global_name="Global"): "Global",
        add(2, "\u200b\u202e"): "u2",
    }
    blank = USER_ID_BASE + 599
    members[blank] = MemberPayload(UserPayload(blank, "\u2800", "\u3164"), "\u115f")
    shown[blank] = f"member {str(blank)[-4:]}"
    game = world.create_game()
    url = reverse("game-add", args=[game.pk])
    typed = "\n".join(f"<@{user_id}>" for user_id in shown)
    assert as_person(world.bob).post(url, {"participants": typed}).status_code == 302
    assert [seat.name for seat in load_roster(game).seated] == list(shown.values())
    page = as_person(world.bob).get(game.get_absolute_url()).text
    assert all(name in page for name in shown.values())


def test_names_turn_nothing_beside_them(world: World, as_person: Any) -> None:
    evil, hebrew = add(1, "\u202eevil"), add(2, "שלום 3")
    game = world.create_game()
    typed = f"<@{evil}>\n<@{hebrew}>\n\u202eguest"
    url = reverse("game-add", args=[game.pk])
    page = as_person(world.bob).post(url, {"participants": typed}, follow=True).text
    assert "\u202e" not in page
    assert "Added: evil, \u2068שלום 3\u2069, guest." in page
    out = StringIO()
    call_command("game", "show", str(game.pk), "--json", stdout=out)
    assert "\u2068" not in out.getvalue()


# --- many at once ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [11, 60])
def test_many_names_of_people_never_met_are_saved(world: World, as_person: Any, many: int) -> None:
    ids = [add(n, f"{chr(97 + n % 26)}{n} Player") for n in range(many)]
    typed = "\n".join(f"@{members[user_id].nick}" for user_id in ids)
    game = world.create_game(seats=0)
    reply = as_person(world.bob).post(reverse("game-add", args=[game.pk]), {"participants": typed})
    assert reply.status_code == 302, re.findall(r"<li>(.*)</li>|Line.*", reply.text)
    assert signed_up(game) == ids


def test_what_discord_limits_is_found_in_the_background(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add(n, f"{chr(97 + n % 26)}{n} Player") for n in range(30)]
    typed = "\n".join(f"@{members[user_id].nick}" for user_id in ids)
    later: list[Any] = []

    class Later:
        def submit(self, work: Any, *args: Any) -> None:
            later.append((work, args))

    monkeypatch.setattr(lookup, "_executor", Later())
    monkeypatch.setattr(lookup, "close_old_connections", lambda: None)
    searches_left.append(10)
    game = world.create_game(seats=0)
    client, url = as_person(world.bob), reverse("game-add", args=[game.pk])
    wrong = client.post(url, {"participants": typed})
    assert wrong.status_code == 422
    assert wrong.text.count(escape(wording.still_looking(20))) == 20
    assert client.post(url, {"participants": typed}).status_code == 422, "pressed at once, it starts nothing more"
    assert len(later) == 1
    searches_left.clear()
    for work, args in later:
        work(*args)
    asked.clear()
    assert client.post(url, {"participants": typed}).status_code == 302
    assert signed_up(game) == ids


def test_each_time_others_are_asked_about(world: World, as_person: Any) -> None:
    """Whatever the cache forgets, as where another process answers."""
    ids = [add(n, f"{chr(97 + n % 26)}{n} Player") for n in range(25)]
    typed = "\n".join(f"@{members[user_id].nick}" for user_id in ids)
    game = world.create_game(seats=0)
    client, url = as_person(world.bob), reverse("game-add", args=[game.pk])
    statuses = []
    for _ in range(3):
        cache.clear()
        searches_left[:] = [10]
        statuses.append(client.post(url, {"participants": typed}).status_code)
    assert statuses == [422, 422, 302]
    assert signed_up(game) == ids


# --- bots ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["<@{id}>", "{id}", "@Dyno", "Dyno <@{id}>"])
def test_a_bot_gets_no_seat(world: World, as_person: Any, typed: str) -> None:
    bot = add(1, "Dyno", bot=True)
    game = world.create_game()
    reply = as_person(world.bob).post(reverse("game-add", args=[game.pk]), {"participants": typed.format(id=bot)})
    assert reply.status_code == 422
    assert not game.signups.exists()
    assert not Member.objects.filter(user_id=bot).exists()


def test_a_bot_is_no_cohost(world: World, as_person: Any) -> None:
    bot = add(1, "Dyno", bot=True)
    game = world.create_game()
    reply = as_person(world.bob).post(reverse("game-hosts", args=[game.pk]), {"named": f"<@{bot}>"})
    assert reply.status_code == 422
    assert not game.cohosts.exists()


# --- names in texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nick", "text"),
    [
        ("Newcomer", "Ask @newcomer."),
        ("Smith, John", "Ask @Smith, John, he knows."),
        ("The Great Old One", "@The Great Old One hosts"),
        ("[GM] Q", "Write to @[GM] Q!"),
        ("Straße", "@Straße knows"),
        ("שלום", "@שלום"),
    ],
)
def test_whom_a_text_names_is_looked_up_when_it_is_saved(world: World, as_person: Any, nick: str, text: str) -> None:
    met = add(1, nick)
    url = reverse("game-new", args=[world.guild.pk])
    page = as_person(world.bob).post(url, fields(world, description=text), follow=True).text
    assert "plain text" not in page
    assert f"<@{met}>" in GuildTexts(world.guild.pk).for_discord(Game.objects.get().description)


def test_names_that_stay_plain_text_are_said(world: World, as_person: Any) -> None:
    for n in (1, 2):
        add(n, "Robin")
    text = "Ask @robin or @nobody, not @everyone. Write to bob@example.org; `@code`."
    url = reverse("game-new", args=[world.guild.pk])
    page = as_person(world.bob).post(url, fields(world, description=text, location="@nowhere"), follow=True).text
    assert "Several members are called “@robin”, so it mentions nobody." in page
    assert "Nobody in this server is called “@nobody” or “@nowhere”, so that stays plain text." in page
    game = Game.objects.get()
    assert game.description == text, "it is kept as typed"
    asked.clear()
    edit = reverse("game-edit", args=[game.pk])
    data = fields(world, description=text, location="@nowhere", edition="1", title="Other")
    assert "plain text" not in as_person(world.bob).post(edit, data, follow=True).text
    assert not asked, "a text that stays is not looked up again"


def test_the_command_line_says_it_too(world: World) -> None:
    add(1, "Newcomer")
    out = StringIO()
    game = world.create_game()
    call_command("game", "edit", str(game.pk), "--description", "@newcomer and @zzz", stdout=out)
    assert "is called “@zzz”" in out.getvalue()
    assert "newcomer" not in out.getvalue()


def test_templates_say_it_too(world: World, as_person: Any) -> None:
    url = reverse("template-new", args=[world.guild.pk])
    page = as_person(world.alice).post(url, {"name": "One", "description": "Ask @zzz"}, follow=True).text
    assert "is called “@zzz”" in page


# --- more names than a game has places for ----------------------------------------------------------------


def test_a_field_full_of_names_is_refused_at_once(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def counted(tokens: Any, *args: Any) -> Any:
        compared.append(len(tokens))
        return resolve_names(tokens, *args)

    monkeypatch.setattr(participant_lookup, "resolve_names", counted)
    game, client = world.create_game(), as_person(world.bob)
    full = [
        (piece * 20_000)[:19_000] for piece in ("@a,", "a,", "@a\n", "@\u0301,", "\u200b@a,", "@Smith, ", "1,", "<@1>,")
    ]
    for text in full:
        with pytest.raises(CommandError):
            call_command("game", "add", str(game.pk), text, stdout=StringIO())
        assert (signed_up(game), asked, compared) == ([], [], []), text[:20]
    # The same names are read by each form.
    url = reverse("game-new", args=[world.guild.pk])
    assert client.post(reverse("game-add", args=[game.pk]), {"participants": full[0]}).status_code == 422
    assert client.post(url, fields(world, participants=full[5])).status_code == 422
    assert client.post(reverse("game-hosts", args=[game.pk]), {"named": full[7]}).status_code == 422
    assert (signed_up(game), asked, compared) == ([], [], [])


def test_as_many_as_a_game_may_have_are_taken(world: World, as_person: Any) -> None:
    game = world.create_game(seats=0)
    text = "\n".join(f"Guest {n}" for n in range(100))
    assert as_person(world.bob).post(reverse("game-add", args=[game.pk]), {"participants": text}).status_code == 302
    assert len(signed_up(game)) == 100


# --- marks that nobody sees -------------------------------------------------------------------------------

INVISIBLE = (
    "\u200b{}", "\ufeff{}", "\u200e{}", "\u200f {}", "\u2068{}\u2069", "\u202a{}\u202c", "\u00ad{}", "\u2060\u200b {}",
    "{}\u200b", "{} \u2060", "\u2067 {} \u2069",
)  # fmt: skip


@pytest.mark.parametrize("name", ["@{name}", "＠{name}", "﹫{name}", "<@{id}>", "{id}", "@Smith, {name}"])
def test_marks_around_a_name_are_not_seen(world: World, as_person: Any, name: str) -> None:
    letters = "abcdefghijk"[: len(INVISIBLE)]
    ids = [add(n, name.format(name=f"{one}ce", id="")[1:]) for n, one in enumerate(letters)]
    for each in ids:
        upsert.upsert_member(world.guild.pk, members[each], world.now)
    marked = zip(INVISIBLE, letters, ids, strict=True)
    typed = [marks.format(name.format(name=f"{one}ce", id=each)) for marks, one, each in marked]
    assert add_all(world, as_person(world.bob), typed) == ids


@pytest.mark.parametrize("marks", ["\u200f {}", "{} \u2060", "\u2068{}\u2069"], ids=ascii)
def test_nor_where_one_is_named(world: World, as_person: Any, marks: str) -> None:
    john = upsert.upsert_member(world.guild.pk, members[add(1, "Smith, John")], world.now).user_id
    game, client = world.create_game(), as_person(world.alice)
    client.post(reverse("game-hosts", args=[game.pk]), {"named": marks.format("@charlie")})
    assert game.cohosts.get() == world.charlie
    client.post(reverse("game-new", args=[world.guild.pk]), fields(world, host=marks.format(str(world.charlie.pk))))
    assert Game.objects.latest("pk").host == world.charlie
    client.post(reverse("guild-blocks", args=[world.guild.pk]), {"who": marks.format(str(john))})
    assert Block.objects.get().user_id == john


@pytest.mark.parametrize("typed", ["❤\ufe0f", "👩\u200d💻 Ada", "Zoe\u200b", "a@b", "Zoe @ work", "e\u0301"])
def test_a_placeholder_keeps_what_belongs_to_it(world: World, as_person: Any, typed: str) -> None:
    game = world.create_game()
    as_person(world.bob).post(reverse("game-add", args=[game.pk]), {"participants": typed})
    assert [normalize_name(str(one)) for one in signed_up(game)] == [normalize_name(typed)]


@pytest.mark.parametrize("typed", ["\u200b", "\u2068\u2069", "@\u200b", "\u200b@"])
def test_nothing_but_such_marks_is_nobody(world: World, as_person: Any, typed: str) -> None:
    game = world.create_game()
    assert as_person(world.bob).post(reverse("game-add", args=[game.pk]), {"participants": typed}).status_code == 422
    assert signed_up(game) == []


# --- wherever one person is named ------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Smith, John", "@smith,  john", "<@{id}>", "{id}", "u1", "Smith, John <@{id}>"])
def test_a_block_names_its_person_in_each_of_these_ways(world: World, as_person: Any, typed: str) -> None:
    john = upsert.upsert_member(world.guild.pk, members[add(1, "Smith, John")], world.now)
    reply = as_person(world.alice).post(
        reverse("guild-blocks", args=[world.guild.pk]), {"who": typed.format(id=john.user_id)}
    )
    assert reply.status_code == 302
    assert Block.objects.get().user_id == john.user_id


def test_a_command_takes_nobody_out_whose_name_another_has_too(world: World) -> None:
    game = world.create_game()
    call_command("game", "add", str(game.pk), "@charlie, Charlie", stdout=StringIO())
    with pytest.raises(CommandError, match=re.escape(wording.nobody_of_that_name(2))):
        call_command("game", "remove", str(game.pk), "charlie", stdout=StringIO())
    call_command("game", "remove", str(game.pk), str(world.charlie.pk), stdout=StringIO())
    assert signed_up(game) == ["Charlie"]


def test_a_username_of_digits_is_no_id(world: World) -> None:
    member = upsert.upsert_member(world.guild.pk, MemberPayload(UserPayload(USER_ID_BASE + 700, "12345")), world.now)
    game = world.create_game()
    call_command("game", "join", str(game.pk), "--as", "12345", stdout=StringIO())
    assert signed_up(game) == [member.user_id]
