"""Mentions in free text: found where the name is certain, and the text as typed everywhere else."""

from collections.abc import Callable
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import World
from discord_bot.render import announcement_embed
from games.core.mentions import EMBED_DESCRIPTION, Mention, candidates, parse, to_discord
from games.core.text import GuildTexts
from games.posts.announcement import announcement_view
from guilds.models import Member

BOB, GM, OTHER_ROBIN, SMITH = (1300000000000000000 + n for n in range(1, 5))
RAIDS, GENERAL = 1200000000000000012, 1200000000000000010
PEOPLE = {
    "bob": [BOB],
    "bob the gm": [GM],
    "robin": [BOB, OTHER_ROBIN],
    "robin hood": [OTHER_ROBIN],
    "bob.smith": [SMITH],
    "everyone": [BOB],
    "here": [GM],
}
CHANNELS = {"raids": [RAIDS], "game-night": [GENERAL], "twice": [RAIDS, GENERAL], "🎲-dice": [GENERAL]}


def resolve_mentions(text: str) -> str:
    return to_discord(parse(text, PEOPLE, CHANNELS, [BOB]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@bob", f"<@{BOB}>"),
        ("Ask @BOB.", f"Ask <@{BOB}>."),
        ("(@bob, @Bob the GM!)", f"(<@{BOB}>, <@{GM}>!)"),
        ("@bob the rest", f"<@{BOB}> the rest"),
        ("@bob's table", f"<@{BOB}>'s table"),
        ("@bob.smith.", f"<@{SMITH}>."),
        ("**@bob**", f"**<@{BOB}>**"),
        ("see #raids, #Game-Night.", f"see <#{RAIDS}>, <#{GENERAL}>."),
        ("#🎲-dice", f"<#{GENERAL}>"),
        ("@Robin Hood", f"<@{OTHER_ROBIN}>"),
        (f"<@{BOB}> <@!{BOB}>", f"<@{BOB}> <@{BOB}>"),
    ],
)
def test_certain_names_become_mentions(text: str, shown: str) -> None:
    assert resolve_mentions(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob@example.org, a.bob@bob.bob",
        "@bob@mastodon.social",
        "@bob/package",
        "@bob.jones",
        "@bobby @nobody",
        "@robin",
        "@ bob",
        "https://example.org/@bob#raids",
        "https://example.org/page#raids www.example.org/#raids",
        "[rules](https://example.org/#raids)",
        "example.org/page#raids",
        "# raids\n## raids\n##raids",
        "#twice #nothing #raids/x",
        "`@bob #raids` ```\n@bob\n``` ``a ` @bob``",
        "\\@bob",
        "C#raids",
        "<#1200000000000000012> <:raids:1> <t:1:R>",
        "100 % @ 5 #",
    ],
)
def test_uncertain_names_stay_as_typed(text: str) -> None:
    assert resolve_mentions(text) == text


@pytest.mark.parametrize(
    "text", ["@everyone", "@here", "hi @Everyone!", f"<@{OTHER_ROBIN}>", f"<@&{OTHER_ROBIN}>", "a@everyone"]
)
def test_uncertain_names_ping_nobody(text: str) -> None:
    assert resolve_mentions(text).replace("\u200b", "") == text
    assert not any(isinstance(piece, Mention) for piece in parse(text, PEOPLE, CHANNELS, [BOB]))
    assert "@everyone" not in resolve_mentions(text)
    assert "<@" not in resolve_mentions(text).replace("<@\u200b", "")


TEXTS = st.lists(
    st.sampled_from(
        [
            "@bob",
            "@Bob the GM",
            "#raids",
            "@robin",
            "@everyone",
            "@here",
            " ",
            "\n",
            ".",
            "`",
            "```",
            "<@",
            ">",
            "@",
            "#",
        ]
        + ["```", "bob@x.org", "https://x.org/", "'s", f"<@{BOB}>", f"<@&{BOB}>", "é", "\x00"]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(TEXTS, st.text(max_size=80)))
def test_pieces_join_to_the_text(text: str) -> None:
    cut = parse(text, PEOPLE, CHANNELS, [BOB])
    assert "".join(piece.typed if isinstance(piece, Mention) else piece for piece in cut) == text


@given(TEXTS, st.integers(0, 300))
def test_discord_text_pings_only_certain_people(text: str, limit: int) -> None:
    cut = parse(text, PEOPLE, CHANNELS, [BOB])
    shown = to_discord(cut, limit)
    assert "@everyone" not in shown
    assert "@here" not in shown
    assert f"<@&{BOB}" not in shown
    assert len(shown) <= max(limit, len(text) + text.count("@"))


def test_a_text_full_of_mentions_fits_into_the_embed() -> None:
    shown = resolve_mentions("@bob " * 400)
    assert len(shown) <= EMBED_DESCRIPTION
    assert "<@" in shown
    assert "@bob" in shown, "those that do not fit stay as typed"


def test_in_the_announcement_and_on_the_page(world: World, as_person: Any) -> None:
    typed = "Ask @Bob the GM in #raids.\n@everyone bring dice to a@charlie.org\n## Rules\nhttps://x.example/#raids"
    game = world.create_game(description=typed)
    shown = announcement_embed(announcement_view(game, world.now)).description or ""
    assert shown.startswith(f"Ask <@{world.bob.pk}> in <#{world.other_channel.pk}>.\n@\u200beveryone")
    assert "a@charlie.org\n## Rules\nhttps://x.example/#raids" in shown
    Member.objects.filter(user=world.bob).update(nick="Bob <i>")
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert '<span class="mention">#raids</span>' in page
    game.refresh_from_db()
    assert game.description == typed


def test_mentions_use_current_names_and_current_members(world: World) -> None:
    guild = world.guild.pk
    Member.objects.filter(user=world.charlie).update(nick="Chuck <i>")
    assert GuildTexts(guild).as_html("@charlie") == '<span class="mention">@Chuck &lt;i&gt;</span>'
    world.add_member(100, nick="CHARLIE")
    assert GuildTexts(guild).for_discord("@charlie") == "@charlie", "two are called so"
    Member.objects.filter(user=world.charlie).update(left_at=world.now)
    assert GuildTexts(guild).for_discord("@charlie") == "<@1300000000000000100>"


def test_a_text_without_names_runs_no_query(world: World, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert GuildTexts(world.guild.pk).as_html("Bring dice.\nhttps://x.example") == (
            'Bring dice.<br><a href="https://x.example" rel="nofollow noopener noreferrer">https://x.example</a>'
        )


@pytest.mark.parametrize(
    "build",
    [
        lambda n: "@a " * (n // 3),
        lambda n: "@é!" * (n // 3),
        lambda n: '@"' * (n // 2),
        lambda n: "@" + "a " * (n // 2),
        lambda n: "".join(f"@é{number}!? " for number in range(n // 8)),
        lambda n: "#a " * (n // 3),
        lambda n: "@e" + "\u0301" * n,
    ],
)
def test_names_take_time_in_proportion(build: Callable[[int], str]) -> None:
    text = build(4_000)
    before = thread_time()
    candidates(text)
    parse(text, PEOPLE, CHANNELS)
    assert thread_time() - before < 2, "2,000 characters take some milliseconds; it was a second"


def test_a_name_may_hold_the_sign_of_a_mention() -> None:
    assert parse("@bob @home!", {"bob @home": [BOB], "home": [GM]}, {}) == [Mention("@", BOB, "@bob @home"), "!"]
