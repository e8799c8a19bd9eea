"""Texts from people in our messages: they read as typed, addresses are live, and everything else is dead.

`read` is a small model of Discord's client: its rules in its order, without ours.
"""

import re
from collections.abc import Callable
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.core.escaping import cut_message, escape_markdown

LINE_RULES = [
    ("heading", r" *#{1,3} +[^\n]+"),
    ("subtext", r" *-# +[^\n]+"),
    ("quote", r" *>(?:>>)? [^\n]*"),
    ("list", r" *(?:[-*]|\d+\.) +(?=\S)"),
]
RULES = [
    ("escape", r"\\([^0-9A-Za-z\s])"),
    ("link", r"<(https?://[^ >\n]+)>"),
    ("link", r"(https?://[^\s<]+[^<.,:;\"'\]\s])"),
    ("masked link", r"\[(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*\]\(\s*<?(?:[^\s\\]|\\.)*?>?\s*\)"),
    ("mark", r"<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|/[^<>]+:\d+|id:\w+|t:-?\d+(?::\w)?)>"),
    ("ping", r"@(?:everyone|here)"),
    ("emoji", r":[^\s:]+?:"),
    ("bold", r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)"),
    ("underline", r"__((?:\\.|[^\\])+?)__(?!_)"),
    ("italic", r"_((?:__|\\.|[^\\_])+?)_\b|\*(?=\S)((?:\*\*|\\.|\s+(?:\\.|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"),
    ("strike", r"~~(.+?)~~(?!_)"),
    ("spoiler", r"\|\|(.+?)\|\|"),
    ("code", r"(`+)([\s\S]*?[^`])\1(?!`)"),
]
COMPILED = [(kind, re.compile(pattern, re.DOTALL)) for kind, pattern in RULES]
COMPILED_LINE = [(kind, re.compile(pattern)) for kind, pattern in LINE_RULES]


def read(text: str, top: bool = True) -> list[tuple[str, str]]:
    """Return what Discord makes of a text: kinds of markup with their contents, `link` and single characters."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        rules = [*COMPILED_LINE, *COMPILED] if top and (at == 0 or text[at - 1] == "\n") else COMPILED
        kind, match = next(((kind, match) for kind, rule in rules if (match := rule.match(text, at))), ("text", None))
        if match is None:
            found.append(("text", text[at]))
            at += 1
            continue
        content = next((group for group in match.groups() if group is not None), match[0])
        end = match.end()
        if kind == "link" and not match[0].startswith("<"):
            while content.endswith(")") and content.count(")") > content.count("("):
                content, end = content[:-1], end - 1
        found.append(("text", content) if kind == "escape" else (kind, content))
        at = end
    return found


def rendered(parts: list[tuple[str, str]]) -> str:
    return "".join(content for _, content in parts)


def kinds(parts: list[tuple[str, str]]) -> set[str]:
    return {kind for kind, _ in parts}


def links(text: str) -> list[str]:
    return [content for kind, content in read(text) if kind == "link"]


@pytest.mark.parametrize(
    ("typed", "addresses"),
    [
        ("https://e.io/my_rules_v2", ["https://e.io/my_rules_v2"]),
        (
            "See https://e.io/a_b_c. And http://f.io/x*y, or (https://g.io/~me)!",
            ["https://e.io/a_b_c", "http://f.io/x*y", "https://g.io/~me"],
        ),
        ("https://en.wikipedia.org/wiki/Dune_(novel)", ["https://en.wikipedia.org/wiki/Dune_(novel)"]),
        ("(see https://en.wikipedia.org/wiki/Dune_(novel))", ["https://en.wikipedia.org/wiki/Dune_(novel)"]),
        ("**https://e.io/a_b**", ["https://e.io/a_b"]),
        ("__https://e.io/a_b__ x", ["https://e.io/a_b"]),
        ("||https://e.io|| ~~https://f.io~~", ["https://e.io", "https://f.io"]),
        ("`https://e.io`", ["https://e.io"]),
        ("[one](https://e.io/a) [two](https://f.io/b_c)", ["https://e.io/a", "https://f.io/b_c"]),
        ("[a [b] c](https://e.io)", ["https://e.io"]),
        ("[https://good.io](https://evil.io)", ["https://good.io", "https://evil.io"]),
        ("<https://e.io/a_b>", ["https://e.io/a_b"]),
        ("<https://e.io/a_b", ["https://e.io/a_b"]),
        ('<a href="https://e.io/x">y</a>', ["https://e.io/x"]),
        ("https://a.io,https://b.io", ["https://a.io,https://b.io"]),
        ("https://e.io/?q=1&r[]=2#top", ["https://e.io/?q=1&r[]=2#top"]),
        (
            "https://discord.gg/abc-d, https://d.io/channels/1/2",
            ["https://discord.gg/abc-d", "https://d.io/channels/1/2"],
        ),
        ("https://github.com/x/__init__.py", ["https://github.com/x/__init__.py"]),
        ("https://e.io/a\\", ["https://e.io/a"]),
        ("https://e.io/**[x](https://f.io)", ["https://e.io/", "https://f.io"]),
        ("https://e.io\nhttps://f.io", ["https://e.io", "https://f.io"]),
        ("HTTPS://E.io/A_b", ["https://E.io/A_b"]),
        ("xhttps://e.io/a_b", ["https://e.io/a_b"]),
        ("https:// http://[ steam://run/my_game javascript://x mailto://x", []),
        ("https://:<https://e.io/a_b> https://: https://f.io/c_d", ["https://e.io/a_b", "https://f.io/c_d"]),
    ],
)
def test_addresses_stay_live_as_typed(typed: str, addresses: list[str]) -> None:
    shown = escape_markdown(typed)
    parts = read(shown)
    assert kinds(parts) <= {"text", "link"}
    assert [content for kind, content in parts if kind == "link"] == addresses
    # Whatever we put around it.
    assert read(f"**{shown}** x")[0][0] == "bold"
    assert kinds(read(read(f"**{shown}** x")[0][1], top=False)) <= {"text", "link"}
    assert kinds(read(read(f"||{shown} ||")[0][1], top=False)) <= {"text", "link"}


@pytest.mark.parametrize(
    "typed",
    [
        "**b** *i* _i_ __u__ ~~s~~ ||x|| ***bi*** __*ui*__",
        "`c` ``c`` ```c``` ````c````",
        "```py\nprint()\n```",
        "# h\n## h\n### h\n-# small\n> q\n>>> q\n- a\n* b\n1. c\n 12. d\n  - e",
        "@everyone @here <@123> <@!123> <@&123> <#123> </game list:1> <id:customize> <id:browse>",
        "<:dice:123> <a:dice:123> :smile: :a:b: <t:1893456000:F> <t:1>",
        "[a](b) [a](<https://e.io>) [a](https://e.io 'title') ![a](https://e.io) [a]\n(https://e.io)",
        "\\*a\\* \\\\*b* \\",
        "a\\\nb_c_d__e__f",
        "20:00-22:00 C# a->b 1. 2.5 x-y - z",
        "https://:<t:1:F> http://:smile: https://:80:x:y: https://:@everyone https://[:<@1>",
        "https://:*a* http://:\n- b",
        "https://(: https://a: http://[:x: https://a:<t:1:F> http://1:b:",
    ],
)
def test_markup_and_pings_are_dead(typed: str) -> None:
    parts = read(escape_markdown(typed))
    assert kinds(parts) <= {"text", "link"}
    assert rendered(parts).replace("<", "").replace(">", "") == typed.replace("<", "").replace(">", "")


def test_in_a_links_own_text_no_address_is_live() -> None:
    shown = escape_markdown("**x** https://e.io/a_b", live_addresses=False)
    assert kinds(read(shown)) == {"text"}
    assert kinds(read(f"[{shown}](https://ours.io/games/1)")) == {"masked link"}


PIECES = st.sampled_from(
    ["https://e.io/a_b", "http://f.io/(x)", "https://", "<https://e.io/*>", "[", "](", ")", "(", "]", "*", "**", "_"]
    + [
        "__",
        "~~",
        "||",
        "|",
        "`",
        "```",
        "\\",
        "<",
        ">",
        "@everyone",
        "<@12>",
        "<#12>",
        "<t:1:F>",
        ":",
        ":x:",
        "#",
        "# ",
    ]
    + ["-# ", "- ", "1. ", "> ", ">>> ", " ", "\n", "a", "e.io", ".", ",", "…", "é", "\t", "/", '"', "'", "!", "?"]
)
TYPED = st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text("*_~|`\\<>[]()@#:. \nhtps/ae1-", max_size=60))


def plain(text: str) -> str:
    return re.sub(r"[<>]", "", text)


@settings(max_examples=150)
@given(TYPED)
def test_every_text_reads_as_typed(typed: str) -> None:
    parts = read(escape_markdown(typed))
    assert kinds(parts) <= {"text", "link"}
    assert plain(rendered(parts)) == plain(typed)


@settings(max_examples=150)
@given(TYPED, st.sampled_from(["**{}** in", "||{} ||", "> {}\n", "- **{}**, x", "{} (with x)"]))
def test_no_text_ends_or_begins_markup_around_it(typed: str, around: str) -> None:
    shown = escape_markdown(" ".join(typed.split()) or "x")
    for kind, content in read(around.format(shown)):
        if kind in {"bold", "spoiler"}:
            inside = read(content, top=False)
            assert kinds(inside) <= {"text", "link"}
            assert plain(rendered(inside)).strip() == plain(" ".join(typed.split()) or "x").strip()
        else:
            assert kind in {"text", "link", "quote", "list"}


@settings(max_examples=150)
@given(TYPED, st.integers(0, 60))
def test_cut_texts_end_whole(typed: str, most: int) -> None:
    """No lone backslash, no half mention, and no address that was not typed."""
    shown = escape_markdown(typed, most)
    assert len(shown) <= most or shown == escape_markdown(typed)
    parts = read(shown)
    assert kinds(parts) <= {"text", "link"}
    whole = links(escape_markdown(typed))
    assert [content for kind, content in parts if kind == "link"] == whole[: len(links(shown))]
    if len(escape_markdown(typed)) > most > 0:
        assert shown.endswith("…")
        assert plain(typed).startswith(plain(rendered(parts)).removesuffix("…").rstrip(" "))


@pytest.mark.parametrize("most", range(4, 40))
def test_a_cut_address_leads_nowhere(most: int) -> None:
    shown = escape_markdown("Look: https://e.io/secret/page_1 and more", most)
    assert links(shown) in ([], ["https://e.io/secret/page_1"])
    assert len(shown) <= most


def test_our_own_messages_are_cut_between_words() -> None:
    text = r"You are in \*x\* <t:1893456000:F> <https://e.io/abc> **Dune** "
    for most in range(3, len(text)):
        shown = cut_message(text, most)
        assert len(shown) <= most
        assert not re.search(r"\\ ?…|<[^>]*…", shown)
    assert cut_message("short", 10) == "short"


@pytest.mark.parametrize(
    "build",
    [
        lambda n: "[" * n,
        lambda n: "*" * n,
        lambda n: "https://" * (n // 8),
        lambda n: "https://[x" * (n // 10),
        lambda n: "https://e.io " * (n // 13),
        lambda n: "https://e.io/" + "(" * n,
        lambda n: ":a" * (n // 2),
        lambda n: " \n" * (n // 2),
        lambda n: "1" * n,
        lambda n: "a" * n,
        lambda n: "\\" * n,
    ],
)
def test_escaping_takes_time_in_proportion(build: Callable[[int], str]) -> None:
    text = build(20_000)
    before = thread_time()
    escape_markdown(text)
    escape_markdown(text, 1000)
    assert thread_time() - before < 1, "2,000 characters take a millisecond or two"
